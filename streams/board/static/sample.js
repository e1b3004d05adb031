// The third count: what a random sample says, beside the other two, and how much of it is in.

import { byId, keyed, make, setText } from "./dom.js";
import { clean, number, percent, signed, t } from "./words.js";

const PLACES = 6; // strata that are named where sheets are missing

export function show(state, columns, labels, figures) {
  const sample = state?.sample;
  byId("sample").hidden = !sample;
  if (!sample) return;
  const clusters = sample.clusters ? [t("sampleClusters", { clusters: number(sample.clusters) })] : [];
  setText(byId("sample-in"), [t("sampleIn", { came: number(sample.came), drawn: number(sample.drawn) }), ...clusters, missing(sample, labels)].join(" "));
  const name = (id) => clean(columns.find((column) => column.id === id)?.name ?? id);
  const share = (id, kind) => figures.find((figure) => figure.id === id)?.[kind] ?? null;
  const rows = Object.entries(sample.shares).map(([id, found]) => ({
    key: id, name: name(id), official: share(id, "share"), witnessed: share(id, "witnessed"), found, unit: percent, colour: figures.findIndex((figure) => figure.id === id) + 1,
  }));
  rows.sort((one, other) => (other.found.estimate ?? 0) - (one.found.estimate ?? 0));
  const { lead } = sample;
  if (lead) {
    const apart = (kind) => (share(lead.option, kind) === null || share(lead.over, kind) === null ? null : share(lead.option, kind) - share(lead.over, kind));
    rows.push({ key: " lead", name: t("sampleLead", { first: name(lead.option), second: name(lead.over) }), official: apart("share"), witnessed: apart("witnessed"), found: lead, unit: signed, colour: 0 });
  }
  keyed(byId("sample-rows"), rows.map((row) => row.key), newRow).forEach((node, place) => fill(node, rows[place]));
}

// Where sheets are missing, the most first.
function missing(sample, labels) {
  const strata = Object.entries(sample.missing).sort(([, one], [, other]) => other - one);
  if (!strata.length) return "";
  const places = strata.slice(0, PLACES).map(([id, count]) => `${clean(labels[id] ?? id)} ${number(count)}`);
  if (strata.length > PLACES) places.push("…");
  return t("sampleMissing", { places: places.join(", ") });
}

const CELLS = ["official", "witnessed", "sampled", "guaranteed", "outer"];

function newRow() {
  return make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader" }), ...CELLS.map((name) => make("td", { class: name, role: "cell" })));
}

function fill(node, { name, official, witnessed, found, unit, colour }) {
  node.dataset.colour = String(colour);
  const ends = ([low, high]) => `${unit(low)} – ${unit(high)}`;
  const said = [name, unit(official), unit(witnessed), unit(found.estimate), ends(found.guaranteed), ends(found.outer)];
  [...node.children].forEach((cell, place) => {
    setText(cell, said[place]);
    if (place) cell.dataset.label = t(LABELS[place - 1]);
  });
  const [low, high] = found.guaranteed;
  node.classList.toggle("outside", official !== null && (official < low || official > high));
}

const LABELS = ["official", "witnessed", "sampled", "sampleGuaranteed", "sampleOuter"];
