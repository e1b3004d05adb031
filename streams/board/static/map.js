// The map of the areas below, beside their table. One stop of the tabulator: arrows lead from shape to shape.

import { byId, keyed, make, makeSvg, setText } from "./dom.js";
import { KINDS, classOf, figuresFor, figuresText, fillOf, legendOf, patterns, rivals } from "./map_kinds.js";
import { mapPicture } from "./map_picture.js";
import { save } from "./picture.js";
import { t } from "./words.js";

const drawings = new Map(); // area id: its drawing, or null while it is asked for
const dark = matchMedia("(prefers-color-scheme: dark)");
let [shown, current, chosen] = [null, null, null]; // what was drawn last; the area whose figures are told; the kind

export const kind = () => chosen;

export function choose(name) {
  chosen = Object.hasOwn(KINDS, name ?? "") ? name : null;
}

// `redraw` shows the page again.
export function listen(redraw) {
  byId("map-kinds").addEventListener("change", ({ target }) => { choose(target.value); redraw(); });
  const svg = byId("map-svg");
  svg.addEventListener("pointerover", (event) => event.pointerType !== "touch" && tell(shapeOf(event)));
  svg.addEventListener("pointerleave", () => tell(null));
  svg.addEventListener("focusin", (event) => tell(shapeOf(event)));
  svg.addEventListener("focusout", () => tell(null));
  svg.addEventListener("keydown", move);
  // A finger cannot hover: its first touch tells the figures, the second goes there.
  let before = null; // what was told as it came down, since its touch moves the focus
  svg.addEventListener("pointerdown", () => { before = current; });
  svg.addEventListener("click", (event) => {
    const shape = shapeOf(event);
    if (event.pointerType !== "touch" || !shape || shape.id === before) return;
    event.preventDefault();
    event.stopPropagation();
    tell(shape);
  });
  const rows = byId("area-rows");
  for (const [name, isOver] of [["pointerover", true], ["pointerleave", false], ["focusin", true], ["focusout", false]]) {
    rows.addEventListener(name, (event) => mark(isOver ? event.target.closest("tr")?.dataset.key : null));
  }
  byId("map-saves").append(make("span"), ...["SVG", "PNG", "CSV"].map((name) => {
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => save(name.toLowerCase(), mapPicture(shown), shown.whole));
    return button;
  }));
}

const shapeOf = (event) => {
  const key = event.target.closest("a")?.dataset.key;
  return shown?.shapes.find((shape) => shape.id === key) ?? null;
};

async function load(area, beside, redraw) {
  drawings.set(area, null);
  try {
    const answer = await fetch(beside(`map?area=${encodeURIComponent(area)}`));
    if (!answer.ok) throw new Error(answer.statusText);
    drawings.set(area, await answer.json());
    redraw();
  } catch {
    drawings.delete(area); // asked for again with the next change
  }
}

// What the page shows, of which `option` in the table; `hrefOf` gives the attributes of the link to an area.
export function show({ whole, states, option, past, at, beside, hrefOf, redraw }) {
  const figure = byId("map");
  figure.hidden = !whole.map;
  byId("areas").classList.toggle("mapped", whole.map);
  const drawing = drawings.get(whole.area.id);
  if (whole.map && drawing === undefined) load(whole.area.id, beside, redraw);
  if (!whole.map || !drawing) {
    shown = null;
    byId("map-shapes").replaceChildren();
    tell(null);
    return;
  }
  const pair = rivals(states.get(whole.area.id), whole.election.columns, option);
  const known = drawing.shapes.map((area) => ({ ...area, figures: figuresFor(area, states.get(area.id), whole.election.columns, pair, past) }));
  const now = chosen ?? (known.some((area) => area.figures.official) ? "breakdown" : "coverage");
  const theme = dark.matches && !document.documentElement.classList.contains("printing") ? "dark" : "light";
  const shapes = known.map((area) => {
    const place = classOf(now, area.figures);
    return { ...area, place, says: figuresText(area, area.figures, pair), fill: fillOf(now, theme, place) };
  });
  shown = { whole, drawing, shapes, pair, kind: now, at, title: KINDS[now].title(pair), legend: legendOf(now, shapes.map((shape) => shape.place), pair) };
  setText(byId("map-title"), shown.title);
  showKinds(now);
  showShapes(hrefOf);
  showLegend(theme);
  tell(shapes.find((shape) => shape.id === current) ?? null);
  const saves = byId("map-saves");
  setText(saves.firstElementChild, t("save"));
  for (const button of saves.querySelectorAll("button")) button.setAttribute("aria-label", t("saveAs", { title: shown.title, kind: button.textContent }));
}

