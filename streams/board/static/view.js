// One area at one time: the headline, the large figures, both counts side by side, alerts, evidence.

import { byId, keyed, link, make, setBar, setText } from "./dom.js";
import * as sample from "./sample.js";
import { clean, moment, number, percent, signed, span, spoken, t } from "./words.js";

const FEW = 6; // options shown before "more" is asked for
let everything = false;

export const sentence = (notice) => clean(notice.sentence[spoken()] ?? notice.sentence.en).replaceAll(" %", "\u00a0%");

export function listen(show) {
  byId("more").addEventListener("click", () => { everything = !everything; show(); });
}

// The official figures of an area: those of its bulletin, else the sums of its polling tables announced one by one.
function officialOf(state) {
  const single = state?.tables_announced;
  if (state?.official || !single) return state?.official?.figures;
  return Object.fromEntries(Object.entries(single.votes).map(([id, votes]) => [id, { votes, share: single.shares[id] }]));
}

// How many polling tables are behind an official count that no bulletin gives; 0 where there is none.
const singleTables = (state) => (state?.official ? 0 : state?.tables_announced?.announced ?? 0);

// Each figure of an area: official beside witnessed, by option or group. As they were announced; where nothing was,
// the options.
export function figuresOf(state, columns) {
  const given = officialOf(state);
  const { votes = {}, shares = {} } = state?.witnessed ?? {};
  const listed = given ? columns.filter((column) => column.id in given) : columns.filter((column) => !column.members);
  return listed.map((column) => {
    const official = given?.[column.id];
    const witnessed = shares[column.id] ?? null;
    const share = official?.share ?? null;
    return {
      ...column, official: official?.votes ?? null, share, votes: state?.witnessed ? votes[column.id] ?? null : null,
      witnessed, gap: share === null || witnessed === null ? null : share - witnessed,
      floor: official?.floor ?? null, ceiling: official?.ceiling ?? null, breakdown: official?.breakdown ?? null,
    };
  });
}

// The open alerts, the strongest first. One of an area whose state is shown is as of that state: severity, figure and
// sentence are of the same tick as the figures beside it. Others are as they were last told.
function standing(shown) {
  const order = ["critical", "warning", "info"];
  const now = shown.alerts.open.map((notice) => {
    const state = shown.states.get(notice.area.id);
    const alert = state?.alerts.find((one) => one.fingerprint === notice.fingerprint);
    return alert ? { ...notice, ...alert, at: state.at } : notice;
  });
  const rank = (notice) => 10 * notice.muted + order.indexOf(notice.severity);
  return now.sort((one, other) => rank(one) - rank(other));
}

// The options that matter most keep their colour on the whole page, in the order of their votes.
export function leading(figures) {
  return [...figures].sort((one, other) => Math.max(other.share ?? 0, other.witnessed ?? 0) - Math.max(one.share ?? 0, one.witnessed ?? 0));
}

export function show(whole, shown, signs) {
  const state = shown.states.get(whole.area.id);
  const figures = leading(figuresOf(state, whole.election.columns));
  document.title = `${clean(whole.area.name)} · ${clean(whole.election.name)} · Cotejo`;
  setText(byId("name"), clean(whole.election.name));
  byId("notice").hidden = !whole.election.notice;
  setText(byId("notice"), clean(whole.election.notice));
  showPath(whole.path);
  const open = standing(shown);
  showHeadline(whole.area, state, open[0], signs);
  showFigures(state, figures, shown, open);
  const lead = clean(shown.lead?.[spoken()]);
  byId("lead").hidden = !lead;
  setText(byId("lead"), lead);
  showOptions(figures, [
    state?.official && state.witnessed.valid ? t("difference") : "",
    state?.official ? t(state.bounds?.unwitnessed ? "boundsSeen" : "bounds")
      : singleTables(state) ? t("summed", { tables: number(singleTables(state)) }) : "",
  ]);
  sample.show(state, whole.election.columns, whole.strata, figures);
  showAlerts(shown.alerts, whole.area.id);
  showEvidence(state);
}

function showPath(path) {
  const nodes = keyed(byId("path").firstElementChild, path.map((area) => area.id), (id) => make("li", {}, link(id)));
  nodes.forEach((node, place) => {
    const last = place === path.length - 1;
    setText(node.firstElementChild, clean(path[place].name));
    if (last) node.firstElementChild.setAttribute("aria-current", "page");
    else node.firstElementChild.removeAttribute("aria-current");
  });
  byId("path").hidden = path.length < 2;
}

