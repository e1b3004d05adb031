// What a map shows of each area, and in which class it falls. The limits are fixed, so that a colour means the same all
// night and on every map. What is not known is hatched or dotted: no colour, and no 0.

import { makeSvg } from "./dom.js";
import { figuresOf, leading } from "./view.js";
import { clean, number, percent, signed, t } from "./words.js";

// Light to dark on white, dark to light on black: the classes differ in lightness too, for whoever sees no colours. Of
// the two sides blue and orange are told apart by any eye.
const BLUES = { light: ["#dcecf7", "#a6cee8", "#5fa8d3", "#2b79b0", "#0b4a7d"], dark: ["#1f3a52", "#2a5c85", "#3f86bb", "#77b5e0", "#c9e5f8"] };
const ORANGES = { light: ["#e6eaed", "#fbd9a8", "#f2a541", "#cf6f12", "#8a3d00"], dark: ["#38414a", "#5c3b17", "#9c5c14", "#df9230", "#ffd79a"] };
const SIDES = {
  light: ["#08519c", "#4a90c8", "#a9cfe8", "#e6eaed", "#fbc98a", "#e0822a", "#9a4500"],
  dark: ["#9fd3ff", "#4f97d3", "#24527a", "#38414a", "#7a4a1c", "#d07e2c", "#ffc885"],
};
const HATCHED = "hatched", DOTTED = "dotted";

// Each kind: its colours; the lower limits of its classes but the first; the value of an area's figures; what a class
// from one limit to the next is called.
export const KINDS = {
  coverage: {
    name: "mapKindCoverage", colours: BLUES, limits: [20, 40, 60, 80],
    value: (figures) => (figures.coverage === null ? null : 100 * figures.coverage),
    label: (low, high) => t("mapRange", { low: number(low ?? 0), high: percent(high ?? 100, 0) }),
    title: () => t("mapCoverage"),
  },
  gap: {
    name: "mapKindGap", colours: SIDES, limits: [-15, -5, -1, 1, 5, 15],
    value: (figures) => figures.gap,
    label: (low, high, [one, other]) => {
      if (low === -1) return t("mapLevel", { high: number(high) });
      const name = clean((low ?? -Infinity) > 0 ? one?.name : other?.name);
      const [near, far] = (low ?? -Infinity) > 0 ? [low, high] : [-high, low === null ? null : -low];
      return far === null ? t("mapBeyond", { name, low: number(near) }) : t("mapBetween", { name, low: number(near), high: number(far) });
    },
    title: ([one, other]) => t(other ? "mapGap" : "mapGapAlone", { one: clean(one?.name), other: clean(other?.name) }),
  },
  breakdown: {
    name: "mapKindBreakdown", colours: ORANGES, limits: [1, 10, 100, 1000],
    value: (figures) => figures.breakdown,
    label: (low, high) => (low === null ? t("mapNone") : high === null ? t("mapFrom", { low: number(low) }) : t("mapRange", { low: number(low), high: number(high - 1) })),
    title: ([one]) => t("mapBreakdown", { one: clean(one?.name) }),
  },
};

// The two options whose lead is compared: the one that the table shows, and the strongest other.
export function rivals(state, columns, option) {
  const figures = leading(figuresOf(state, columns));
  const one = figures.find((figure) => figure.id === option) ?? figures[0];
  return [one, figures.find((figure) => figure.id !== one.id && !one.members?.includes(figure.id))];
}

// An area's figures, and why it has none of a kind: what is `missing` is "nothing" (witnessed), "tables" (how many there
// are), "bulletin" or "history".
export function figuresFor(area, state, columns, [one, other], past) {
  const shares = new Map(figuresOf(state, columns).map((figure) => [figure.id, figure]));
  const lead = (kind) => {
    const [first, second] = [shares.get(one?.id)?.[kind] ?? null, other ? shares.get(other.id)?.[kind] ?? null : 0];
    return first === null || second === null ? null : first - second;
  };
  const { coverage = null, tables = 0 } = state?.witnessed ?? {};
  const [announced, witnessed] = [lead("share"), lead("witnessed")];
  const breakdown = shares.get(one?.id)?.breakdown ?? null;
  const lacks = past && !area.kept ? "history" : null;
  const seen = tables ? null : "nothing";
  return {
    tables, of: state?.tables ?? area.tables, coverage, announced, witnessed, official: Boolean(state?.official),
    gap: announced === null || witnessed === null ? null : announced - witnessed,
    breakdown,
    missing: {
      coverage: lacks ?? seen ?? (coverage === null ? "tables" : null),
      gap: lacks ?? (announced === null ? "bulletin" : seen ?? (witnessed === null ? "nothing" : null)),
      breakdown: lacks ?? (breakdown === null ? "bulletin" : seen),
    },
  };
}

