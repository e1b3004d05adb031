"""What `cotejo replay` and `cotejo explain` print, in English and Spanish. Braces are filled in by `Words`."""

from typing import Final

from streams.report.phrases import Phrases

SUMMARY: Final[Phrases] = {
    "counts": (
        "{reports}, {bulletins}, {unreadable} unreadable, until {until}",
        "{reports}, {bulletins}, {unreadable} ilegibles, hasta {until}",
    ),
    "reports": ("{count} tally reports", "{count} reportes de actas"),
    "reports, one": ("1 tally report", "1 reporte de acta"),
    "bulletins": ("{count} bulletins", "{count} boletines"),
    "bulletins, one": ("1 bulletin", "1 boletín"),
    "rejected": ("turned away: {codes}", "no admitidos: {codes}"),
    "unjudged": (
        "The log ends before the night did: the last {count} events were judged by themselves.",
        "El registro termina antes que la noche: los últimos {count} eventos se juzgaron aparte.",
    ),
    "alerts": ("Alerts", "Alertas"),
    "none": ("No alert fired.", "No hubo alertas."),
    "first called": ("first called {time} ({severity})", "primera llamada {time} ({severity})"),
    "worst": ("worst {time} ({severity})", "peor momento {time} ({severity})"),
    "worst then": ("At its worst: {sentence}", "En su peor momento: {sentence}"),
    "open": ("still open ({severity})", "sigue abierta ({severity})"),
    "over": ("over {time}", "terminó {time}"),
    "muted": (
        "{count} more, of parts of these areas: the alert above spoke for them.",
        "{count} más, de partes de esas zonas: habló por ellas la alerta superior.",
    ),
    "settled": (
        "remark, settled lead, in {count} parts: {areas}",
        "observación, ventaja decidida, en {count} partes: {areas}",
    ),
    "areas": ("Areas, the furthest apart first", "Zonas, las más distantes primero"),
    "area": ("area", "zona"),
    "sheets": ("sheets", "actas"),
    "coverage": ("coverage", "cobertura"),
    "bulletin": ("bulletin", "boletín"),
    "single": ("{tables} single tables", "{tables} mesas sueltas"),
    "wrong": ("must be wrong", "equivocadas"),
    "apart": ("points apart", "puntos"),
    "outside": ("outside bounds", "fuera de límites"),
    "disputed": ("disputed", "en disputa"),
    "firing": ("alerts", "alertas"),
    "hash": ("sha256 of the outcome: {hash}", "sha256 del resultado: {hash}"),
    "changed": ("What differs between A and B", "Lo que difiere entre A y B"),
    "same settings": ("A and B have the same thresholds.", "A y B tienen los mismos umbrales."),
    "only A": ("Only under A ({count})", "Solo con A ({count})"),
    "only B": ("Only under B ({count})", "Solo con B ({count})"),
    "both": (
        "Under both, at other times or with another severity ({count})",
        "Con ambas, a otra hora o con otra gravedad ({count})",
    ),
    "alike": ("Alike under both: {count}", "Iguales con ambas: {count}"),
}
"""Of a whole night."""

