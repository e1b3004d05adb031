"""Area: one area, chosen by a variable, in all its figures."""

from collections.abc import Sequence
from typing import Final

from dashboards.comparison import NO_BULLETIN, NO_WORKER, alerts_in, breakdown, of_leading, options, shares, witnessed
from dashboards.parts import (
    BLUE,
    ELECTION_ID,
    GREEN,
    GREY,
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
)

_HERE: Final = 'job="$job", area="$area"'
_OPTION: Final = f'{_HERE}, option="$option"'
_NO_TABLES: Final = "this election's bulletins name no single polling tables"


def _figure(metric: str, legend: Words, colour: str, dashes: Sequence[float] = ()) -> Query:
    return Query(f"max({metric}{{{_OPTION}}})", legend, "", colour, dashes)


BOARD: Final = Board(
    name="cotejo-area",
    title=Words("Area", "Área"),
    description=Words("All that is known of one area.", "Todo lo que se sabe de un área."),
    variables=[
        JOB,
        ELECTION_ID,
        Variable(
            "area",
            Words("Area", "Área"),
            'query_result(cotejo_witnessed_tables{job="$job"})',
            '/area="(?<value>[^"]+)".*area_name="(?<text>[^"]+)"/',
        ),
        Variable(
            "option",
            Words("Option", "Opción"),
            'query_result(cotejo_witnessed_votes{job="$job", area="$area"})',
            '/option="(?<value>[^"]+)".*option_name="(?<text>[^"]+)"/',
        ),
    ],
    annotations=[alerts_in("$area")],
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
            Words("This area has no bulletin of its own.", "Esta área no tiene boletín propio."),
            "s",
            [Query(f"max(cotejo_bulletin_age_seconds{{{_HERE}}})")],
            width=8,
            height=5,
        ),
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
                _figure("cotejo_official_votes", Words("announced", "anunciado"), ORANGE, [10, 6]),
                _figure("cotejo_witnessed_votes", Words("witnessed", "atestiguado"), BLUE),
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
        Panel(
            "bars",
            Words("Sheets by verdict", "Actas por veredicto"),
            Words(
                "Reported: one reading. Corroborated: enough independent readings agree. Disputed: they disagree and "
                "nobody has the majority. None: all were taken back.",
                "Reportada: una lectura. Corroborada: concuerdan suficientes lecturas independientes. En disputa: "
                "discrepan y nadie tiene la mayoría. Ninguna: todas fueron retiradas.",
            ),
            NO_WORKER,
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
            Words("No alert fires in this area.", "Ninguna alerta activa en esta área."),
            columns=[
                Column(Words("Rule", "Regla"), label="rule"),
                Column(Words("Option", "Opción"), label="option_name"),
                Column(Words("Severity", "Gravedad"), label="severity"),
                Column(Words("Muted", "Silenciada"), label="muted"),
                Column(
                    Words("Firing", "Activa"),
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
