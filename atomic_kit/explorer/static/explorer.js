// The explorer's page. Python answers what was done with pictures (widget.py); here they are drawn, and the table of
// all packages is searched, sorted and filtered. Every text from outside goes through textContent.

// --- Small things -----------------------------------------------------------------------------------------------

const REASONS = ["requested", "required", "recommended"];
const ROW_HEIGHT = 28;

function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && name !== "list" && name !== "style" && name !== "role") element[name] = value;
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function bytes(value, sign = false) {
  if (value === null || value === undefined) return "–";
  const mark = value < 0 ? "−" : sign && value > 0 ? "+" : "";
  const size = Math.abs(value);
  if (size < 1024) return `${mark}${size} B`;
  const [unit, name] = size < 2 ** 20 ? [1024, "KiB"] : size < 10 * 2 ** 30 ? [2 ** 20, "MiB"] : [2 ** 30, "GiB"];
  const amount = size / unit;
  return `${mark}${amount.toLocaleString("en", { maximumFractionDigits: amount < 100 ? 1 : 0 })} ${name}`;
}

const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function later(milliseconds, work) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), milliseconds);
  };
}

// Text that fits into a width, in pixels, at a font size; nothing when not even four letters do.
function fitted(text, width, size = 11) {
  const letters = Math.floor(width / (size * 0.58));
  if (text.length <= letters) return text;
  return letters < 4 ? "" : `${text.slice(0, letters - 1)}…`;
}

// Draw anew what holds the focus, and give it back to the element of the same key.
function keepingFocus(root, draw) {
  const active = root.contains(document.activeElement) ? document.activeElement : null;
  const key = active?.dataset?.key;
  draw();
  if (key === undefined || active.isConnected) return;
  const again = [...root.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key);
  (again ?? root.querySelector("[data-key]"))?.focus({ preventScroll: true });
}

// --- The catalogue: all packages, column by column (catalogue.py) -------------------------------------------------

async function inflate(view) {
  const stream = new Blob([view]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

class Catalogue {
  static async read(view) {
    const all = await inflate(view);
    const head = all.indexOf(10);
    const described = JSON.parse(new TextDecoder().decode(all.subarray(0, head)));
    return new Catalogue(described, all, head + 1);
  }

  constructor(described, all, offset) {
    this.size = described.rows;
    this.texts = {};
    this.numbers = {};
    this.ranks = {};
    const take = (length) => all.slice(offset, (offset += length));
    for (const column of described.columns) {
      if (column.kind === "number") {
        this.numbers[column.name] = new Float64Array(take(column.bytes).buffer);
      } else {
        const values = this.size ? new TextDecoder().decode(take(column.values)).split("\n") : [];
        this.texts[column.name] = { values, codes: new Uint32Array(take(column.codes).buffer), lower: null };
      }
    }
  }

  value(column, row) {
    if (column in this.numbers) return this.numbers[column][row];
    const { values, codes } = this.texts[column];
    return values[codes[row]];
  }

  lower(column) {
    const text = this.texts[column];
    text.lower ??= text.values.map((value) => value.toLowerCase());
    return text.lower;
  }

  // For each row the place of its value among all: what sorting goes by.
  rank(column) {
    if (column in this.texts) return this.texts[column].codes;
    if (!this.ranks[column]) {
      const numbers = this.numbers[column];
      const sorted = Float64Array.from(new Set(numbers)).sort();
      const places = new Map(Array.from(sorted, (value, place) => [value, place]));
      this.ranks[column] = Uint32Array.from(numbers, (value) => places.get(value));
    }
    return this.ranks[column];
  }

  // The rows of each name, by the name's code.
  rowsOf(code) {
    if (!this.first) {
      const { codes, values } = this.texts.name;
      this.first = new Uint32Array(values.length);
      for (let row = codes.length - 1; row >= 0; row--) this.first[codes[row]] = row;
    }
    return this.first[code];
  }

  rowNamed(name) {
    this.codeOf ??= new Map(this.texts.name.values.map((value, code) => [value, code]));
    const code = this.codeOf.get(name);
    return code === undefined ? null : this.rowsOf(code);
  }

  // Names for what was typed so far: the same, then those that start with it, have it at a word, anywhere.
  complete(typed, limit = 12) {
    const text = typed.trim().toLowerCase();
    if (!text) return [];
    const found = [[], [], [], []];
    this.lower("name").forEach((name, code) => {
      const place = name.indexOf(text);
      if (place < 0) return;
      const rank = name === text ? 0 : place === 0 ? 1 : /[-_.+]/.test(name[place - 1]) ? 2 : 3;
      if (found[rank].length < 400) found[rank].push(code);
    });
    const short = (one, other) => this.lower("name")[one].length - this.lower("name")[other].length || one - other;
    return found.flatMap((codes) => codes.sort(short)).slice(0, limit).map((code) => this.rowsOf(code));
  }

  // One byte a row: 1 where each word is found in one of the columns.
  matching(words, columns) {
    const result = new Uint8Array(this.size).fill(1);
    for (const word of words) {
      const hit = new Uint8Array(this.size);
      for (const column of columns) {
        const found = Uint8Array.from(this.lower(column), (value) => (value.includes(word) ? 1 : 0));
        const { codes } = this.texts[column];
        for (let row = 0; row < this.size; row++) hit[row] |= found[codes[row]];
      }
      for (let row = 0; row < this.size; row++) result[row] &= hit[row];
    }
    return result;
  }
}

// --- The page: what all its parts know ------------------------------------------------------------------------------

class Page {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.catalogue = null;
    this.picture = null; // the last one with a package set
    this.asked = null; // the last one, solved or not
    this.member = new Uint8Array(0); // 1 + reason for rows of the set
    this.isNew = new Set();
    this.sizes = new Map();
    this.selected = null;
    this.turn = 0;
    this.group = "package";
    this.changes = "package";
    this.inLab = !("voila" in document.body.dataset); // JupyterLab: its address is not ours to write
  }

  send(message) {
    this.turn += 1;
    this.root.classList.add("ex-busy");
    this.model.send({ turn: this.turn, ...message });
  }

  select(row) {
    this.selected = row;
    this.send({ do: "select", row });
  }

  name(row) {
    return this.catalogue.value("name", row);
  }

  reason(row) {
    return this.member[row] ? REASONS[this.member[row] - 1] : null;
  }

  marks(row) {
    return this.picture?.marks[row] ?? [];
  }

  isExcluded(row) {
    const name = this.name(row);
    return (this.asked?.excluded ?? []).some((text) =>
      text.includes("*") ? new RegExp(`^${text.split("*").map(RegExp.escape ?? escaped).join(".*")}$`).test(name) : text === name,
    );
  }

  view(width, height) {
    return { group: this.group, changes: this.changes, width, height };
  }
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// --- Top: candidates, undo, search, totals ----------------------------------------------------------------------------

function makeTabs(page) {
  const box = h("div", { class: "ex-tabs", role: "tablist", "aria-label": "candidates" });
  const rename = (tab, name) => {
    const input = h("input", { class: "ex-rename", value: name, "aria-label": "name of the candidate" });
    let over = false;
    const end = (keep) => {
      if (over) return;
      over = true;
      input.replaceWith(tab);
      tab.focus();
      if (keep && input.value.trim() !== name) page.send({ do: "rename", name: input.value });
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    });
    input.addEventListener("blur", () => end(true));
    tab.replaceWith(input);
    input.focus();
    input.select();
  };
  const one = (candidate, place, active) => {
    const tab = h("button", { class: "ex-tab", role: "tab", tabIndex: active ? 0 : -1, title: active ? "F2 renames" : "",
      "aria-selected": String(active), "data-key": `tab ${place}`, onclick: () => active || page.send({ do: "show", place }) },
      h("span", {}, candidate.name), h("small", {}, candidate.size ? bytes(candidate.size.install_size) : "no set"));
    tab.addEventListener("dblclick", () => active && rename(tab, candidate.name));
    tab.addEventListener("keydown", (event) => {
      if (event.key === "F2" && active) rename(tab, candidate.name);
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) [...box.querySelectorAll(".ex-tab")].at((place + step) % page.asked.candidates.length)?.focus();
    });
    return tab;
  };
  const draw = () => keepingFocus(box, () => {
    const { candidates, active } = page.asked;
    const close = candidates.length > 1 && h("button", { class: "ex-small", title: "remove this candidate",
      "aria-label": `remove ${candidates[active].name}`, onclick: () => page.send({ do: "remove", place: active }) }, "×");
    const tabs = candidates.flatMap((candidate, place) =>
      [one(candidate, place, place === active), ...(close && place === active ? [close] : [])]);
    box.replaceChildren(...tabs, h("button", { class: "ex-small", "data-key": "copy", title: "another candidate, a copy of this one",
      "aria-label": "add a candidate", onclick: () => page.send({ do: "copy" }) }, "+"));
  });
  return { box, draw };
}

