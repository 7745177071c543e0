// What all parts of the page know, and how they speak to Python (widget.py).

// Milliseconds after which nobody can be there any more.
const NO_ANSWER = 30000;

class Page {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.catalogue = null;
    this.picture = null; // the last one with a package set
    this.asked = null; // the last one, solved or not
    this.member = new Uint8Array(0); // 1 + reason for rows of the set
    this.rows = new Uint32Array(0); // the rows of the set, ascending
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
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.lost(true), NO_ANSWER);
    try {
      this.model.send({ turn: this.turn, ...message });
    } catch (error) {
      this.answered(this.turn);
      this.lost(true);
    }
  }

  answered(turn) {
    if (turn !== this.turn) return;
    clearTimeout(this.waiting);
    this.root.classList.remove("ex-busy");
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
    const name = this.name(row),
      full = `${name}.${this.catalogue.value("arch", row)}`;
    return (this.asked?.excluded ?? []).some((text) =>
      text.includes("*")
        ? new RegExp(
            `^${text
              .split("*")
              .map(RegExp.escape ?? escaped)
              .join(".*")}$`,
          ).test(name)
        : text === name || text === full,
    );
  }

  view(width, height) {
    return { group: this.group, changes: this.changes, width, height };
  }
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// The kernel and the way to it are told of by the manager of the page's widgets, where it has one.
function watchConnection(page) {
  const kernel = page.model.widget_manager?.kernel;
  kernel?.connectionStatusChanged?.connect((_, status) => page.lost(status !== "connected"));
  kernel?.statusChanged?.connect((_, status) => status === "dead" && page.lost(true));
}
