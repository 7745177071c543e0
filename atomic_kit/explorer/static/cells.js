// The columns of the table of all packages, and what stands in them.

const COLUMNS = [
  { key: "tick", title: "in", width: "2.4rem" },
  { key: "name", title: "name", width: "minmax(11rem, 1.4fr)" },
  { key: "install_size", title: "installed", width: "6rem", number: true },
  { key: "download_size", title: "download", width: "6rem", number: true },
  { key: "reason", title: "why", width: "7rem" },
  { key: "marks", title: "policy", width: "5.5rem" },
  { key: "evr", title: "version", width: "10rem" },
  { key: "arch", title: "arch", width: "4.6rem" },
  { key: "license", title: "license", width: "9rem" },
  { key: "rpm_repo", title: "repository", width: "8rem" },
  { key: "source", title: "source", width: "10rem" },
  { key: "summary", title: "summary", width: "minmax(12rem, 2fr)" },
];

function cellOf(page, column, row) {
  switch (column.key) {
    case "tick":
      return h("input", {
        type: "checkbox",
        tabIndex: -1,
        checked: page.member[row] > 0,
        "aria-label": `${page.name(row)} is in the set`,
        onclick: (event) => {
          event.stopPropagation();
          event.preventDefault();
          page.send({ do: "tick", row });
        },
      });
    case "reason":
      return page.reason(row) ?? (page.isExcluded(row) ? "excluded" : "");
    case "marks": {
      const marks = page.marks(row);
      return marks.length
        ? h(
            "span",
            {
              class: marks.some((mark) => mark.severity === "error") ? "ex-error" : "ex-warning",
              title: marks.map((mark) => mark.evidence).join("\n"),
            },
            marks.some((mark) => mark.severity === "error") ? "✗ error" : "! warning",
          )
        : "";
    }
    case "install_size":
    case "download_size":
      return bytes(page.catalogue.value(column.key, row));
    default:
      return page.catalogue.value(column.key, row);
  }
}
