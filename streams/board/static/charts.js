// The night as lines, by uPlot; each chart says its newest figures in words and has all of them as a table.

import { make, byId, setText } from "./dom.js";
import { chartPicture, save } from "./picture.js";
import { figuresOf, leading } from "./view.js";
import { clean, moment, number, percent, t } from "./words.js";

const LINES = 3; // options drawn
const LEAST = 3; // per cent: a line below hides in the axis
const ROWS = 24; // of a table, at most
const known = new Map(); // figure id: { plot, shape, ... }

// Points of a later message behind those known; the last of each step is kept, as the server does.
export function extend(series, more, step) {
  if (!more.at.length) return;
  const first = Math.floor(more.at[0] / (step || 1));
  let keep = series.at.length;
  while (keep && Math.floor(series.at[keep - 1] / (step || 1)) >= first) keep -= 1;
  const length = series.at.length;
  const join = (old, fresh) => [...(old ?? new Array(length).fill(null)).slice(0, keep), ...fresh];
  for (const kind of ["official", "witnessed", "sampled", "sampled_low", "sampled_high"]) {
    const names = new Set([...Object.keys(series[kind]), ...Object.keys(more[kind])]);
    for (const name of names) series[kind][name] = join(series[kind][name], more[kind][name] ?? new Array(more.at.length).fill(null));
  }
  for (const name of ["coverage", "tables", "bulletin", "breakdown", "at"]) series[name] = join(series[name], more[name]);
}

export function forget() {
  for (const chart of known.values()) chart.plot?.destroy();
  for (const chart of known.values()) chart.plot = null;
}

export function show(series, whole, shown, wanted) {
  const figures = leading(figuresOf(shown.states.get(whole.area.id), whole.election.columns)).slice(0, LINES)
    .filter((figure) => Math.max(figure.share ?? 0, figure.witnessed ?? 0) >= LEAST);
  const empty = whole.kept ? t("chartEmpty") : t("chartNoHistory");
  const shares = figures.flatMap((figure, place) => {
    const name = clean(figure.name);
    return [
      { name, label: `${name}, ${t("officialLine")}`, colour: place + 1, dash: true, values: series.official[figure.id] },
      { name, label: `${name}, ${t("witnessedLine")}`, colour: place + 1, values: series.witnessed[figure.id] },
    ].filter((line) => line.values?.some((value) => value !== null));
  });
  draw("chart-sample", {
    series, wanted, empty, whole, title: t("sampleChart"), most: 100, solid: t("sampledLine"), say: (value) => percent(value),
    lines: sampledLines(series, figures),
  });
  const coverage = series.coverage.map((value) => (value === null ? null : 100 * value));
  const wrong = series.breakdown.some((value) => value !== null) ? series.breakdown : [];
  const common = { series, wanted, empty, whole };
  draw("chart-shares", { ...common, title: t("sharesChart"), most: 100, lines: shares, say: (value) => percent(value) });
  const bounded = shown.states.get(whole.area.id)?.bounds?.unwitnessed;
  draw("chart-breakdown", {
    ...common, title: t(bounded ? "mustBeWrong" : "breakdownChart"), say: (value) => number(value),
    lines: [{ label: t("mustBeWrong"), colour: 0, fill: true, values: wrong }],
  });
  draw("chart-coverage", {
    ...common, title: t("coverageChart"), top: 100, say: (value) => percent(value),
    lines: [{ label: t("coverage"), colour: 0, fill: true, values: coverage }],
  });
}

// What is announced, what the sample shows, and the ends of its interval, with a band between them.
function sampledLines(series, figures) {
  return figures.flatMap((figure, place) => {
    const name = clean(figure.name);
    const common = { colour: place + 1 };
    return [
      { ...common, name, label: `${name}, ${t("officialLine")}`, dash: true, values: series.official[figure.id] },
      { ...common, name, label: `${name}, ${t("sampledLine")}`, values: series.sampled[figure.id] },
      { ...common, edge: "high", label: `${name}, ${t("sampledHigh")}`, values: series.sampled_high[figure.id] },
      { ...common, edge: "low", label: `${name}, ${t("sampledLow")}`, values: series.sampled_low[figure.id] },
    ].filter((line) => line.values?.some((value) => value !== null));
  });
}

