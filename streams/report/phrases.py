"""The report's sentences and headings, in English and Spanish. Braces are filled in by `Words`."""

from collections.abc import Mapping
from typing import Final

Phrases = Mapping[str, tuple[str, str]]
"""By key: in English, in Spanish. "KEY, one" is said instead of "KEY" where `count` is 1."""

TEXT: Final[Phrases] = {
    "kind": ("Post-mortem of an election night", "Informe posterior de una noche electoral"),
    "period": ("{begin} to {end}, event time (UTC)", "{begin} a {end}, hora de los eventos (UTC)"),
    "contents": ("Contents", "Contenido"),
    "short": ("In short", "En breve"),
    "timeline": ("What happened when", "Qué pasó y cuándo"),
    "shares": ("Official and witnessed shares", "Porcentajes oficiales y atestiguados"),
    "sample": ("The random sample", "La muestra aleatoria"),
    "sampled": ("sampled", "muestra"),
    "from": ("from", "desde"),
    "to": ("to", "hasta"),
    "coverage": ("Coverage", "Cobertura"),
    "breakdown": ("Sheets that would have to be wrong", "Actas que tendrían que estar equivocadas"),
    "alerts": ("Alerts and their evidence", "Alertas y su evidencia"),
    "areas": ("Areas", "Zonas"),
    "disputes": ("Disputed sheets", "Actas en disputa"),
    "bulletins": ("Bulletins", "Boletines"),
    "rejected": ("Turned away", "No admitido"),
    "compare": ("Under another configuration", "Con otra configuración"),
    "unwitnessed": ("registered voters nobody witnessed", "electores que nadie atestiguó"),
    "basis": ("What this rests on", "En qué se basa"),
    "lead": (
        "In the end {tables} of {exist} polling tables were witnessed ({coverage} %).",
        "Al final estaban atestiguadas {tables} de {exist} mesas ({coverage} %).",
    ),
    "lead-bare": (
        "In the end {tables} polling tables were witnessed.",
        "Al final estaban atestiguadas {tables} mesas.",
    ),
    "lead-bulletin": (
        "The last standing bulletin for {area} is {bulletin}, issued {time}.",
        "El último boletín vigente para {area} es {bulletin}, emitido {time}.",
    ),
    "lead-none": ("There is no bulletin for {area}.", "No hay ningún boletín para {area}."),
    "lead-tables": (
        "There is no bulletin for {area}. Its official count is the sum of {tables} polling tables announced one by "
        "one: {votes}.",
        "No hay ningún boletín para {area}. Su recuento oficial es la suma de {tables} mesas anunciadas una por una: "
        "{votes}.",
    ),
    "single": ("sum of {tables} tables", "suma de {tables} mesas"),
    "lead-alerts": (
        "{count} alerts fired. Critical: {critical}. Still open at the end: {firing}.",
        "Hubo {count} alertas. Críticas: {critical}. Abiertas al final: {firing}.",
    ),
    "lead-alerts, one": (
        "One alert fired. Critical: {critical}. Still open at the end: {firing}.",
        "Hubo una alerta. Críticas: {critical}. Abiertas al final: {firing}.",
    ),
    "quiet": (
        "No alert fired: nothing that the rules watch for failed to fit.",
        "No hubo alertas: nada de lo que vigilan las reglas dejó de encajar.",
    ),
    "unjudged": (
        "The log ends before the night did. Its last {count} events were judged by themselves, so the end here may "
        "not be the end there was.",
        "El registro termina antes que la noche. Sus últimos {count} eventos se juzgaron aparte: el final que se ve "
        "aquí puede no ser el que hubo.",
    ),
    "edited": (
        "Not as they were when the log was begun: {files}. This page goes by what they say now; the night may have "
        "been judged otherwise.",
        "Ya no son como cuando empezó el registro: {files}. Esta página sigue lo que dicen ahora; puede que aquella "
        "noche se juzgara de otro modo.",
    ),
    "neutral": (
        "Cotejo says what does not fit together, by how much, and what would have to be true for it to fit. Why it "
        "does not fit is not in the numbers.",
        "Cotejo dice qué no encaja, por cuánto y qué tendría que ser cierto para que encajara. El porqué no está en "
        "las cifras.",
    ),
    "witnessed tables": ("polling tables witnessed", "mesas atestiguadas"),
    "must be wrong": ("sheets would have to be wrong", "actas tendrían que estar equivocadas"),
    "points apart": ("points: the largest difference of a share", "puntos: la mayor diferencia de un porcentaje"),
    "critical alerts": ("critical alerts", "alertas críticas"),
    "turned away": ("messages turned away", "mensajes no admitidos"),
    "disputed": ("disputed sheets", "actas en disputa"),
    "official": ("official", "oficial"),
    "witnessed": ("witnessed", "atestiguado"),
    "shares note": (
        "Per cent of the valid votes. Dashed, with a mark at each bulletin: official. Solid: witnessed. The two may "
        "honestly differ while either is incomplete: what cannot be honest is among the alerts.",
        "Por ciento de los votos válidos. Discontinua, con una marca en cada boletín: oficial. Continua: atestiguado. "
        "Pueden diferir sin más mientras falte algo en uno de los dos: lo que no puede ser está entre las alertas.",
    ),
    "sample note": (
        "Per cent of the valid votes. Solid, in its band: the sample, with its guaranteed interval of 95 % as it was "
        "at each moment. Dashed, with a mark at each bulletin: official.",
        "Por ciento de los votos válidos. Continua, en su banda: la muestra, con su intervalo garantizado del 95 % "
        "como era en cada momento. Discontinua, con una marca en cada boletín: oficial.",
    ),
    "coverage note": (
        "Polling tables with an accepted sheet, in per cent of those that exist. Thick: {area}. Thin: each area right "
        "below.",
        "Mesas con acta aceptada, en porcentaje de las que existen. Gruesa: {area}. Finas: cada zona inmediatamente "
        "inferior.",
    ),
    "breakdown note": (
        "The least number of witnessed sheets that would have to be wrong for the bulletin to be possible. Dotted: the "
        "number from which on an alert fires.",
        "El menor número de actas atestiguadas que tendrían que estar equivocadas para que el boletín fuera posible. "
        "Punteada: el número a partir del cual se activa una alerta.",
    ),
    "limit": ("alert from", "alerta desde"),
    "once in": ("once in {count}", "una vez de cada {count}"),
    "timeline note": (
        "Bars: how long an alert fired. Full: critical; hatched: warning; empty: remark. Triangles: bulletins.",
        "Barras: cuánto duró una alerta. Llena: crítica; rayada: aviso; vacía: observación. Triángulos: boletines.",
    ),
    "nothing to draw": ("There is nothing to draw here.", "Aquí no hay nada que dibujar."),
    "no breakdown": (
        "No bulletin for {area} asked for a single false sheet.",
        "Ningún boletín para {area} exigía una sola acta falsa.",
    ),
    "data": ("The figures as a table", "Las cifras en una tabla"),
    "time": ("time (UTC)", "hora (UTC)"),
    "what": ("what", "qué"),
    "figure": ("figure", "cifra"),
    "value": ("value", "valor"),
    "default": ("default", "por omisión"),
    "threshold": ("threshold", "umbral"),
    "fired": ("fired", "se activó"),
    "resolved": ("over", "terminó"),
    "bulletin": ("bulletin", "boletín"),
    "area": ("area", "zona"),
    "level": ("level", "nivel"),
    "since": ("{from} to {to}", "{from} a {to}"),
    "since, firing": ("{from} to the end", "{from} hasta el final"),
    "first called": ("First called {time}: {severity}.", "Primera llamada {time}: {severity}."),
    "worst": ("Worst {time}: {severity}.", "Peor momento {time}: {severity}."),
    "stands": ("Still open at the end, {time}: {severity}.", "Sigue abierta al final, {time}: {severity}."),
    "over": ("Over since {time}.", "Terminada desde {time}."),
    "notices": ("notices: {count}", "avisos: {count}"),
    "evidence": ("evidence", "evidencia"),
    "further": ("Further alerts", "Otras alertas"),
    "settled": ("Settled leads of parts", "Ventajas decididas de partes"),
    "muted": (
        "Alerts of parts, for which the alert above spoke",
        "Alertas de partes, por las que habló la alerta superior",
    ),
    "more": ("and {count} more", "y {count} más"),
    "areas note": (
        "The whole first, then where most does not fit. Must be wrong: witnessed sheets that would have to be wrong "
        "for the bulletin to be right. Difference: the largest of an official share from the witnessed one, in points.",
        "Primero el conjunto; luego donde menos encaja. Equivocadas: actas atestiguadas que tendrían que estar "
        "equivocadas para que el boletín fuera cierto. Diferencia: la mayor entre un porcentaje oficial y el "
        "atestiguado, en puntos.",
    ),
    "sheets": ("sheets", "actas"),
    "wrong": ("must be wrong", "equivocadas"),
    "apart": ("difference, points", "diferencia, puntos"),
    "coverage column": ("coverage, %", "cobertura, %"),
    "differing": ("tables that differ", "mesas que difieren"),
    "outside": ("out of bounds", "fuera de límites"),
    "breakdown bounds": (
        "A polling table of which only bounds are known, on photographed ballots for example, counts as a sheet here.",
        "Una mesa de la que solo se conocen límites, como papeletas fotografiadas, cuenta aquí como un acta.",
    ),
    "disputed-column": ("disputed", "en disputa"),
    "no disputes": ("No sheet is disputed.", "Ninguna acta está en disputa."),
    "disputes note, one": (
        "One sheet of which no reading has the majority that the configuration asks for. It is in no sum.",
        "Un acta de la que ninguna lectura tiene la mayoría que pide la configuración. No está en ninguna suma.",
    ),
    "disputes note": (
        "{count} sheets of which no reading has the majority that the configuration asks for. They are in no sum.",
        "{count} actas de las que ninguna lectura tiene la mayoría que pide la configuración. No están en ninguna "
        "suma.",
    ),
    "table": ("polling table", "mesa"),
    "readers": ("readers", "lectores"),
    "agreeing": ("agreeing", "coinciden"),
    "no bulletins": ("There was no bulletin.", "No hubo ningún boletín."),
    "issued": ("issued", "emitido"),
    "status": ("status", "estado"),
    "counted": ("tables counted", "mesas escrutadas"),
    "valid": ("valid votes", "votos válidos"),
    "votes": ("votes", "votos"),
    "nothing rejected": ("Nothing was turned away.", "Se admitió todo."),
    "reason": ("reason", "motivo"),
    "count": ("count", "número"),
    "place": ("place", "lugar"),
    "cure": ("cure", "remedio"),
    "excerpt": ("what came", "lo que llegó"),
    "compare note": (
        "The same night, judged once more with {other}. What differs in the configuration:",
        "La misma noche, juzgada otra vez con {other}. Lo que difiere en la configuración:",
    ),
    "same thresholds": ("No threshold differs.", "No difiere ningún umbral."),
    "here": ("this night", "esta noche"),
    "there": ("with {other}", "con {other}"),
    "only here": ("Only here", "Solo aquí"),
    "only there": ("Only with {other}", "Solo con {other}"),
    "differently": ("Both, but not alike", "En ambas, pero distinto"),
    "alike": ("{count} alerts are alike in both.", "{count} alertas son iguales en ambas."),
    "alike, one": ("One alert is alike in both.", "Una alerta es igual en ambas."),
    "none": ("none", "ninguna"),
    "input": ("input", "entrada"),
    "bytes": ("bytes", "bytes"),
    "inputs": ("Input", "Entrada"),
    "outcome": ("outcome (cotejo replay --out)", "resultado (cotejo replay --out)"),
    "configuration": ("Configuration", "Configuración"),
    "versions": ("Versions", "Versiones"),
    "changed": ("not the default", "no es el valor por omisión"),
    "severity": ("severity", "gravedad"),
    "came reports": ("{count} tally reports", "{count} reportes de actas"),
    "came reports, one": ("1 tally report", "1 reporte de acta"),
    "came bulletins": ("{count} bulletins", "{count} boletines"),
    "came bulletins, one": ("1 bulletin", "1 boletín"),
    "came unreadable": ("{count} unreadable messages", "{count} mensajes ilegibles"),
    "came unreadable, one": ("1 unreadable message", "1 mensaje ilegible"),
}
"""Phrases: English, Spanish."""
