"""Election night: do the two counts agree, where not, how sure?"""

from typing import Final

from dashboards.parts import (
    BLUE,
    ELECTION_ID,
    JOB,
    ORANGE,
    PURPLE,
    RANKS,
    RED,
    Annotation,
    Board,
    Column,
    Panel,
    Query,
    Variable,
    Words,
    leading,
    limit,
    same,
)

_HERE: Final = 'job="$job", area="$whole"'

NO_WORKER: Final = Words(
    "No worker compares yet: see the board Pipeline.", "Ningún worker compara todavía: vea el tablero Proceso."
)
NO_BULLETIN: Final = Words(
    "Nothing to compare: no bulletin has come, or no sheet is witnessed.",
    "Nada que comparar: no ha llegado ningún boletín, o no hay actas atestiguadas.",
)


def of(metric: str, area: str = _HERE) -> Query:
    """A metric of each option."""
    return Query(f"max by (option_name) ({metric}{{{area}}})", same("{{option_name}}"))


def options_table(area: str) -> list[Column]:
    """Both counts, option by option."""
    official = Words("Announced", "Anunciado")
    return [
        Column(Words("Option", "Opción"), label="option_name"),
        Column(official, of("cotejo_official_votes", area)),
        Column(
            Words("Announced, share", "Anunciado, parte"), of("cotejo_official_share_ratio", area), "", "percentunit"
        ),
        Column(Words("Witnessed", "Atestiguado"), of("cotejo_witnessed_votes", area)),
        Column(
            Words("Witnessed, share", "Atestiguado, parte"), of("cotejo_witnessed_share_ratio", area), "", "percentunit"
        ),
        Column(Words("At least", "Al menos"), of("cotejo_floor_votes", area)),
        Column(Words("At most", "A lo sumo"), of("cotejo_ceiling_votes", area)),
        Column(
            Words("Sheets that must be wrong", "Actas que tendrían que estar mal"), of("cotejo_breakdown_sheets", area)
        ),
    ]


OPTIONS_TEXT: Final = Words(
    "What the current bulletin announces beside the accepted sheets. At least and at most: what the witnessed sheets "
    "leave room for, by arithmetic alone. Shares of witnessed votes are weighted by area, since sheets do not come in "
    "at random.",
    "Lo que anuncia el boletín vigente junto a las actas aceptadas. Al menos y a lo sumo: lo que las actas "
    "atestiguadas "
    "dejan posible, solo por aritmética. Las partes atestiguadas se ponderan por área, pues las actas no llegan al "
    "azar.",
)


def shares(area: str) -> list[Query]:
    """Witnessed and official share of the leading options: one colour each, the official one dashed."""
    found = []
    for rank, (colour, _) in enumerate(RANKS, 1):
        both = (
            ("cotejo_witnessed_share_ratio", Words("witnessed", "atestiguado")),
            (
                "cotejo_official_share_ratio",
                Words("announced", "anunciado"),
            ),
        )
        for (metric, word), dashes in zip(both, ([], [10.0, 6.0]), strict=True):
            legend = Words(*(f"{{{{option_name}}}}, {text}" for text in word))
            found.append(Query(leading(metric, area, rank), legend, "", colour, dashes))
    return found


SHARES_TEXT: Final = Words(
    "Share of valid votes of the three options that are announced the most. Whole lines: the witnessed sheets, "
    "weighted "
    "by area. Dashed: the bulletin. Where a pair runs together the two counts agree.",
    "Parte de los votos válidos de las tres opciones con más votos anunciados. Línea continua: las actas atestiguadas, "
    "ponderadas por área. Discontinua: el boletín. Donde un par coincide, los dos conteos concuerdan.",
)


def of_leading(metric: str, area: str, wrap: str = "{}") -> list[Query]:
    """A metric of the leading options, a line each."""
    legend = same("{{option_name}}")
    return [
        Query(wrap.format(leading(metric, area, rank)), legend, "", colour, dashes)
        for rank, (colour, dashes) in enumerate(RANKS, 1)
    ]


def breakdown(area: str) -> list[Query]:
    """The breakdown count beside the number that is put up with."""
    here = f'job="$job", area="{area}"'
    return [
        Query(f"max(cotejo_breakdown_sheets{{{here}}})", Words("must be wrong", "tendrían que estar mal"), "", RED),
        Query(f"max(cotejo_tolerated_sheets{{{here}}})", Words("limit", "límite"), "", "#999999", [2, 6]),
    ]


BREAKDOWN_TEXT: Final = Words(
    "The fewest witnessed sheets that would have to be false for bulletin and sheets both to be true; of all options "
    "the most. No model, no statistics. Alerts begin at the limit, which the election file sets.",
    "El menor número de actas atestiguadas que tendrían que ser falsas para que el boletín y las actas fueran ciertos; "
    "la mayor de todas las opciones. Sin modelo ni estadística. Las alertas empiezan en el límite que fija el "
    "archivo de "
    "la elección.",
)

DIVERGENCE_LIMITS: Final = [
    limit("warning", "divergence", Words("warning limit", "límite de aviso")),
    limit("critical", "divergence", Words("critical limit", "límite crítico"), PURPLE),
]


