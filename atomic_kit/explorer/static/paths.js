// The ways to a package, drawn in layers.

// The width of a layer when all are to fit into a panel, as far as names stay readable.
function columnFor(paths, width) {
  const layers = 1 + Math.max(0, ...paths.nodes.map((node) => node.layer));
  return Math.min(190, Math.max(88, (width + 20) / layers));
}

// Layers from left (requests) to right (the package).
function drawPaths(page, paths, column) {
  const row = paths.nodes.some((node) => node.request) ? 37 : 24,
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
    const told = one.request ? `${one.label}, asked for as ${one.request}` : one.label;
    const select = () => page.select(one.row);
    const press = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      select();
    };
    const about = { role: "button", tabindex: 0, "aria-label": told, "data-key": `node ${one.id}` };
    return svg(
      "g",
      { class: `ex-node ex-${one.kind}`, ...about, onclick: select, onkeydown: press },
      svg("title", {}, told),
      svg("rect", { x, y, width, height: one.request ? 31 : 18, rx: 4 }),
      svg("text", { x: x + 4, y: y + 13 }, fitted(one.label, width - 6)),
      one.request
        ? svg("text", { class: "ex-faint", x: x + 4, y: y + 26 }, fitted(`as ${one.request}`, width - 6))
        : null,
    );
  };
  return svg(
    "svg",
    {
      width: layers * column - 20,
      height: most * row + 6,
      role: "group",
      "aria-label": `${count(paths.nodes.length, "node")}, ${count(paths.edges.length, "relation")}`,
    },
    ...paths.edges.map(edge),
    ...paths.nodes.map(node),
  );
}
