// Middle, below: what changed since the start, and candidates side by side.

function makeWaterfall(page, look) {
  const frame = h("div", { class: "ex-waterfall" });
  const by = chooser(
    "changes by",
    [
      ["package", "by package"],
      ["request", "by request"],
    ],
    page.changes,
    (value) => {
      page.changes = value;
      look();
    },
  );
  const bars = ({ start, end, steps }) => {
    const rows = [{ label: "start", from: null, to: start, value: start }];
    let at = start;
    for (const step of steps)
      rows.push({
        label: step.label + (page.changes === "request" ? ` (${step.count})` : ""),
        from: at,
        to: (at += step.change),
        value: step.change,
      });
    rows.push({ label: "now", from: null, to: end, value: end });
    return rows;
  };
  const draw = () => {
    const { waterfall } = page.picture;
    if (!waterfall || !waterfall.steps.length) {
      frame.replaceChildren(
        h(
          "p",
          { class: "ex-quiet" },
          waterfall ? "Nothing has changed since the start." : "The start has no package set to compare with.",
        ),
      );
      return;
    }
    const rows = bars(waterfall),
      width = Math.max(frame.clientWidth, 280),
      labels = Math.min(170, width * 0.32),
      values = 84;
    const ends = rows.map((row) => row.to);
    const low = Math.min(...ends),
      high = Math.max(...ends),
      pad = (high - low || 1) * 0.12,
      from = Math.max(0, low - pad * 2);
    const x = (value) => labels + ((value - from) / (high - from || 1)) * (width - labels - values);
    const line = (row, place) => {
      const y = place * 20,
        total = row.from === null;
      const [left, right] = total
        ? [labels, x(row.to)]
        : [Math.min(x(row.from), x(row.to)), Math.max(x(row.from), x(row.to))];
      const kind = total ? "ex-total" : row.value < 0 ? "ex-less" : "ex-more";
      return svg(
        "g",
        {},
        svg("title", {}, `${row.label}: ${bytes(row.value, !total)}`),
        svg("text", { x: labels - 6, y: y + 14, "text-anchor": "end" }, fitted(row.label, labels - 8)),
        svg("rect", { class: kind, x: left, y: y + 3, width: Math.max(right - left, 1.5), height: 14 }),
        place < rows.length - 1
          ? svg("line", { class: "ex-link", x1: x(row.to), x2: x(row.to), y1: y + 3, y2: y + 37 })
          : null,
        svg("text", { x: width - 2, y: y + 14, "text-anchor": "end" }, bytes(row.value, !total)),
      );
    };
    const note = from > 0 ? h("p", { class: "ex-quiet" }, `The bars begin at ${bytes(from)}.`) : null;
    frame.replaceChildren(
      svg(
        "svg",
        {
          width,
          height: rows.length * 20 + 2,
          role: "img",
          "aria-label": `from ${bytes(waterfall.start)} at the start to ${bytes(waterfall.end)} now, ${count(waterfall.count, "package")} changed`,
        },
        ...rows.map(line),
      ),
      ...(note ? [note] : []),
    );
  };
  const box = h(
    "section",
    { class: "ex-card", "aria-label": "changes" },
    h("h2", {}, "What changed since the start ", by),
    frame,
  );
  return { box, draw };
}

function makeComparison(page) {
  const frame = h("div", { class: "ex-scroll" });
  const box = h(
    "section",
    { class: "ex-card", "aria-label": "candidates side by side", hidden: true },
    h("h2", {}, "Side by side"),
    frame,
  );
  const draw = () => {
    const { comparison, candidates, active } = page.asked;
    box.hidden = !comparison;
    if (!comparison) return;
    const line = (name, values) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, name),
        ...values.map((value, place) => h("td", { class: place === active ? "ex-active" : "" }, value)),
      );
    const sizes = candidates.map((candidate) => candidate.size);
    const head = h(
      "tr",
      {},
      h("td", {}),
      ...candidates.map((candidate, place) =>
        h("th", { scope: "col", class: place === active ? "ex-active" : "" }, candidate.name),
      ),
    );
    const totals = [
      line(
        "packages",
        sizes.map((size) => size?.packages.toLocaleString("en") ?? "no set"),
      ),
      line(
        "installed",
        sizes.map((size) => bytes(size?.install_size)),
      ),
      line(
        "download",
        sizes.map((size) => bytes(size?.download_size)),
      ),
      line(
        "policy",
        comparison.findings.map((found, place) =>
          sizes[place] ? `${count(found.error, "error")}, ${count(found.warning, "warning")}` : "–",
        ),
      ),
    ];
    const rows = comparison.rows.map((row) =>
      line(
        `${page.name(row.row)}  ${bytes(row.size)}`,
        row.in.map((is) => (is === null ? "?" : is ? "●" : "–")),
      ),
    );
    const rest = comparison.left_out
      ? [
          line(
            `${count(comparison.left_out, "smaller package")} more`,
            candidates.map(() => ""),
          ),
        ]
      : [];
    const same = rows.length
      ? []
      : [
          line(
            comparison.comparable ? "no package differs" : "nothing to compare with",
            candidates.map(() => ""),
          ),
        ];
    frame.replaceChildren(
      h("table", { class: "ex-compare" }, h("thead", {}, head), h("tbody", {}, ...totals, ...rows, ...rest, ...same)),
    );
  };
  return { box, draw };
}
