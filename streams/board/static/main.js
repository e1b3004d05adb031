// What the page knows, and how it learns it: one stream for the area that is looked at, one request for each look back.

import * as areas from "./areas.js";
import * as charts from "./charts.js";
import { byId, keyed, make, setText } from "./dom.js";
import * as map from "./map.js";
import * as view from "./view.js";
import { reasonFor } from "./reasons.js";
import { chooseLanguage, clean, firstLanguage, moment, number, percent, rememberLanguage, span, t } from "./words.js";

const SILENCE = 15000; // three missed signs of life
const RETRY = 3000;

// In a frame on a page of others the page is one area alone, which the path names, or one map.
const framed = location.pathname.match(/\/embed\/(?:area\/(.+)|map)$/);
document.documentElement.classList.toggle("framed", Boolean(framed));
document.documentElement.classList.toggle("framed-map", Boolean(framed && !framed[1]));
const beside = (name) => new URL(name, import.meta.url);

const page = {
  area: framed?.[1] ? decodeURIComponent(framed[1]) : new URLSearchParams(location.search).get("area") ?? "",
  whole: null, // what the stream told first
  now: null, // the newest states, alerts and clock
  past: null, // the same at the time that is looked back to
  wanted: moments(new URLSearchParams(location.search).get("at")), // that time, in Unix ms
  series: null,
  step: 0,
};
let stream = null;

// A moment of the night as an address has it: Unix ms, or a time with its zone. What is neither is now.
function moments(text) {
  const at = /^\d+$/.test(text ?? "") ? Number(text) : Date.parse(text ?? "");
  return Number.isFinite(at) && at > 0 ? at : null;
}

let signs = { place: "connecting", read: 0, age: null, now: null, ahead: 0, unreadable: 0, came: 0, turnedAway: { messages: 0, reasons: [] } };

function open() {
  stream?.close();
  const source = stream = new EventSource(beside(`stream?area=${encodeURIComponent(page.area)}`));
  const on = (name, take) => source.addEventListener(name, (event) => {
    if (source === stream) take(JSON.parse(event.data));
  });
  on("state", (state) => {
    const came = Date.now();
    signs = { ...state, came, ahead: state.now - came }; // by so much the server's clock is ahead of ours
    showConnection();
  });
  on("whole", takeWhole);
  on("change", takeChange);
  source.addEventListener("error", () => {
    if (source !== stream) return;
    signs.came = 0;
    showConnection();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => source === stream && open(), RETRY);
  });
}

function takeWhole(whole) {
  const fresh = new Set(page.now?.alerts.recent.map((notice) => notice.id));
  const same = page.whole?.area.id === whole.area.id;
  page.whole = whole;
  page.series = whole.series;
  page.step = whole.step;
  page.now = { states: byArea(whole.states), lead: whole.lead, alerts: whole.alerts, clock: whole.clock };
  if (same) announce(fresh);
  if (page.wanted > whole.clock) page.wanted = null;
  if (page.wanted !== null && !page.past) lookBack(page.wanted);
  else show();
}

function takeChange(change) {
  const fresh = new Set(page.now.alerts.recent.map((notice) => notice.id));
  for (const state of change.states) page.now.states.set(state.area, state);
  if (change.lead) page.now.lead = change.lead;
  page.now.clock = change.clock;
  charts.extend(page.series, change.series, page.step);
  if (change.alerts) {
    page.now.alerts = change.alerts;
    announce(fresh);
  }
  show();
}

const byArea = (states) => new Map(states.map((state) => [state.area, state]));

// The strongest of the alerts that have just come, for who listens to the page.
function announce(known) {
  const fresh = page.now.alerts.recent.filter((notice) => !known.has(notice.id) && !notice.muted);
  const order = ["critical", "warning", "info"];
  fresh.sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
  if (fresh.length) {
    const [notice] = fresh;
    const severity = t(notice.status === "resolved" ? "resolved" : notice.severity);
    setText(byId("announce"), t("alertSaid", { severity, sentence: view.sentence(notice) }));
  }
}

function show() {
  if (!page.whole) return;
  document.querySelector("main").classList.remove("loading");
  byId("whole").href = beside(`./?area=${encodeURIComponent(page.area)}`);
  const shown = page.past ?? page.now;
  view.show(page.whole, shown, signs);
  const option = areas.show(page.whole, shown);
  map.show({ whole: page.whole, states: shown.states, option, past: Boolean(page.past), at: shown.clock, beside, hrefOf, redraw: show });
  charts.show(page.series, page.whole, shown, page.past ? page.wanted : null);
  showScrubber();
  showConnection();
}

// An area on a map in a frame opens on the whole board, in a window of its own.
const hrefOf = (area) => (framed
  ? { href: beside(`./?area=${encodeURIComponent(area)}`), target: "_blank", rel: "noopener" }
  : { href: `?area=${encodeURIComponent(area)}`, "data-area": area });

