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
    h("button", { "data-key": `act ${message.do}`, onclick: () => page.send(message) }, text);
  const actions = (details) => {
    const texts = [details.text],
      name = [page.name(details.row)];
    if (details.excluded)
      return [button("Exclude no longer", { do: "allow", texts: name.includes(details.text) ? name : texts })];
    if (!details.member)
      return [button("Ask for it", { do: "request", texts }), button("Exclude it", { do: "exclude", texts: name })];
    if (details.asked.length)
      return [
        button("Ask for it no longer", { do: "withdraw", texts: details.asked }),
        button("Exclude it", { do: "exclude", texts: name }),
      ];
    return [button("Ask for it too", { do: "request", texts }), button("Exclude it", { do: "exclude", texts: name })];
  };
  const facts = (details) => {
    const value = (column) => page.catalogue.value(column, details.row) || "not told";
    const rows = [
      ["installed", bytes(value("install_size"))],
      ["download", bytes(value("download_size"))],
      ["license", value("license")],
      ["source", value("source").replace(/\.src\.rpm$/, "")],
      ["repository", value("rpm_repo")],
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
      const standing = details.excluded
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

// The width of a layer when all are to fit into a panel, as far as names stay readable.
function columnFor(paths, width) {
  const layers = 1 + Math.max(0, ...paths.nodes.map((node) => node.layer));
  return Math.min(190, Math.max(88, (width + 20) / layers));
}

// Layers from left (requests) to right (the package).
function drawPaths(page, paths, column) {
  const row = 24,
    width = column - 26;
  const place = new Map(paths.nodes.map((node) => [node.id, { x: node.layer * column + 2, y: node.place * row + 2 }]));
  const layers = 1 + Math.max(0, ...paths.nodes.map((node) => node.layer)),
    most = 1 + Math.max(0, ...paths.nodes.map((node) => node.place));
  const edge = (one) => {
    const a = place.get(one.source),
      b = place.get(one.target);
    const [x1, y1, x2, y2] = [a.x + width, a.y + 9, b.x, b.y + 9],
      bend = Math.max(14, (x2 - x1) / 2);
    return svg(
      "path",
      { class: `ex-edge ex-${one.kind}`, d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}` },
      svg("title", {}, `${one.kind} ${one.text}`),
    );
  };
  const node = (one) => {
    const { x, y } = place.get(one.id);
    return svg(
      "g",
      { class: `ex-node ex-${one.kind}`, onclick: () => page.select(one.row) },
      svg("title", {}, one.label),
      svg("rect", { x, y, width, height: 18, rx: 4 }),
      svg("text", { x: x + 4, y: y + 13 }, fitted(one.label, width - 6)),
    );
  };
  return svg(
    "svg",
    {
      width: layers * column - 20,
      height: most * row + 4,
      role: "img",
      "aria-label": `${count(paths.nodes.length, "node")}, ${count(paths.edges.length, "relation")}`,
    },
    ...paths.edges.map(edge),
    ...paths.nodes.map(node),
  );
}
