"""Area: one area, chosen by a variable, in all its figures."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dashboards.comparison import (
    NO_BULLETIN,
    NO_WORKER_SHORT,
    alerts_in,
    breakdown,
    heard,
    of_leading,
    options,
    shares,
    witnessed,
)
from dashboards.parts import (
    ALL,
    BLUE,
    ELECTION_ID,
    GREEN,
    GREY,
    INSTANCE,
    JOB,
    ORANGE,
    PURPLE,
    Board,
    Column,
    Panel,
    Query,
    Variable,
    Words,
    limit,
    notes,
)

_HERE: Final = f'{ALL}, area="$area"'
_OPTION: Final = f'{_HERE}, option="$option"'
_SHOWN: Final = "[$__range]"
"""Choices are of all the time shown, as the graphs are: a worker that has died takes none of them away."""
_AREAS: Final = f"max by (area, area_name) (last_over_time(cotejo_witnessed_tables{{{ALL}}}{_SHOWN}))"
_WHOLE: Final = f"max by (area) (last_over_time(cotejo_election_info{{{ALL}}}{_SHOWN}))"
"""One series, of the area that is the whole: the board opens on it, and the most witnessed areas come next."""
_NO_SAMPLE: Final = "this election names no random sample"
_NO_TABLES: Final = "this election's bulletins name no single polling tables"


def _options(count: str) -> str:
    """The options of the chosen area, with their votes in one of the two counts. The board opens on the leader."""
    return f"max by (option, option_name) (last_over_time(cotejo_{count}_votes{{{_HERE}}}{_SHOWN}))"


def _picked(label: str) -> str:
    """Takes value and text from a series as `query_result` writes it: {label="...",label_name="..."} VALUE TIME, where
    quotes within a name stand as they are."""
    return rf'/\{{{label}="(?<value>.*?)",{label}_name="(?<text>.*)"\}} [^}}]*$/'


def _figure(metric: str, legend: Words, colour: str, dashes: Sequence[float] = ()) -> Query:
    return Query(f"max({metric}{{{_OPTION}}})", legend, "", colour, dashes)


_NOTHING_SAMPLED: Final = Words(
    "The election names no random sample, it says nothing of this area, or no worker compares.",
    "La elección no nombra una muestra aleatoria, no dice nada de esta área, o ningún worker compara.",
)


def _sample() -> list[Panel]:
    """What the election's random sample says, and how much of it is missing."""
    ends = [
        Query(f'max(cotejo_sample_{end}_ratio{{{_OPTION}, interval="{interval}"}})', words, _NO_SAMPLE, colour, dashes)
        for interval, end, words, colour, dashes in (
            ("guaranteed", "low", Words("95 %, from", "95 %, desde"), GREY, [2, 6]),
            ("guaranteed", "high", Words("95 %, to", "95 %, hasta"), GREEN, [2, 6]),
            ("outer", "low", Words("whatever is missing, from", "falte lo que falte, desde"), GREY, [1, 9]),
            ("outer", "high", Words("whatever is missing, to", "falte lo que falte, hasta"), GREEN, [1, 9]),
        )
    ]
    sampled = Words("sampled (solid)", "muestra (continua)")
    announced = Words("announced (dashed)", "anunciado (discontinua)")
    share = f"max(cotejo_official_share_ratio{{{_OPTION}}}) and on () max(cotejo_sample_missing_tables{{{_HERE}}})"
    three = Panel(
        "lines",
        Words("The random sample for $option", "La muestra aleatoria para $option"),
        Words(
            "Share announced beside that of the polling tables drawn at random before the night, with its guaranteed "
            "interval: right with 95 % at every look. Outer lines: whatever the missing sheets hold.",
            "Parte anunciada junto a la de las mesas sorteadas antes de la jornada, con su intervalo garantizado: "
            "acierta con el 95 % en cada mirada. Líneas exteriores: contengan lo que contengan las actas que faltan.",
        ),
        _NOTHING_SAMPLED,
        "percentunit",
        [
            Query(share, announced, _NO_SAMPLE, ORANGE, [10, 6]),
            Query(f"max(cotejo_sample_share_ratio{{{_OPTION}}})", sampled, _NO_SAMPLE, BLUE),
            *ends,
        ],
    )
    stratum, tables = Words("Stratum", "Estrato"), Words("Missing", "Faltan")
    count = Query(f"max by (stratum_name) (cotejo_sample_missing_tables{{{_HERE}}})", empty=_NO_SAMPLE)
    missing = Panel(
        "table",
        Words("Missing of the sample, by stratum", "Faltan de la muestra, por estrato"),
        Words(
            "Polling tables drawn at random whose sheet is not accepted yet. They are never left out: the intervals "
            "take the worst of them.",
            "Mesas sorteadas cuya acta aún no está aceptada. Nunca se omiten: los intervalos suponen lo peor de ellas.",
        ),
        _NOTHING_SAMPLED,
        columns=[Column(stratum, "stratum_name"), Column(tables, "missing", count)],
        sort_by=tables,
    )
    return [three, missing]