def alerts_in(area: str) -> Annotation:
    """The alerts of one area, marked while they fire."""
    firing = f'cotejo_alert_firing{{job="$job", area="{area}", muted="no"}}'
    query = Query(f"max by (rule, severity, area_name, option_name) ({firing})")
    return Annotation(Words("Alerts", "Alertas"), query, "{{severity}}: {{rule}}", "{{area_name}} {{option_name}}")


BOARD: Final = Board(
    name="cotejo-night",
    title=Words("Election night", "Noche electoral"),
    description=Words(
        "Do the official bulletins and the witnessed tally sheets agree, where not, and how sure is that?",
        "¿Concuerdan los boletines oficiales y las actas atestiguadas, dónde no, y con cuánta certeza?",
    ),
    variables=[
        JOB,
        ELECTION_ID,
        Variable(
            "election", Words("Election", "Elección"), 'label_values(cotejo_election_info{job="$job"}, election_name)'
        ),
        Variable("notice", Words("Note", "Nota"), 'label_values(cotejo_election_info{job="$job"}, notice)'),
        Variable("whole", same(""), 'label_values(cotejo_election_info{job="$job"}, area)', hidden=True),
    ],
    annotations=[alerts_in("$whole")],
    panels=[
        Panel(
            "stat",
            Words("Sheets that must be wrong", "Actas que tendrían que estar mal"),
            BREAKDOWN_TEXT,
            NO_BULLETIN,
            queries=breakdown("$whole"),
            width=8,
            height=5,
        ),
        Panel(
            "stat",
            Words("Polling tables witnessed", "Mesas atestiguadas"),
            Words(
                "Polling tables with an accepted sheet, of those that exist: the more, the surer.",
                "Mesas con un acta aceptada, de las que existen: cuantas más, mayor certeza.",
            ),
            NO_WORKER,
            "percentunit",
            [Query(f"max(cotejo_coverage_ratio{{{_HERE}}})")],
            width=8,
            height=5,
        ),
        Panel(
            "stat",
            Words("Alerts firing", "Alertas activas"),
            Words(
                "Alerts of all areas that fire now. What they are about is in the board Area.",
                "Alertas activas de todas las áreas. De qué tratan está en el tablero Área.",
            ),
            NO_WORKER,
            queries=[
                Query(f'max(cotejo_alerts{{job="$job", status="firing", severity="{severity}"}})', word, "", colour)
                for severity, word, colour in (
                    ("critical", Words("critical", "críticas"), RED),
                    ("warning", Words("warning", "avisos"), ORANGE),
                    ("info", Words("remarks", "observaciones"), BLUE),
                )
            ],
            width=8,
            height=5,
        ),
        Panel(
            "lines",
            Words("Do the two counts agree?", "¿Concuerdan los dos conteos?"),
            SHARES_TEXT,
            NO_BULLETIN,
            "percentunit",
            shares("$whole"),
        ),
        Panel(
            "lines",
            Words("How far apart", "Cuánto se separan"),
            Words(
                "Distance between the two shares, in parts of the valid votes. The limits are the election file's.",
                "Distancia entre las dos partes, sobre los votos válidos. Los límites son los del archivo de la "
                "elección.",
            ),
            NO_BULLETIN,
            "percentunit",
            [*of_leading("cotejo_divergence_ratio", "$whole", "abs({})"), *DIVERGENCE_LIMITS],
        ),
        Panel(
            "table",
            Words("Option by option", "Opción por opción"),
            OPTIONS_TEXT,
            NO_BULLETIN,
            columns=options_table(_HERE),
            sort_by=Words("Announced", "Anunciado"),
            width=24,
        ),
        Panel(
            "lines",
            Words("How sure", "Con cuánta certeza"),
            BREAKDOWN_TEXT,
            NO_BULLETIN,
            queries=breakdown("$whole"),
            width=10,
            height=11,
        ),
        Panel(
            "table",
            Words("Where", "Dónde"),
            Words(
                "Each area down to the level that the election file exports. An area without a bulletin of its own has "
                "a coverage only. A click opens the board Area.",
                "Cada área hasta el nivel que exporta el archivo de la elección. Un área sin boletín propio solo tiene "
                "cobertura. Un clic abre el tablero Área.",
            ),
            NO_WORKER,
            columns=[
                Column(same("area"), label="area", hidden=True),
                Column(Words("Area", "Área"), label="area_name", link="cotejo-area"),
                Column(
                    Words("Witnessed", "Atestiguado"),
                    Query('max by (area, area_name) (cotejo_coverage_ratio{job="$job"})'),
                    unit="percentunit",
                ),
                Column(
                    Words("Apart", "Separación"),
                    Query('max by (area, area_name) (abs(cotejo_divergence_ratio{job="$job"}))'),
                    unit="percentunit",
                ),
                Column(
                    Words("Must be wrong", "Tendrían que estar mal"),
                    Query('max by (area, area_name) (cotejo_breakdown_sheets{job="$job"})'),
                ),
                Column(
                    Words("Disputed", "En disputa"),
                    Query('max by (area, area_name) (cotejo_sheets{job="$job", verdict="disputed"})'),
                ),
            ],
            sort_by=Words("Must be wrong", "Tendrían que estar mal"),
            width=14,
            height=11,
        ),
    ],
)