function showKinds(now) {
  const nodes = keyed(byId("map-kinds"), Object.keys(KINDS), (name) =>
    make("label", {}, make("input", { type: "radio", name: "map-kind", value: name }), make("span")));
  for (const node of nodes) {
    node.firstElementChild.checked = node.dataset.key === now;
    setText(node.lastElementChild, t(KINDS[node.dataset.key].name));
  }
}

function showShapes(hrefOf) {
  const { width, height } = shown.drawing;
  byId("map-svg").setAttribute("viewBox", `-4 -4 ${width + 8} ${height + 8}`);
  const nodes = keyed(byId("map-shapes"), shown.shapes.map((shape) => shape.id), () => makeSvg("a", {}, makeSvg("path", { "fill-rule": "evenodd" })));
  const stop = shown.shapes.some((shape) => shape.id === current) ? current : shown.shapes[0]?.id;
  nodes.forEach((node, place) => {
    const shape = shown.shapes[place];
    for (const [name, value] of Object.entries({ ...hrefOf(shape.id), "aria-label": shape.says, tabindex: shape.id === stop ? "0" : "-1" })) node.setAttribute(name, value);
    node.firstElementChild.setAttribute("d", shape.path);
    node.firstElementChild.setAttribute("fill", shape.fill);
  });
}

function showLegend(theme) {
  const nodes = keyed(byId("map-legend"), shown.legend.map((entry) => String(entry.key)), () => make("li", {},
    makeSvg("svg", { class: "swatch", viewBox: "0 0 56 32", "aria-hidden": "true" }, makeSvg("rect", { width: 56, height: 32 })), make("span"), make("span")));
  nodes.forEach((node, place) => {
    const { text, count, areas } = shown.legend[place];
    node.firstElementChild.firstElementChild.setAttribute("fill", fillOf(shown.kind, theme, shown.legend[place]));
    setText(node.children[1], text);
    setText(node.children[2], count ? areas : "");
  });
}

// Tell the figures of a shape, outline it, and mark its row; of none: say how to go on.
function tell(shape) {
  current = shape?.id ?? (byId("map-shapes").contains(document.activeElement) ? document.activeElement.dataset.key : null);
  const told = shape ?? shown?.shapes.find((each) => each.id === current) ?? null;
  setText(byId("map-says"), told?.says ?? (shown ? t("mapHint") : ""));
  byId("map-outline").setAttribute("d", told?.path ?? "");
  for (const row of byId("area-rows").children) row.classList.toggle("marked", row.dataset.key === told?.within);
}

// Outline what lies in the area of a row.
function mark(area) {
  const within = shown?.shapes.filter((shape) => shape.within === area) ?? [];
  byId("map-outline").setAttribute("d", within.map((shape) => shape.path).join(""));
}

const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// To the nearest shape in the direction of an arrow: what lies aside counts as farther away.
function move(event) {
  const from = event.target.closest("a");
  const nodes = [...byId("map-shapes").children];
  let to = { Home: nodes[0], End: nodes.at(-1) }[event.key];
  if (WAYS[event.key] && from) {
    const [dx, dy] = WAYS[event.key];
    const middle = (node) => { const box = node.getBBox(); return [box.x + box.width / 2, box.y + box.height / 2]; };
    const [x, y] = middle(from);
    const far = (node) => {
      const [right, down] = [middle(node)[0] - x, middle(node)[1] - y];
      const [ahead, aside] = [right * dx + down * dy, Math.abs(right * dy) + Math.abs(down * dx)];
      return ahead > 0.5 ? ahead + 2 * aside : Infinity;
    };
    const distances = nodes.map(far);
    const best = Math.min(...distances);
    to = best < Infinity ? nodes[distances.indexOf(best)] : from;
  }
  if (!to) return;
  event.preventDefault();
  for (const node of nodes) node.setAttribute("tabindex", node === to ? "0" : "-1");
  to.focus();
}

byId("map-patterns").append(...patterns({ class: "pattern-ink" }, { class: "pattern-paper" }));