function draw(id, given) {
  const figure = byId(id);
  const chart = known.get(id) ?? begin(figure);
  known.set(id, chart);
  const lines = given.lines.filter((line) => line.values?.length);
  const there = lines.length > 0 && given.series.at.length > 1;
  chart.given = { ...given, lines };
  setText(chart.title, given.title);
  setText(chart.empty, there ? "" : given.empty);
  setText(chart.summary, t("asTable"));
  chart.scroll.setAttribute("aria-label", given.title);
  chart.details.hidden = chart.saves.hidden = !there;
  setText(chart.saves.firstElementChild, t("save"));
  for (const button of chart.saves.querySelectorAll("button")) {
    button.setAttribute("aria-label", t("saveAs", { title: given.title, kind: button.textContent }));
  }
  showLegend(chart.legend, there ? lines.filter((line) => line.name) : [], given.solid);
  if (chart.details.open) fillTable(chart);
  if (!there) {
    chart.plot?.destroy();
    chart.plot = null;
    chart.canvas.removeAttribute("role");
    chart.canvas.removeAttribute("aria-label");
    return;
  }
  const data = [given.series.at.map((at) => at / 1000), ...lines.map((line) => line.values)];
  const shape = JSON.stringify([document.documentElement.lang, lines.map((line) => [line.label, line.colour])]);
  if (!chart.plot || chart.shape !== shape) {
    chart.plot?.destroy();
    chart.plot = new uPlot(options(chart, lines), data, chart.canvas);
    chart.shape = shape;
  } else {
    chart.plot.setData(data);
  }
  const last = lines.map((line) => `${line.label} ${given.say(line.values.findLast((value) => value !== null))}`).join("; ");
  chart.canvas.setAttribute("role", "img");
  chart.canvas.setAttribute("aria-label", t("chartSays", {
    title: given.title, from: moment(given.series.at[0]), to: moment(given.series.at.at(-1)), last,
  }));
}

function begin(figure) {
  const chart = {
    title: make("figcaption"), legend: make("p", { class: "legend", "aria-hidden": "true" }), canvas: make("div", { class: "canvas" }),
    empty: make("p", { class: "empty" }), details: make("details"), summary: make("summary"), table: make("table"), plot: null,
  };
  chart.scroll = make("div", { class: "scroll", tabindex: "0", role: "region" }, chart.table);
  chart.details.append(chart.summary, chart.scroll);
  chart.saves = make("p", { class: "saves small" }, make("span"), ...["SVG", "PNG", "CSV"].map((kind) => {
    const button = make("button", { type: "button" }, kind);
    button.addEventListener("click", () => save(kind.toLowerCase(), pictureOf(figure.id, chart.given), chart.given.whole));
    return button;
  }));
  chart.details.addEventListener("toggle", () => fillTable(chart));
  figure.append(chart.title, chart.legend, chart.canvas, chart.empty, chart.details, chart.saves);
  new ResizeObserver(() => chart.plot?.setSize(sizeOf(chart))).observe(chart.canvas);
  return chart;
}

const HEIGHT = 240; // where the page does not say, as on paper
function pictureOf(id, given) {
  const high = Math.max(0, ...given.lines.flatMap((line) => line.values.filter((value) => value !== null)));
  return chartPicture({ ...given, tickOf, name: id.replace("chart-", ""), splits: splitsOf(given.top ?? topOf(high, given.most)) }, given.whole);
}

const sizeOf = (chart) => ({ width: Math.max(100, chart.canvas.clientWidth), height: chart.canvas.clientHeight || HEIGHT });

// A colour for each option, and what dashed and solid mean.
function showLegend(legend, lines, solid) {
  const names = new Map(lines.map((line) => [line.colour, line.name]));
  const key = (colour, kind, text) => make("span", { "data-colour": colour }, make("span", { class: kind }), text);
  const items = [...names].map(([colour, name]) => key(colour, "key", name));
  if (lines.some((line) => line.dash)) items.push(key(null, "key dash", t("officialLine")), key(null, "key", solid ?? t("witnessedLine")));
  const text = items.map((item) => item.textContent).join();
  if (legend.dataset.text !== text) legend.replaceChildren(...items);
  legend.dataset.text = text;
}

