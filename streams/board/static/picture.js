// A chart or a map to take away: as SVG, as PNG, as CSV with every figure. Black on white, whatever the screen has.

import { makeSvg as make } from "./dom.js";
import { clean, moment, number } from "./words.js";

export const [WIDTH, HEIGHT] = [1200, 675];
export const EDGE = { left: 90, right: 40, top: 175, bottom: 90 };
export const INK = "#1b1f24", SOFT = "#4a525c";
const LINE = "#dfe2e5";
const COLOURS = ["#0072b2", "#0072b2", "#d55e00", "#009e73"]; // those of board.css, on white
const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif';
const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY];

// Offer one of the three. A picture has a name, its event time (`at`, Unix ms), the rows of its table, and makes its SVG.
export async function save(kind, picture, whole) {
  const day = new Date(picture.at).toISOString().slice(0, 16).replace(":", "");
  const name = [whole.election.id, whole.area.id, picture.name, day].join("-").replace(/[^\p{L}\p{N}._-]/gu, "_");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await MAKERS[kind](picture));
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), MINUTE);
}

const MAKERS = {
  csv: async ({ rows }) => new Blob(rows.map((row) => `${row.map(cell).join(",")}\r\n`), { type: "text/csv" }),
  svg: async ({ svg }) => new Blob([new XMLSerializer().serializeToString(svg())], { type: "image/svg+xml" }),
  png: async (picture) => {
    const image = new Image();
    image.src = URL.createObjectURL(await MAKERS.svg(picture));
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * WIDTH, 2 * HEIGHT];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    return new Promise((done) => canvas.toBlob(done, "image/png"));
  },
};

// A text that a spreadsheet would take for a formula gets an apostrophe.
const cell = (value) => {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

// `chart` has a name, a title, the series, the lines, the axis' lines (`splits`), and how a time is written on its axis
// (`tickOf`).
export function chartPicture(chart, whole) {
  const { name, series, lines } = chart;
  const rows = series.at.map((at, place) => [new Date(at).toISOString(), series.bulletin[place], ...lines.map((line) => line.values[place])]);
  return { name, at: series.at.at(-1), rows: [["time", "bulletin", ...lines.map((line) => line.label)], ...rows], svg: () => drawing(chart, whole) };
}

export const text = (content, at, attributes = {}) => make("text", { x: at[0], y: at[1], fill: SOFT, "font-size": 17, ...attributes }, content);

// The size at which a line of text is not cut at the edge: a bold letter is about two thirds as wide as high.
const fitting = (line, size) => Math.min(size, Math.floor((WIDTH - EDGE.left - EDGE.right) / (0.67 * line.length)));

// An empty picture with its head and foot.
export function sheet(title, whole, foot) {
  const root = make("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, "font-family": FONT });
  root.append(make("title", {}, `${clean(whole.area.name)}: ${title}`), make("rect", { width: WIDTH, height: HEIGHT, fill: "#fff" }));
  const heading = `${clean(whole.area.name)}: ${title}`;
  root.append(text(heading, [EDGE.left, 46], { fill: INK, "font-size": fitting(heading, 28), "font-weight": 700 }));
  const about = [whole.election.name, whole.election.notice].filter(Boolean).map(clean).join(" · ");
  root.append(text(about, [EDGE.left, 76], { "font-size": fitting(about, 17) }), text(`${foot} · Cotejo`, [EDGE.left, HEIGHT - 22], { "font-size": 15 }));
  return root;
}

function drawing(chart, whole) {
  const { series, lines, splits, tickOf, title } = chart;
  const [first, last] = [series.at[0], Math.max(series.at.at(-1), series.at[0] + 1)];
  const x = (at) => round(EDGE.left + ((at - first) / (last - first)) * (WIDTH - EDGE.left - EDGE.right));
  const y = (value) => round(HEIGHT - EDGE.bottom - (value / splits.at(-1)) * (HEIGHT - EDGE.top - EDGE.bottom));
  const root = sheet(title, whole, `${moment(first, { zone: true })} – ${moment(last, { zone: true })}`);
  for (const value of splits) {
    root.append(make("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(value), y2: y(value), stroke: LINE }));
    root.append(text(number(value), [EDGE.left - 10, y(value) + 6], { "text-anchor": "end" }));
  }
  const step = STEPS.find((wide) => (last - first) / wide <= 8) ?? STEPS.at(-1);
  const zone = new Date(first).getTimezoneOffset() * MINUTE;
  for (let at = Math.ceil((first - zone) / step) * step + zone; at <= last; at += step) {
    root.append(text(tickOf(at / 1000, step / 1000), [x(at), HEIGHT - EDGE.bottom + 28], { "text-anchor": "middle" }));
  }
  series.bulletin.forEach((name, place) => {
    if (name === null || name === series.bulletin[place - 1]) return;
    const at = x(series.at[place]);
    root.append(make("line", { x1: at, x2: at, y1: EDGE.top, y2: HEIGHT - EDGE.bottom, stroke: SOFT, "stroke-dasharray": "2 4" }));
    root.append(text(clean(name), [at + 4, EDGE.top - 6], { "font-size": 14 }));
  });
  lines.forEach((line) => {
    const dash = line.dash ? { "stroke-dasharray": "10 7" } : {};
    root.append(make("path", { d: stepped(series.at.map(x), line.values.map((v) => (v === null ? null : y(v)))), fill: "none", stroke: COLOURS[line.colour] ?? SOFT, "stroke-width": line.edge ? 1 : 3.5, ...dash }));
  });
  legend(root, lines.filter((line) => !line.edge));
  return root;
}

const round = (value) => Math.round(10 * value) / 10;

// A figure stands until the next one; where there is none, the line has a gap.
function stepped(xs, ys) {
  let path = "";
  ys.forEach((y, place) => {
    if (y === null) return;
    path += ys[place - 1] === null || place === 0 ? `M${xs[place]} ${y}` : `V${y}`;
    path += `H${xs[place + 1] ?? xs[place]}`;
  });
  return path;
}

function legend(root, lines) {
  let [at, row] = [EDGE.left, 104];
  for (const line of lines) {
    const wide = 42 + 9.2 * line.label.length + 26;
    if (at + wide > WIDTH) [at, row] = [EDGE.left, row + 25];
    const dash = line.dash ? { "stroke-dasharray": "10 7" } : {};
    root.append(make("line", { x1: at, x2: at + 34, y1: row, y2: row, stroke: COLOURS[line.colour] ?? SOFT, "stroke-width": 3.5, ...dash }));
    root.append(text(clean(line.label), [at + 42, row + 6]));
    at += wide;
  }
}
