// Every text of the page, in English and Spanish, and numbers and times as each language writes them.

export const WORDS = {
  en: {
    skip: "Skip to the areas", skipCharts: "Skip to the charts", language: "Language", path: "Where you are",
    connecting: "Connecting", waiting: "Waiting for the night’s topics", reading: "Reading the night so far, {percent}",
    live: "Live", past: "Not live", asOf: "As of {at}, not live", away: "The broker does not answer", reconnecting: "Reconnecting",
    lastChange: "last change {ago} ago", lastUpdate: "last update {at}", eventTime: "Event time {at}", newest: "newest figures of {at}",
    unreadable: "{count} records are not of this election",
    turnedAway: "{count} messages turned away", turnedAwayOne: "1 message turned away",
    turnedAwayBecause: "{count} × {reason}. The last: {at}. {cure}", turnedAwayWhy: "Why messages were turned away",
    turnedAwayWhere: "They do not count. Each lies in the topic rejected, with its reasons.",
    breakdown: "Sheets that would have to be wrong", breakdownOf: "of {tables} witnessed, for {option}",
    wrongSeen: "Tables of which what was seen would have to be wrong", breakdownOfSeen: "of {tables} seen in whole or in part, for {option}",
    breakdownNone: "the two counts can both be true", breakdownUnknown: "no bulletin to hold them against",
    coverage: "Tables witnessed", coverageOf: "{witnessed} of {tables}",
    lastBulletin: "Last bulletin", bulletinOf: "{at} · {ago} ago", noBulletin: "none yet",
    openAlerts: "Open alerts", alertsOf: "critical\u00a0{critical} · warning\u00a0{warning} · remark\u00a0{info}", alertsNone: "nothing open",
    time: "Look back", back: "Back to now", now: "now",
    beside: "Official beside witnessed", option: "Option", official: "Official", witnessed: "Witnessed",
    gap: "Difference, points", atLeast: "At least", atMost: "At most", mustBeWrong: "Must be wrong",
    votes: "{value} votes", sheets: "{value} sheets",
    difference: "Difference: official less witnessed share. It calls nobody by itself: neither sheets nor counts come in at random.",
    bounds: "At least, at most: what the witnessed sheets allow. " +
      "Must be wrong: how many of them would have to be, for the official figure to be right.",
    summed: "Official figures are the sum of the {tables} polling tables announced one by one.",
    onlyTables: "There is no bulletin for {area}, but {tables} of its polling tables are announced one by one.",
    officialTables: "Tables announced", tablesAnnounced: "one by one, without a bulletin", breakdownTables: "tables are compared one by one",
    sample: "The random sample", sampleIn: "{came} of {drawn} polling tables drawn at random before the night are in.", sampleMissing: "Missing: {places}.",
    sampleClusters: "They were drawn in {clusters} clusters, areas with all their polling tables.",
    sampled: "Sampled", sampleGuaranteed: "95 %, guaranteed", sampleOuter: "Whatever is missing", sampleLead: "{first} ahead of {second}, points",
    sampleNote: "Guaranteed: right with 95 % at every look, if missing sheets are near what their stratum shows. Whatever is missing: right with 95 % whatever they hold.",
    sampleChart: "The sample and its guaranteed interval, % of valid votes", sampledLine: "sampled", sampledLow: "interval from", sampledHigh: "interval to",
    moreOptions: "Show {count} more", fewerOptions: "Show fewer",
    alerts: "Alerts", noAlerts: "No alert so far.", critical: "critical", warning: "warning", info: "remark", resolved: "resolved",
    leftToParent: "told by the alert above it",
    overTime: "Over the night", sharesChart: "Shares, % of valid votes", breakdownChart: "Sheets that would have to be wrong",
    coverageChart: "Tables witnessed, %", officialLine: "official", witnessedLine: "witnessed", votesColumn: "Votes witnessed", asTable: "As a table", save: "Save as", saveAs: "Save “{title}” as {kind}",
    chartEmpty: "Nothing to draw yet.", chartNoHistory: "No history is kept this far down.",
    chartSays: "{title}. From {from} to {to}. {last}", at: "Time",
    evidence: "How sure each sheet is", none: "no reading stands", reported: "one reading", corroborated: "corroborated", disputed: "disputed",
    noEvidence: "No sheet yet.",
    boundsSeen: "At least, at most: what was seen allows. Must be wrong: at how many tables what was seen would have to be, for the official figure to be right.",
    boundTables: "At {tables} polling tables ballots were seen or counted, short of a whole reading; {unwitnessed} of them have no witnessed sheet.",
    boundBelow: "{below} of {checked} are announced with fewer votes than were seen there.",
    boundAbove: "{above} of {checked} are announced with more votes than ballots can have been cast there.",
    boundConflict: "At {conflicting} more, what was seen and what was counted contradict each other, and neither counts.",
    boundAgainst: "At {against} the witnessed sheet contradicts it, and the sheet counts.",
    mismatch: "{differing} of {compared} tables with an official figure of their own differ from their sheet.",
    mapKinds: "The map shows", mapKindCoverage: "Coverage", mapKindGap: "Lead", mapKindBreakdown: "Must be wrong", mapLegend: "What the colours mean",
    mapHelp: "Arrow keys lead from area to area, Enter opens one. The table beside it has the same areas.",
    mapHint: "Point at an area for its figures, choose it to go there.",
    mapCoverage: "Polling tables witnessed", mapBreakdown: "Sheets that would have to be wrong for the figure of {one} to be right", mapGap: "Lead of {one} over {other}: announced less witnessed, points", mapGapAlone: "{one}: announced less witnessed, points",
    mapRange: "{low} – {high}", mapFrom: "{low} and more", mapNone: "0: it can be right", mapLevel: "less than {high} either way",
    mapBeyond: "more than {low} for {name}", mapBetween: "{low} – {high} for {name}", mapAreas: "{count} areas", mapAreasOne: "1 area",
    mapLacksNothing: "nothing witnessed", mapLacksBulletin: "no bulletin", mapLacksTables: "number of tables unknown", mapLacksHistory: "no history is kept this far down",
    mapSaysCoverage: "{percent} witnessed ({tables} of {of} tables)", mapSaysTables: "{tables} tables witnessed", mapSaysLead: "{one} over {other}", mapSaysShare: "{one}",
    mapSaysBoth: "announced {announced}, witnessed {witnessed}, difference {gap} points", mapSaysWrong: "sheets that would have to be wrong: {sheets}",
    areas: "Area by area", area: "Area", filter: "Filter", openCount: "Alerts", shown: "{shown} of {all}",
    noAreas: "There are no areas below this one.", noMatch: "No area matches.",
    strongest: "Strongest open alert · {severity} · {at}", quietTitle: "No open alert", quiet: "As far as can be said, the official figures and the witnessed sheets fit together.",
    onlyWitnessed: "There is no bulletin for {area}. {witnessed} of its polling tables are witnessed.",
    nothingTitle: "Waiting", nothing: "Nothing has come yet. The board fills itself as soon as a bulletin or a tally sheet is in.",
    noBroker: "The broker cannot be reached; the board goes on trying.",
    wholeBoard: "The whole board", about: "Cotejo holds official bulletins beside witnessed tally sheets. It says what does not fit together and by how much; why, the figures do not say.",
    alertSaid: "Alert, {severity}: {sentence}",
    day: "{n} d", hour: "{n} h", minute: "{n} min", second: "{n} s",
  },
  es: {
    skip: "Ir a las zonas", skipCharts: "Ir a los gráficos", language: "Idioma", path: "Dónde está",
    connecting: "Conectando", waiting: "A la espera de los temas de la noche", reading: "Leyendo lo que va de noche, {percent}",
    live: "En vivo", past: "No es en vivo", asOf: "Situación de {at}, no en vivo", away: "El broker no responde", reconnecting: "Reconectando",
    lastChange: "último cambio hace {ago}", lastUpdate: "última actualización {at}", eventTime: "Hora de los hechos {at}", newest: "cifras más recientes de {at}",
    unreadable: "{count} registros no son de esta elección",
    turnedAway: "{count} mensajes no admitidos", turnedAwayOne: "1 mensaje no admitido",
    turnedAwayBecause: "{count} × {reason}. El último: {at}. {cure}", turnedAwayWhy: "Por qué no se admitieron mensajes",
    turnedAwayWhere: "No cuentan. Cada uno está en el tema rejected, con sus motivos (en inglés).",
    breakdown: "Actas que tendrían que estar equivocadas", breakdownOf: "de {tables} atestiguadas, por {option}",
    wrongSeen: "Mesas en las que lo visto tendría que estar equivocado", breakdownOfSeen: "de {tables} vistas por entero o en parte, por {option}",
    breakdownNone: "ambos recuentos pueden ser ciertos", breakdownUnknown: "no hay boletín con que compararlas",
    coverage: "Mesas atestiguadas", coverageOf: "{witnessed} de {tables}",
    lastBulletin: "Último boletín", bulletinOf: "{at} · hace {ago}", noBulletin: "ninguno aún",
    openAlerts: "Alertas abiertas", alertsOf: "crítica\u00a0{critical} · aviso\u00a0{warning} · observación\u00a0{info}", alertsNone: "nada abierto",
    time: "Mirar atrás", back: "Volver al presente", now: "ahora",
    beside: "Lo oficial junto a lo atestiguado", option: "Opción", official: "Oficial", witnessed: "Atestiguado",
    gap: "Diferencia, puntos", atLeast: "Al menos", atMost: "A lo sumo", mustBeWrong: "Actas equivo\u00ADcadas",
    votes: "{value} votos", sheets: "{value} actas",
    difference: "Diferencia: porcentaje oficial menos atestiguado. Por sí sola no avisa a nadie: ni las actas ni el escrutinio llegan al azar.",
    bounds: "Al menos, a lo sumo: lo que permiten las " +
      "actas atestiguadas. Actas equivocadas: cuántas de ellas tendrían que estarlo para que la cifra oficial fuera cierta.",
    summed: "Las cifras oficiales son la suma de las {tables} mesas anunciadas una por una.",
    onlyTables: "No hay boletín de {area}, pero {tables} de sus mesas están anunciadas una por una.",
    officialTables: "Mesas anunciadas", tablesAnnounced: "una por una, sin boletín", breakdownTables: "las mesas se comparan una por una",
    sample: "La muestra aleatoria", sampleIn: "Han llegado {came} de {drawn} mesas sorteadas antes de la jornada.", sampleMissing: "Faltan: {places}.",
    sampleClusters: "Se sortearon en {clusters} conglomerados, áreas con todas sus mesas.",
    sampled: "Muestra", sampleGuaranteed: "95 %, garantizado", sampleOuter: "Falte lo que falte", sampleLead: "{first} sobre {second}, puntos",
    sampleNote: "Garantizado: acierta con el 95 % en cada mirada, si las actas que faltan se parecen a lo que muestra su estrato. Falte lo que falte: acierta con el 95 % contengan lo que contengan.",
    sampleChart: "La muestra y su intervalo garantizado, % de votos válidos", sampledLine: "muestra", sampledLow: "intervalo desde", sampledHigh: "intervalo hasta",
    moreOptions: "Mostrar {count} más", fewerOptions: "Mostrar menos",
    alerts: "Alertas", noAlerts: "Ninguna alerta hasta ahora.", critical: "crítica", warning: "aviso", info: "observación", resolved: "resuelta",
    leftToParent: "la dice la alerta de arriba",
    overTime: "A lo largo de la noche", sharesChart: "Porcentaje de los votos válidos", breakdownChart: "Actas que tendrían que estar equivocadas",
    coverageChart: "Mesas atestiguadas, %", officialLine: "oficial", witnessedLine: "atestiguado", votesColumn: "Votos atestiguados", asTable: "Como tabla", save: "Guardar como", saveAs: "Guardar «{title}» como {kind}",
    chartEmpty: "Aún no hay nada que dibujar.", chartNoHistory: "A este nivel no se guarda el pasado.",
    chartSays: "{title}. De {from} a {to}. {last}", at: "Hora",
    evidence: "Cuán segura es cada acta", none: "sin lectura vigente", reported: "una lectura", corroborated: "corroborada", disputed: "en disputa",
    noEvidence: "Ningún acta aún.",
    boundsSeen: "Al menos, a lo sumo: lo que permite lo visto. Equivocadas: en cuántas mesas lo visto tendría que estar equivocado para que la cifra oficial fuera cierta.",
    boundTables: "En {tables} mesas se vieron o contaron papeletas, sin llegar a una lectura completa; {unwitnessed} de ellas no tienen acta atestiguada.",
    boundBelow: "{below} de {checked} se anuncian con menos votos de los que se vieron allí.",
    boundAbove: "{above} de {checked} se anuncian con más votos que papeletas pudieron depositarse allí.",
    boundConflict: "En {conflicting} más, lo visto y lo contado se contradicen, y ninguno cuenta.",
    boundAgainst: "En {against} el acta atestiguada lo contradice, y cuenta el acta.",
    mismatch: "{differing} de {compared} mesas con cifra oficial propia difieren de su acta.",
    mapKinds: "El mapa muestra", mapKindCoverage: "Cobertura", mapKindGap: "Ventaja", mapKindBreakdown: "Actas equivocadas", mapLegend: "Qué significan los colores",
    mapHelp: "Las flechas llevan de zona en zona, Intro abre una. La tabla de al lado tiene las mismas zonas.",
    mapHint: "Señale una zona para ver sus cifras, elíjala para ir a ella.",
    mapCoverage: "Mesas atestiguadas", mapBreakdown: "Actas que tendrían que estar equivocadas para que la cifra de {one} fuera cierta", mapGap: "Ventaja de {one} sobre {other}: anunciada menos atestiguada, puntos", mapGapAlone: "{one}: anunciado menos atestiguado, puntos",
    mapRange: "{low} – {high}", mapFrom: "{low} o más", mapNone: "0: puede ser cierta", mapLevel: "menos de {high} para cualquiera",
    mapBeyond: "más de {low} para {name}", mapBetween: "{low} – {high} para {name}", mapAreas: "{count} zonas", mapAreasOne: "1 zona",
    mapLacksNothing: "nada atestiguado", mapLacksBulletin: "sin boletín", mapLacksTables: "número de mesas desconocido", mapLacksHistory: "a este nivel no se guarda el pasado",
    mapSaysCoverage: "{percent} atestiguado ({tables} de {of} mesas)", mapSaysTables: "{tables} mesas atestiguadas", mapSaysLead: "{one} sobre {other}", mapSaysShare: "{one}",
    mapSaysBoth: "anunciado {announced}, atestiguado {witnessed}, diferencia {gap} puntos", mapSaysWrong: "actas que tendrían que estar equivocadas: {sheets}",
    areas: "Zona por zona", area: "Zona", filter: "Filtrar", openCount: "Alertas", shown: "{shown} de {all}",
    noAreas: "No hay zonas por debajo de esta.", noMatch: "Ninguna zona coincide.",
    strongest: "La alerta abierta más grave · {severity} · {at}", quietTitle: "Ninguna alerta abierta", quiet: "Hasta donde puede decirse, las cifras oficiales y las actas atestiguadas concuerdan.",
    onlyWitnessed: "No hay boletín de {area}. Hay {witnessed} mesas atestiguadas.",
    nothingTitle: "A la espera", nothing: "Todavía no ha llegado nada. El tablero se llena solo en cuanto llegue un boletín o un acta.",
    noBroker: "No se alcanza el broker; el tablero sigue intentándolo.",
    wholeBoard: "El tablero entero", about: "Cotejo pone los boletines oficiales junto a las actas atestiguadas. Dice qué no concuerda y por cuánto; el porqué no está en las cifras.",
    alertSaid: "Alerta, {severity}: {sentence}",
    day: "{n} d", hour: "{n} h", minute: "{n} min", second: "{n} s",
  },
};