// The lines of the grid, in votes' and sheets' own units: halves would be rounded in their labels. The axis ends at the
// first line above all values, so that each value lies between two lines that have a label.
const STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power));
const stepOf = (high) => STEPS.find((step) => high / step <= 5) ?? STEPS.at(-1);
const topOf = (high, most = Infinity) => Math.min(most, Math.max(1, Math.ceil(high / stepOf(high)) * stepOf(high)));
const splitsOf = (top) => Array.from({ length: Math.round(top / stepOf(top)) + 1 }, (_, place) => place * stepOf(top));

function options(chart, lines) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--faint"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  return {
    ...sizeOf(chart),
    legend: { show: false },
    cursor: { show: false },
    padding: [20, 28, 0, 0],
    scales: { y: { range: (_, low, high) => [0, chart.given.top ?? topOf(high, chart.given.most)] } },
    axes: [
      { ...axis, space: 90, values: (_, ticks, __, ___, step) => ticks.map((seconds) => tickOf(seconds, step)) },
      { ...axis, size: 52, splits: (plot) => splitsOf(plot.scales.y.max), values: (_, ticks) => ticks.map((value) => number(value)) },
    ],
    bands: lines.flatMap((line, place) => (line.edge === "high" ? [{ series: [place + 1, place + 2], fill: `${colour(`--option-${line.colour}`)}2e` }] : [])),
    series: [{}, ...lines.map((line) => ({
      stroke: colour(`--option-${line.colour}`), width: line.edge ? 0.5 : line.dash ? 2 : 2.5, dash: line.dash ? [6, 5] : undefined,
      fill: line.fill ? colour("--wash") : undefined, points: { show: false }, spanGaps: false,
      paths: uPlot.paths.stepped({ align: 1 }), // a figure stands until the next one
    }))],
    hooks: { draw: [(plot) => marks(plot, chart, colour)] },
  };
}

// Midnight has its day, every other tick its hour; with seconds while the ticks are less than a minute apart.
function tickOf(seconds, step) {
  const at = new Date(seconds * 1000);
  const midnight = at.getHours() === 0 && at.getMinutes() === 0;
  return midnight ? moment(at).split(",")[0] : moment(at, { day: false, second: step < 60 });
}

// Thin lines where a bulletin came, a thick one at the time that is looked back to.
function marks(plot, chart, colour) {
  const { series, wanted } = chart.given;
  const { ctx, bbox } = plot;
  const line = (at, width, stroke) => {
    const x = Math.round(plot.valToPos(at / 1000, "x", true));
    ctx.save();
    ctx.strokeStyle = stroke;
    ctx.lineWidth = width * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
    return x;
  };
  ctx.save();
  ctx.fillStyle = colour("--faint");
  ctx.textAlign = "left";
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  let free = bbox.left; // where the next name may begin
  series.bulletin.forEach((name, place) => {
    if (name === null || name === series.bulletin[place - 1]) return;
    const x = line(series.at[place], 1, colour("--faint"));
    const text = short(clean(name));
    const begin = Math.min(x, ctx.canvas.width - ctx.measureText(text).width);
    if (begin < free) return; // no room: the line stays, the table has its figures
    ctx.fillText(text, begin, bbox.top - 5 * devicePixelRatio);
    free = begin + ctx.measureText(`${text}  `).width;
  });
  ctx.restore();
  if (wanted !== null) line(wanted, 2, colour("--ink"));
}

const short = (text) => (text.length > 14 ? `${text.slice(0, 13)}…` : text);

function fillTable(chart) {
  const { series, lines, say } = chart.given;
  if (!chart.details.open) return;
  const every = Math.max(1, Math.ceil(series.at.length / ROWS));
  const places = series.at.map((_, place) => place).filter((place) => (series.at.length - 1 - place) % every === 0);
  const head = make("tr", {}, ...[t("at"), ...lines.map((line) => line.label)].map((text) => make("th", { scope: "col" }, text)));
  const rows = places.map((place) => make("tr", {}, make("th", { scope: "row" }, moment(series.at[place])),
    ...lines.map((line) => make("td", {}, say(line.values[place])))));
  chart.table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
}
