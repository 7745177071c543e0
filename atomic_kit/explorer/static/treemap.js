// Middle: the treemap.

function chooser(label, options, value, change) {
  const select = h(
    "select",
    { "aria-label": label, onchange: () => change(select.value) },
    ...options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
  );
  return select;
}

function makeTreemap(page) {
  const frame = h("div", { class: "ex-map" });
  const look = () =>
    page.catalogue && page.send({ do: "look", ...page.view(frame.clientWidth || 800, frame.clientHeight || 360) });
  const group = chooser(
    "treemap by",
    [
      ["package", "by package"],
      ["source", "by source"],
      ["request", "by request"],
      ["rpm_repo", "by repository"],
    ],
    page.group,
    (value) => {
      page.group = value;
      look();
    },
  );
  const reasons = REASONS.map((reason) => h("span", { class: `ex-key ex-${reason}` }, reason));
  const legend = h(
    "div",
    { class: "ex-legend" },
    ...reasons,
    h("span", { class: "ex-key ex-isnew" }, "new since the start"),
  );
  const cell = (one) => {
    if (one.row === null && one.count > 0 && one.frame)
      return svg(
        "g",
        {},
        svg(
          "rect",
          { class: "ex-frame", x: one.x, y: one.y, width: one.w, height: one.h },
          svg("title", {}, `${one.group}: ${bytes(one.size)}, ${count(one.count, "package")}`),
        ),
        one.h > 44 && one.w > 44
          ? svg(
              "text",
              { class: "ex-group", x: one.x + 4, y: one.y + 13 },
              fitted(`${one.group}  ${bytes(one.size)}`, one.w - 8, 12),
            )
          : null,
      );
    const label = one.row === null ? count(one.count, "more package") : page.name(one.row);
    const kind = one.row === null ? "ex-rest" : `ex-${page.reason(one.row)}`;
    const bad = one.row !== null && page.marks(one.row).some((mark) => mark.severity === "error");
    const text = one.h > 13 ? fitted(label, one.w - 6) : "";
    const told = `${label}: ${bytes(one.size)}${one.row === null ? "" : `, ${page.reason(one.row)}`}${bad ? ", against the policy" : ""}`;
    return svg(
      "g",
      {
        class: `ex-cell ${kind}${page.isNew.has(one.row) ? " ex-isnew" : ""}${bad ? " ex-bad" : ""}`,
        "data-row": one.row,
        "data-key": `cell ${one.row}`,
        role: "button",
        tabindex: -1,
        "aria-label": told,
      },
      svg("title", {}, told),
      svg("rect", { x: one.x, y: one.y, width: Math.max(one.w, 0.3), height: Math.max(one.h, 0.3) }),
      text ? svg("text", { x: one.x + 4, y: one.y + 13 }, text) : null,
      text && one.h > 30 && one.w > 60
        ? svg("text", { class: "ex-faint", x: one.x + 4, y: one.y + 27 }, bytes(one.size))
        : null,
    );
  };
  const draw = () =>
    keepingFocus(frame, () => {
      const grouped = page.group !== "package";
      // A group's frame comes before its cells: the first of its name.
      const seen = new Set();
      // It was laid out for the frame's size then; until it is anew it is stretched.
      const [across, down] = [frame.clientWidth / page.picture.view[0], frame.clientHeight / page.picture.view[1]];
      const cells = page.picture.treemap.map(({ x, y, w, h, ...rest }) => {
        const one = { ...rest, x: x * across, y: y * down, w: w * across, h: h * down };
        const isFrame = grouped && !seen.has(one.group);
        seen.add(one.group);
        return cell({ ...one, frame: isFrame });
      });
      const picture = svg(
        "svg",
        {
          width: "100%",
          height: "100%",
          role: "group",
          "aria-label": "treemap: area is the installed size; arrow keys move, Enter shows, Space ticks",
        },
        ...cells,
      );
      frame.replaceChildren(picture);
      legend.lastChild.previousSibling.hidden = !page.rows.some((row) => page.reason(row) === REASONS.at(-1));
      frame.querySelector(".ex-cell")?.setAttribute("tabindex", 0);
      mark();
    });
  const mark = () => {
    for (const one of frame.querySelectorAll(".ex-cell"))
      one.classList.toggle("ex-selected", one.dataset.row === String(page.selected));
  };
  const rowOf = (event) => {
    const row = event.target.closest(".ex-cell")?.dataset.row;
    return row === undefined ? null : Number(row);
  };
  frame.addEventListener("click", (event) => rowOf(event) !== null && page.select(rowOf(event)));
  frame.addEventListener("keydown", (event) => {
    const cells = [...frame.querySelectorAll(".ex-cell")],
      at = cells.indexOf(event.target.closest(".ex-cell"));
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step && at >= 0) {
      const next = cells[Math.min(Math.max(at + step, 0), cells.length - 1)];
      cells[at].setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    } else if (event.key === "Enter" && rowOf(event) !== null) page.select(rowOf(event));
    else if (event.key === " " && rowOf(event) !== null) page.send({ do: "tick", row: rowOf(event) });
    else return;
    event.preventDefault();
  });
  let width = 0,
    height = 0;
  new ResizeObserver(
    later(150, () => {
      const moved = Math.abs(frame.clientWidth - width) > 4 || Math.abs(frame.clientHeight - height) > 4;
      if (moved && frame.clientWidth) {
        [width, height] = [frame.clientWidth, frame.clientHeight];
        if (page.picture) draw();
        look();
      }
    }),
  ).observe(frame);
  const box = h(
    "section",
    { class: "ex-card", "aria-label": "installed size" },
    h("h2", {}, "Where the room goes ", group),
    frame,
    legend,
  );
  return {
    box,
    frame,
    draw,
    mark,
    size: () => {
      [width, height] = [frame.clientWidth, frame.clientHeight];
      return [frame.clientWidth || 800, frame.clientHeight || 360];
    },
    look,
  };
}
