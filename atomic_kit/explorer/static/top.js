// Top: candidates, search, totals, undo and files.

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
    const tab = h(
      "button",
      {
        class: "ex-tab",
        role: "tab",
        tabIndex: active ? 0 : -1,
        title: active ? "F2 renames" : "",
        "aria-selected": String(active),
        "data-key": `tab ${place}`,
        onclick: () => active || page.send({ do: "show", place }),
      },
      h("span", {}, candidate.name),
      h("small", {}, candidate.size ? bytes(candidate.size.install_size) : "no set"),
    );
    tab.addEventListener("dblclick", () => active && rename(tab, candidate.name));
    tab.addEventListener("keydown", (event) => {
      if (event.key === "F2" && active) rename(tab, candidate.name);
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) [...box.querySelectorAll(".ex-tab")].at((place + step) % page.asked.candidates.length)?.focus();
    });
    return tab;
  };
  const draw = () =>
    keepingFocus(box, () => {
      const { candidates, active } = page.asked;
      const close =
        candidates.length > 1 &&
        h(
          "button",
          {
            class: "ex-small",
            title: "remove this candidate",
            "aria-label": `remove ${candidates[active].name}`,
            onclick: () => page.send({ do: "remove", place: active }),
          },
          "×",
        );
      const tabs = candidates.flatMap((candidate, place) => [
        one(candidate, place, place === active),
        ...(close && place === active ? [close] : []),
      ]);
      box.replaceChildren(
        ...tabs,
        h(
          "button",
          {
            class: "ex-small",
            "data-key": "copy",
            title: "another candidate, a copy of this one",
            "aria-label": "add a candidate",
            onclick: () => page.send({ do: "copy" }),
          },
          "+",
        ),
      );
    });
  return { box, draw };
}

function makeTotals(page) {
  const box = h("div", { class: "ex-totals", role: "status", "aria-live": "polite" });
  const draw = () => {
    const { totals } = page.picture;
    const over = totals.budget !== null && totals.install_size > totals.budget;
    const crowded = totals.budget_packages !== null && totals.packages > totals.budget_packages;
    const change = totals.start && totals.install_size - totals.start.install_size;
    const fact = (name, value, extra, bad) =>
      h(
        "div",
        { class: `ex-fact${bad ? " ex-bad" : ""}` },
        name,
        h("b", { "data-fact": name }, value),
        h("small", {}, extra),
      );
    const facts = [
      fact(
        "packages",
        totals.packages.toLocaleString("en"),
        totals.budget_packages ? `of ${totals.budget_packages}${crowded ? ": over budget" : ""}` : "no limit",
        crowded,
      ),
      fact(
        "installed",
        bytes(totals.install_size),
        totals.budget ? `of ${bytes(totals.budget)}${over ? ": over budget" : ""}` : "no budget",
        over,
      ),
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
  const box = h(
    "div",
    {
      class: `ex-budget${over ? " ex-over" : ""}`,
      role: "meter",
      "aria-label": "installed size against the budget",
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-valuenow": String(Math.min(100, Math.round(used))),
      "aria-valuetext": `${Math.round(used)} % of the budget`,
    },
    h("i", { class: "ex-used" }),
    h("i", { class: "ex-line" }),
    h("small", {}, `${Math.round(used)} % of the budget`),
  );
  box.children[0].style.width = percent(totals.install_size);
  box.children[1].style.left = percent(totals.budget);
  return box;
}

function makeTools(page, elsewhere, help) {
  const button = (key, text, title, work) =>
    h("button", { "data-key": key, title, "aria-label": title, onclick: work }, text);
  const undo = button("undo", "↶ Undo", "undo (Ctrl+Z)", () => page.send({ do: "undo" }));
  const redo = button("redo", "↷ Redo", "redo (Ctrl+Shift+Z)", () => page.send({ do: "redo" }));
  const file = h("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    onchange: async () => {
      if (file.files[0]) page.send({ do: "open", text: await file.files[0].text() });
      file.value = "";
    },
  });
  const menu = h("details", { class: "ex-menu" }, h("summary", {}, "Save, open"));
  const entry = (text, work) =>
    h(
      "button",
      {
        role: "menuitem",
        onclick: () => {
          menu.open = false;
          work();
        },
      },
      text,
    );
  const save = (what, text) => entry(text, () => page.send({ do: "download", file: what }));
  const copy = async () => {
    const link = elsewhere(page.asked.link);
    await navigator.clipboard.writeText(link).then(
      () => page.notice("the link is copied"),
      () => page.notice(link),
    );
  };
  menu.append(
    h(
      "div",
      { role: "menu", "aria-label": "save, open" },
      save("treefile", "Save as treefile"),
      save("lock", "Save as lock file"),
      save("csv", "Save as CSV"),
      save("state", "Save all candidates (JSON)"),
      entry("Open saved candidates…", () => file.click()),
      entry("Copy a link to this", copy),
      entry("Back to the start", () => page.send({ do: "reset" })),
    ),
  );
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      event.stopPropagation();
      menu.open = false;
      menu.firstChild.focus();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = [...menu.querySelectorAll("[role=menuitem]")];
    if (step && menu.open) {
      event.preventDefault();
      items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (!menu.contains(event.relatedTarget)) menu.open = false;
  });
  const ask = button("help", "?", "keys (?)", help.show);
  const draw = () => {
    undo.disabled = !page.asked.undo;
    redo.disabled = !page.asked.redo;
  };
  return { box: h("div", { class: "ex-tools" }, undo, redo, menu, ask, file), draw };
}
