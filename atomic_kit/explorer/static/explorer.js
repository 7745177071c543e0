// All parts together: the page is built, and Python's messages are handed to its parts.

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

function makeKeys(page, { search, help }) {
  return (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
    const command = event.ctrlKey || event.metaKey;
    if (event.key === "/" && !typing && !command) {
      event.preventDefault();
      search.input.focus();
    } else if (event.key === "?" && !typing && !command) {
      event.preventDefault();
      help.show();
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
  const help = makeHelp();
  const parts = {
    help,
    tabs: makeTabs(page),
    search: makeSearch(page),
    totals: makeTotals(page),
    tools: makeTools(page, addressOf, help),
    requests: makeRequests(page),
    policy: makePolicy(page),
    map: makeTreemap(page),
    comparison: makeComparison(page),
    details: makeDetails(page),
    table: makeTable(page),
    problem: makeProblem(page),
  };
  parts.waterfall = makeWaterfall(page, parts.map.look);
  const title = h("h1", {}, "…"),
    notice = h("div", { class: "ex-notice", role: "status", "aria-live": "polite", hidden: true });
  const hide = later(8000, () => (notice.hidden = true));
  page.notice = (text) => {
    notice.textContent = text;
    notice.hidden = false;
    hide();
  };
  const where = page.inLab ? "run the cell again." : "reload the page: your state is in its address.";
  const lost = h("div", { class: "ex-lost", role: "alert", hidden: true }, h("b", {}, "The connection is lost; "), where);
  page.lost = (is) => {
    lost.hidden = !is;
    if (!is) return;
    root.classList.remove("ex-busy");
    // What was ticked in vain goes back to what is so.
    if (page.asked) for (const part of [parts.requests, parts.table]) part.draw();
  };
  root.replaceChildren(
    h("header", { class: "ex-top" }, title, parts.tabs.box, parts.tools.box),
    lost,
    h("div", { class: "ex-bar" }, parts.search.box, parts.totals.box),
    parts.problem.box,
    h(
      "div",
      { class: "ex-main" },
      h("div", { class: "ex-left" }, parts.requests.box, parts.policy.box),
      h("div", { class: "ex-pictures" }, parts.map.box, parts.waterfall.box, parts.comparison.box),
      parts.details.box,
    ),
    parts.table.box,
    notice,
    parts.details.dialog,
    help.dialog,
  );
  return { ...parts, title };
}

function receive(page, parts) {
  const solved = (content, buffers) => {
    page.picture = content;
    page.isNew = new Set(content.new);
    const rows = new Uint32Array(
      buffers[0].buffer.slice(buffers[0].byteOffset, buffers[0].byteOffset + buffers[0].byteLength),
    );
    page.member.fill(0);
    page.rows = rows;
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
      if (!page.inLab && !content.keep_address && content.link !== stateInAddress()) history.replaceState(null, "", addressOf(content.link));
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
    done: (content) => page.answered(content.turn),
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
    page.lost(false);
    queue = queue.then(() => handlers[content.kind]?.(content, buffers)).catch((error) => console.error(error));
  };
  model.on("msg:custom", hear);
  const keys = makeKeys(page, parts);
  // In a notebook the other cells have keys of their own, and its one-letter shortcuts are not for in here.
  const ground = page.inLab ? el : document;
  const keep = (event) => event.ctrlKey || event.metaKey || event.stopPropagation();
  if (page.inLab) el.addEventListener("keydown", keep);
  ground.addEventListener("keydown", keys);
  const followAddress = () =>
    stateInAddress() && stateInAddress() !== page.asked?.link && page.send({ do: "restore", text: stateInAddress() });
  if (!page.inLab) addEventListener("hashchange", followAddress);
  watchConnection(page);
  requestAnimationFrame(() => {
    const [width, height] = parts.map.size();
    page.send({ do: "ready", link: page.inLab ? "" : stateInAddress(), ...page.view(width, height) });
  });
  return () => {
    model.off("msg:custom", hear);
    ground.removeEventListener("keydown", keys);
    removeEventListener("hashchange", followAddress);
  };
}

export default { render };