function makeSearch(page) {
  const input = h("input", { class: "ex-input", type: "search", placeholder: "Add a package  ( / )", role: "combobox", autocomplete: "off",
    "aria-label": "add a package, capability or path", "aria-expanded": "false", "aria-controls": "ex-found", "aria-autocomplete": "list" });
  const list = h("ul", { class: "ex-found", id: "ex-found", role: "listbox", "aria-label": "packages found", hidden: true });
  let rows = [], place = -1;
  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const point = (next) => {
    place = next;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === place)));
    list.children[place]?.scrollIntoView({ block: "nearest" });
    if (place >= 0) input.setAttribute("aria-activedescendant", `ex-found-${place}`);
  };
  const add = (text, row) => {
    input.value = "";
    close();
    const asked = page.asked?.requests.some((request) => request.text === text && request.ticked);
    if (!asked) page.send({ do: "request", texts: [text], row });
    else if (row !== null) page.select(memberOf(page, text) ?? row);
  };
  const open = () => {
    rows = page.catalogue ? page.catalogue.complete(input.value) : [];
    list.replaceChildren(...rows.map((row, at) => h("li", { id: `ex-found-${at}`, role: "option", "aria-selected": "false",
      onpointerdown: (event) => { event.preventDefault(); add(page.name(row), row); } },
      h("b", {}, page.name(row)), h("span", { class: "ex-size" }, bytes(page.catalogue.value("install_size", row))),
      h("small", {}, (page.member[row] ? `${page.reason(row)} · ` : "") + page.catalogue.value("summary", row)))));
    if (input.value.trim() && !rows.length) list.replaceChildren(h("li", { class: "ex-none" }, "no package has that in its name; Enter asks for what provides it"));
    list.hidden = !input.value.trim();
    input.setAttribute("aria-expanded", String(!list.hidden));
    point(rows.length ? 0 : -1);
  };
  input.addEventListener("input", open);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open();
      if (rows.length) point((place + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length);
    } else if (event.key === "Enter" && input.value.trim()) {
      event.preventDefault();
      const row = !list.hidden && place >= 0 ? rows[place] : null;
      add(row === null ? input.value.trim() : page.name(row), row);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (list.hidden) input.value = "";
      close();
    }
  });
  return { box: h("div", { class: "ex-search" }, input, list), input };
}

function makeTotals(page) {
  const box = h("div", { class: "ex-totals", role: "status", "aria-live": "polite" });
  const draw = () => {
    const { totals } = page.picture;
    const over = totals.budget !== null && totals.install_size > totals.budget;
    const crowded = totals.budget_packages !== null && totals.packages > totals.budget_packages;
    const change = totals.start && totals.install_size - totals.start.install_size;
    const fact = (name, value, extra, bad) => h("div", { class: `ex-fact${bad ? " ex-bad" : ""}` }, name, h("b", { "data-fact": name }, value), h("small", {}, extra));
    const facts = [
      fact("packages", totals.packages.toLocaleString("en"), totals.budget_packages ? `of ${totals.budget_packages}${crowded ? ": over budget" : ""}` : "no limit", crowded),
      fact("installed", bytes(totals.install_size), totals.budget ? `of ${bytes(totals.budget)}${over ? ": over budget" : ""}` : "no budget", over),
      fact("download", bytes(totals.download_size), "package files"),
      fact("since the start", change === null ? "–" : bytes(change, true), moreOrFewer(totals)),
    ];
    box.replaceChildren(...facts, ...(totals.budget ? [budgetLine(totals, over)] : []));
  };
  return { box, draw };
}

function moreOrFewer(totals) {
  if (!totals.start) return "the start has no set";
  const more = totals.packages - totals.start.packages;
  return more ? `${count(Math.abs(more), "package")} ${more < 0 ? "fewer" : "more"}` : "as many packages";
}

