// The page is built from text and elements only: nothing that came from elsewhere is ever read as HTML.

export const byId = (id) => document.getElementById(id);

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function make(tag, attributes = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...inside);
  return node;
}

export function makeSvg(name, attributes = {}, ...inside) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...inside);
  return node;
}

// The children of `parent`, one for each key in this order: those that are there stay, so that focus and a screen
// reader's place stay too.
export function keyed(parent, keys, create) {
  const known = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  const focused = document.activeElement;
  const nodes = keys.map((key) => {
    const node = known.get(key) ?? create(key);
    node.dataset.key = key;
    known.delete(key);
    return node;
  });
  for (const node of known.values()) node.remove();
  nodes.forEach((node, place) => {
    if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null);
  });
  if (focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
  return nodes;
}

export function link(area, attributes = {}) {
  return make("a", { href: `?area=${encodeURIComponent(area)}`, "data-area": area, ...attributes });
}

// A bar of so many per cent of its cell. Set through the style object: the page allows no style attributes.
export function setBar(bar, value) {
  bar.hidden = !value;
  bar.style.width = `${Math.min(100, Math.max(0, value ?? 0))}%`;
}