const KEY = "cotejo-language";
let language = "en";

export function chooseLanguage(wanted) {
  language = wanted in WORDS ? wanted : "en";
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) node.setAttribute("aria-label", t(node.dataset.tLabel));
  for (const node of document.querySelectorAll("[data-lang]")) {
    node.setAttribute("aria-pressed", String(node.dataset.lang === language));
  }
}

export function rememberLanguage() {
  try { localStorage.setItem(KEY, language); } catch { /* a browser may forbid it */ }
}

export function firstLanguage() {
  let known = null;
  try { known = localStorage.getItem(KEY); } catch { /* a browser may forbid it */ }
  const asked = [new URLSearchParams(location.search).get("lang"), known, navigator.language?.slice(0, 2)];
  return asked.find((name) => name in WORDS) ?? "en";
}

export const spoken = () => language;

export function t(key, values = {}) {
  return WORDS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// Names and sentences come from elsewhere: their marks of writing direction would turn round the rest of a line.
// A name may have a text for each language, and "" for all others.
const textOf = (name) => (typeof name === "object" && name !== null ? name[language] ?? name[""] : name ?? "");
export const clean = (name) => String(textOf(name)).replace(/[\u202a-\u202e\u2066-\u2069]/g, "");

// Three digits in a group in Spanish too, as the sentences have it (Intl leaves 5000 alone).
export function number(value, decimals = 0) {
  if (value === null || value === undefined) return "–";
  return new Intl.NumberFormat(language === "es" ? "es-VE" : "en", {
    useGrouping: "always", minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  }).format(value);
}

export const percent = (value, decimals = 1) => value === null || value === undefined ? "–" : `${number(value, decimals)}\u00a0%`;

export function signed(value, decimals = 1) {
  if (value === null || value === undefined) return "–";
  const size = number(Math.abs(value), decimals);
  return /[1-9]/.test(size) ? `${value < 0 ? "−" : "+"}${size}` : size;
}

export function moment(at, { day = true, second = false, zone = false } = {}) {
  const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (day) Object.assign(form, { day: "numeric", month: "short" });
  if (second) form.second = "2-digit";
  if (zone) form.timeZoneName = "short";
  return new Intl.DateTimeFormat(language === "es" ? "es" : "en-GB", form).format(at);
}

// A span of milliseconds in its two largest units.
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [["day", Math.floor(seconds / 86400)], ["hour", Math.floor(seconds / 3600) % 24],
    ["minute", Math.floor(seconds / 60) % 60], ["second", seconds % 60]];
  const first = parts.findIndex(([, n]) => n > 0);
  if (first < 0) return t("second", { n: 0 }).replace(" ", "\u00a0");
  return parts.slice(first, first + 2).filter(([, n]) => n > 0).map(([unit, n]) => t(unit, { n }).replace(" ", "\u00a0")).join(" ");
}