// A bar of the installed size against the budget's line; the bar's end is the larger of both.
function budgetLine(totals, over) {
  const most = Math.max(totals.budget * 1.15, totals.install_size);
  const percent = (value) => `${(100 * value) / most}%`;
  const used = (100 * totals.install_size) / totals.budget;
  const box = h("div", { class: `ex-budget${over ? " ex-over" : ""}`, role: "meter", "aria-label": "installed size against the budget",
    "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.min(100, Math.round(used))), "aria-valuetext": `${Math.round(used)} % of the budget` },
    h("i", { class: "ex-used" }), h("i", { class: "ex-line" }), h("small", {}, `${Math.round(used)} % of the budget`));
  box.children[0].style.width = percent(totals.install_size);
  box.children[1].style.left = percent(totals.budget);
  return box;
}

function makeTools(page, elsewhere) {
  const button = (key, text, title, work) => h("button", { "data-key": key, title, "aria-label": title, onclick: work }, text);
  const undo = button("undo", "↶ Undo", "undo (Ctrl+Z)", () => page.send({ do: "undo" }));
  const redo = button("redo", "↷ Redo", "redo (Ctrl+Shift+Z)", () => page.send({ do: "redo" }));
  const file = h("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: async () => {
    if (file.files[0]) page.send({ do: "open", text: await file.files[0].text() });
    file.value = "";
  } });
  const menu = h("details", { class: "ex-menu" }, h("summary", {}, "Save, open"));
  const entry = (text, work) => h("button", { role: "menuitem", onclick: () => { menu.open = false; work(); } }, text);
  const save = (what, text) => entry(text, () => page.send({ do: "download", file: what }));
  const copy = async () => {
    const link = elsewhere(page.asked.link);
    await navigator.clipboard.writeText(link).then(() => page.notice("the link is copied"), () => page.notice(link));
  };
  menu.append(h("div", { role: "menu", "aria-label": "save, open" }, save("treefile", "Save as treefile"), save("lock", "Save as lock file"), save("csv", "Save as CSV"),
    save("state", "Save all candidates (JSON)"), entry("Open saved candidates…", () => file.click()), entry("Copy a link to this", copy),
    entry("Back to the start", () => page.send({ do: "reset" }))));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { event.stopPropagation(); menu.open = false; menu.firstChild.focus(); }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = [...menu.querySelectorAll("[role=menuitem]")];
    if (step && menu.open) { event.preventDefault(); items.at((items.indexOf(document.activeElement) + step) % items.length).focus(); }
  });
  menu.addEventListener("focusout", (event) => { if (!menu.contains(event.relatedTarget)) menu.open = false; });
  const draw = () => {
    undo.disabled = !page.asked.undo;
    redo.disabled = !page.asked.redo;
  };
  return { box: h("div", { class: "ex-tools" }, undo, redo, menu, file), draw };
}

// --- Left: requests and exclusions --------------------------------------------------------------------------------------

function makeRequests(page) {
  const list = h("ul", { class: "ex-list", "aria-label": "requests" });
  const excluded = h("ul", { class: "ex-list", "aria-label": "excluded" });
  const excludedTitle = h("h3", {}, "Excluded");
  const number = h("small", {});
  const weak = h("input", { type: "checkbox", "data-key": "weak", onchange: () => page.send({ do: "recommends", value: weak.checked }) });
  const order = h("select", { "aria-label": "order of the requests", onchange: () => draw() },
    h("option", { value: "given" }, "as given"), h("option", { value: "name" }, "by name"), h("option", { value: "size" }, "by size"));
  const item = (request, most) => {
    const size = request.ticked ? page.sizes.get(request.text) : undefined;
    const bar = h("i", { class: "ex-share" });
    bar.style.width = size?.additional ? `${Math.max(2, (100 * size.additional) / most)}%` : "0";
    const title = size ? `needs ${bytes(size.alone)} alone; without it ${bytes(size.additional)} leave` : "";
    const box = h("input", { type: "checkbox", checked: request.ticked, "data-key": `request ${request.text}`, "aria-label": request.text,
      onchange: () => page.send({ do: request.ticked ? "withdraw" : "request", texts: [request.text] }) });
    const row = page.catalogue.rowNamed(request.text);
    const name = h("button", { class: "ex-name", tabIndex: -1, title: request.text, disabled: row === null,
      onclick: () => page.select(memberOf(page, request.text) ?? row) }, request.text);
    return h("li", { class: request.new ? "ex-new" : "", title }, bar, box, name, h("span", { class: "ex-size" }, size ? (size.additional === 0 ? "–" : bytes(size.additional)) : ""));
  };
  const draw = () => keepingFocus(list, () => {
    const { requests } = page.asked;
    const additional = (request) => page.sizes.get(request.text)?.additional ?? -1;
    const sorted = [...requests.filter((request) => request.new), ...requests.filter((request) => !request.new)];
    if (order.value === "name") sorted.sort((a, b) => a.text.localeCompare(b.text));
    if (order.value === "size") sorted.sort((a, b) => additional(b) - additional(a));
    const most = Math.max(1, ...requests.map(additional));
    list.replaceChildren(...sorted.map((request) => item(request, most)));
    number.textContent = `${requests.filter((request) => request.ticked).length} of ${requests.length}`;
    weak.checked = page.asked.recommends;
    excludedTitle.hidden = excluded.hidden = !page.asked.excluded.length;
    excluded.replaceChildren(...page.asked.excluded.map((text) => h("li", {}, h("span", { class: "ex-name" }, text),
      h("button", { class: "ex-small", "data-key": `allow ${text}`, "aria-label": `exclude ${text} no longer`, title: "exclude it no longer", onclick: () => page.send({ do: "allow", texts: [text] }) }, "×"))));
  });
  const box = h("section", { class: "ex-card ex-requests", "aria-label": "requests" }, h("h2", {}, "Requests ", number),
    h("div", { class: "ex-order" }, h("label", {}, weak, "weak dependencies"), order), list, excludedTitle, excluded);
  return { box, draw };
}

// The row of a name that is in the set: of several versions that one.
function memberOf(page, name) {
  let row = page.catalogue.rowNamed(name);
  if (row === null) return null;
  for (const first = row; row < page.catalogue.size && page.name(row) === page.name(first); row++) if (page.member[row]) return row;
  return null;
}