const LACKS = {
  bulletin: { text: "mapLacksBulletin", pattern: HATCHED }, nothing: { text: "mapLacksNothing", pattern: HATCHED },
  tables: { text: "mapLacksTables", pattern: DOTTED }, history: { text: "mapLacksHistory", pattern: DOTTED },
};
// Where no bulletin is hatched, an area with one but without sheets is dotted.
const patternOf = (kind, missing) => (kind !== "coverage" && missing === "nothing" ? DOTTED : LACKS[missing].pattern);

// The class of an area: its place among the colours, or the pattern of what is missing.
export function classOf(kind, figures) {
  const missing = figures.missing[kind];
  if (missing) return { key: missing, pattern: patternOf(kind, missing) };
  const value = KINDS[kind].value(figures);
  return { key: KINDS[kind].limits.filter((limit) => value >= limit).length };
}

// What a shape, or its place in a legend, is filled with.
export const fillOf = (kind, theme, { key, pattern }) => (pattern ? `url(#${pattern})` : KINDS[kind].colours[theme][key]);

// What stands in the legend: every colour, and what is missing somewhere, with the number of areas of each, also in words.
export function legendOf(kind, classes, pair) {
  const { limits, label } = KINDS[kind];
  const counted = (entry) => {
    const count = classes.filter((each) => each.key === entry.key).length;
    return { ...entry, count, areas: t(count === 1 ? "mapAreasOne" : "mapAreas", { count: number(count) }) };
  };
  const colours = [null, ...limits].map((low, place) => counted({ key: place, text: label(low, limits[place] ?? null, pair) }));
  const reasons = Object.keys(LACKS).map((key) => counted({ key, pattern: patternOf(kind, key), text: t(LACKS[key].text) }));
  return [...colours, ...reasons.filter(({ count }) => count)];
}

// All that is known of an area, as a sentence.
export function figuresText(area, figures, [one, other]) {
  const { missing } = figures;
  if (missing.coverage === "history") return `${clean(area.name)}: ${t("mapLacksHistory")}.`;
  const of = figures.of === null || figures.of === undefined ? "mapSaysTables" : "mapSaysCoverage";
  const parts = [t(of, { percent: percent(figures.coverage === null ? null : 100 * figures.coverage), tables: number(figures.tables), of: number(figures.of) })];
  if (figures.announced === null) {
    parts.push(t("mapLacksBulletin"));
  } else {
    const lead = t(other ? "mapSaysLead" : "mapSaysShare", { one: clean(one?.name), other: clean(other?.name) });
    const [announced, witnessed] = [signed(figures.announced), signed(figures.witnessed)];
    parts.push(`${lead}: ${t("mapSaysBoth", { announced, witnessed, gap: signed(figures.gap) })}`);
  }
  if (!missing.breakdown) parts.push(t("mapSaysWrong", { sheets: number(figures.breakdown) }));
  return `${clean(area.name)}: ${parts.join("; ")}.`;
}

// Patterns of what has no colour; `ink` and `paper` are theirs.
export const patterns = (ink, paper) => [
  makeSvg("pattern", { id: HATCHED, width: 16, height: 16, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    makeSvg("rect", { width: 16, height: 16, ...paper }), makeSvg("rect", { width: 4, height: 16, ...ink })),
  makeSvg("pattern", { id: DOTTED, width: 20, height: 20, patternUnits: "userSpaceOnUse" },
    makeSvg("rect", { width: 20, height: 20, ...paper }), makeSvg("circle", { cx: 10, cy: 10, r: 3.5, ...ink })),
];
