"""The data dictionary in Spanish: each text of the catalogue beside its translation."""

from collections.abc import Mapping
from typing import Final

HEADINGS: Final[Mapping[str, str]] = {
    "A row is {}.": "Una fila es {}.",
    "{} in this export.": "{} en esta exportación.",
    "| Column | Type | Unit | What it says |": "| Columna | Tipo | Unidad | Qué dice |",
    "- Event time of the end: {}": "- Hora de los hechos al final: {}",
    "- Nothing has happened yet.": "- Todavía no ha pasado nada.",
    "- SHA-256 of the outcome, as `cotejo replay` tells it: {}": "- SHA-256 del resultado, como lo dice `cotejo "
    "replay`: {}",
    "- Written by cotejo {}": "- Escrito por cotejo {}",
    "text": "texto",
    "integer": "entero",
    "number": "número",
    "true or false": "true o false",
    "time": "hora",
    "JSON, as text": "JSON, como texto",
    "list of texts": "lista de textos",
}

UNITS: Final[Mapping[str, str]] = {
    "": "",
    "polling tables": "mesas",
    "areas": "áreas",
    "voters": "electores",
    "UTC, milliseconds": "UTC, milisegundos",
    "votes": "votos",
    "ballots": "papeletas",
    "readers": "lectores",
    "ratio, 0 to 1": "razón, de 0 a 1",
    "per cent of the valid votes": "por ciento de los votos válidos",
    "alerts": "alertas",
    "sheets": "actas",
    "tables": "mesas",
    "percentage points": "puntos porcentuales",
    "per cent": "por ciento",
    "as `unit` says": "según `unit`",
}

ROWS: Final[Mapping[str, str]] = {
    "what can be voted for, or announced as one figure": "lo que se puede votar, o anunciar como una sola cifra",
    "an area": "un área",
    "a polling table of the register": "una mesa del registro",
    "a report that could be read, each time it came": "un reporte que se pudo leer, cada vez que llegó",
    "what all readings of a polling table come to": "lo que resulta de todas las lecturas de una mesa",
    "a polling table with an accepted sheet": "una mesa con acta aceptada",
    "a bulletin that could be read, each time it came": "un boletín que se pudo leer, cada vez que llegó",
    "an announced figure of a polling table with an accepted sheet, where any figure of that table differs": "una "
    "cifra anunciada de una mesa con acta aceptada, si alguna cifra de esa mesa difiere",
    "an area at a moment: when it had changed by the end of a stretch of event time (`--every`), when a "
    "bulletin came, and at the end": "un área en un momento: cuando había cambiado al terminar un tramo de la "
    "hora de los hechos (`--every`), cuando llegó un boletín, y al final",
    "an option or group in a row of area_states": "una opción o un grupo en una fila de area_states",
    "an alert that fired, or waits to, as it stands in the end": "una alerta que se disparó, o que espera, tal "
    "como está al final",
    "a tick at which something about an alert changed, from when it began to wait; many ticks judged together "
    "are one where nobody would be called at any of them": "un instante de evaluación en que algo cambió en una "
    "alerta, desde que empezó a esperar; muchos instantes evaluados juntos son uno cuando en ninguno se avisaría "
    "a nadie",
    "something told of an alert, in the order in which it was told": "un aviso sobre una alerta, en el orden en "
    "que se dieron",
    "something that was turned away, in the order in which it was judged": "algo que fue rechazado, en el orden "
    "en que se juzgó",
}

