"""What each kind of finding is said in, by language: sentences with places for the figures."""

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "floor-nulls": {
        "en": (
            "{area}, bulletin {bulletin}: {official} null votes. The {tables} tally sheets witnessed hold {witnessed}, "
            "and {why}; at least {limit} would be expected, {gap} more than announced. For both to be true, at least "
            "{breakdown} of the {tables} sheets would have to be wrong."
        ),
        "es": (
            "{area}, boletín {bulletin}: {official} votos nulos. Las {tables} actas atestiguadas suman {witnessed}, y "
            "{why}; cabría esperar al menos {limit}, {gap} más que lo anunciado. Para que ambas cosas fueran ciertas, "
            "al menos {breakdown} de las {tables} actas {would_be_wrong}."
        ),
    },
    "floor": {
        "en": (
            "{area}, bulletin {bulletin}: {official} votes for {option}. The {tables} tally sheets witnessed hold "
            "{witnessed}, and {why}; at least {limit} would be expected, {gap} more than announced. For both to be "
            "true, at least {breakdown} of the {tables} sheets would have to be wrong."
        ),
        "es": (
            "{area}, boletín {bulletin}: {official} votos para {option}. Las {tables} actas atestiguadas suman "
            "{witnessed}, y {why}; cabría esperar al menos {limit}, {gap} más que lo anunciado. Para que ambas cosas "
            "fueran ciertas, al menos {breakdown} de las {tables} actas {would_be_wrong}."
        ),
    },
    "ceiling": {
        "en": (
            "{area}, bulletin {bulletin}: {official} votes for {option}. Beside the {tables} tally sheets witnessed, "
            "with {witnessed} for {option}, {room}. For both to be true, at least {breakdown} of the {tables} sheets "
            "would have to be wrong."
        ),
        "es": (
            "{area}, boletín {bulletin}: {official} votos para {option}. Junto a las {tables} actas atestiguadas, "
            "con {witnessed} para {option}, {room}. Para que ambas cosas fueran ciertas, al menos {breakdown} de las "
            "{tables} actas {would_be_wrong}."
        ),
    },
    "floor-bounds": {
        "en": (
            "{area}, bulletin {bulletin}: {official} votes for {option}. What was seen at {tables} polling tables, at "
            "{bounded} of them no more than a part of the ballots, comes to {witnessed}, and {why}; at least {limit} "
            "would be expected, {gap} more than announced. For both to be true, what was seen at {breakdown} or more "
            "of these polling tables would have to be wrong."
        ),
        "es": (
            "{area}, boletín {bulletin}: {official} votos para {option}. Lo visto en {tables} mesas, en {bounded} de "
            "ellas solo una parte de las papeletas, suma {witnessed}, y {why}; cabría esperar al menos {limit}, {gap} "
            "más que lo anunciado. Para que ambas cosas fueran ciertas, lo visto en {breakdown} o más de esas mesas "
            "tendría que estar equivocado."
        ),
    },
    "ceiling-bounds": {
        "en": (
            "{area}, bulletin {bulletin}: {official} votes for {option}. Beside what was seen at {tables} polling "
            "tables, at {bounded} of them no more than a part of the ballots or how many there were, {room}. For both "
            "to be true, what was seen at {breakdown} or more of these polling tables would have to be wrong."
        ),
        "es": (
            "{area}, boletín {bulletin}: {official} votos para {option}. Junto a lo visto en {tables} mesas, en "
            "{bounded} de ellas solo una parte de las papeletas o cuántas había, {room}. Para que ambas cosas fueran "
            "ciertas, lo visto en {breakdown} o más de esas mesas tendría que estar equivocado."
        ),
    },
    "below-floor": {
        "en": (
            "{area}: {outside} of {checked} polling tables are announced with fewer votes than were seen there one by "
            "one, on photographed ballots for example. For {option} the official figures of these tables are {votes} "
            "votes short. For them to be right, what was seen at all {outside} tables would have to be wrong."
        ),
        "es": (
            "{area}: {outside} de {checked} mesas se anuncian con menos votos de los que se vieron allí uno por uno, "
            "por ejemplo en papeletas fotografiadas. Para {option}, a las cifras oficiales de estas mesas les faltan "
            "{votes} votos. Para que fueran ciertas, lo visto en las {outside} mesas tendría que estar equivocado."
        ),
    },
    "above-ceiling": {
        "en": (
            "{area}: {outside} of {checked} polling tables are announced with more votes than ballots can have been "
            "cast there, together {votes} more. For the official figures to be right, what was counted at all "
            "{outside} tables would have to be wrong."
        ),
        "es": (
            "{area}: {outside} de {checked} mesas se anuncian con más votos que papeletas pudieron depositarse allí, "
            "en conjunto {votes} más. Para que las cifras oficiales fueran ciertas, lo contado en las {outside} mesas "
            "tendría que estar equivocado."
        ),
    },
    "mismatch": {
        "en": (
            "{area}: the official figures of {differing} polling tables differ from their tally sheets, {ratio} % of "
            "the {compared} that have both. Together the differences give {option} {net} votes {direction} than the "
            "sheets, {points} points of their valid votes."
        ),
        "es": (
            "{area}: las cifras oficiales de {differing} mesas difieren de sus actas, {ratio} % de las {compared} "
            "que tienen ambas. En conjunto, las diferencias dan a {option} {net} votos {direction} que las actas, "
            "{points} puntos de sus votos válidos."
        ),
    },
    "parts-more": {
        "en": (
            "{area}, bulletin {bulletin}: {stated} {what}, but the bulletins of its parts had come to {added}, {gap} "
            "more."
        ),
        "es": (
            "{area}, boletín {bulletin}: {stated} {what}, pero los boletines de sus partes ya sumaban {added}, {gap} "
            "más."
        ),
    },
    "parts-more-votes": {
        "en": (
            "{area}, bulletin {bulletin}: {stated} votes for {option}, but the bulletins of its parts had come to "
            "{added}, {gap} more."
        ),
        "es": (
            "{area}, boletín {bulletin}: {stated} votos para {option}, pero los boletines de sus partes ya sumaban "
            "{added}, {gap} más."
        ),
    },
    "parts-less": {
        "en": (
            "{area}, bulletin {bulletin}: {stated} {what}, but the bulletins of all its parts since then add up to "
            "only {added}, {gap} less."
        ),
        "es": (
            "{area}, boletín {bulletin}: {stated} {what}, pero los boletines posteriores de todas sus partes suman "
            "solo {added}, {gap} menos."
        ),
    },
    "parts-less-votes": {
        "en": (
            "{area}, bulletin {bulletin}: {stated} votes for {option}, but the bulletins of all its parts since then "
            "add up to only {added}, {gap} less."
        ),
        "es": (
            "{area}, boletín {bulletin}: {stated} votos para {option}, pero los boletines posteriores de todas sus "
            "partes suman solo {added}, {gap} menos."
        ),
    },
    "disputes": {
        "en": "{area}: the readers of {disputed} of {read} tally sheets disagree, so that none of these counts.",
        "es": "{area}: quienes leyeron {disputed} de {read} actas no coinciden, así que ninguna de ellas cuenta.",
    },
    "flood": {
        "en": "{area}: the group {group} sent {readings} of all {all} readings.",
        "es": "{area}: el grupo {group} envió {readings} de las {all} lecturas.",
    },
    "silence-bulletins": {
        "en": "{area}: no bulletin for more than {time}, since {since}.",
        "es": "{area}: ningún boletín desde hace más de {time}, desde {since}.",
    },
    "silence-reports": {
        "en": "{area}: no new reading of a tally sheet for more than {time}, since {since}.",
        "es": "{area}: ninguna lectura nueva de un acta desde hace más de {time}, desde {since}.",
    },
    "divergence": {
        "en": (
            "{area}, bulletin {bulletin}: {option} is announced with {official_share} %. In whatever order the polling "
            "tables were counted, the {tables} tally sheets witnessed leave room for {low} % to {high} %, {gap} points "
            "away, even where tables nobody witnessed voted up to {unseen} points otherwise than their neighbours. For "
            "both to be true, those would have to have voted at least {required} points {direction} for {option} than "
            "their neighbours."
        ),
        "es": (
            "{area}, boletín {bulletin}: se anuncia {official_share} % para {option}. Sea cual sea el orden en que se "
            "contaron las mesas, las {tables} actas atestiguadas dejan lugar a entre {low} % y {high} %, a {gap} "
            "puntos, aunque las mesas que nadie atestiguó votaran hasta {unseen} puntos distinto que sus vecinas. Para "
            "que ambas cosas fueran ciertas, esas mesas tendrían que haber votado al menos {required} puntos "
            "{direction} por {option} que sus vecinas."
        ),
    },
    "divergence-sheets": {
        "en": (
            "{area}, bulletin {bulletin}: {option} is announced with {official_share} %. In whatever order the polling "
            "tables were counted, the {tables} tally sheets witnessed leave room for {low} % to {high} %, {gap} points "
            "away. No vote of the tables nobody witnessed explains that: for both to be true, some of the sheets would "
            "have to be wrong."
        ),
        "es": (
            "{area}, boletín {bulletin}: se anuncia {official_share} % para {option}. Sea cual sea el orden en que se "
            "contaron las mesas, las {tables} actas atestiguadas dejan lugar a entre {low} % y {high} %, a {gap} "
            "puntos. Ningún voto de las mesas que nadie atestiguó lo explica: para que ambas cosas fueran ciertas, "
            "algunas de las actas tendrían que estar equivocadas."
        ),
    },
    "sample": {
        "en": (
            "{area}, bulletin {bulletin}: {option} is announced with {official_share} %. Of {drawn} polling tables "
            "drawn at random before the night, {came} sheets are in. {why} {low} % to {high} %, {gap} points "
            "away{room} Of an honest count this is said on at most {error} % of nights, all options together."
        ),
        "es": (
            "{area}, boletín {bulletin}: se anuncia {official_share} % para {option}. De {drawn} mesas sorteadas antes "
            "de la jornada han llegado {came} actas. {why} entre {low} % y {high} %, a {gap} puntos{room} De "
            "un escrutinio fiel se dice esto en el {error} % de las jornadas como mucho, con todas las opciones en "
            "conjunto."
        ),
    },
    "sum": {
        "en": (
            "{area}, bulletin {bulletin}: the figures for {what} add up to {added}, but {stated} is stated, {gap} "
            "apart."
        ),
        "es": (
            "{area}, boletín {bulletin}: las cifras de {what} suman {added}, pero consta {stated}: {gap} de diferencia."
        ),
    },
    "share": {
        "en": (
            "{area}, bulletin {bulletin}: {option} is announced with {announced} %, but its {official} of {valid} "
            "valid votes are {computed} %."
        ),
        "es": (
            "{area}, boletín {bulletin}: se anuncia {announced} % para {option}, pero sus {official} de {valid} "
            "votos válidos son {computed} %."
        ),
    },
    "more": {
        "en": "{area}, bulletin {bulletin}: {added} {what}, but there are only {stated} {limit}.",
        "es": "{area}, boletín {bulletin}: {added} {what}, pero solo hay {stated} {limit}.",
    },
    "falls": {
        "en": (
            "{area}, bulletin {bulletin}: {what} went from {before} in bulletin {earlier} to {now}, {gap} less. "
            "Cumulative figures can only grow."
        ),
        "es": (
            "{area}, boletín {bulletin}: {what} pasaron de {before} en el boletín {earlier} a {now}, {gap} menos. "
            "Las cifras acumuladas solo pueden crecer."
        ),
    },
    "falls-votes": {
        "en": (
            "{area}, bulletin {bulletin}: votes for {option} went from {before} in bulletin {earlier} to {now}, "
            "{gap} less. Cumulative figures can only grow."
        ),
        "es": (
            "{area}, boletín {bulletin}: los votos para {option} pasaron de {before} en el boletín {earlier} a "
            "{now}, {gap} menos. Las cifras acumuladas solo pueden crecer."
        ),
    },
    "falls-version": {
        "en": (
            "{area}, bulletin {bulletin}: {what} went from {before} in its earlier version (sequence "
            "{earlier_sequence}) to {now}, {gap} less. Cumulative figures can only grow."
        ),
        "es": (
            "{area}, boletín {bulletin}: {what} pasaron de {before} en su versión anterior (secuencia "
            "{earlier_sequence}) a {now}, {gap} menos. Las cifras acumuladas solo pueden crecer."
        ),
    },
    "falls-votes-version": {
        "en": (
            "{area}, bulletin {bulletin}: votes for {option} went from {before} in its earlier version (sequence "
            "{earlier_sequence}) to {now}, {gap} less. Cumulative figures can only grow."
        ),
        "es": (
            "{area}, boletín {bulletin}: los votos para {option} pasaron de {before} en su versión anterior "
            "(secuencia {earlier_sequence}) a {now}, {gap} menos. Las cifras acumuladas solo pueden crecer."
        ),
    },
    "rewritten": {
        "en": (
            "{area}, bulletin {bulletin}: rewritten under its own id. Sequence {sequence} replaces sequence "
            "{earlier_sequence}; figures that differ: {figures}. A remark, not a proof."
        ),
        "es": (
            "{area}, boletín {bulletin}: reescrito con su mismo identificador. La secuencia {sequence} sustituye a la "
            "secuencia {earlier_sequence}; cifras que difieren: {figures}. Una observación, no una prueba."
        ),
    },
    "rounded-shares": {
        "en": (
            "{area}, bulletin {bulletin}: each of its {figures} figures is exactly its share of {valid} valid votes "
            "rounded to {precision}. By chance that happens about once in {odds} times; it is what one gets when "
            "votes are computed from percentages. A remark, not a proof."
        ),
        "es": (
            "{area}, boletín {bulletin}: cada una de sus {figures} cifras es exactamente su porcentaje de {valid} "
            "votos válidos redondeado a {precision}. Por azar ocurre una vez de cada {odds}; es lo que resulta de "
            "calcular votos a partir de porcentajes. Una observación, no una prueba."
        ),
    },
    "lead": {
        "en": "{area}: {room}, and {leader} is {ahead} ahead of {second}.",
        "es": "{area}: {room}, y {leader} aventaja a {second} en {ahead}.",
    },
}