function showHeadline(area, state, strongest, signs) {
  const headline = byId("headline");
  headline.dataset.severity = strongest?.severity ?? "none";
  if (strongest) {
    setText(byId("kicker"), t("strongest", { severity: t(strongest.severity), at: moment(strongest.at) }));
    setText(byId("sentence"), sentence(strongest));
  } else if (!state) {
    setText(byId("kicker"), t("nothingTitle"));
    setText(byId("sentence"), t(signs.place === "away" ? "noBroker" : "nothing"));
  } else {
    setText(byId("kicker"), t("quietTitle"));
    const figures = { area: clean(area.name), witnessed: number(state.witnessed.tables), tables: number(singleTables(state)) };
    setText(byId("sentence"), state.official ? t("quiet") : t(singleTables(state) ? "onlyTables" : "onlyWitnessed", figures));
  }
}

function showFigures(state, figures, shown, open) {
  const put = (name, large, small) => { setText(byId(`f-${name}`), large); setText(byId(`f-${name}-of`), small); };
  const worst = figures.reduce((most, figure) => ((figure.breakdown ?? 0) > (most?.breakdown ?? 0) ? figure : most), null);
  const bounded = state?.bounds?.unwitnessed ?? 0;
  setText(byId("f-breakdown").previousElementSibling, t(bounded ? "wrongSeen" : "breakdown"));
  if (worst) {
    const tables = number(state.witnessed.tables + bounded);
    put("breakdown", number(worst.breakdown), t(bounded ? "breakdownOfSeen" : "breakdownOf", { tables, option: clean(worst.name) }));
  } else {
    const unknown = singleTables(state) ? "breakdownTables" : "breakdownUnknown";
    put("breakdown", state?.official ? "0" : "–", t(state?.official ? "breakdownNone" : unknown));
  }
  const { coverage = null, tables = 0 } = state?.witnessed ?? {};
  put("coverage", coverage === null ? number(state ? tables : null) : percent(100 * coverage),
    coverage === null ? "" : t("coverageOf", { witnessed: number(tables), tables: number(state.tables) }));
  setText(byId("f-bulletin").previousElementSibling, t(singleTables(state) ? "officialTables" : "lastBulletin"));
  if (state?.official) {
    setText(byId("f-bulletin"), clean(state.official.bulletin)); // its age: showAge
  } else if (singleTables(state)) {
    put("bulletin", number(singleTables(state)), t("tablesAnnounced"));
  } else {
    put("bulletin", "–", t("noBulletin"));
  }
  const count = { critical: 0, warning: 0, info: 0 };
  for (const notice of open) count[notice.severity] += 1;
  put("alerts", number(shown.alerts.count), shown.alerts.count ? t("alertsOf", count) : t("alertsNone"));
}

// The age of the bulletin shown. On a night that runs by the wall clock it grows though nothing comes: `now` is the time.
export function showAge(whole, shown, now) {
  const official = shown.states.get(whole.area.id)?.official;
  if (!official) return;
  const ago = span(Math.max(0, (now ?? shown.clock) - official.at));
  setText(byId("f-bulletin-of"), t("bulletinOf", { at: moment(official.at), ago }));
}

function showOptions(figures, remarks) {
  byId("options").closest("table").classList.toggle("no-official", figures.every((figure) => figure.official === null));
  const shown = everything ? figures : figures.slice(0, FEW);
  const rows = keyed(byId("options"), shown.map((figure) => figure.id), newOption);
  rows.forEach((row, place) => fillOption(row, shown[place], place));
  const more = byId("more");
  more.hidden = figures.length <= FEW;
  more.setAttribute("aria-expanded", String(everything));
  setText(more, everything ? t("fewerOptions") : t("moreOptions", { count: number(figures.length - FEW) }));
  setText(byId("remarks"), remarks.join(" "));
}

function newOption() {
  const count = (kind) => make("td", { class: kind, role: "cell" },
    make("span", { class: "track" }, make("span", { class: "bar" })), make("span", { class: "share" }), make("span", { class: "votes" }));
  return make("tr", { role: "row" }, make("th", { scope: "row", role: "rowheader" }), count("official"), count("witnessed"),
    ...["gap", "atLeast", "atMost", "mustBeWrong"].map((name) => make("td", { class: name, role: "cell", "data-name": name })));
}

