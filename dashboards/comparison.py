"""Panels that more than one board has: the two counts of one area, side by side."""

from typing import Final

from dashboards.parts import ALL, GREY, RANKS, RED, Annotation, Column, Panel, Query, Words, leading, same

NO_WORKER: Final = Words(
    "No worker compares: see the board Pipeline.", "Ningún worker compara: vea el tablero Proceso."
)
NO_BULLETIN: Final = Words(
    "Nothing to compare: no bulletin has come, no sheet is witnessed, or no worker compares.",
    "Nada que comparar: no ha llegado ningún boletín, no hay actas atestiguadas, o ningún worker compara.",
)
NO_WORKER_SHORT: Final = Words("No worker compares.", "Ningún worker compara.")
NO_BULLETIN_SHORT: Final = Words("Nothing to compare.", "Nada que comparar.")
"""The same for a stat, where Grafana makes a longer sentence too small to read."""


MUST_BE_WRONG: Final = Words("Sheets that must be wrong", "Actas que tendrían que estar mal")
MUST_BE_WRONG_SHORT: Final = Words("Must be wrong", "Tendrían que estar mal")
"""The same as a column's title, which Grafana cuts where it is longer."""
ANNOUNCED: Final = Words("announced (dashed)", "anunciado (discontinua)")
WITNESSED: Final = Words("witnessed (solid)", "atestiguado (continua)")
"""What a graph's lines are called: Grafana's legend shows no dashes."""
PER_CENT: Final = "percentunit"


def of(metric: str, area: str) -> Query:
    """A metric of each option."""
    return Query(f'max by (option, option_name) ({metric}{{{ALL}, area="{area}"}})', same("{{option_name}}"))


def options(area: str) -> Panel:
    """Both counts, option by option."""
    announced = Words("Announced", "Anunciado")
    columns = [
        Column(same("option"), "option", hidden=True),  # two may have one name
        Column(Words("Option", "Opción"), "option_name"),
        Column(announced, "announced", of("cotejo_official_votes", area)),
        Column(
            Words("Announced, share", "Anunciado, parte"),
            "announced_share",
            of("cotejo_official_share_ratio", area),
            PER_CENT,
        ),
        Column(Words("Witnessed", "Atestiguado"), "witnessed", of("cotejo_witnessed_votes", area)),
        Column(
            Words("Witnessed, share", "Atestiguado, parte"),
            "witnessed_share",
            of("cotejo_witnessed_share_ratio", area),
            PER_CENT,
        ),
        Column(Words("At least", "Al menos"), "floor", of("cotejo_floor_votes", area)),
        Column(Words("At most", "A lo sumo"), "ceiling", of("cotejo_ceiling_votes", area)),
        Column(MUST_BE_WRONG_SHORT, "breakdown", of("cotejo_breakdown_sheets", area)),
    ]
    text = Words(
        "What the current bulletin announces beside the accepted sheets. At least and at most: what the witnessed "
        "sheets leave room for, by arithmetic alone. The two shares may honestly differ: neither sheets nor counts "
        "come in at random.",
        "Lo que anuncia el boletín vigente junto a las actas aceptadas. Al menos y a lo sumo: lo que las actas "
        "atestiguadas dejan posible, solo por aritmética. Las dos partes pueden diferir sin más: ni las actas ni el "
        "escrutinio llegan al azar.",
    )
    title = Words("Option by option", "Opción por opción")
    return Panel("table", title, text, NO_BULLETIN, columns=columns, sort_by=announced, width=24)


def shares(area: str) -> Panel:
    """Witnessed and official share of the leading options: one colour each, the official one dashed."""
    queries = []
    for rank, (colour, _) in enumerate(RANKS, 1):
        for metric, word, dashes in (
            ("cotejo_witnessed_share_ratio", WITNESSED, []),
            ("cotejo_official_share_ratio", ANNOUNCED, [10.0, 6.0]),
        ):
            legend = Words(*(f"{{{{option_name}}}}, {text}" for text in word))
            queries.append(Query(leading(metric, area, rank), legend, "", colour, dashes))
    text = Words(
        "Share of valid votes of the three options that are announced the most. Solid lines: the witnessed sheets. "
        "Dashed: the bulletin. Where a pair runs together the two counts agree.",
        "Parte de los votos válidos de las tres opciones con más votos anunciados. Línea continua: las actas "
        "atestiguadas. Discontinua: el boletín. Donde un par coincide, los conteos concuerdan.",
    )
    title = Words("Do the two counts agree?", "¿Concuerdan los dos conteos?")
    return Panel("lines", title, text, NO_BULLETIN, PER_CENT, queries)