// --- Middle: treemap, waterfall, candidates side by side --------------------------------------------------------------------

function chooser(label, options, value, change) {
  const select = h("select", { "aria-label": label, onchange: () => change(select.value) },
    ...options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return select;
}

function makeTreemap(page) {
  const frame = h("div", { class: "ex-map" });
  const look = () => page.catalogue && page.send({ do: "look", ...page.view(frame.clientWidth || 800, frame.clientHeight || 360) });
  const group = chooser("treemap by", [["package", "by package"], ["source", "by source"], ["request", "by request"], ["rpm_repo", "by repository"]],
    page.group, (value) => { page.group = value; look(); });
  const reasons = REASONS.map((reason) => h("span", { class: `ex-key ex-${reason}` }, reason));
  const legend = h("div", { class: "ex-legend" }, ...reasons, h("span", { class: "ex-key ex-isnew" }, "new since the start"));
  const cell = (one) => {
    if (one.row === null && one.count > 0 && one.frame) return svg("g", {}, svg("rect", { class: "ex-frame", x: one.x, y: one.y, width: one.w, height: one.h }, svg("title", {}, `${one.group}: ${bytes(one.size)}, ${count(one.count, "package")}`)),
      one.h > 44 && one.w > 44 ? svg("text", { class: "ex-group", x: one.x + 4, y: one.y + 13 }, fitted(`${one.group}  ${bytes(one.size)}`, one.w - 8, 12)) : null);
    const label = one.row === null ? count(one.count, "more package") : page.name(one.row);
    const kind = one.row === null ? "ex-rest" : `ex-${page.reason(one.row)}`;
    const bad = one.row !== null && page.marks(one.row).some((mark) => mark.severity === "error");
    const text = one.h > 13 ? fitted(label, one.w - 6) : "";
    const told = `${label}: ${bytes(one.size)}${one.row === null ? "" : `, ${page.reason(one.row)}`}${bad ? ", against the policy" : ""}`;
    return svg("g", { class: `ex-cell ${kind}${page.isNew.has(one.row) ? " ex-isnew" : ""}${bad ? " ex-bad" : ""}`, "data-row": one.row, "data-key": `cell ${one.row}`, role: "button", tabindex: -1, "aria-label": told },
      svg("title", {}, told), svg("rect", { x: one.x, y: one.y, width: Math.max(one.w, 0.3), height: Math.max(one.h, 0.3) }),
      text ? svg("text", { x: one.x + 4, y: one.y + 13 }, text) : null,
      text && one.h > 30 && one.w > 60 ? svg("text", { class: "ex-faint", x: one.x + 4, y: one.y + 27 }, bytes(one.size)) : null);
  };
  const draw = () => keepingFocus(frame, () => {
    const grouped = page.group !== "package";
    // A group's frame comes before its cells: the first of its name.
    const seen = new Set();
    const cells = page.picture.treemap.map((one) => {
      const isFrame = grouped && !seen.has(one.group);
      seen.add(one.group);
      return cell({ ...one, frame: isFrame });
    });
    const picture = svg("svg", { width: "100%", height: "100%", role: "group", "aria-label": "treemap: area is the installed size; arrow keys move, Enter shows, Space ticks" }, ...cells);
    frame.replaceChildren(picture);
    frame.querySelector(".ex-cell")?.setAttribute("tabindex", 0);
    mark();
  });
  const mark = () => {
    for (const one of frame.querySelectorAll(".ex-cell")) one.classList.toggle("ex-selected", one.dataset.row === String(page.selected));
  };
  const rowOf = (event) => {
    const row = event.target.closest(".ex-cell")?.dataset.row;
    return row === undefined ? null : Number(row);
  };
  frame.addEventListener("click", (event) => rowOf(event) !== null && page.select(rowOf(event)));
  frame.addEventListener("keydown", (event) => {
    const cells = [...frame.querySelectorAll(".ex-cell")], at = cells.indexOf(event.target.closest(".ex-cell"));
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
  let width = 0;
  new ResizeObserver(later(150, () => {
    if (Math.abs(frame.clientWidth - width) > 4 && frame.clientWidth) { width = frame.clientWidth; look(); }
  })).observe(frame);
  const box = h("section", { class: "ex-card", "aria-label": "installed size" }, h("h2", {}, "Where the room goes ", group), frame, legend);
  return { box, frame, draw, mark, size: () => { width = frame.clientWidth; return [frame.clientWidth || 800, frame.clientHeight || 360]; }, look };
}

function makeWaterfall(page, look) {
  const frame = h("div", { class: "ex-waterfall" });
  const by = chooser("changes by", [["package", "by package"], ["request", "by request"]], page.changes, (value) => { page.changes = value; look(); });
  const bars = ({ start, end, steps }) => {
    const rows = [{ label: "start", from: null, to: start, value: start }];
    let at = start;
    for (const step of steps) rows.push({ label: step.label + (page.changes === "request" ? ` (${step.count})` : ""), from: at, to: (at += step.change), value: step.change });
    rows.push({ label: "now", from: null, to: end, value: end });
    return rows;
  };
  const draw = () => {
    const { waterfall } = page.picture;
    if (!waterfall || !waterfall.steps.length) {
      frame.replaceChildren(h("p", { class: "ex-quiet" }, waterfall ? "Nothing has changed since the start." : "The start has no package set to compare with."));
      return;
    }
    const rows = bars(waterfall), width = Math.max(frame.clientWidth, 280), labels = Math.min(170, width * 0.32), values = 84;
    const ends = rows.map((row) => row.to);
    const low = Math.min(...ends), high = Math.max(...ends), pad = (high - low || 1) * 0.12, from = Math.max(0, low - pad * 2);
    const x = (value) => labels + ((value - from) / (high - from || 1)) * (width - labels - values);
    const line = (row, place) => {
      const y = place * 20, total = row.from === null;
      const [left, right] = total ? [labels, x(row.to)] : [Math.min(x(row.from), x(row.to)), Math.max(x(row.from), x(row.to))];
      const kind = total ? "ex-total" : row.value < 0 ? "ex-less" : "ex-more";
      return svg("g", {}, svg("title", {}, `${row.label}: ${bytes(row.value, !total)}`),
        svg("text", { x: labels - 6, y: y + 14, "text-anchor": "end" }, fitted(row.label, labels - 8)),
        svg("rect", { class: kind, x: left, y: y + 3, width: Math.max(right - left, 1.5), height: 14 }),
        place < rows.length - 1 ? svg("line", { class: "ex-link", x1: x(row.to), x2: x(row.to), y1: y + 3, y2: y + 37 }) : null,
        svg("text", { x: width - 2, y: y + 14, "text-anchor": "end" }, bytes(row.value, !total)));
    };
    const note = from > 0 ? h("p", { class: "ex-quiet" }, `The bars begin at ${bytes(from)}.`) : null;
    frame.replaceChildren(svg("svg", { width, height: rows.length * 20 + 2, role: "img", "aria-label": `from ${bytes(waterfall.start)} at the start to ${bytes(waterfall.end)} now, ${count(waterfall.count, "package")} changed` }, ...rows.map(line)), ...(note ? [note] : []));
  };
  const box = h("section", { class: "ex-card", "aria-label": "changes" }, h("h2", {}, "What changed since the start ", by), frame);
  return { box, draw };
}

function makeComparison(page) {
  const frame = h("div", { class: "ex-scroll" });
  const box = h("section", { class: "ex-card", "aria-label": "candidates side by side", hidden: true }, h("h2", {}, "Side by side"), frame);
  const draw = () => {
    const { comparison, candidates, active } = page.asked;
    box.hidden = !comparison;
    if (!comparison) return;
    const line = (name, values) => h("tr", {}, h("th", { scope: "row" }, name), ...values.map((value, place) => h("td", { class: place === active ? "ex-active" : "" }, value)));
    const sizes = candidates.map((candidate) => candidate.size);
    const head = h("tr", {}, h("td", {}), ...candidates.map((candidate, place) => h("th", { scope: "col", class: place === active ? "ex-active" : "" }, candidate.name)));
    const totals = [
      line("packages", sizes.map((size) => size?.packages.toLocaleString("en") ?? "no set")),
      line("installed", sizes.map((size) => bytes(size?.install_size))),
      line("download", sizes.map((size) => bytes(size?.download_size))),
      line("policy", comparison.findings.map((found, place) => (sizes[place] ? `${count(found.error, "error")}, ${count(found.warning, "warning")}` : "–"))),
    ];
    const rows = comparison.rows.map((row) => line(`${page.name(row.row)}  ${bytes(row.size)}`, row.in.map((is) => (is === null ? "?" : is ? "●" : "–"))));
    const rest = comparison.left_out ? [line(`${count(comparison.left_out, "smaller package")} more`, candidates.map(() => ""))] : [];
    const same = rows.length ? [] : [line(comparison.comparable ? "no package differs" : "nothing to compare with", candidates.map(() => ""))];
    frame.replaceChildren(h("table", { class: "ex-compare" }, h("thead", {}, head), h("tbody", {}, ...totals, ...rows, ...rest, ...same)));
  };
  return { box, draw };
}

// --- Right: one package ---------------------------------------------------------------------------------------------------

function makeDetails(page) {
  const box = h("section", { class: "ex-card ex-details", "aria-label": "the selected package", tabIndex: -1 });
  const dialog = h("dialog", { class: "ex-dialog", "aria-label": "requirement paths", onclick: (event) => event.target === dialog && dialog.close() });
  const general = () => box.replaceChildren(h("h2", {}, "Package"), h("p", { class: "ex-quiet" },
    "Select a package in the picture, the requests or the table to see why it is there and what hangs on it."));
  const button = (text, message) => h("button", { "data-key": `act ${message.do}`, onclick: () => page.send(message) }, text);
  const actions = (details) => {
    const texts = [details.text], name = [page.name(details.row)];
    if (details.excluded) return [button("Exclude no longer", { do: "allow", texts: name.includes(details.text) ? name : texts })];
    if (!details.member) return [button("Ask for it", { do: "request", texts }), button("Exclude it", { do: "exclude", texts: name })];
    if (details.asked.length) return [button("Ask for it no longer", { do: "withdraw", texts: details.asked }), button("Exclude it", { do: "exclude", texts: name })];
    return [button("Ask for it too", { do: "request", texts }), button("Exclude it", { do: "exclude", texts: name })];
  };
  const facts = (details) => {
    const value = (column) => page.catalogue.value(column, details.row) || "not told";
    const rows = [["installed", bytes(value("install_size"))], ["download", bytes(value("download_size"))], ["license", value("license")], ["source", value("source").replace(/\.src\.rpm$/, "")], ["repository", value("rpm_repo")]];
    if (details.member) rows.push(["through it alone", bytes(details.retained)], ["hangs on", details.hangs_on]);
    return h("dl", {}, ...rows.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
  };
  const names = (some) => [h("p", { class: "ex-names" }, ...some.rows.flatMap((row) => [h("button", { class: "ex-chip", onclick: () => page.select(row) }, page.name(row)), " "]), some.count > some.rows.length ? `and ${some.count - some.rows.length} more` : "")];
  const why = (details) => {
    const larger = h("button", { class: "ex-small", "data-key": "larger", onclick: () => { dialog.replaceChildren(h("button", { class: "ex-close", onclick: () => dialog.close() }, "Close"), h("h2", {}, `Ways to ${page.name(details.row)}`), h("div", { class: "ex-scroll" }, drawPaths(page, details.paths, 190)), more); dialog.showModal(); } }, "larger");
    const left = details.ways.left_out ? h("p", { class: "ex-quiet" }, `${count(details.ways.left_out, "more package")} on longer ways`) : null;
    const more = details.paths.left_out ? h("p", { class: "ex-quiet" }, `${count(details.paths.left_out, "more package")} on longer ways, not drawn`) : "";
    const direct = details.direct.map((link) => h("li", {}, link.kind === "requests" ? `requested as ${link.text}` : `${link.source} ${link.kind === "supplements" ? "is supplemented by it" : link.kind} ${link.text}`));
    return [h("h3", {}, "Why it is there ", larger), h("div", { class: "ex-scroll ex-paths", tabIndex: 0, role: "group", "aria-label": "requirement paths" }, drawPaths(page, details.ways, columnFor(details.ways, box.clientWidth - 40))), left, h("details", {}, h("summary", {}, `Wanted directly: ${direct.length}`), h("ul", {}, ...direct))];
  };
  const outside = (details) => {
    if (!page.asked.solved) return [h("p", { class: "ex-quiet" }, "There is no package set now.")];
    if (!details.brings) return [h("p", {}, "It cannot be in the set together with what is asked for.")];
    const { comes, goes, change } = details.brings;
    return [h("h3", {}, "If it were asked for"), h("p", {}, `${bytes(change, true)}, ${count(comes.count, "package")} more${goes.count ? `, ${goes.count} fewer` : ""}`), ...names(comes), ...(goes.count ? [h("p", {}, "Goes:"), ...names(goes)] : [])];
  };
  const draw = (details) => {
    if (!details) return general();
    page.details = details;
    keepingFocus(box, () => {
      const { row } = details;
      const standing = details.excluded ? "excluded" : page.asked.solved ? page.reason(row) ?? "not in the set" : "no set";
      const marks = page.marks(row);
      const inside = details.member ? [...why(details), h("h3", {}, details.leaving.count ? `Leaves with it: ${count(details.leaving.count, "package")}, ${bytes(details.leaving_size)}` : "Nothing else leaves with it"), ...(details.leaving.count ? names(details.leaving) : [])] : outside(details);
      box.replaceChildren(...[h("h2", {}, page.name(row), " ", h("span", { class: `ex-badge ex-${standing.replaceAll(" ", "-")}` }, standing)),
        h("p", { class: "ex-evr" }, `${page.catalogue.value("evr", row)} · ${page.catalogue.value("arch", row)}`), h("p", {}, page.catalogue.value("summary", row)),
        h("p", { class: "ex-actions" }, ...actions(details)), marks.length ? h("ul", { class: "ex-marks" }, ...marks.map((one) => markLine(one))) : null, facts(details), ...inside].filter(Boolean));
    });
  };
  return { box, dialog, draw };
}

// --- Left, below: what the policy says of the set -----------------------------------------------------------------------

function makePolicy(page) {
  const list = h("ul", { class: "ex-marks" });
  const sum = h("small", {});
  const draw = () => {
    const { findings, marks } = page.picture;
    const all = [...findings, ...Object.values(marks).flat()];
    const of = (severity) => all.filter((one) => one.severity === severity);
    sum.textContent = `${count(of("error").length, "error")}, ${count(of("warning").length, "warning")}`;
    const told = [...findings, ...Object.values(marks).flat().filter((one) => one.severity === "error")];
    list.replaceChildren(...told.slice(0, 12).map((one) => markLine(one, `${one.subject}: `)));
  };
  return { box: h("section", { class: "ex-card ex-policy", "aria-label": "policy" }, h("h2", {}, "Policy ", sum), list), draw };
}

const markLine = (mark, before = "") => h("li", { class: `ex-${mark.severity}` }, h("b", {}, mark.severity === "error" ? "✗ " : "! "), `${before}${mark.evidence}`, h("small", {}, ` ${mark.action}`));

// The width of a layer when all are to fit into a panel, as far as names stay readable.
function columnFor(paths, width) {
  const layers = 1 + Math.max(0, ...paths.nodes.map((node) => node.layer));
  return Math.min(190, Math.max(88, (width + 20) / layers));
}

// Layers from left (requests) to right (the package).
function drawPaths(page, paths, column) {
  const row = 24, width = column - 26;
  const place = new Map(paths.nodes.map((node) => [node.id, { x: node.layer * column + 2, y: node.place * row + 2 }]));
  const layers = 1 + Math.max(0, ...paths.nodes.map((node) => node.layer)), most = 1 + Math.max(0, ...paths.nodes.map((node) => node.place));
  const edge = (one) => {
    const a = place.get(one.source), b = place.get(one.target);
    const [x1, y1, x2, y2] = [a.x + width, a.y + 9, b.x, b.y + 9], bend = Math.max(14, (x2 - x1) / 2);
    return svg("path", { class: `ex-edge ex-${one.kind}`, d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}` }, svg("title", {}, `${one.kind} ${one.text}`));
  };
  const node = (one) => {
    const { x, y } = place.get(one.id);
    return svg("g", { class: `ex-node ex-${one.kind}`, onclick: () => page.select(one.row) }, svg("title", {}, one.label),
      svg("rect", { x, y, width, height: 18, rx: 4 }), svg("text", { x: x + 4, y: y + 13 }, fitted(one.label, width - 6)));
  };
  return svg("svg", { width: layers * column - 20, height: most * row + 4, role: "img", "aria-label": `${count(paths.nodes.length, "node")}, ${count(paths.edges.length, "relation")}` }, ...paths.edges.map(edge), ...paths.nodes.map(node));
}

// --- Bottom: the table of all packages: only the rows in sight are in the page -------------------------------------------------

const COLUMNS = [
  { key: "tick", title: "in", width: "2.4rem" }, { key: "name", title: "name", width: "minmax(11rem, 1.4fr)" }, { key: "install_size", title: "installed", width: "6rem", number: true },
  { key: "download_size", title: "download", width: "6rem", number: true }, { key: "reason", title: "why", width: "7rem" }, { key: "marks", title: "policy", width: "5.5rem" },
  { key: "evr", title: "version", width: "10rem" }, { key: "arch", title: "arch", width: "4.6rem" }, { key: "license", title: "license", width: "9rem" },
  { key: "rpm_repo", title: "repository", width: "8rem" }, { key: "source", title: "source", width: "10rem" }, { key: "summary", title: "summary", width: "minmax(12rem, 2fr)" },
];

function makeTable(page) {
  const state = { column: "install_size", down: true, order: new Uint32Array(0), active: 0, match: null };
  const body = h("div", { class: "ex-body" });
  const header = h("div", { class: "ex-row ex-head", role: "row" });
  const grid = h("div", { class: "ex-grid", role: "grid", tabIndex: 0, "aria-label": "packages", "data-key": "grid" }, header, body);
  const shown = h("small", { role: "status" });
  const text = h("input", { class: "ex-input", type: "search", placeholder: "Filter", "aria-label": "filter the table" });
  const where = chooser("search in", [["", "everywhere"], ["name", "in names"], ["license", "in licenses"], ["source", "in sources"], ["rpm_repo", "in repositories"], ["summary", "in summaries"]], "", () => filter());
  const which = chooser("packages", [["set", "in the set"], ["all", "all packages"], ["out", "not in the set"], ["new", "new since the start"], ["marked", "with policy marks"]], "set", () => arrange());
  const template = COLUMNS.map((column) => column.width).join(" ");
  const belongs = { set: (row) => page.member[row], all: () => true, out: (row) => !page.member[row], new: (row) => page.isNew.has(row), marked: (row) => page.marks(row).length };

  const rank = (column) => {
    if (column === "reason" || column === "tick") return Uint32Array.from(page.member, (one) => (one ? 4 - one : 0));
    if (column === "marks") return Uint32Array.from(page.member, (_, row) => page.marks(row).reduce((sum, mark) => sum + (mark.severity === "error" ? 100 : 1), 0));
    return page.catalogue.rank(column);
  };
  // Rows as one number each, rank first: sorting numbers is what a typed array does fastest.
  const arrange = () => {
    if (!page.catalogue) return;
    const size = page.catalogue.size, ranks = rank(state.column), belong = belongs[which.value], keys = new Float64Array(size);
    let kept = 0;
    for (let row = 0; row < size; row++) {
      if (belong(row) && (!state.match || state.match[row])) keys[kept++] = (state.down ? 2 ** 21 - ranks[row] : ranks[row]) * size + row;
    }
    state.order = Uint32Array.from(keys.subarray(0, kept).sort(), (key) => key % size);
    state.active = Math.min(state.active, Math.max(kept - 1, 0));
    shown.textContent = `${kept.toLocaleString("en")} of ${size.toLocaleString("en")}`;
    grid.setAttribute("aria-rowcount", String(kept + 1));
    body.style.height = `${kept * ROW_HEIGHT}px`;
    drawHead();
    draw();
  };
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    state.match = words.length ? page.catalogue.matching(words, where.value ? [where.value] : ["name", "summary", "license", "source"]) : null;
    grid.scrollTop = 0;
    state.active = 0;
    arrange();
  };
  const sort = (column) => {
    state.down = state.column === column ? !state.down : ["install_size", "download_size", "reason", "tick", "marks"].includes(column);
    state.column = column;
    arrange();
  };
  const drawHead = () => keepingFocus(header, () => header.replaceChildren(...COLUMNS.map((column) => {
    const sorted = state.column === column.key;
    return h("span", { role: "columnheader", "aria-sort": sorted ? (state.down ? "descending" : "ascending") : "none", class: column.number ? "ex-number" : "" },
      h("button", { "data-key": `sort ${column.key}`, onclick: () => sort(column.key) }, column.title + (sorted ? (state.down ? " ▾" : " ▴") : "")));
  })));
  const content = (column, row) => {
    switch (column.key) {
      case "tick": return h("input", { type: "checkbox", tabIndex: -1, checked: page.member[row] > 0, "aria-label": `${page.name(row)} is in the set`, onclick: (event) => { event.stopPropagation(); event.preventDefault(); page.send({ do: "tick", row }); } });
      case "reason": return page.reason(row) ?? (page.isExcluded(row) ? "excluded" : "");
      case "marks": {
        const marks = page.marks(row);
        return marks.length ? h("span", { class: marks.some((mark) => mark.severity === "error") ? "ex-error" : "ex-warning", title: marks.map((mark) => mark.evidence).join("\n") }, marks.some((mark) => mark.severity === "error") ? "✗ error" : "! warning") : "";
      }
      case "install_size": case "download_size": return bytes(page.catalogue.value(column.key, row));
      default: return page.catalogue.value(column.key, row);
    }
  };
  const line = (at) => {
    const row = state.order[at];
    const cells = COLUMNS.map((column) => {
      const inside = content(column, row);
      return h("span", { role: "gridcell", class: column.number ? "ex-number" : "", title: typeof inside === "string" && inside.length > 14 ? inside : "" }, inside);
    });
    const element = h("div", { class: `ex-row${page.member[row] ? " ex-in" : ""}${row === page.selected ? " ex-selected" : ""}${at === state.active ? " ex-at" : ""}`, id: `ex-row-${row}`, role: "row", "aria-rowindex": String(at + 2), "aria-selected": String(row === page.selected), onclick: () => { state.active = at; page.select(row); draw(); } }, ...cells);
    element.style.top = `${at * ROW_HEIGHT}px`;
    return element;
  };
  const draw = () => {
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW_HEIGHT) - 4);
    const last = Math.min(state.order.length, first + Math.ceil(grid.clientHeight / ROW_HEIGHT) + 8);
    const lines = [];
    for (let at = first; at < last; at++) lines.push(line(at));
    body.replaceChildren(...lines);
    const active = state.order[state.active];
    if (active !== undefined) grid.setAttribute("aria-activedescendant", `ex-row-${active}`);
  };
  const settle = later(120, () => state.order.length && page.select(state.order[state.active]));
  const move = (to) => {
    state.active = Math.min(Math.max(to, 0), state.order.length - 1);
    const top = state.active * ROW_HEIGHT, room = grid.clientHeight - header.offsetHeight - ROW_HEIGHT;
    if (top < grid.scrollTop) grid.scrollTop = top;
    if (top > grid.scrollTop + room) grid.scrollTop = top - room;
    draw();
    settle();
  };
  grid.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid) return;
    const leaf = Math.max(1, Math.floor(grid.clientHeight / ROW_HEIGHT) - 2);
    const to = { ArrowDown: state.active + 1, ArrowUp: state.active - 1, PageDown: state.active + leaf, PageUp: state.active - leaf, Home: 0, End: state.order.length - 1 }[event.key];
    if (to !== undefined) move(to);
    else if ((event.key === "Enter" || event.key === " ") && state.order.length) page.send({ do: "tick", row: state.order[state.active] });
    else return;
    event.preventDefault();
  });
  text.addEventListener("input", later(60, filter));
  text.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); grid.focus(); }
    if (event.key === "Escape") { event.stopPropagation(); text.value = ""; filter(); }
  });
  const box = h("section", { class: "ex-card ex-table", "aria-label": "table of all packages" }, h("h2", {}, "Packages ", shown, h("span", { class: "ex-filters" }, text, where, which)), grid);
  box.style.setProperty("--columns", template);
  return { box, arrange, draw };
}

// --- What stands in the way ------------------------------------------------------------------------------------------------

function makeProblem(page) {
  const box = h("div", { class: "ex-problem", role: "alert", hidden: true });
  const waiting = () => {
    box.hidden = false;
    box.replaceChildren(h("b", {}, "There is no package set for these requests. "), "Looking for the cause…");
  };
  const draw = (problem) => {
    if (page.asked.solved) return;
    const cures = problem.cures.map((words) => h("button", { "data-key": `cure ${words}`, onclick: () => page.send({ do: "cure", words }) }, words));
    box.hidden = false;
    box.replaceChildren(h("b", {}, "There is no package set for these requests. "), "The pictures show the last one.", h("ul", {}, ...problem.problems.map((one) => h("li", {}, one))),
      ...(problem.cause.length ? [h("p", {}, "The smallest cause: ", h("b", {}, problem.cause.join(", ")))] : []),
      h("p", {}, ...(cures.length ? ["What cures it: ", ...cures.flatMap((one) => [one, " "])] : [problem.hint, " "]), h("button", { onclick: () => page.send({ do: "undo" }) }, "undo")));
  };
  return { box, waiting, draw, hide: () => (box.hidden = true) };
}

// The row of the largest package of a treemap.
function largest(cells) {
  return cells.reduce((best, cell) => (cell.row !== null && cell.size > best.size ? cell : best), { row: null, size: -1 }).row;
}

// --- All together -----------------------------------------------------------------------------------------------------------

function addressOf(text) {
  return `${location.href.split("#")[0]}#state=${text}`;
}

function stateInAddress() {
  return /[#&]state=([\w-]+)/.exec(location.hash)?.[1] ?? "";
}

function saveFile(content, buffer) {
  const url = URL.createObjectURL(new Blob([buffer], { type: content.type }));
  const link = h("a", { href: url, download: content.name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

function makeKeys(page, search) {
  return (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "/" && !typing && !command) {
      event.preventDefault();
      search.input.focus();
    } else if (command && !typing && event.key.toLowerCase() === "z") {
      event.preventDefault();
      page.send({ do: event.shiftKey ? "redo" : "undo" });
    } else if (command && !typing && event.key.toLowerCase() === "y") {
      event.preventDefault();
      page.send({ do: "redo" });
    }
  };
}

function build(page) {
  const { root } = page;
  const parts = { tabs: makeTabs(page), search: makeSearch(page), totals: makeTotals(page), tools: makeTools(page, addressOf), requests: makeRequests(page), policy: makePolicy(page), map: makeTreemap(page), comparison: makeComparison(page), details: makeDetails(page), table: makeTable(page), problem: makeProblem(page) };
  parts.waterfall = makeWaterfall(page, parts.map.look);
  const title = h("h1", {}, "…"), notice = h("div", { class: "ex-notice", role: "status", "aria-live": "polite", hidden: true });
  const hide = later(8000, () => (notice.hidden = true));
  page.notice = (text) => { notice.textContent = text; notice.hidden = false; hide(); };
  root.replaceChildren(
    h("header", { class: "ex-top" }, title, parts.tabs.box, parts.tools.box),
    h("div", { class: "ex-bar" }, parts.search.box, parts.totals.box, parts.problem.box),
    h("div", { class: "ex-main" }, h("div", { class: "ex-left" }, parts.requests.box, parts.policy.box), h("div", { class: "ex-pictures" }, parts.map.box, parts.waterfall.box, parts.comparison.box), parts.details.box),
    parts.table.box, notice, parts.details.dialog);
  return { ...parts, title };
}

function receive(page, parts) {
  const solved = (content, buffers) => {
    page.picture = content;
    page.isNew = new Set(content.new);
    const rows = new Uint32Array(buffers[0].buffer.slice(buffers[0].byteOffset, buffers[0].byteOffset + buffers[0].byteLength));
    page.member.fill(0);
    rows.forEach((row, at) => (page.member[row] = 1 + buffers[1].getUint8(at)));
    parts.problem.hide();
    for (const part of [parts.totals, parts.policy, parts.map, parts.waterfall]) part.draw();
  };
  return {
    async catalogue(content, buffers) {
      page.catalogue = await Catalogue.read(buffers[0]);
      page.member = new Uint8Array(page.catalogue.size);
      parts.title.textContent = content.title;
    },
    picture(content, buffers) {
      page.asked = content;
      page.root.classList.toggle("ex-stale", !content.solved);
      if (content.solved) solved(content, buffers);
      else parts.problem.waiting();
      for (const part of [parts.tabs, parts.tools, parts.requests, parts.comparison]) part.draw();
      parts.table.arrange();
      if (page.selected === null) parts.details.draw(null);
      if (page.selected === null && content.solved && content.treemap.length) page.select(largest(content.treemap));
      if (!page.inLab && content.link !== stateInAddress()) history.replaceState(null, "", addressOf(content.link));
      page.root.dispatchEvent(new CustomEvent("explorer-drawn", { detail: content, bubbles: true }));
    },
    details(content) {
      page.selected = content.row;
      parts.details.draw(content);
      parts.map.mark();
      parts.table.draw();
    },
    sizes(content) {
      for (const [text, alone, additional] of content.sizes) page.sizes.set(text, { alone, additional });
      parts.requests.draw();
    },
    problem: (content) => parts.problem.draw(content),
    notice: (content) => page.notice(content.text),
    file: (content, buffers) => saveFile(content, buffers[0]),
    done: (content) => content.turn === page.turn && page.root.classList.remove("ex-busy"),
  };
}

function render({ model, el }) {
  el.classList.add("ex");
  const page = new Page(model, el);
  const parts = build(page);
  const handlers = receive(page, parts);
  // One after the other: the first message takes a while to unpack.
  let queue = Promise.resolve();
  const hear = (content, buffers) => {
    queue = queue.then(() => handlers[content.kind]?.(content, buffers)).catch((error) => console.error(error));
  };
  model.on("msg:custom", hear);
  const keys = makeKeys(page, parts.search);
  document.addEventListener("keydown", keys);
  const followAddress = () => stateInAddress() && stateInAddress() !== page.asked?.link && page.send({ do: "restore", text: stateInAddress() });
  if (!page.inLab) addEventListener("hashchange", followAddress);
  requestAnimationFrame(() => {
    const [width, height] = parts.map.size();
    page.send({ do: "ready", link: page.inLab ? "" : stateInAddress(), ...page.view(width, height) });
  });
  return () => {
    model.off("msg:custom", hear);
    document.removeEventListener("keydown", keys);
    removeEventListener("hashchange", followAddress);
  };
}

export default { render };