COLUMNS: Final[Mapping[str, str]] = {
    "place on the ballot, groups behind options, from 1": "lugar en la papeleta, los grupos tras las opciones, desde 1",
    "id of the option or group": "id de la opción o del grupo",
    "name": "nombre",
    "option or group": "option o group",
    "whether sheets are read for it": "si se leen actas para ella",
    "of a group, the ids of its options": "de un grupo, los ids de sus opciones",
    "end of the column names that belong to it": "final de los nombres de sus columnas",
    "id of the area": "id del área",
    "name, unique": "nombre, único",
    "level, as the election file calls it": "nivel, como lo llama el archivo de la elección",
    "id of the area above; empty for the whole": "id del área superior; vacío para el total",
    "polling tables that exist; empty where nobody knows": "mesas que existen; vacío si nadie lo sabe",
    "registered voters; empty where nobody knows": "electores inscritos; vacío si nadie lo sabe",
    "id of the polling table": "id de la mesa",
    "id of the area that the polling table lies in": "id del área en que está la mesa",
    "place in the night, from 1; ticks and what could not be read are counted too": "lugar en la noche, desde 1; "
    "también cuentan los instantes y lo que no se pudo leer",
    "id of the report": "id del reporte",
    "who read the sheet": "quién leyó el acta",
    "the reporter's group, as the report names it": "grupo de quien reporta, como lo nombra el reporte",
    "source, as the report names it": "fuente, como la nombra el reporte",
    "when the sheet was read": "cuándo se leyó el acta",
    "when its message came to the broker; empty for event files": "cuándo llegó su mensaje al broker; vacío en "
    "archivos de eventos",
    "at-least or at-most where it is only a bound; else empty": "at-least o at-most si es solo una cota; si no, vacío",
    "whether the reporter takes back what was said": "si quien reporta retira lo dicho",
    "id of the reporter's reading that it replaces": "id de la lectura de la misma persona que reemplaza",
    "votes for the option; empty where the report does not name it": "votos por la opción; vacío si el reporte no "
    "la nombra",
    "votes for ids that the election does not know, as a JSON object": "votos por ids que la elección no conoce, "
    "como objeto JSON",
    "null votes": "votos nulos",
    "blank votes": "votos en blanco",
    "registered voters, as the report has them": "electores inscritos, según el reporte",
    "ballots, as the report has them": "papeletas, según el reporte",
    "hash of the photograph": "hash de la fotografía",
    "address of the photograph": "dirección de la fotografía",
    "Ed25519 signature, base64": "firma Ed25519, en base64",
    "fields that Cotejo does not know, as a JSON object": "campos que Cotejo no conoce, como objeto JSON",
    "counts, superseded, replaced, retraction, same-group; rejected; or unjudged at a log's end": "counts "
    "(cuenta), superseded (sustituida por otra), replaced (reemplazada por una más nueva), retraction "
    "(retirada), same-group (del mismo grupo); rejected (rechazada); o unjudged (sin juzgar al final de un log)",
    "id of the reading that decides the fate; of a rejected one the reason's code": "id de la lectura que lo "
    "decide; de una rechazada, el código del motivo",
    "none, reported, corroborated or disputed": "none (ninguna), reported (una lectura), corroborated "
    "(corroborada) o disputed (en disputa)",
    "whether its votes count as witnessed": "si sus votos cuentan como atestiguados",
    "quorum, trusted, too-few, no-majority, only-bounds or nobody": "quorum, trusted (fuente de confianza), "
    "too-few (muy pocas), no-majority (sin mayoría), only-bounds (solo cotas) o nobody (nadie)",
    "independent readers who agree and lead": "lectores independientes que coinciden y van primeros",
    "independent readers in all": "lectores independientes en total",
    "null votes of the reading that leads": "votos nulos de la lectura que va primera",
    "votes for the option; empty where no reading leads, or no sheets are read for it": "votos por la opción; "
    "vacío si ninguna lectura va primera, o si no se leen actas para ella",
    "independent readers who agree": "lectores independientes que coinciden",
    "id of the bulletin": "id del boletín",
    "who issued it": "quién lo emitió",
    "id of the area, or of the polling table, that it is about": "id del área, o de la mesa, de la que habla",
    "when it was issued": "cuándo se emitió",
    "its number among the authority's bulletins": "su número entre los boletines de la autoridad",
    "partial, final or correction": "partial (parcial), final o correction (corrección)",
    "id of the bulletin that it replaces": "id del boletín que reemplaza",
    "polling tables that it counts": "mesas que cuenta",
    "the same over those that exist": "lo mismo sobre las que existen",
    "registered voters behind them": "electores inscritos en ellas",
    "registered voters of the whole area, as announced": "electores inscritos de toda el área, según se anunció",
    "valid votes": "votos válidos",
    "votes for the option or group; empty where it is not announced": "votos por la opción o el grupo; vacío si "
    "no se anuncia",
    "announced share of the option or group": "porcentaje anunciado de la opción o del grupo",
    "where it was published": "dónde se publicó",
    "current: its area's newest; earlier: taken in; rejected; or unjudged at a log's end": "current: el más nuevo "
    "de su área; earlier: anterior; rejected: rechazado; o unjudged: sin juzgar al final de un log",
    "of a rejected one the reason's code; else empty": "de uno rechazado, el código del motivo; si no, vacío",
    "id of the bulletin that holds for the polling table": "id del boletín que vale para la mesa",
    "votes on the accepted sheet": "votos en el acta aceptada",
    "votes announced": "votos anunciados",
    "announced less sheet": "anunciados menos los del acta",
    "the tick that it stands for": "el instante al que corresponde",
    "polling tables with an accepted sheet": "mesas con acta aceptada",
    "the same over those that exist; empty where nobody knows": "lo mismo sobre las que existen; vacío si nadie "
    "lo sabe",
    "valid votes witnessed": "votos válidos atestiguados",
    "null votes witnessed": "votos nulos atestiguados",
    "polling tables with one reading": "mesas con una lectura",
    "polling tables with a quorum": "mesas con quórum",
    "polling tables whose readings have no majority": "mesas cuyas lecturas no tienen mayoría",
    "id of the area's newest bulletin": "id del boletín más nuevo del área",
    "its valid votes": "sus votos válidos",
    "polling tables announced by themselves": "mesas anunciadas una por una",
    "those of them with an accepted sheet": "las que tienen acta aceptada",
    "those of these where a figure differs": "aquellas de estas en que difiere una cifra",
    "alerts that fire in the area": "alertas activas en el área",
    "id of the option with most witnessed votes; empty where nobody is ahead of all others": "id de la opción con "
    "más votos atestiguados; vacío si ninguna supera a todas las demás",
    "id of the option behind it": "id de la opción que le sigue",
    "witnessed votes between them": "votos atestiguados entre las dos",
    "disputed sheets; empty where nobody knows how many there are": "actas en disputa; vacío si nadie sabe cuántas son",
    "the most votes that they can hold": "los votos que pueden contener, como máximo",
    "the least number of them that could take the lead away; else empty": "el menor número de ellas que podría "
    "quitar la ventaja; si no pueden, vacío",
    "sheets that too few have read; empty where nobody knows how many there are": "actas que muy pocos han leído; "
    "vacío si nadie sabe cuántas son",
    "sheets of which no reading stands and at least one was turned away; empty where nobody knows how many there are": (
        "actas sin ninguna lectura vigente y con al menos una rechazada; vacío si nadie sabe cuántas son"
    ),
    "sheets of which no reading stands and none was turned away; empty where nobody knows how many there are": (
        "actas sin ninguna lectura vigente ni rechazada; vacío si nadie sabe cuántas son"
    ),
    "id of the option with most votes, where tables are announced one by one": "id de la opción con más votos, "
    "donde las mesas se anuncian una por una",
    "announced votes between them": "votos anunciados de diferencia",
    "polling tables that are not announced; empty where nobody knows how many there are": "mesas sin anunciar; vacío "
    "si nadie sabe cuántas son",
    "all these sheets; empty where nobody knows how many there are": "todas esas actas; vacío si nadie sabe "
    "cuántas son",
    "polling tables drawn at random; empty where no sample speaks of it": "mesas sorteadas; vacío si ninguna "
    "muestra habla del área",
    "clusters in which they were drawn; 0 if one by one": "conglomerados en que se sortearon; 0 si una por una",
    "those without one, by stratum, as a JSON object": "las que no la tienen, por estrato, como objeto JSON",
    "id of the option that leads in the sample": "id de la opción que va primera en la muestra",
    "lead between them": "ventaja entre las dos",
    "lower end of its guaranteed 95 % interval": "extremo inferior de su intervalo garantizado del 95 %",
    "upper end": "extremo superior",
    "votes witnessed; empty where no sheets are read for it": "votos atestiguados; vacío si no se leen actas para ella",
    "their share": "su porcentaje",
    "votes in the area's newest bulletin": "votos en el boletín más nuevo del área",
    "share of all tables that the witnessed ones suggest": "porcentaje en todas las mesas que sugieren las "
    "atestiguadas",
    "lowest share that an honest count can announce, in any order": "menor porcentaje que puede anunciar un "
    "conteo honesto, en cualquier orden",
    "the highest": "el mayor",
    "from the announced share to the nearest of those": "del porcentaje anunciado al más cercano de esos",
    "least difference of unseen tables that closes the gap": "menor diferencia de las mesas no vistas que cierra "
    "la brecha",
    "least votes that the witnessed sheets allow": "menos votos que permiten las actas atestiguadas",
    "most votes that the witnessed sheets allow": "más votos que permiten las actas atestiguadas",
    "witnessed sheets that must be false for the figure to be possible": "actas atestiguadas que tendrían que ser "
    "falsas para que la cifra sea posible",
    "share by the sampled sheets that are in": "porcentaje según las actas de la muestra que han llegado",
    "lower end of its usual 95 % interval": "extremo inferior de su intervalo usual del 95 %",
    "lower end of the guaranteed one": "extremo inferior del garantizado",
    "lower end of that whatever missing sheets hold": "extremo inferior del que vale digan lo que digan las actas "
    "que faltan",
    "rule, area, and option or group, joined by colons": "regla, área, y opción o grupo, unidos por dos puntos",
    "pending, firing or resolved": "pending (espera), firing (activa) o resolved (resuelta)",
    "since when it has this status": "desde cuándo está así",
    "when it first fired; empty where it never did": "cuándo se disparó por primera vez; vacío si nunca",
    "how many times it has begun": "cuántas veces ha empezado",
    "name of the rule": "nombre de la regla",
    "arithmetic, statistical, consistency, health or information": "arithmetic (aritmética), statistical "
    "(estadística), consistency (coherencia), health (estado de las fuentes) o information (información)",
    "id of the option or group; empty, or a reporter's name, where it concerns none": "id de la opción o del "
    "grupo; vacío, o el nombre de quien reporta, si no es de ninguna",
    "info, warning or critical": "info (información), warning (advertencia) o critical (crítica)",
    "the headline figure, in `unit`": "la cifra principal, en `unit`",
    "unit of `value`": "unidad de `value`",
    "id of the bulletin that it is about; empty where it is about none": "id del boletín del que habla; vacío si "
    "no habla de ninguno",
    "the finding in a sentence, in English": "el hallazgo en una frase, en inglés",
    "the same in Spanish": "lo mismo en español",
    "the figures behind it, by name, as a JSON object": "las cifras en que se basa, por nombre, como objeto JSON",
    "the tick when it was worst": "el instante en que fue peor",
    "its severity then": "su gravedad entonces",
    "its headline figure then": "su cifra principal entonces",
    "place among all steps, from 1": "lugar entre todos los pasos, desde 1",
    "of the alert": "de la alerta",
    "the tick": "el instante",
    "pending, firing or resolved; dropped if it ended before it fired": "pending (espera), firing (activa) o "
    "resolved (resuelta); dropped si terminó antes de dispararse",
    "why it did what it did, in words": "por qué hizo lo que hizo, en palabras (en inglés)",
    "whether a notice was made of it": "si se dio un aviso",
    "place among all notices, from 1": "lugar entre todos los avisos, desde 1",
    "the id that webhooks carry": "el id que llevan los webhooks",
    "firing or resolved": "firing (activa) o resolved (resuelta)",
    "why it was told": "por qué se avisó",
    "event time": "hora de los hechos",
    "since when the alert has this status": "desde cuándo la alerta está así",
    "fingerprint of the alert further up that spoke for it; then nobody was called": "huella de la alerta "
    "superior que habló por ella; entonces no se avisó a nadie",
    "place among all that was turned away, from 1": "lugar entre todo lo rechazado, desde 1",
    "report, bulletin, tick or unreadable": "report (reporte), bulletin (boletín), tick (instante) o unreadable "
    "(ilegible)",
    "reason": "motivo",
    "path within the message; empty for the whole of it": "ruta dentro del mensaje; vacío si es todo él",
    "what would make it acceptable": "qué lo haría aceptable",
    "id of the report or bulletin": "id del reporte o del boletín",
    "id of the polling table or area that it names": "id de la mesa o del área que nombra",
    "its own time": "su propia hora",
    "of what could not be read: file and line, or topic, partition and offset": "de lo que no se pudo leer: "
    "archivo y línea, o tópico, partición y offset",
    "the event as JSON; of what could not be read the beginning": "el evento como JSON; de lo que no se pudo "
    "leer, el principio",
}

SPANISH: Final[Mapping[str, str]] = {**HEADINGS, **UNITS, **ROWS, **COLUMNS}
