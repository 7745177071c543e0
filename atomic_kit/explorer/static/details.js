// Right: one package, why it is there and what hangs on it.

function makeDetails(page) {
  const box = h("section", { class: "ex-card ex-details", "aria-label": "the selected package", tabIndex: -1 });
  const dialog = h("dialog", {
    class: "ex-dialog",
    "aria-label": "requirement paths",
    onclick: (event) => event.target === dialog && dialog.close(),
  });
  const general = () =>
    box.replaceChildren(
      h("h2", {}, "Package"),
      h(
        "p",
        { class: "ex-quiet" },
        "Select a package in the picture, the requests or the table to see why it is there and what hangs on it.",
      ),
    );
  const button = (text, message) =>
    h("button", { "data-key": `act ${text}`, onclick: () => page.send(message) }, text);
  // A group or a pattern asks for more than this package: that is said on its button.
  const actions = ({ row, text, member, excluded, asked = [], own = [] }) => {
    if (excluded.length) return [button("Exclude no longer", { do: "allow", texts: excluded })];
    const bar = button("Exclude it", { do: "bar", row });
    if (!member) return [button("Ask for it", { do: "request", texts: [text] }), bar];
    const wider = asked.filter((one) => !own.includes(one));
    return [
      ...(asked.length ? [] : [button("Ask for it too", { do: "request", texts: [text] })]),
      ...(own.length ? [button("Ask for it no longer", { do: "withdraw", texts: own })] : []),
      ...wider.map((one) => button(`Ask for ${one} no longer`, { do: "withdraw", texts: [one] })),
      bar,
    ];
  };
  const facts = (details) => {
    const value = (column) => page.catalogue.value(column, details.row);
    const rows = [
      ["installed", bytes(value("install_size"))],
      ["download", bytes(value("download_size"))],
      ["license", value("license") || "not known before it is fetched"],
      ["source", value("source").replace(/\.src\.rpm$/, "") || "not told"],
      ["repository", value("rpm_repo") || "not told"],
    ];
    if (details.member) rows.push(["through it alone", bytes(details.retained)], ["hangs on", details.hangs_on]);
    return h("dl", {}, ...rows.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
  };
  const names = (some) => [
    h(
      "p",
      { class: "ex-names" },
      ...some.rows.flatMap((row) => [
        h("button", { class: "ex-chip", onclick: () => page.select(row) }, page.name(row)),
        " ",
      ]),
      some.count > some.rows.length ? `and ${some.count - some.rows.length} more` : "",
    ),
  ];
  const why = (details) => {
    const larger = h(
      "button",
      {
        class: "ex-small",
        "data-key": "larger",
        onclick: () => {
          dialog.replaceChildren(
            h("button", { class: "ex-close", onclick: () => dialog.close() }, "Close"),
            h("h2", {}, `Ways to ${page.name(details.row)}`),
            h("div", { class: "ex-scroll" }, drawPaths(page, details.paths, 190)),
            more,
          );
          dialog.showModal();
        },
      },
      "larger",
    );
    const left = details.ways.left_out
      ? h("p", { class: "ex-quiet" }, `${count(details.ways.left_out, "more package")} on longer ways`)
      : null;
    const more = details.paths.left_out
      ? h("p", { class: "ex-quiet" }, `${count(details.paths.left_out, "more package")} on longer ways, not drawn`)
      : "";
    const direct = details.direct.map((link) =>
      h(
        "li",
        {},
        link.kind === "requests"
          ? `requested as ${link.text}`
          : `${link.source} ${link.kind === "supplements" ? "is supplemented by it" : link.kind} ${link.text}`,
      ),
    );
    return [
      h("h3", {}, "Why it is there ", larger),
      h(
        "div",
        { class: "ex-scroll ex-paths", tabIndex: 0, role: "group", "aria-label": "requirement paths" },
        drawPaths(page, details.ways, columnFor(details.ways, box.clientWidth - 40)),
      ),
      left,
      h("details", {}, h("summary", {}, `Wanted directly: ${direct.length}`), h("ul", {}, ...direct)),
    ];
  };
  const outside = (details) => {
    if (!page.asked.solved) return [h("p", { class: "ex-quiet" }, "There is no package set now.")];
    if (!details.brings) return [h("p", {}, "It cannot be in the set together with what is asked for.")];
    const { comes, goes, change } = details.brings;
    return [
      h("h3", {}, "If it were asked for"),
      h(
        "p",
        {},
        `${bytes(change, true)}, ${count(comes.count, "package")} more${goes.count ? `, ${goes.count} fewer` : ""}`,
      ),
      ...names(comes),
      ...(goes.count ? [h("p", {}, "Goes:"), ...names(goes)] : []),
    ];
  };
  const draw = (details) => {
    if (!details) return general();
    page.details = details;
    keepingFocus(box, () => {
      const { row } = details;
      const standing = details.excluded.length
        ? "excluded"
        : page.asked.solved
          ? (page.reason(row) ?? "not in the set")
          : "no set";
      const marks = page.marks(row);
      const inside = details.member
        ? [
            ...why(details),
            h(
              "h3",
              {},
              details.leaving.count
                ? `Leaves with it: ${count(details.leaving.count, "package")}, ${bytes(details.leaving_size)}`
                : "Nothing else leaves with it",
            ),
            ...(details.leaving.count ? names(details.leaving) : []),
          ]
        : outside(details);
      box.replaceChildren(
        ...[
          h(
            "h2",
            {},
            page.name(row),
            " ",
            h("span", { class: `ex-badge ex-${standing.replaceAll(" ", "-")}` }, standing),
          ),
          h("p", { class: "ex-evr" }, `${page.catalogue.value("evr", row)} · ${page.catalogue.value("arch", row)}`),
          h("p", {}, page.catalogue.value("summary", row)),
          h("p", { class: "ex-actions" }, ...actions(details)),
          marks.length ? h("ul", { class: "ex-marks" }, ...marks.map((one) => markLine(one))) : null,
          facts(details),
          ...inside,
        ].filter(Boolean),
      );
    });
  };
  return { box, dialog, draw };
}
