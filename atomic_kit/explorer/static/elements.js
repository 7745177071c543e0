// Small things that all parts of the page use: elements, numbers as people read them, the focus.

const REASONS = ["requested", "required", "recommended", "chosen"];
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

// Made once: a formatter takes longer to make than to use.
const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function bytes(value, sign = false) {
  if (value === null || value === undefined) return "–";
  const mark = value < 0 ? "−" : sign && value > 0 ? "+" : "";
  const size = Math.abs(value);
  if (size < 1024) return `${mark}${size} B`;
  const [unit, name] = size < 2 ** 20 ? [1024, "KiB"] : size < 10 * 2 ** 30 ? [2 ** 20, "MiB"] : [2 ** 30, "GiB"];
  const amount = size / unit;
  return `${mark}${(amount < 100 ? TENTHS : WHOLE).format(amount)} ${name}`;
}

const count = (number, noun) => `${WHOLE.format(number)} ${noun}${number === 1 ? "" : "s"}`;

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
