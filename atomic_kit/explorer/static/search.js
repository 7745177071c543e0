// The field that packages are added by.

function makeSearch(page) {
  const input = h("input", {
    class: "ex-input",
    type: "search",
    placeholder: "Add a package  ( / )",
    role: "combobox",
    autocomplete: "off",
    "aria-label": "add a package, capability or path",
    "aria-expanded": "false",
    "aria-controls": "ex-found",
    "aria-autocomplete": "list",
  });
  const list = h("ul", {
    class: "ex-found",
    id: "ex-found",
    role: "listbox",
    "aria-label": "packages found",
    hidden: true,
  });
  // What can be chosen: packages by row and, last, the text as it was typed.
  let entries = [],
    place = -1;
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
  const add = ({ text, row }) => {
    input.value = "";
    close();
    const asked = page.asked?.requests.some((request) => request.text === text && request.ticked);
    if (!asked) page.send({ do: "request", texts: [text], row });
    else if (row !== null) page.select(memberOf(page, text) ?? row);
  };
  const entry = ({ text, row, found }, at) =>
    h(
      "li",
      {
        id: `ex-found-${at}`,
        role: "option",
        "aria-selected": "false",
        class: row === null ? "ex-typed" : "",
        onpointerdown: (event) => {
          event.preventDefault();
          add(entries[at]);
        },
      },
      ...(row === null
        ? [
            h("span", {}, `ask for ‘${text}’ as typed`),
            h("small", {}, found ? "" : "no package has that in its name: what provides it is taken"),
          ]
        : [
            h("b", {}, text),
            h("span", { class: "ex-size" }, bytes(page.catalogue.value("install_size", row))),
            h("small", {}, (page.member[row] ? `${page.reason(row)} · ` : "") + page.catalogue.value("summary", row)),
          ]),
    );
  const open = () => {
    const text = meant(input.value);
    const rows = page.catalogue ? page.catalogue.complete(text) : [];
    entries = rows.map((row) => ({ text: page.name(row), row }));
    const begins = entries[0]?.text.toLowerCase().startsWith(text.toLowerCase());
    if (text && entries[0]?.text !== text) entries.push({ text, row: null, found: rows.length });
    list.replaceChildren(...entries.map(entry));
    list.hidden = !text;
    input.setAttribute("aria-expanded", String(!list.hidden));
    point(begins ? 0 : entries.length - 1);
    list.scrollTop = 0; // the last one stays in sight
  };
  input.addEventListener("input", open);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open();
      if (entries.length) point((place + (event.key === "ArrowDown" ? 1 : -1) + entries.length) % entries.length);
    } else if (event.key === "Enter" && meant(input.value)) {
      event.preventDefault();
      add((!list.hidden && entries[place]) || { text: meant(input.value), row: null });
    } else if (event.key === "/" && !input.value) {
      event.preventDefault(); // the key that leads here; a path is known by its other slashes
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (list.hidden) input.value = "";
      close();
    }
  });
  return { box: h("div", { class: "ex-search" }, input, list), input };
}

// A path may lack its first slash, since that key leads into the field; what has no other one is a name.
function meant(typed) {
  const text = typed.trim();
  if (/^[\w.+-]+\/[^\s()]*$/.test(text)) return `/${text}`;
  return /^\/[^/]*$/.test(text) ? text.slice(1).trim() : text;
}
