// A map to take away: its shapes, its legend, and every figure behind it.

import { makeSvg } from "./dom.js";
import { fillOf, patterns } from "./map_kinds.js";
import { EDGE, HEIGHT, INK, SOFT, WIDTH, sheet, text } from "./picture.js";
import { clean, moment } from "./words.js";

const TOP = 100, GAP = 60, KEY = { width: 42, height: 24, row: 34 }, LEGEND = 400;

// `map` is what the page shows: `map.js` has its fields.
export function mapPicture(map) {
  const { at, kind, shapes } = map;
  const time = new Date(at).toISOString();
  const head = ["time", "area", "name", "tables_witnessed", "tables", "coverage", "lead_announced", "lead_witnessed", "lead_difference", "must_be_wrong"];
  const rows = shapes.map(({ id, name, figures }) => [
    time, id, clean(name), figures.tables, figures.of, figures.coverage, figures.announced, figures.witnessed, figures.gap, figures.breakdown,
  ]);
  return { name: `map-${kind}`, at, rows: [head, ...rows], svg: () => drawing(map) };
}

function drawing({ whole, drawing: { width, height }, shapes, kind, at, title, legend }) {
  const root = sheet(title, whole, moment(at, { zone: true }));
  root.append(makeSvg("defs", {}, ...patterns({ fill: SOFT }, { fill: "#fff" })));
  const [wide, tall] = [WIDTH - EDGE.left - EDGE.right - LEGEND - GAP, HEIGHT - TOP - GAP];
  const scale = Math.min(wide / width, tall / height);
  const fill = (place) => fillOf(kind, "light", place);
  const [x, y] = [EDGE.left + (wide - scale * width) / 2, TOP + (tall - scale * height) / 2];
  root.append(makeSvg("g", { transform: `translate(${x} ${y}) scale(${scale})`, stroke: INK, "stroke-width": 1 / scale, "stroke-linejoin": "round" },
    ...shapes.map((shape) => makeSvg("path", { d: shape.path, "fill-rule": "evenodd", fill: fill(shape.place) }, makeSvg("title", {}, shape.says)))));
  const left = WIDTH - EDGE.right - LEGEND;
  legend.forEach((entry, place) => {
    const row = TOP + 40 + place * KEY.row;
    root.append(makeSvg("rect", { x: left, y: row, width: KEY.width, height: KEY.height, fill: fill(entry), stroke: INK }));
    root.append(text(`${entry.text} · ${entry.areas}`, [left + KEY.width + 12, row + 18]));
  });
  return root;
}