EXPLAIN: Final[Phrases] = {
    "nobody": ("no reading stands", "no queda ninguna lectura"),
    "only turned away": (
        "no reading stands, and at least one was turned away",
        "no queda ninguna lectura, y al menos una no se admitió",
    ),
    "no-majority": (
        "no figure has more than {majority} of the {readers} independent readers (the largest has {agreeing})",
        "ninguna cifra reúne más de {majority} de los {readers} lectores independientes (la mayor, {agreeing})",
    ),
    "quorum": (
        "{agreeing} of {readers} independent readers agree, and the policy asks for {quorum}",
        "{agreeing} de {readers} lectores independientes coinciden, y la norma pide {quorum}",
    ),
    "trusted": (
        "one reading, from a source that the policy trusts",
        "una sola lectura, de una fuente en la que la norma confía",
    ),
    "too-few": (
        "{agreeing} of {readers} independent readers agree, but the policy asks for {quorum}",
        "{agreeing} de {readers} lectores independientes coinciden, pero la norma pide {quorum}",
    ),
    "counts": ("counts", "cuenta"),
    "superseded": ("superseded by {by}", "sustituida por {by}"),
    "replaced": ("its reporter's newer reading is {by}", "la lectura más nueva de quien informó es {by}"),
    "retraction": ("a retraction", "una retractación"),
    "same-group": ("its group counts once, by {by}", "su grupo cuenta una vez, por {by}"),
    "accepted": ("counts as witnessed", "cuenta como atestiguada"),
    "not accepted": ("does not count", "no cuenta"),
    "none": ("not witnessed", "sin atestiguar"),
    "reported": ("reported", "informada"),
    "corroborated": ("corroborated", "corroborada"),
    "disputed": ("disputed", "en disputa"),
    "registered": ("{registered} registered voters", "{registered} electores inscritos"),
    "official": ("official ({bulletin}): {votes}", "oficial ({bulletin}): {votes}"),
    "turned away": ("turned away: {code} at {place}: {cure}", "rechazado: {code} en {place}: {cure}"),
    "witnessed": (
        "{tables} of {exist} polling tables witnessed; sheets: {levels}",
        "{tables} de {exist} mesas atestiguadas; actas: {levels}",
    ),
    "bulletin": ("bulletin {id} of {at}, {status}", "boletín {id} del {at}, {status}"),
    "earlier version": (
        "  rewritten under its own id; the version of {at}, sequence {sequence}, {status}, said {votes}",
        "  reescrito con su mismo identificador; la versión del {at}, secuencia {sequence}, {status}, decía {votes}",
    ),
    "no bulletin": ("no bulletin", "ningún boletín"),
    "figure": (
        "  {name}: announced {official} ({share} %), witnessed {seen} ({seen_share} %), "
        "at least {floor}, {most}, sheets that must be wrong: {breakdown}",
        "  {name}: anunciado {official} ({share} %), atestiguado {seen} ({seen_share} %), "
        "al menos {floor}, {most}, actas que tendrían que estar equivocadas: {breakdown}",
    ),
    "honest": (
        "; an honest count can announce {low_share} % to {high_share} %, {required}",
        "; un escrutinio fiel puede anunciar de {low_share} % a {high_share} %, {required}",
    ),
    "required": (
        "the unseen would have to differ by {points} points",
        "las no vistas tendrían que diferir en {points} puntos",
    ),
    "not required": (
        "no difference of the unseen explains the figure",
        "ninguna diferencia de las no vistas explica la cifra",
    ),
    "room": ("at most {ceiling}", "como mucho {ceiling}"),
    "no room": ("no room for any", "sin lugar para ninguno"),
    "figure unread": (
        "  {name}: announced {official}; sheets are not read for it",
        "  {name}: anunciado {official}; en las actas no se lee",
    ),
    "figure seen": ("  {name}: witnessed {seen}", "  {name}: atestiguado {seen}"),
    "announced tables": (
        "no bulletin; official figures are the sum of {tables} polling tables announced one by one",
        "ningún boletín; las cifras oficiales son la suma de {tables} mesas anunciadas una por una",
    ),
    "figure summed": (
        "  {name}: announced {official} ({share} %), witnessed {seen} ({seen_share} %)",
        "  {name}: anunciado {official} ({share} %), atestiguado {seen} ({seen_share} %)",
    ),
    "fine": ("no rule has anything to say", "ninguna regla tiene nada que decir"),
    "alert": (
        "alert {fingerprint}: {status}, {severity}, since {since}",
        "alerta {fingerprint}: {status}, {severity}, desde {since}",
    ),
    "called": (
        "  first called {called}; worst {at}, {severity}: {sentence}",
        "  primera llamada {called}; peor momento {at}, {severity}: {sentence}",
    ),
    "pending": ("pending", "pendiente"),
    "firing": ("open", "abierta"),
    "resolved": ("over", "terminada"),
    "disputed tables, one": ("1 disputed sheet: {tables}", "1 acta en disputa: {tables}"),
    "disputed tables": ("{count} disputed sheets: {tables}", "{count} actas en disputa: {tables}"),
    "turned away tables, one": (
        "1 sheet whose readings were turned away: {tables}",
        "1 acta cuyas lecturas no se admitieron: {tables}",
    ),
    "turned away tables": (
        "{count} sheets whose readings were turned away: {tables}",
        "{count} actas cuyas lecturas no se admitieron: {tables}",
    ),
    "differing tables, one": (
        "1 polling table whose official figures are not its sheet's:",
        "1 mesa cuyas cifras oficiales no son las de su acta:",
    ),
    "differing tables": (
        "{count} polling tables whose official figures are not their sheets':",
        "{count} mesas cuyas cifras oficiales no son las de sus actas:",
    ),
    "all of them": ("  … (all of them: --differing)", "  … (todas: --differing)"),
    "differing": ("  {table}: sheet {sheet}, official {official}", "  {table}: acta {sheet}, oficial {official}"),
    "at least": ("at least {votes}", "al menos {votes}"),
    "at most": ("at most {ballots} ballots", "como mucho {ballots} papeletas"),
    "bounds possible": ("believed of its figures: {bounds}", "lo que se cree de sus cifras: {bounds}"),
    "bounds impossible": (
        "these cannot both be true, so neither counts: {bounds}",
        "no pueden ser ciertas ambas cosas, así que ninguna cuenta: {bounds}",
    ),
    "bounds against sheet": (
        "the witnessed sheet contradicts these, and the sheet counts: {bounds}",
        "el acta atestiguada las contradice, y es el acta la que cuenta: {bounds}",
    ),
    "bounds unknown": (
        "not enough independent readers vouch for any bound: the policy asks for {quorum}",
        "ningún límite tiene bastantes lectores independientes: la norma pide {quorum}",
    ),
    "bounds": (
        "{tables} polling tables have bounds, {unwitnessed} of them without a witnessed sheet",
        "{tables} mesas tienen límites, {unwitnessed} de ellas sin acta atestiguada",
    ),
    "conflicting, one": (
        "1 polling table has bounds that contradict each other; none of these counts",
        "1 mesa tiene límites que se contradicen; ninguno de ellos cuenta",
    ),
    "conflicting": (
        "{count} polling tables have bounds that contradict each other; none of these counts",
        "{count} mesas tienen límites que se contradicen; ninguno de ellos cuenta",
    ),
    "against_sheets, one": (
        "1 polling table has a witnessed sheet outside its bounds; the sheet counts",
        "1 mesa tiene un acta atestiguada fuera de sus límites; cuenta el acta",
    ),
    "against_sheets": (
        "{count} polling tables have a witnessed sheet outside their bounds; the sheet counts",
        "{count} mesas tienen un acta atestiguada fuera de sus límites; cuenta el acta",
    ),
    "outside tables, one": (
        "1 polling table announced outside what was seen there:",
        "1 mesa anunciada fuera de lo que se vio allí:",
    ),
    "outside tables": (
        "{count} polling tables announced outside what was seen there:",
        "{count} mesas anunciadas fuera de lo que se vio allí:",
    ),
    "outside": ("  {table}: {bounds}; official {official}", "  {table}: {bounds}; oficial {official}"),
    "only bounds": ("what is known of it is only a bound", "lo que se sabe de ella es solo un límite"),
}
"""Of one polling table or area."""

