// The areas right below the one that is looked at: a table to sort, to filter, and to go down by.

import { byId, keyed, link, make, setBar, setText } from "./dom.js";
import { figuresOf } from "./view.js";
import { clean, number, percent, signed, t } from "./words.js";

const COLUMNS = [
  ["area", (row) => row.name], ["coverage", (row) => row.coverage], ["official", (row) => row.share],
  ["witnessed", (row) => row.witnessed], ["votesColumn", (row) => row.votes], ["gap", (row) => row.gap], ["atLeast", (row) => row.floor],
  ["atMost", (row) => row.ceiling], ["mustBeWrong", (row) => row.breakdown], ["openCount", (row) => row.open],
];
const MAYBE = new Set(["official", "gap", "atLeast", "atMost", "mustBeWrong"]); // left out where no area has any
const BREAKS = /(atesti|wit|dife|differ)(?=gua|nes|rencia|ence)/gi; // where a long word of a narrow column's head may be broken, with a hyphen
const order = { by: "area", down: false };
let chosen = ""; // the option whose figures the table shows; the page's own choice until somebody makes one

export function listen(show) {
  byId("filter").addEventListener("input", show);
  byId("column").addEventListener("change", ({ target }) => { chosen = target.value; show(); });
  byId("area-head").addEventListener("click", (event) => {
    const by = event.target.closest("button")?.dataset.by;
    if (!by) return;
    order.down = order.by === by ? !order.down : by !== "area";
    order.by = by;
    show();
  });
  const heads = COLUMNS.map(([name]) => make("th", { scope: "col", class: name }, make("button", { type: "button", "data-by": name })));
  byId("area-head").append(...heads);
}

export function show(whole, shown) {
  const columns = whole.election.columns;
  const option = chooseOption(columns, shown.states.get(whole.area.id));
  const all = whole.children.map((area) => rowOf(area, shown, columns, option));
  const wanted = fold(byId("filter").value);
  const rows = all.filter((row) => fold(row.name).includes(wanted)).sort(compare);
  const table = byId("area-head").closest("table");
  for (const [name, value] of COLUMNS.filter(([name]) => MAYBE.has(name))) {
    table.classList.toggle(`no-${name}`, all.every((row) => value(row) === null));
  }
  for (const head of byId("area-head").children) {
    const button = head.firstElementChild;
    const by = button.dataset.by;
    setText(button, t(by).replace(BREAKS, "$1\u00AD"));
    if (order.by === by) head.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  keyed(byId("area-rows"), rows.map((row) => row.id), newRow).forEach((node, place) => fill(node, rows[place]));
  setText(byId("shown"), all.length ? t("shown", { shown: number(rows.length), all: number(all.length) }) : "");
  byId("no-areas").hidden = rows.length > 0;
  setText(byId("no-areas"), all.length ? t("noMatch") : t("noAreas"));
  byId("areas").classList.toggle("bare", !all.length);
  return option;
}

function rowOf(area, shown, columns, option) {
  const state = shown.states.get(area.id);
  const figure = figuresOf(state, columns).find((known) => known.id === option) ?? {};
  const { votes = {}, shares = {} } = state?.witnessed ?? {};
  return {
    share: null, gap: null, floor: null, ceiling: null, breakdown: null, votes: votes[option] ?? null, ...figure,
    witnessed: shares[option] ?? null, id: area.id, name: clean(area.name), coverage: state?.witnessed.coverage ?? null,
    open: shown.alerts.below[area.id] ?? 0,
  };
}

function chooseOption(columns, state) {
  const select = byId("column");
  const nodes = keyed(select, columns.map((column) => column.id), (id) => make("option", { value: id }));
  nodes.forEach((node, place) => setText(node, clean(columns[place].name)));
  const weight = (figure) => [figure.breakdown ?? 0, Math.abs(figure.gap ?? 0), figure.votes ?? 0];
  const heavier = (one, other) => {
    const [a, b] = [weight(one), weight(other)];
    const place = a.findIndex((value, at) => value !== b[at]);
    return place >= 0 && a[place] > b[place];
  };
  const figures = figuresOf(state, columns);
  const own = figures.reduce((most, figure) => (heavier(figure, most) ? figure : most), figures[0]);
  const option = columns.some((column) => column.id === chosen) ? chosen : own?.id;
  if (select.value !== option) select.value = option;
  return option;
}

const fold = (text) => clean(text).normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function compare(one, other) {
  const value = COLUMNS.find(([name]) => name === order.by)[1];
  const [a, b] = [value(one), value(other)];
  const way = order.down ? -1 : 1;
  if (a === null || b === null) return (a === null) - (b === null) || one.name.localeCompare(other.name);
  return way * (typeof a === "string" ? a.localeCompare(b) : a - b) || one.name.localeCompare(other.name);
}

function newRow(id) {
  const [first, ...rest] = COLUMNS.map(([name]) => name);
  return make("tr", {}, make("th", { scope: "row", class: first }, link(id)), ...rest.map((name) => make("td", { class: name },
    ...(name === "coverage" ? [make("span"), make("span", { class: "track" }, make("span", { class: "bar" }))] : []))));
}

function fill(node, row) {
  const [area, coverage, official, witnessed, votes, gap, floor, ceiling, wrong, open] = node.children;
  setText(area.firstElementChild, row.name);
  setText(coverage.firstElementChild, percent(row.coverage === null ? null : 100 * row.coverage));
  setBar(coverage.lastElementChild.firstElementChild, 100 * row.coverage);
  setText(official, percent(row.share));
  setText(witnessed, percent(row.witnessed));
  setText(votes, number(row.votes));
  setText(gap, signed(row.gap));
  setText(floor, number(row.floor));
  setText(ceiling, number(row.ceiling));
  setText(wrong, number(row.breakdown));
  setText(open, row.open ? number(row.open) : "–");
}