function showConnection() {
  const silent = Date.now() - signs.came > SILENCE;
  const first = !page.whole && signs.place === "live"; // the figures are on their way
  const now = silent || first ? (page.whole ? "reconnecting" : "connecting") : signs.place;
  const place = now === "live" && page.wanted !== null ? "past" : now;
  byId("dot").dataset.place = place;
  setText(byId("connection"), t(place, { percent: percent(100 * signs.read, 0) }));
  const clock = page.now?.clock ? moment(page.now.clock, { zone: true }) : "";
  let age = "";
  if (place === "live" && signs.age !== null) {
    age = t("lastChange", { ago: span(1000 * signs.age + Date.now() - signs.came) });
  } else if (clock && place !== "live" && place !== "past") {
    age = t("lastUpdate", { at: clock });
  }
  setText(byId("age"), age && `· ${age}`);
  setText(byId("clock"), clock && t(page.wanted === null ? "eventTime" : "newest", { at: clock }));
  setText(byId("unreadable"), signs.unreadable ? t("unreadable", { count: number(signs.unreadable) }) : "");
  showTurnedAway(signs.turnedAway);
  if (page.whole) view.showAge(page.whole, page.past ?? page.now, page.past || signs.now === null ? null : Date.now() + signs.ahead);
}

// How many messages were turned away; the reasons are one click away.
function showTurnedAway({ messages, reasons }) {
  const box = byId("turned-away");
  box.hidden = !messages;
  setText(box.querySelector("summary"), t(messages === 1 ? "turnedAwayOne" : "turnedAway", { count: number(messages) }));
  keyed(box.querySelector("ul"), reasons.map((reason) => reason.code), () => make("li")).forEach((row, i) => {
    const { code, count, source, place, cure } = reasons[i];
    const at = place ? `${clean(source)} · ${clean(place)}` : clean(source);
    setText(row, t("turnedAwayBecause", { count: number(count), reason: reasonFor(code), at, cure: clean(cure) }));
  });
}

// Looking back: the server is asked for the states of that time, one question at a time, the newest wish first.

let asking = false;

async function lookBack(at) {
  page.wanted = at;
  if (at === null) page.past = null;
  if (at === null || asking) return show();
  asking = true;
  try {
    while (page.wanted !== null && page.past?.clock !== page.wanted) {
      const [area, asked] = [page.area, page.wanted];
      const answer = await fetch(beside(`moment?area=${encodeURIComponent(area)}&at=${asked}`));
      const found = await answer.json();
      if (page.area !== area || page.wanted === null) break;
      page.past = { states: byArea(found.states), lead: found.lead, alerts: found.alerts, clock: found.clock };
      show();
    }
  } catch {
    page.wanted = null;
    page.past = null;
    show();
  } finally {
    asking = false;
  }
}

function showScrubber() {
  const [first, last] = [page.series.at[0], page.now.clock];
  const scrub = byId("scrub");
  byId("scrubber").hidden = !(page.series.at.length > 1 && last > first);
  scrub.min = first;
  scrub.max = last;
  scrub.step = Math.max(1000, Math.floor((last - first) / 400));
  scrub.value = page.wanted ?? last;
  const text = page.wanted === null ? t("now") : moment(page.wanted, { zone: true });
  setText(byId("scrub-at"), text);
  scrub.setAttribute("aria-valuetext", text);
  byId("back").disabled = page.wanted === null;
  document.body.classList.toggle("looking-back", page.wanted !== null);
  byId("as-of").hidden = page.wanted === null;
  const shown = page.past ? moment(page.past.clock, { zone: true }) : text;
  setText(byId("as-of").firstElementChild, page.wanted === null ? "" : t("asOf", { at: shown }));
  showAddress();
}

// The address names the moment and the map that are shown, so that it can be sent to somebody.
function showAddress() {
  const address = new URL(location.href);
  if (page.wanted === null) address.searchParams.delete("at");
  else address.searchParams.set("at", new Date(page.wanted).toISOString().replace(".000Z", "Z"));
  if (map.kind()) address.searchParams.set("show", map.kind());
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

// Another area, by a link's click or the browser's buttons, at the moment that is shown.

function go(area, push = true, at = page.wanted) {
  page.area = area;
  page.whole = null;
  page.past = null;
  page.wanted = at;
  if (push) {
    const address = new URL(location.href);
    address.searchParams.set("area", area);
    history.pushState(null, "", address);
  }
  open();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-area]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    go(link.dataset.area);
    scrollTo({ top: 0 });
    byId("path").querySelector("[aria-current]")?.focus();
  }
  const wish = event.target.closest("button[data-lang]");
  if (wish) {
    chooseLanguage(wish.dataset.lang);
    rememberLanguage();
    showConnection();
    show();
  }
});
addEventListener("popstate", () => {
  const asked = new URLSearchParams(location.search);
  go(asked.get("area") ?? "", false, moments(asked.get("at")));
});
byId("scrub").addEventListener("input", ({ target }) => {
  const at = Number(target.value);
  lookBack(at + Number(target.step) > page.now.clock ? null : at);
});
for (const back of [byId("back"), byId("as-of").querySelector("button")]) {
  back.addEventListener("click", () => { lookBack(null); byId("scrub").focus(); });
}
for (const [name, isOn] of [["beforeprint", true], ["afterprint", false]]) { // paper is white
  addEventListener(name, () => {
    document.documentElement.classList.toggle("printing", isOn);
    charts.forget();
    show();
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { charts.forget(); show(); });
areas.listen(show);
map.choose(new URLSearchParams(location.search).get("show"));
map.listen(show);
view.listen(show);

chooseLanguage(firstLanguage());
showConnection();
setInterval(showConnection, 1000);
open();