DIFFERING: Final[Phrases] = {
    "head, one": (
        "{area}: 1 of {compared} polling tables with both figures differs",
        "{area}: difiere 1 de {compared} mesas que tienen ambas cifras",
    ),
    "head": (
        "{area}: {count} of {compared} polling tables with both figures differ",
        "{area}: difieren {count} de {compared} mesas que tienen ambas cifras",
    ),
    "table": ("polling table", "mesa"),
    "area": ("area", "zona"),
    "sheet": ("sheet", "acta"),
    "official": ("official", "oficial"),
    "difference": ("difference", "diferencia"),
    "net": ("net shift", "desplazamiento neto"),
}
"""Of the polling tables whose official figures are not their sheets'."""

CHECK: Final[Phrases] = {
    "election": (
        "{election}: {areas} areas, {tables} polling tables",
        "{election}: {areas} zonas, {tables} mesas",
    ),
    "events": ("{counts} fine, {problems}", "{counts} sin problemas, {problems}"),
    "no events": ("no events", "ningún evento"),
    "bulletin": ("{count} bulletins", "{count} boletines"),
    "bulletin, one": ("1 bulletin", "1 boletín"),
    "tally-report": ("{count} tally-reports", "{count} reportes de actas"),
    "tally-report, one": ("1 tally-report", "1 reporte de acta"),
    "tick": ("{count} ticks", "{count} ticks"),
    "tick, one": ("1 tick", "1 tick"),
    "problem": ("{count} problems", "{count} problemas"),
    "problem, one": ("1 problem", "1 problema"),
    "remark": ("remark: {code}: {text}{where}", "observación: {code}: {text}{where}"),
    "turned away": ("{count} messages turned away", "{count} mensajes no admitidos"),
    "turned away, one": ("1 message turned away", "1 mensaje no admitido"),
}
"""Of an election file, its events, and what was turned away."""