def witnessed(area: str) -> Panel:
    """How much of an area is witnessed."""
    text = Words(
        "Polling tables with an accepted sheet, of those that exist: the more, the surer.",
        "Mesas con un acta aceptada, de las que existen: cuantas más, mayor certeza.",
    )
    query = Query(f'max(cotejo_coverage_ratio{{{ALL}, area="{area}"}})')
    title = Words("Polling tables witnessed", "Mesas atestiguadas")
    return Panel("stat", title, text, NO_WORKER_SHORT, PER_CENT, [query], width=6, height=5, decimals=1)


def of_leading(metric: str, area: str, wrap: str = "{}") -> list[Query]:
    """A metric of the leading options, a line each."""
    legend = same("{{option_name}}")
    return [
        Query(wrap.format(leading(metric, area, rank)), legend, "", colour, dashes)
        for rank, (colour, dashes) in enumerate(RANKS, 1)
    ]


def breakdown(area: str) -> Panel:
    """The breakdown count beside the number that is put up with."""
    here = f'{ALL}, area="{area}"'
    queries = [
        Query(
            f"max(cotejo_breakdown_sheets{{{here}}})",
            Words("must be wrong", "tendrían que estar mal"),
            "",
            RED,
            bad=True,
        ),
        Query(f"max(cotejo_tolerated_sheets{{{here}}})", Words("limit", "límite"), "", GREY, [2, 6]),
    ]
    text = Words(
        "The fewest witnessed sheets that would have to be false for bulletin and sheets both to be true; of all "
        "options the most. No model, no statistics. Alerts begin at the limit, which the election file sets.",
        "El menor número de actas atestiguadas que tendrían que ser falsas para que el boletín y las actas fueran "
        "ciertos; la mayor de todas las opciones. Sin modelo ni estadística. Las alertas empiezan en el límite que "
        "fija el archivo de la elección.",
    )
    return Panel("stat", MUST_BE_WRONG, text, NO_BULLETIN_SHORT, queries=queries, width=6, height=5)


def heard() -> Panel:
    """When a worker that compares was last heard of: with the workers gone, all else on a board is empty or old."""
    own = f"cotejo_owns_comparison{{{ALL}}}"
    seen = f"timestamp({own}) and {own} == 1"
    query = Query(f"1000 * max(({seen}) or max_over_time(({seen})[$__range:15s]))")
    text = Words(
        "When Prometheus last reached a worker that compares, within the time shown. If that is more than a minute "
        "ago, everything else here is as it was then: see the board Pipeline.",
        "Cuándo alcanzó Prometheus por última vez un worker que compara, en el período mostrado. Si hace más de un "
        "minuto, todo lo demás está como entonces: vea el tablero Proceso.",
    )
    title = Words("Last heard of a worker", "Última señal de un worker")
    return Panel("stat", title, text, NO_WORKER_SHORT, "dateTimeAsIso", [query], width=6, height=5)


def alerts_in(area: str) -> Annotation:
    """A mark where an alert of one area begins to fire. A band for as long as it fires would hide lines and limits."""
    firing = f'cotejo_alert_firing{{{ALL}, area="{area}", muted="no"}}'
    by = "max by (rule, severity, area_name, option_name)"
    begun = f"{by} (max_over_time({firing}[1m])) unless {by} (max_over_time({firing}[1m] offset 1m))"
    query = Query(f'label_join({begun}, "subject", "  ", "area_name", "option_name")')
    return Annotation(Words("Alerts begin", "Empiezan alertas"), query, "{{severity}}: {{rule}}", "{{subject}}")