BOARD: Final = Board(
    name="cotejo-area",
    title=Words("Area", "Área"),
    description=Words("All that is known of one area.", "Todo lo que se sabe de un área."),
    variables=[
        JOB,
        replace(INSTANCE, hidden=True),
        ELECTION_ID,
        Variable(
            "area",
            Words("Area", "Área"),
            f"query_result(sort_desc((1e12 + {_AREAS} and on (area) {_WHOLE}) or {_AREAS}))",
            _picked("area"),
            sorted=False,
        ),
        Variable(
            "option",
            Words("Option", "Opción"),
            f"query_result(sort_desc({_options('official')} or {_options('witnessed')}))",
            _picked("option"),
            sorted=False,
        ),
    ],
    annotations=[alerts_in("$area")],
    notes=notes("$area"),
    panels=[
        witnessed("$area"),
        breakdown("$area"),
        Panel(
            "stat",
            Words("Age of the bulletin", "Antigüedad del boletín"),
            Words(
                "Event time since the current bulletin was issued.",
                "Tiempo de los hechos desde que se emitió el boletín vigente.",
            ),
            Words("No bulletin of its own, or no worker.", "Sin boletín propio, o sin worker."),
            "s",
            [Query(f"max(cotejo_bulletin_age_seconds{{{_HERE}}})")],
            width=6,
            height=5,
        ),
        heard(),
        options("$area"),
        shares("$area"),
        Panel(
            "lines",
            Words("Room for $option", "Espacio para $option"),
            Words(
                "Votes announced for the chosen option between the least and the most that the witnessed sheets leave "
                "possible. Outside of these the two cannot both be true.",
                "Votos anunciados para la opción elegida entre el mínimo y el máximo que las actas atestiguadas "
                "permiten. "
                "Fuera de ellos, no pueden ser ciertos ambos.",
            ),
            NO_BULLETIN,
            queries=[
                _figure(
                    "cotejo_official_votes", Words("announced (dashed)", "anunciado (discontinua)"), ORANGE, [10, 6]
                ),
                _figure("cotejo_witnessed_votes", Words("witnessed (solid)", "atestiguado (continua)"), BLUE),
                _figure("cotejo_floor_votes", Words("at least", "al menos"), GREY, [2, 6]),
                _figure("cotejo_ceiling_votes", Words("at most", "a lo sumo"), GREEN, [2, 6]),
            ],
        ),
        Panel(
            "lines",
            Words(
                "By how much the unseen would have to differ (Γ)", "En cuánto tendrían que diferir las no vistas (Γ)"
            ),
            Words(
                "The least by which tables nobody witnessed would have to have voted otherwise than their neighbours "
                "for an announced share to fit, in whatever order the tables were counted. No line: no bulletin, or no "
                "deviation explains it. The election file says up to where nobody is called.",
                "Lo mínimo en que las mesas que nadie atestiguó tendrían que haber votado distinto que sus vecinas "
                "para que una parte anunciada fuera posible, sea cual sea el orden del escrutinio. Sin línea: no hay "
                "boletín, o ninguna desviación lo explica. El archivo de la elección dice hasta dónde no se avisa.",
            ),
            Words(
                "No bulletin of this area's own, or fewer than five sheets.",
                "Sin boletín propio de esta área, o con menos de cinco actas.",
            ),
            "percentunit",
            [
                *of_leading("cotejo_required_deviation_ratio", "$area"),
                limit("unseen", "divergence", Words("held for possible", "tenido por posible")),
            ],
        ),
        *_sample(),
        Panel(
            "stat",
            Words("Sheets by verdict", "Actas por veredicto"),
            Words(
                "Reported: one reading. Corroborated: enough independent readings agree. Disputed: they disagree and "
                "nobody has the majority. None: all were taken back.",
                "Reportada: una lectura. Corroborada: concuerdan suficientes lecturas independientes. En disputa: "
                "discrepan y nadie tiene la mayoría. Ninguna: todas fueron retiradas.",
            ),
            NO_WORKER_SHORT,
            queries=[
                Query(f'max(cotejo_sheets{{{_HERE}, verdict="{verdict}"}})', word)
                for verdict, word in (
                    ("reported", Words("reported", "reportadas")),
                    ("corroborated", Words("corroborated", "corroboradas")),
                    ("disputed", Words("disputed", "en disputa")),
                    ("none", Words("none", "ninguna")),
                )
            ],
        ),
        Panel(
            "table",
            Words("Alerts firing here", "Alertas activas aquí"),
            Words(
                "Muted: an area above speaks for this one, and no webhook went out.",
                "Silenciada: un área superior habla por esta, y no salió ningún webhook.",
            ),
            Words(
                "No alert fires in this area, or no worker compares.",
                "Ninguna alerta activa en esta área, o ningún worker compara.",
            ),
            columns=[
                Column(Words("Rule", "Regla"), "rule"),
                Column(Words("Option", "Opción"), "option_name"),
                Column(Words("Severity", "Gravedad"), "severity"),
                Column(Words("Muted", "Silenciada"), "muted"),
                Column(
                    Words("Firing", "Activa"),
                    "firing",
                    Query(f"max by (rule, option_name, severity, muted) (cotejo_alert_firing{{{_HERE}}})"),
                    hidden=True,
                ),
            ],
        ),
        Panel(
            "lines",
            Words("Table by table", "Mesa por mesa"),
            Words(
                "Where bulletins name polling tables: those with an official figure and an accepted sheet, those of "
                "them that differ, and those announced outside what is known of them where there is only a bound.",
                "Donde los boletines nombran mesas: las que tienen cifra oficial y acta aceptada, las que difieren, y "
                "las anunciadas fuera de lo que se sabe de ellas donde solo hay un límite.",
            ),
            Words("No bulletin names a polling table of this area.", "Ningún boletín nombra una mesa de esta área."),
            queries=[
                Query(f"max(cotejo_compared_tables{{{_HERE}}})", Words("compared", "comparadas"), _NO_TABLES, BLUE),
                Query(
                    f"max(cotejo_differing_tables{{{_HERE}}})",
                    Words("differing", "difieren"),
                    _NO_TABLES,
                    ORANGE,
                    [10, 6],
                ),
                Query(
                    f"max(cotejo_below_floor_tables{{{_HERE}}})",
                    Words("below what was seen", "por debajo de lo visto"),
                    _NO_TABLES,
                    PURPLE,
                    [3, 3],
                ),
                Query(
                    f"max(cotejo_above_ceiling_tables{{{_HERE}}})",
                    Words("above the ballots counted", "por encima de las papeletas contadas"),
                    _NO_TABLES,
                    GREEN,
                    [12, 4],
                ),
            ],
        ),
    ],
)