function fillOption(row, figure, place) {
  row.dataset.colour = String(place + 1);
  const [name, official, witnessed, gap, floor, ceiling, wrong] = row.children;
  setText(name, clean(figure.name));
  fillCount(official, t("official"), figure.share, figure.official);
  fillCount(witnessed, t("witnessed"), figure.witnessed, figure.votes);
  setText(gap, signed(figure.gap));
  setText(floor, number(figure.floor));
  setText(ceiling, number(figure.ceiling));
  setText(wrong, number(figure.breakdown));
  wrong.classList.toggle("strong", figure.breakdown > 0);
  for (const cell of [gap, floor, ceiling, wrong]) cell.dataset.label = t(cell.dataset.name);
}

function fillCount(cell, label, share, votes) {
  const [track, large, small] = cell.children;
  cell.dataset.label = label;
  track.hidden = share === null; // an empty bar would be 0 %
  setBar(track.firstElementChild, share);
  setText(large, percent(share));
  setText(small, votes === null ? "" : t("votes", { value: number(votes) }));
}

function showAlerts(alerts, own) {
  byId("no-alerts").hidden = alerts.recent.length > 0;
  byId("alert-list").hidden = alerts.recent.length === 0;
  setText(byId("no-alerts"), t("noAlerts"));
  const items = keyed(byId("alert-list"), alerts.recent.map((notice) => notice.id), newAlert);
  // One link for each area but this one: else some sixty lie before the charts for who goes by keyboard.
  const linked = new Set([own]);
  items.forEach((item, place) => {
    const notice = alerts.recent[place];
    fillAlert(item, notice, !linked.has(notice.area.id));
    linked.add(notice.area.id);
  });
}

function newAlert() {
  return make("li", {}, make("p", { class: "about" }, make("span", { class: "badge" }), make("time"), link("")), make("p"),
    make("p", { class: "small" }));
}

function fillAlert(item, notice, isLink) {
  const word = notice.status === "resolved" ? "resolved" : notice.severity;
  const [about, text, remark] = item.children;
  const [badge, time, place] = about.children;
  item.dataset.severity = word;
  setText(badge, t(word));
  setText(time, moment(notice.at));
  time.setAttribute("datetime", new Date(notice.at).toISOString());
  setText(place, clean(notice.area.name));
  if (isLink) {
    place.dataset.area = notice.area.id;
    place.href = `?area=${encodeURIComponent(notice.area.id)}`;
  } else {
    delete place.dataset.area;
    place.removeAttribute("href");
  }
  setText(text, sentence(notice));
  setText(remark, notice.muted ? t("leftToParent") : "");
}

function boundsText(bounds) {
  if (!bounds) return "";
  const parts = [t("boundTables", { tables: number(bounds.tables), unwitnessed: number(bounds.unwitnessed) })];
  if (bounds.checked) parts.push(t("boundBelow", { below: number(bounds.below), checked: number(bounds.checked) }));
  if (bounds.checked_most) parts.push(t("boundAbove", { above: number(bounds.above), checked: number(bounds.checked_most) }));
  if (bounds.conflicting) parts.push(t("boundConflict", { conflicting: number(bounds.conflicting) }));
  if (bounds.against_sheets) parts.push(t("boundAgainst", { against: number(bounds.against_sheets) }));
  return parts.join(" ");
}

function showEvidence(state) {
  const levels = Object.entries(state?.witnessed.levels ?? {}).filter(([, sheets]) => sheets > 0);
  const order = ["corroborated", "reported", "disputed", "none"];
  levels.sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  const whole = levels.reduce((sum, [, sheets]) => sum + sheets, 0);
  const nodes = keyed(byId("levels"), levels.map(([level]) => level), () =>
    make("div", {}, make("dt"), make("dd"), make("dd", { class: "track", "aria-hidden": "true" }, make("span", { class: "bar" }))));
  nodes.forEach((node, place) => {
    const [level, sheets] = levels[place];
    node.dataset.level = level;
    setText(node.children[0], order.includes(level) ? t(level) : clean(level));
    setText(node.children[1], `${t("sheets", { value: number(sheets) })} · ${percent((100 * sheets) / whole)}`);
    setBar(node.children[2].firstElementChild, (100 * sheets) / whole);
  });
  const found = state?.tables_announced;
  const { differing, compared } = found ?? {};
  const text = compared ? t("mismatch", { differing: number(differing), compared: number(compared) }) : "";
  setText(byId("mismatch"), levels.length ? text : t("noEvidence"));
  setText(byId("table-bounds"), boundsText(state?.bounds));
}
