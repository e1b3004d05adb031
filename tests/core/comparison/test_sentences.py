"""What each rule says, word for word, in both languages: figures, decimals, units, hours."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from builders import T0, alike, bulletin, compared, election, found_by, situation, tally_of
from test_sample_rule import ALL, KNOWN, SHIFTED, WILD, drawn, found

from streams.core.aggregation.bound_sums import ABOVE, BELOW, CHECKED, CHECKED_MOST, EXCESS, FIGURES, BoundSums, width
from streams.core.aggregation.tally import ANNOUNCED, COMPARED, COMPARED_VALID, DIFFERING, DISPUTED, READINGS
from streams.core.comparison.findings import Finding, Pulse, Situation
from streams.core.comparison.rules.contradiction import Contradiction
from streams.core.comparison.rules.divergence import Divergence
from streams.core.comparison.rules.falling import Falling, Rewritten
from streams.core.comparison.rules.feed_health import Disputes, Flood, Silence
from streams.core.comparison.rules.mismatch import Mismatch
from streams.core.comparison.rules.outside_bounds import AboveCeiling, BelowFloor
from streams.core.comparison.rules.own_sums import OwnSums
from streams.core.comparison.rules.parts import Parts
from streams.core.comparison.rules.rounded_shares import RoundedShares
from streams.core.election.settings import ContradictionRule, HealthRule, Rules
from streams.core.events.model import Bulletin

HUNDRED = election(states=1, tables=100, registered=200, rules=Rules(ContradictionRule(min_sheets=1, min_ratio=0)))
"""Sheets hold A 120, B 30."""
SAMPLED = drawn(KNOWN, 40)
FORTY = election(states=2, tables=20, registered=100)


def contradicted(official: dict[str, int], sheets: int = 100, **fields: Any) -> Iterable[Finding]:
    return found_by(Contradiction, compared(HUNDRED, alike(HUNDRED, (120, 30), sheets), bulletin(official, **fields)))


def seen(rule: Any, places: dict[int, int]) -> Iterable[Finding]:
    """A rule on sums that nobody added up: of matching or of bounds."""
    known = election()
    sums = tally_of(known, {place: figure for place, figure in places.items() if rule is Mismatch})
    if rule is Mismatch:
        sums.row[-3:] = 1234, -34, 0
    else:
        row = [0] * width(3)
        for place, figure in places.items():
            row[place] = figure
        sums = replace(sums, bounds=BoundSums(row))
    found: Iterable[Finding] = found_by(rule, replace(situation(known, {}), witnessed=sums))
    return found


def watched(**health: Any) -> Situation:
    known = election(states=1, tables=100, rules=Rules(health=HealthRule(**health)))
    pulse = Pulse(T0 + 90_000, T0 + 3_723_000)
    given = situation(known, alike(known, (1, 1), 3), bulletin(), at=T0 + 10**9, pulse=pulse)
    sums = given.witnessed
    sums.row[DISPUTED], sums.row[READINGS] = 1300, 2400
    return replace(given, witnessed=replace(sums, busiest={"bots": 1200}))


def held(before: Bulletin | None, now: Bulletin, parts: Any = None, replaced: Bulletin | None = None) -> Any:
    return replace(compared(FORTY, {}, now, before, parts), replaced=replaced)


PARTS = {"S1": [bulletin((1500, 900), "S1", tables_counted=12)], "S2": [bulletin((600, 200), "S2", tables_counted=9)]}
CASES: dict[str, tuple[Any, float, str, str, str]] = {
    "floor": (
        lambda: contradicted({"A": 9000}, tables_counted=90),
        15,
        "sheets",
        (
            "Area N, bulletin N-1: 9,000 votes for Option A. The 100 tally sheets witnessed hold 12,000, and "
            "the 10 polling tables the bulletin leaves out can account for at most 1,200 of them; at least "
            "10,800 would be expected, 1,800 more than announced. For both to be true, at least 15 of the 100 "
            "sheets would have to be wrong."
        ),
        (
            "Area N, boletín N-1: 9.000 votos para Option A. Las 100 actas atestiguadas suman 12.000, y las 10 "
            "mesas que el boletín deja fuera pueden explicar como mucho 1.200; cabría esperar al menos 10.800, "
            "1.800 más que lo anunciado. Para que ambas cosas fueran ciertas, al menos 15 de las 100 actas "
            "tendrían que estar equivocadas."
        ),
    ),
    "floor, nothing left out": (
        lambda: contradicted({"A": 9000}, tables_counted=100),
        25,
        "sheets",
        (
            "Area N, bulletin N-1: 9,000 votes for Option A. The 100 tally sheets witnessed hold 12,000, and "
            "the bulletin leaves nothing out; at least 12,000 would be expected, 3,000 more than announced. For"
            " both to be true, at least 25 of the 100 sheets would have to be wrong."
        ),
        (
            "Area N, boletín N-1: 9.000 votos para Option A. Las 100 actas atestiguadas suman 12.000, y el "
            "boletín no deja nada fuera; cabría esperar al menos 12.000, 3.000 más que lo anunciado. Para que "
            "ambas cosas fueran ciertas, al menos 25 de las 100 actas tendrían que estar equivocadas."
        ),
    ),
    "floor, voters": (
        lambda: contradicted({"A": 9000}, registered=19_000),
        17,
        "sheets",
        (
            "Area N, bulletin N-1: 9,000 votes for Option A. The 100 tally sheets witnessed hold 12,000, and "
            "the 1,000 registered voters outside the bulletin can account for at most 1,000 of them; at least "
            "11,000 would be expected, 2,000 more than announced. For both to be true, at least 17 of the 100 "
            "sheets would have to be wrong."
        ),
        (
            "Area N, boletín N-1: 9.000 votos para Option A. Las 100 actas atestiguadas suman 12.000, y los "
            "1.000 electores fuera del boletín pueden explicar como mucho 1.000; cabría esperar al menos "
            "11.000, 2.000 más que lo anunciado. Para que ambas cosas fueran ciertas, al menos 17 de las 100 "
            "actas tendrían que estar equivocadas."
        ),
    ),
    "ceiling": (
        lambda: contradicted({"A": 14_500}, 80, tables_counted=100),
        12,
        "sheets",
        (
            "Area N, bulletin N-1: 14,500 votes for Option A. Beside the 80 tally sheets witnessed, with 9,600 "
            "for Option A, there is room for at most 13,600, 900 less than announced. For both to be true, at "
            "least 12 of the 80 sheets would have to be wrong."
        ),
        (
            "Area N, boletín N-1: 14.500 votos para Option A. Junto a las 80 actas atestiguadas, con 9.600 para"
            " Option A, caben como mucho 13.600, 900 menos que lo anunciado. Para que ambas cosas fueran "
            "ciertas, al menos 12 de las 80 actas tendrían que estar equivocadas."
        ),
    ),
    "ceiling, no room": (
        lambda: contradicted({"B": 3000}, valid=5000, tables_counted=100),
        84,
        "sheets",
        (
            "Area N, bulletin N-1: 3,000 votes for Option B. Beside the 100 tally sheets witnessed, with 3,000 for "
            "Option B, there is room for none: the others alone have at least 7,000 more than the bulletin's valid "
            "votes. For both to be true, at least 84 of the 100 sheets would have to be wrong."
        ),
        (
            "Area N, boletín N-1: 3.000 votos para Option B. Junto a las 100 actas atestiguadas, con 3.000 para Option "
            "B, no cabe ninguno: solo los demás tienen al menos 7.000 más que los votos válidos del boletín. Para que "
            "ambas cosas fueran ciertas, al menos 84 de las 100 actas tendrían que estar equivocadas."
        ),
    ),
    "divergence": (
        lambda: found_by(
            Divergence,
            compared(FORTY, alike(FORTY, (50, 45), 30), bulletin({"A": 1600}, valid=3800, tables_counted=40)),
        ),
        5.526315,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 42.1 %. In whatever order the polling tables were"
            " counted, the 30 tally sheets witnessed leave room for 47.6 % to 57.6 %, 5.5 points away, even "
            "where tables nobody witnessed voted up to 20.0 points otherwise than their neighbours. For both to"
            " be true, those would have to have voted at least 42.2 points less for Option A than their "
            "neighbours."
        ),
        (
            "Area N, boletín N-1: se anuncia 42,1 % para Option A. Sea cual sea el orden en que se contaron las"
            " mesas, las 30 actas atestiguadas dejan lugar a entre 47,6 % y 57,6 %, a 5,5 puntos, aunque las "
            "mesas que nadie atestiguó votaran hasta 20,0 puntos distinto que sus vecinas. Para que ambas cosas"
            " fueran ciertas, esas mesas tendrían que haber votado al menos 42,2 puntos menos por Option A que "
            "sus vecinas."
        ),
    ),
    "divergence, all seen": (
        lambda: found_by(
            Divergence, compared(FORTY, alike(FORTY, (50, 45)), bulletin({"A": 2400}, valid=3800, tables_counted=40))
        ),
        10.526316,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 63.2 %. In whatever order the polling tables were"
            " counted, the 40 tally sheets witnessed leave room for 52.6 % to 52.6 %, 10.5 points away. No vote"
            " of the tables nobody witnessed explains that: for both to be true, some of the sheets would have "
            "to be wrong."
        ),
        (
            "Area N, boletín N-1: se anuncia 63,2 % para Option A. Sea cual sea el orden en que se contaron las"
            " mesas, las 40 actas atestiguadas dejan lugar a entre 52,6 % y 52,6 %, a 10,5 puntos. Ningún voto "
            "de las mesas que nadie atestiguó lo explica: para que ambas cosas fueran ciertas, algunas de las "
            "actas tendrían que estar equivocadas."
        ),
    ),
    "sample": (
        lambda: found(SAMPLED, 30, SHIFTED, **ALL),
        4.43734,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 45.0 %. Of 80 polling tables drawn at random "
            "before the night, 60 sheets are in. They leave room for 49.4 % to 70.6 %, 4.4 points away, even "
            "where each missing sheet is up to 20.0 points from what its stratum shows. For both to be true, "
            "missing sheets would have to give Option A at least 33.3 points less than their strata show. Of "
            "an honest count this is said on at most 5.0 % of nights, all options together."
        ),
        (
            "Area N, boletín N-1: se anuncia 45,0 % para Option A. De 80 mesas sorteadas antes de la jornada "
            "han llegado 60 actas. Dejan lugar a entre 49,4 % y 70,6 %, a 4,4 puntos, aunque cada acta que "
            "falta esté hasta 20,0 puntos de lo que muestra su estrato. Para que ambas cosas fueran ciertas, "
            "las que faltan tendrían que dar a Option A al menos 33,3 puntos menos de lo que muestran sus "
            "estratos. De un escrutinio fiel se dice esto en el 5,0 % de las jornadas como mucho, con todas "
            "las opciones en conjunto."
        ),
    ),
    "sample, all in": (
        lambda: found(SAMPLED, 40, SHIFTED, **ALL),
        7.926859,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 45.0 %. Of 80 polling tables drawn at random "
            "before the night, 80 sheets are in. They leave room for 52.9 % to 65.0 %, 7.9 points away. Of an"
            " honest count this is said on at most 5.0 % of nights, all options together."
        ),
        (
            "Area N, boletín N-1: se anuncia 45,0 % para Option A. De 80 mesas sorteadas antes de la jornada "
            "han llegado 80 actas. Dejan lugar a entre 52,9 % y 65,0 %, a 7,9 puntos. De un escrutinio fiel "
            "se dice esto en el 5,0 % de las jornadas como mucho, con todas las opciones en conjunto."
        ),
    ),
    "sample, whatever is missing": (
        lambda: found(SAMPLED, 36, WILD, **ALL),
        40.746924,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 10.0 %. Of 80 polling tables drawn at random "
            "before the night, 72 sheets are in. They leave room for 50.7 % to 67.3 %, 40.7 points away, even"
            " where each missing sheet is up to 20.0 points from what its stratum shows. Nothing that the "
            "missing sheets can hold explains it. Of an honest count this is said on at most 5.0 % of nights,"
            " all options together."
        ),
        (
            "Area N, boletín N-1: se anuncia 10,0 % para Option A. De 80 mesas sorteadas antes de la jornada "
            "han llegado 72 actas. Dejan lugar a entre 50,7 % y 67,3 %, a 40,7 puntos, aunque cada acta que "
            "falta esté hasta 20,0 puntos de lo que muestra su estrato. Nada que puedan contener las que "
            "faltan lo explica. De un escrutinio fiel se dice esto en el 5,0 % de las jornadas como mucho, "
            "con todas las opciones en conjunto."
        ),
    ),
    "sample, any order": (
        lambda: found(SAMPLED, 40, (3_200, 25_600, 3_200), tables_counted=320),
        41.96256,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 10.0 %. Of 80 polling tables drawn at random "
            "before the night, 80 sheets are in. In whatever order the polling tables were counted, they "
            "leave room for 52.0 % to 65.5 %, 42.0 points away. Of an honest count this is said on at most "
            "5.0 % of nights, all options together."
        ),
        (
            "Area N, boletín N-1: se anuncia 10,0 % para Option A. De 80 mesas sorteadas antes de la jornada "
            "han llegado 80 actas. Sea cual sea el orden en que se contaron las mesas, dejan lugar a entre "
            "52,0 % y 65,5 %, a 42,0 puntos. De un escrutinio fiel se dice esto en el 5,0 % de las jornadas "
            "como mucho, con todas las opciones en conjunto."
        ),
    ),
    "sample, no share explains it": (
        lambda: found(SAMPLED, 28, (8_000, 28_000, 4_000), **ALL),
        28.384192,
        "points",
        (
            "Area N, bulletin N-1: Option A is announced with 20.0 %. Of 80 polling tables drawn at random "
            "before the night, 56 sheets are in. They leave room for 48.4 % to 71.6 %, 28.4 points away, even"
            " where each missing sheet is up to 20.0 points from what its stratum shows. Nothing that the "
            "missing sheets can hold explains it. Of an honest count this is said on at most 5.0 % of nights,"
            " all options together."
        ),
        (
            "Area N, boletín N-1: se anuncia 20,0 % para Option A. De 80 mesas sorteadas antes de la jornada "
            "han llegado 56 actas. Dejan lugar a entre 48,4 % y 71,6 %, a 28,4 puntos, aunque cada acta que "
            "falta esté hasta 20,0 puntos de lo que muestra su estrato. Nada que puedan contener las que "
            "faltan lo explica. De un escrutinio fiel se dice esto en el 5,0 % de las jornadas como mucho, "
            "con todas las opciones en conjunto."
        ),
    ),
    "mismatch": (
        lambda: seen(Mismatch, {ANNOUNCED: 3200, COMPARED: 3000, DIFFERING: 1250, COMPARED_VALID: 91_000}),
        1250,
        "tables",
        (
            "Area N: the official figures of 1,250 polling tables differ from their tally sheets, 41.67 % of "
            "the 3,000 that have both. Together the differences give Option A 1,234 votes more than the sheets,"
            " 1.36 points of their valid votes."
        ),
        (
            "Area N: las cifras oficiales de 1.250 mesas difieren de sus actas, 41,67 % de las 3.000 que tienen"
            " ambas. En conjunto, las diferencias dan a Option A 1.234 votos más que las actas, 1,36 puntos de "
            "sus votos válidos."
        ),
    ),
    "below the floor": (
        lambda: seen(BelowFloor, {BELOW: 1250, CHECKED: 3000, FIGURES + 7: 4321}),
        1250,
        "tables",
        (
            "Area N: 1,250 of 3,000 polling tables are announced with fewer votes than were seen there one by "
            "one, on photographed ballots for example. For Option B the official figures of these tables are "
            "4,321 votes short. For them to be right, what was seen at all 1,250 tables would have to be wrong."
        ),
        (
            "Area N: 1.250 de 3.000 mesas se anuncian con menos votos de los que se vieron allí uno por uno, "
            "por ejemplo en papeletas fotografiadas. Para Option B, a las cifras oficiales de estas mesas les "
            "faltan 4.321 votos. Para que fueran ciertas, lo visto en las 1.250 mesas tendría que estar "
            "equivocado."
        ),
    ),
    "above the ceiling": (
        lambda: seen(AboveCeiling, {ABOVE: 1250, CHECKED_MOST: 3000, EXCESS: 4321}),
        1250,
        "tables",
        (
            "Area N: 1,250 of 3,000 polling tables are announced with more votes than ballots can have been "
            "cast there, together 4,321 more. For the official figures to be right, what was counted at all "
            "1,250 tables would have to be wrong."
        ),
        (
            "Area N: 1.250 de 3.000 mesas se anuncian con más votos que papeletas pudieron depositarse allí, en"
            " conjunto 4.321 más. Para que las cifras oficiales fueran ciertas, lo contado en las 1.250 mesas "
            "tendría que estar equivocado."
        ),
    ),
    "disputes": (
        lambda: found_by(Disputes, watched(disputed_min=1, disputed_ratio=0.0)),
        1300,
        "sheets",
        "Area N: the readers of 1,300 of 1,303 tally sheets disagree, so that none of these counts.",
        ("Area N: quienes leyeron 1.300 de 1.303 actas no coinciden, así que ninguna de ellas cuenta."),
    ),
    "flood": (
        lambda: found_by(Flood, watched(flood_min=1, flood_ratio=0.0)),
        1200,
        "readings",
        "Area N: the group bots sent 1,200 of all 2,400 readings.",
        "Area N: el grupo bots envió 1.200 de las 2.400 lecturas.",
    ),
    "silence of bulletins": (
        lambda: found_by(Silence, watched(bulletin_every=5400)),
        1.5,
        "hours",
        "Area N: no bulletin for more than 90 minutes, since 2024-07-29 00:01 UTC.",
        "Area N: ningún boletín desde hace más de 90 minutos, desde 2024-07-29 00:01 UTC.",
    ),
    "silence of reports": (
        lambda: found_by(Silence, watched(reports_every=3600)),
        1.0,
        "hours",
        ("Area N: no new reading of a tally sheet for more than an hour, since 2024-07-29 01:02 UTC."),
        ("Area N: ninguna lectura nueva de un acta desde hace más de una hora, desde 2024-07-29 01:02 UTC."),
    ),
    "falls": (
        lambda: found_by(
            Falling, held(bulletin((5, 3, 1), tables_counted=1250), bulletin((5, 3, 1), tables_counted=40, sequence=2))
        ),
        1210,
        "tables",
        (
            "Area N, bulletin N-2: polling tables counted went from 1,250 in bulletin N-1 to 40, 1,210 less. "
            "Cumulative figures can only grow."
        ),
        (
            "Area N, boletín N-2: mesas escrutadas pasaron de 1.250 en el boletín N-1 a 40, 1.210 menos. Las "
            "cifras acumuladas solo pueden crecer."
        ),
    ),
    "falls, votes": (
        lambda: found_by(Falling, held(bulletin((1250, 3, 1)), bulletin((40, 3, 1), sequence=2))),
        1210,
        "votes",
        (
            "Area N, bulletin N-2: votes for Option A went from 1,250 in bulletin N-1 to 40, 1,210 less. "
            "Cumulative figures can only grow."
        ),
        (
            "Area N, boletín N-2: los votos para Option A pasaron de 1.250 en el boletín N-1 a 40, 1.210 menos."
            " Las cifras acumuladas solo pueden crecer."
        ),
    ),
    "falls, in its own version": (
        lambda: found_by(
            Falling, held(None, bulletin((4, 3, 1), sequence=3), replaced=bulletin((5, 3, 1), sequence=2, id="N-3"))
        ),
        1,
        "votes",
        (
            "Area N, bulletin N-3: votes for Option A went from 5 in its earlier version (sequence 2) to 4, 1 "
            "less. Cumulative figures can only grow."
        ),
        (
            "Area N, boletín N-3: los votos para Option A pasaron de 5 en su versión anterior (secuencia 2) a "
            "4, 1 menos. Las cifras acumuladas solo pueden crecer."
        ),
    ),
    "rewritten": (
        lambda: found_by(Rewritten, held(None, bulletin((9, 9, 9), sequence=1200), replaced=bulletin(sequence=2))),
        3,
        "figures",
        (
            "Area N, bulletin N-1200: rewritten under its own id. Sequence 1200 replaces sequence 2; figures "
            "that differ: 3. A remark, not a proof."
        ),
        (
            "Area N, boletín N-1200: reescrito con su mismo identificador. La secuencia 1200 sustituye a la "
            "secuencia 2; cifras que difieren: 3. Una observación, no una prueba."
        ),
    ),
    "parts, more": (
        lambda: found_by(Parts, held(None, bulletin((2000, 1100)), PARTS)),
        100,
        "votes",
        ("Area N, bulletin N-1: 2,000 votes for Option A, but the bulletins of its parts had come to 2,100, 100 more."),
        ("Area N, boletín N-1: 2.000 votos para Option A, pero los boletines de sus partes ya sumaban 2.100, 100 más."),
    ),
    "parts, more tables": (
        lambda: found_by(Parts, held(None, bulletin((2100, 1100), tables_counted=20), PARTS)),
        1,
        "tables",
        ("Area N, bulletin N-1: 20 polling tables counted, but the bulletins of its parts had come to 21, 1 more."),
        ("Area N, boletín N-1: 20 mesas escrutadas, pero los boletines de sus partes ya sumaban 21, 1 más."),
    ),
    "parts, less": (
        lambda: found_by(Parts, held(None, bulletin((2101, 1100)), PARTS)),
        1,
        "votes",
        (
            "Area N, bulletin N-1: 2,101 votes for Option A, but the bulletins of all its parts since then add "
            "up to only 2,100, 1 less."
        ),
        (
            "Area N, boletín N-1: 2.101 votos para Option A, pero los boletines posteriores de todas sus partes"
            " suman solo 2.100, 1 menos."
        ),
    ),
    "own sum": (
        lambda: found_by(OwnSums, held(None, bulletin((5000, 3000, 1000), valid=9001))),
        1,
        "votes",
        ("Area N, bulletin N-1: the figures for the options add up to 9,000, but 9,001 is stated, 1 apart."),
        ("Area N, boletín N-1: las cifras de las opciones suman 9.000, pero consta 9.001: 1 de diferencia."),
    ),
    "own share, two decimals": (
        lambda: found_by(OwnSums, held(None, bulletin((5000, 3000, 1000), valid=9000, announced_shares={"A": 55.65}))),
        0.094444,
        "points",
        ("Area N, bulletin N-1: Option A is announced with 55.65 %, but its 5,000 of 9,000 valid votes are 55.56 %."),
        ("Area N, boletín N-1: se anuncia 55,65 % para Option A, pero sus 5.000 de 9.000 votos válidos son 55,56 %."),
    ),
    "own share, one decimal": (
        lambda: found_by(OwnSums, held(None, bulletin((5000, 3000, 1000), valid=9000, announced_shares={"A": 55.0}))),
        0.555556,
        "points",
        ("Area N, bulletin N-1: Option A is announced with 55.0 %, but its 5,000 of 9,000 valid votes are 55.6 %."),
        ("Area N, boletín N-1: se anuncia 55,0 % para Option A, pero sus 5.000 de 9.000 votos válidos son 55,6 %."),
    ),
    "more ballots than voters": (
        lambda: found_by(OwnSums, held(None, bulletin((5, 3, 1), ballots=12_001, registered=12_000))),
        1,
        "votes",
        "Area N, bulletin N-1: 12,001 ballots, but there are only 12,000 registered voters.",
        "Area N, boletín N-1: 12.001 votos emitidos, pero solo hay 12.000 electores inscritos.",
    ),
    "more tables than exist": (
        lambda: found_by(OwnSums, held(None, bulletin((5, 3, 1), tables_counted=41))),
        1,
        "tables",
        "Area N, bulletin N-1: 41 polling tables counted, but there are only 40 that exist.",
        "Area N, boletín N-1: 41 mesas escrutadas, pero solo hay 40 en existencia.",
    ),
    "rounded shares": (
        lambda: found_by(
            RoundedShares, held(None, bulletin({"A": 5_150_092, "B": 4_445_978, "C": 462_704}, valid=10_058_774))
        ),
        1,
        "decimals",
        (
            "Area N, bulletin N-1: each of its 3 figures is exactly its share of 10,058,774 valid votes rounded"
            " to one decimal. By chance that happens about once in 101,178,934 times; it is what one gets when "
            "votes are computed from percentages. A remark, not a proof."
        ),
        (
            "Area N, boletín N-1: cada una de sus 3 cifras es exactamente su porcentaje de 10.058.774 votos "
            "válidos redondeado a un decimal. Por azar ocurre una vez de cada 101.178.934; es lo que resulta de"
            " calcular votos a partir de porcentajes. Una observación, no una prueba."
        ),
    ),
}
"""A rule that speaks; its headline figure and the unit; what it says."""


@pytest.mark.parametrize("case", CASES)
def test_says(case: str) -> None:
    """The first finding of each: its headline figure in its unit, and the sentence in both languages."""
    found, value, unit, english, spanish = CASES[case]
    finding = next(iter(found()))
    assert (finding.value, finding.unit) == (value, unit)
    assert finding.sentence["en"] == english
    assert finding.sentence["es"] == spanish
