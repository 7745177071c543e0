// Bottom: the table of all packages. Only the rows in sight are in the document.

function makeTable(page) {
  const state = {
    column: "install_size",
    down: true,
    order: new Uint32Array(0),
    active: 0,
    match: null,
    top: 0,
    height: 430,
  };
  const body = h("div", { class: "ex-body" });
  const header = h("div", { class: "ex-row ex-head", role: "row" });
  const grid = h(
    "div",
    { class: "ex-grid", role: "grid", tabIndex: 0, "aria-label": "packages", "data-key": "grid" },
    header,
    body,
  );
  const shown = h("small", { role: "status" });
  const text = h("input", {
    class: "ex-input",
    type: "search",
    placeholder: "Filter",
    "aria-label": "filter the table",
  });
  const where = chooser(
    "search in",
    [
      ["", "everywhere"],
      ["name", "in names"],
      ["license", "in licenses"],
      ["source", "in sources"],
      ["rpm_repo", "in repositories"],
      ["summary", "in summaries"],
    ],
    "",
    () => filter(),
  );
  const which = chooser(
    "packages",
    [
      ["set", "in the set"],
      ["all", "all packages"],
      ["out", "not in the set"],
      ["new", "new since the start"],
      ["marked", "with policy marks"],
    ],
    "set",
    () => arrange(),
  );
  const template = COLUMNS.map((column) => column.width).join(" ");
  // The rows to look through, and which of them belong.
  const everyone = () => Uint32Array.from(page.member, (_, row) => row);
  const sources = {
    set: [() => page.rows, () => true],
    all: [everyone, () => true],
    out: [everyone, (row) => !page.member[row]],
    new: [() => page.rows, (row) => page.isNew.has(row)],
    marked: [() => page.rows, (row) => page.marks(row).length > 0],
  };

  const rank = (column) => {
    if (column === "reason" || column === "tick") return Uint32Array.from(page.member, (one) => (one ? 4 - one : 0));
    if (column === "marks")
      return Uint32Array.from(page.member, (_, row) =>
        page.marks(row).reduce((sum, mark) => sum + (mark.severity === "error" ? 100 : 1), 0),
      );
    return page.catalogue.rank(column);
  };
  // Rows as one number each, rank first: sorting numbers is what a typed array does fastest.
  const arrange = () => {
    if (!page.catalogue) return;
    const size = page.catalogue.size;
    const ranks = rank(state.column);
    const [source, belongs] = sources[which.value];
    const rows = source();
    const keys = new Float64Array(rows.length);
    let kept = 0;
    for (const row of rows) {
      if (belongs(row) && (!state.match || state.match[row]))
        keys[kept++] = (state.down ? 2 ** 21 - ranks[row] : ranks[row]) * size + row;
    }
    state.order = Uint32Array.from(keys.subarray(0, kept).sort(), (key) => key % size);
    state.active = Math.min(state.active, Math.max(kept - 1, 0));
    shown.textContent = `${WHOLE.format(kept)} of ${WHOLE.format(size)}`;
    grid.setAttribute("aria-rowcount", String(kept + 1));
    body.style.height = `${kept * ROW_HEIGHT}px`;
    drawHead();
    draw();
  };
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    state.match = words.length
      ? page.catalogue.matching(words, where.value ? [where.value] : ["name", "summary", "license", "source"])
      : null;
    grid.scrollTop = state.top = 0;
    state.active = 0;
    arrange();
  };
  const sort = (column) => {
    state.down =
      state.column === column
        ? !state.down
        : ["install_size", "download_size", "reason", "tick", "marks"].includes(column);
    state.column = column;
    arrange();
  };
  const drawHead = () =>
    keepingFocus(header, () =>
      header.replaceChildren(
        ...COLUMNS.map((column) => {
          const sorted = state.column === column.key;
          return h(
            "span",
            {
              role: "columnheader",
              "aria-sort": sorted ? (state.down ? "descending" : "ascending") : "none",
              class: column.number ? "ex-number" : "",
            },
            h(
              "button",
              { "data-key": `sort ${column.key}`, onclick: () => sort(column.key) },
              column.title + (sorted ? (state.down ? " ▾" : " ▴") : ""),
            ),
          );
        }),
      ),
    );
  const line = (at) => {
    const row = state.order[at];
    const cells = COLUMNS.map((column) => {
      const inside = cellOf(page, column, row);
      return h(
        "span",
        {
          role: "gridcell",
          class: column.number ? "ex-number" : "",
          title: typeof inside === "string" && inside.length > 14 ? inside : "",
        },
        inside,
      );
    });
    const element = h(
      "div",
      {
        class: `ex-row${page.member[row] ? " ex-in" : ""}${row === page.selected ? " ex-selected" : ""}${at === state.active ? " ex-at" : ""}`,
        id: `ex-row-${row}`,
        role: "row",
        "aria-rowindex": String(at + 2),
        "aria-selected": String(row === page.selected),
        onclick: () => {
          state.active = at;
          page.select(row);
          draw();
        },
      },
      ...cells,
    );
    element.style.top = `${at * ROW_HEIGHT}px`;
    return element;
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(state.top / ROW_HEIGHT) - 4);
    const last = Math.min(state.order.length, first + Math.ceil(state.height / ROW_HEIGHT) + 8);
    const lines = [];
    for (let at = first; at < last; at++) lines.push(line(at));
    body.replaceChildren(...lines);
    const active = state.order[state.active];
    if (active !== undefined) grid.setAttribute("aria-activedescendant", `ex-row-${active}`);
  };
  const settle = later(120, () => state.order.length && page.select(state.order[state.active]));
  const move = (to) => {
    state.active = Math.min(Math.max(to, 0), state.order.length - 1);
    const top = state.active * ROW_HEIGHT,
      room = grid.clientHeight - header.offsetHeight - ROW_HEIGHT;
    if (top < grid.scrollTop) grid.scrollTop = top;
    if (top > grid.scrollTop + room) grid.scrollTop = top - room;
    scrolled();
    settle();
  };
  // Kept, because to ask for them while the page changes has it laid out at once.
  const scrolled = () => {
    state.top = grid.scrollTop;
    draw();
  };
  grid.addEventListener("scroll", () => requestAnimationFrame(scrolled), { passive: true });
  new ResizeObserver(() => {
    state.height = grid.clientHeight;
    scrolled();
  }).observe(grid);
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid) return;
    const leaf = Math.max(1, Math.floor(grid.clientHeight / ROW_HEIGHT) - 2);
    const to = {
      ArrowDown: state.active + 1,
      ArrowUp: state.active - 1,
      PageDown: state.active + leaf,
      PageUp: state.active - leaf,
      Home: 0,
      End: state.order.length - 1,
    }[event.key];
    if (to !== undefined) move(to);
    else if ((event.key === "Enter" || event.key === " ") && state.order.length)
      page.send({ do: "tick", row: state.order[state.active] });
    else return;
    event.preventDefault();
  });
  text.addEventListener("input", later(60, filter));
  text.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      grid.focus();
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      text.value = "";
      filter();
    }
  });
  const box = h(
    "section",
    { class: "ex-card ex-table", "aria-label": "table of all packages" },
    h("h2", {}, "Packages ", shown, h("span", { class: "ex-filters" }, text, where, which)),
    grid,
  );
  box.style.setProperty("--columns", template);
  return { box, arrange, draw };
}
