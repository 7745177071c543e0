// Left: requests, exclusions, and what the policy says of the set; and what stands in the way of a set.

function makeRequests(page) {
  const list = h("ul", { class: "ex-list", "aria-label": "requests" });
  const excluded = h("ul", { class: "ex-list", "aria-label": "excluded" });
  const excludedTitle = h("h3", {}, "Excluded");
  const number = h("small", {});
  const weak = h("input", {
    type: "checkbox",
    "data-key": "weak",
    onchange: () => page.send({ do: "recommends", value: weak.checked }),
  });
  const order = h(
    "select",
    { "aria-label": "order of the requests", onchange: () => draw() },
    h("option", { value: "given" }, "as given"),
    h("option", { value: "name" }, "by name"),
    h("option", { value: "size" }, "by size"),
  );
  // An item stays while its request does: one that is replaced between press and release loses its click.
  const items = new Map();
  const itemOf = (text) => {
    if (!items.has(text)) items.set(text, makeRequest(page, text));
    return items.get(text);
  };
  const additional = (request) => page.sizes.get(request.text)?.additional ?? -1;
  const inOrder = (requests) => {
    const sorted = [...requests.filter((request) => request.new), ...requests.filter((request) => !request.new)];
    if (order.value === "name") sorted.sort((a, b) => a.text.localeCompare(b.text));
    if (order.value === "size") sorted.sort((a, b) => additional(b) - additional(a));
    return sorted;
  };
  const draw = () => {
    const { requests } = page.asked;
    const most = Math.max(1, ...requests.map(additional));
    const shown = inOrder(requests).map((request) => {
      const item = itemOf(request.text);
      item.draw(request, most);
      return item.box;
    });
    const same = shown.length === list.children.length && shown.every((box, at) => box === list.children[at]);
    if (!same) keepingFocus(list, () => list.replaceChildren(...shown));
    number.textContent = `${requests.filter((request) => request.ticked).length} of ${requests.length}`;
    weak.checked = page.asked.recommends;
    drawExcluded();
  };
  const drawExcluded = () => {
    const texts = page.asked.excluded;
    if (texts.join("\n") === excluded.dataset.texts) return;
    excluded.dataset.texts = texts.join("\n");
    excludedTitle.hidden = excluded.hidden = !texts.length;
    keepingFocus(excluded, () => excluded.replaceChildren(...texts.map(exclusion)));
  };
  const exclusion = (text) => {
    const title = "exclude it no longer";
    const allow = () => page.send({ do: "allow", texts: [text] });
    const about = { class: "ex-small", "data-key": `allow ${text}`, "aria-label": `${title}: ${text}`, title };
    return h("li", {}, h("span", { class: "ex-name" }, text), h("button", { ...about, onclick: allow }, "×"));
  };
  const box = h(
    "section",
    { class: "ex-card ex-requests", "aria-label": "requests" },
    h("h2", {}, "Requests ", number),
    h("div", { class: "ex-order" }, h("label", {}, weak, "weak dependencies"), order),
    list,
    excludedTitle,
    excluded,
  );
  return { box, draw };
}

const leaves = (size) => (size === null ? "without it there is no set" : `without it ${bytes(size)} leave`);

// One request with its box, its size and a bar of it.
function makeRequest(page, text) {
  let ticked = false;
  const bar = h("i", { class: "ex-share" });
  const tick = h("input", {
    type: "checkbox",
    "data-key": `request ${text}`,
    "aria-label": text,
    onchange: () => page.send({ do: ticked ? "withdraw" : "request", texts: [text] }),
  });
  const row = page.catalogue.rowNamed(text);
  const select = () => page.select(memberOf(page, text) ?? row);
  const name = h(
    "button",
    { class: "ex-name", tabIndex: -1, title: text, disabled: row === null, onclick: select },
    text,
  );
  const amount = h("span", { class: "ex-size" });
  const box = h("li", {}, bar, tick, name, amount);
  const draw = (request, most) => {
    const size = request.ticked ? page.sizes.get(text) : undefined;
    ticked = tick.checked = request.ticked;
    bar.style.width = size?.additional ? `${Math.max(2, (100 * size.additional) / most)}%` : "0";
    box.title = size ? `needs ${bytes(size.alone)} alone; ${leaves(size.additional)}` : "";
    box.className = request.new ? "ex-new" : "";
    amount.textContent = size ? (size.additional === null ? "needed" : bytes(size.additional || null)) : "";
  };
  return { box, draw };
}

// The row of a name that is in the set: of several versions that one.
function memberOf(page, name) {
  let row = page.catalogue.rowNamed(name);
  if (row === null) return null;
  for (const first = row; row < page.catalogue.size && page.name(row) === page.name(first); row++)
    if (page.member[row]) return row;
  return null;
}

function makePolicy(page) {
  const list = h("ul", { class: "ex-marks" });
  const sum = h("small", {});
  const draw = () => {
    const { groups } = page.picture;
    const sumOf = (severity) =>
      groups.reduce((all, one) => all + (one.severity === severity ? one.count : 0), 0);
    sum.textContent = `${count(sumOf("error"), "error")}, ${count(sumOf("warning"), "warning")}`;
    list.replaceChildren(...groups.slice(0, 14).map(groupLine));
  };
  return {
    box: h("section", { class: "ex-card ex-policy", "aria-label": "policy" }, h("h2", {}, "Policy ", sum), list),
    draw,
  };
}

// One finding, or all of a rule: how many there are and the names of some.
function groupLine(group) {
  if (group.count === 1) return markLine(group, `${group.subject}: `);
  const line = markLine(group, `${count(group.count, "package")}: `);
  line.title = group.subjects.join(", ") + (group.count > group.subjects.length ? ", …" : "");
  return line;
}

const markLine = (mark, before = "") =>
  h(
    "li",
    { class: `ex-${mark.severity}` },
    h("b", {}, { error: "✗ ", warning: "! " }[mark.severity] ?? "· "),
    `${before}${mark.evidence}`,
    h("small", {}, ` ${mark.action}`),
  );

function makeProblem(page) {
  const box = h("div", { class: "ex-problem", role: "alert", hidden: true });
  const waiting = () => {
    box.hidden = false;
    box.replaceChildren(h("b", {}, "There is no package set for these requests. "), "Looking for the cause…");
  };
  const draw = (problem) => {
    if (page.asked.solved) return;
    const cures = problem.cures.map((words) =>
      h("button", { "data-key": `cure ${words}`, onclick: () => page.send({ do: "cure", words }) }, words),
    );
    box.hidden = false;
    box.replaceChildren(
      h("b", {}, "There is no package set for these requests. "),
      page.picture ? "The pictures show the last one." : "There is no picture yet: there was none before.",
      h("ul", {}, ...problem.problems.map((one) => h("li", {}, one))),
      ...(problem.cause.length ? [h("p", {}, "The smallest cause: ", h("b", {}, problem.cause.join(", ")))] : []),
      h(
        "p",
        {},
        ...(cures.length ? ["What cures it: ", ...cures.flatMap((one) => [one, " "])] : [problem.hint, " "]),
        h("button", { disabled: !page.asked.undo, onclick: () => page.send({ do: "undo" }) }, "undo"),
      ),
    );
  };
  return { box, waiting, draw, hide: () => (box.hidden = true) };
}

// The row of the largest package of a treemap.
function largest(cells) {
  return cells.reduce((best, cell) => (cell.row !== null && cell.size > best.size ? cell : best), {
    row: null,
    size: -1,
  }).row;
}
