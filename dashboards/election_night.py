"""Election night: do the two counts agree, where not, how sure?"""

from dataclasses import replace
from typing import Final

from dashboards.comparison import (
    MUST_BE_WRONG_SHORT,
    NO_BULLETIN,
    NO_WORKER,
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
    INSTANCE,
    JOB,
    ORANGE,
    PURPLE,
    RED,
    WHOLE,
    Board,
    Column,
    Panel,
    Query,
    Variable,
    Words,
    limit,
    notes,
    same,
)

BOARD: Final = Board(
    name="cotejo-night",
    title=Words("Election night", "Noche electoral"),
    description=Words(
        "Do the official bulletins and the witnessed tally sheets agree, where not, and how sure is that?",
        "¿Concuerdan los boletines oficiales y las actas atestiguadas, dónde no, y con cuánta certeza?",
    ),
    variables=[
        JOB,
        replace(INSTANCE, hidden=True),
        ELECTION_ID,
        Variable(
            "election", Words("Election", "Elección"), f"label_values(cotejo_election_info{{{ALL}}}, election_name)"
        ),
        Variable("notice", Words("Note", "Nota"), f"label_values(cotejo_election_info{{{ALL}}}, notice)"),
        WHOLE,
    ],
    annotations=[alerts_in("$whole")],
    notes=notes(),
    panels=[
        breakdown("$whole"),
        witnessed("$whole"),
        Panel(
            "stat",
            Words("Alerts firing", "Alertas activas"),
            Words(
                "Alerts of all areas that fire now. What they are about is in the board Area.",
                "Alertas activas de todas las áreas. De qué tratan está en el tablero Área.",
            ),
            NO_WORKER_SHORT,
            queries=[
                Query(
                    f'max(cotejo_alerts{{{ALL}, status="firing", severity="{severity}"}})', word, "", colour, bad=True
                )
                for severity, word, colour in (
                    ("critical", Words("critical", "críticas"), RED),
                    ("warning", Words("warning", "avisos"), ORANGE),
                    ("info", Words("remarks", "observaciones"), BLUE),
                )
            ],
            width=6,
            height=5,
        ),
        heard(),
        shares("$whole"),
        Panel(
            "lines",
            Words("How far from what an honest count can announce", "A qué distancia de un escrutinio fiel"),
            Words(
                "Distance of the announced share from every share that an honest count can announce, in whatever "
                "order. The limits are the election file's.",
                "Distancia de la parte anunciada a toda parte que un escrutinio fiel puede anunciar, en cualquier "
                "orden. Los límites son los del archivo de la elección.",
            ),
            NO_BULLETIN,
            "percentunit",
            [
                *of_leading("cotejo_divergence_gap_ratio", "$whole", "abs({})"),
                limit("warning", "divergence", Words("warning limit", "límite de aviso")),
                limit("critical", "divergence", Words("critical limit", "límite crítico"), PURPLE),
            ],
        ),
        options("$whole"),
        replace(
            breakdown("$whole"),
            kind="lines",
            title=Words("How sure", "Con cuánta certeza"),
            nothing=NO_BULLETIN,
            width=8,
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
                Column(same("area"), "area", hidden=True),
                Column(Words("Area", "Área"), "area_name", link="cotejo-area"),
                Column(
                    Words("Witnessed", "Atestiguado"),
                    "witnessed",
                    Query(f"max by (area, area_name) (cotejo_coverage_ratio{{{ALL}}})"),
                    unit="percentunit",
                ),
                Column(
                    Words("Apart", "Separación"),
                    "gap",
                    Query(f"max by (area, area_name) (abs(cotejo_divergence_gap_ratio{{{ALL}}}))"),
                    unit="percentunit",
                ),
                Column(
                    MUST_BE_WRONG_SHORT,
                    "breakdown",
                    Query(f"max by (area, area_name) (cotejo_breakdown_sheets{{{ALL}}})"),
                ),
                Column(
                    Words("Disputed", "En disputa"),
                    "disputed",
                    Query(f'max by (area, area_name) (cotejo_sheets{{{ALL}, verdict="disputed"}})'),
                ),
            ],
            sort_by=MUST_BE_WRONG_SHORT,
            width=16,
            height=11,
        ),
    ],
)
