// What the keys do.

const KEYS = [
  ["/", "search for a package to add; arrow keys choose, Enter adds"],
  ["arrow keys", "move in the treemap, the table, the candidates and menus"],
  ["Enter", "in the treemap and the paths: show; in the table: tick or untick"],
  ["Space", "tick or untick the package"],
  ["Ctrl+Z", "undo; Ctrl+Shift+Z does it again"],
  ["F2", "rename the shown candidate"],
  ["+", "the button: another candidate, a copy of the shown one"],
  ["Escape", "close what is open"],
  ["?", "this help"],
];

function makeHelp() {
  const dialog = h("dialog", {
    class: "ex-dialog ex-help",
    "aria-label": "keys",
    onclick: (event) => event.target === dialog && dialog.close(),
  });
  dialog.append(
    h("button", { class: "ex-close", onclick: () => dialog.close() }, "Close"),
    h("h2", {}, "Keys"),
    h("dl", {}, ...KEYS.flatMap(([key, does]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)])),
  );
  return { dialog, show: () => dialog.open || dialog.showModal() };
}
