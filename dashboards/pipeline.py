"""Pipeline: rate, errors, duration, lag, deliveries of the workers themselves."""

from collections.abc import Sequence
from typing import Final

from dashboards.comparison import heard
from dashboards.parts import (
    ALL,
    BLUE,
    GREEN,
    GREY,
    INSTANCE,
    JOB,
    ORANGE,
    PURPLE,
    RED,
    Annotation,
    Board,
    Panel,
    Query,
    Words,
    same,
)

_NO_SCRAPE: Final = Words(
    "Prometheus reaches no worker: is one running, and is its address in the scrape configuration?",
    "Prometheus no alcanza ningún worker: ¿hay alguno en marcha, y está su dirección en la configuración?",
)
_FIRING: Final = 'ALERTS{job=~"$job", alertstate="firing"}'
_BY: Final = "max by (alertname, instance, topic, receiver)"
_BEGUN: Final = (
    f"label_join({_BY} (max_over_time({_FIRING}[1m])) unless {_BY} (max_over_time({_FIRING}[1m] offset 1m)), "
    '"subject", " ", "instance", "topic", "receiver")'
)
"""Alerts of Prometheus where they begin. Not by instance: many of them are sums over all workers."""
_SPEED: Final = f"max(deriv((cotejo_clock_seconds{{{ALL}}} > 0)[$__rate_interval:5s]))"
"""Without the clock's jump from 0 to today, beside which all else would be flat."""
_HEALTHY: Final = "nothing is wrong on a healthy night"
_NIGHT_IS_FED: Final = "a recorded night has its own clock, so only a live one lags behind the wall's"


def _sum(metric: str, labels: str, legend: Words, colour: str, dashes: Sequence[float] = ()) -> Query:
    return Query(f"sum(rate({metric}{{{ALL}, {labels}}}[$__rate_interval]))", legend, "", colour, dashes)


def _quantile(part: str, step: str, legend: Words, colour: str, dashes: Sequence[float] = ()) -> Query:
    rate = f'rate(cotejo_processing_seconds_bucket{{{ALL}, step="{step}"}}[$__rate_interval])'
    return Query(f"histogram_quantile({part}, sum by (le) ({rate}))", legend, "", colour, dashes)


def _lag(topic: str, colour: str, dashes: Sequence[float] = ()) -> Query:
    return Query(f'sum(cotejo_consumer_lag_messages{{{ALL}, topic="{topic}"}})', same(topic), "", colour, dashes)


BOARD: Final = Board(
    name="cotejo-pipeline",
    title=Words("Pipeline", "Proceso"),
    description=Words(
        "Is Cotejo itself in good health: rate, errors, duration, lag, deliveries.",
        "¿Está sano Cotejo mismo? Ritmo, errores, duración, atraso, entregas.",
    ),
    variables=[JOB, INSTANCE],
    annotations=[
        Annotation(
            Words("Trouble begins", "Empiezan problemas"),
            Query(_BEGUN, empty=_HEALTHY),
            "{{alertname}}",
            "{{subject}}",
        )
    ],
    panels=[
        Panel(
            "stat",
            Words("Workers", "Workers"),
            Words(
                "Workers that answer Prometheus, those that compare (must be 1), and partitions that have an owner.",
                "Workers que responden a Prometheus, los que comparan (debe ser 1), y particiones con dueño.",
            ),
            _NO_SCRAPE,
            queries=[
                Query(f"sum(up{{{ALL}}})", Words("up", "activos")),
                Query(
                    f"sum(cotejo_owns_comparison{{{ALL}}}) or 0 * sum(up{{{ALL}}})", Words("comparing", "comparando")
                ),
                Query(
                    f"sum(cotejo_owned_partitions{{{ALL}}}) / max(cotejo_partitions{{{ALL}}}) or 0 * sum(up{{{ALL}}})",
                    Words("partitions owned", "particiones con dueño"),
                    unit="percentunit",
                ),
            ],
            width=18,
            height=5,
        ),
        heard(),
        Panel(
            "lines",
            Words("Events read", "Eventos leídos"),
            Words(
                "Events a second by kind. Strays came to a partition that is not their table's and were sent on; "
                "notices "
                "are what alerts say.",
                "Eventos por segundo según su clase. Los extraviados llegaron a una partición ajena y fueron "
                "reenviados; "
                "los anuncios son lo que dicen las alertas.",
            ),
            _NO_SCRAPE,
            "cps",
            [
                _sum("cotejo_events_total", 'kind="tally-report"', Words("tally reports", "reportes de actas"), BLUE),
                _sum("cotejo_events_total", 'kind="bulletin"', Words("bulletins", "boletines"), ORANGE, [10, 6]),
                _sum("cotejo_events_total", 'kind="stray"', Words("strays", "extraviados"), GREY, [2, 6]),
                _sum("cotejo_events_total", 'kind="notice"', Words("notices", "anuncios"), RED, [6, 3]),
            ],
        ),
        Panel(
            "lines",
            Words("Events turned away", "Eventos rechazados"),
            Words(
                "By topic and reason. They are kept in the topic rejected, with the reason beside them.",
                "Por tópico y motivo. Se guardan en el tópico rejected, con el motivo al lado.",
            ),
            Words("Nothing was turned away.", "Nada fue rechazado."),
            "cps",
            [
                Query(
                    f"sum by (topic, code) (rate(cotejo_rejected_total{{{ALL}}}[$__rate_interval]))",
                    same("{{topic}}: {{code}}"),
                    _HEALTHY,
                )
            ],
            colour=ORANGE,
        ),
        Panel(
            "lines",
            Words("Messages that wait", "Mensajes en espera"),
            Words(
                "Messages that are not done with, by topic. Sheets and bulletins wait until a tick came everywhere.",
                "Mensajes pendientes, por tópico. Actas y boletines esperan a que llegue un tic a todas partes.",
            ),
            _NO_SCRAPE,
            queries=[
                _lag("tally-reports", BLUE),
                _lag("bulletins", ORANGE, [10, 6]),
                _lag("table-sheets", GREEN, [3, 3]),
                _lag("alerts", RED, [6, 3]),
            ],
        ),
        Panel(
            "lines",
            Words("Event time", "Tiempo de los hechos"),
            Words(
                "How far what is judged lies behind the wall clock: a few seconds on a live night.",
                "Cuánto va lo juzgado por detrás del reloj: unos segundos en una noche en vivo.",
            ),
            Words(
                "No clock to compare with: the night is a recording that is fed again.",
                "Sin reloj con que comparar: la noche es una grabación.",
            ),
            "s",
            [
                Query(
                    f'max(cotejo_event_time_lag_seconds{{{ALL}, clock="wall"}})',
                    Words("behind the wall clock", "por detrás del reloj"),
                    _NIGHT_IS_FED,
                    BLUE,
                )
            ],
        ),
        Panel(
            "lines",
            Words("How fast event time goes", "Ritmo del tiempo de los hechos"),
            Words(
                "Seconds of event time judged in a second: 1 on a live night, more when a recording is fed. Nothing "
                "before the first event, when the clock has no time yet.",
                "Segundos de los hechos juzgados por segundo: 1 en una noche en vivo, más con una grabación. Nada "
                "antes del primer evento, cuando el reloj aún no tiene hora.",
            ),
            _NO_SCRAPE,
            "short",
            [
                Query(_SPEED, Words("speed", "ritmo"), "", GREEN),
            ],
        ),
        Panel(
            "lines",
            Words("Processing time", "Tiempo de proceso"),
            Words(
                "19 of 20 took no longer. Judging is one tick through all rules; a flush waits for the broker's word.",
                "19 de cada 20 no tardaron más. Juzgar es un tic por todas las reglas; un volcado espera al broker.",
            ),
            _NO_SCRAPE,
            "s",
            [
                _quantile("0.95", "judge", Words("judging", "juzgar"), PURPLE),
                _quantile("0.95", "reconcile-flush", Words("flush of reports", "volcado de reportes"), BLUE, [10, 6]),
                _quantile(
                    "0.95",
                    "compare-flush",
                    Words("flush of the comparison", "volcado de la comparación"),
                    ORANGE,
                    [3, 3],
                ),
                _quantile("0.95", "notify-flush", Words("flush of deliveries", "volcado de entregas"), GREY, [2, 6]),
            ],
        ),
        Panel(
            "lines",
            Words("Webhooks", "Webhooks"),
            Words(
                "Attempts in each interval of the graph, by outcome. A failed one is tried again for a day.",
                "Intentos en cada intervalo del gráfico, por resultado. Uno fallido se repite durante un día.",
            ),
            Words("The election file names no receiver.", "El archivo de la elección no nombra receptores."),
            queries=[
                Query(
                    f'sum(increase(cotejo_deliveries_total{{{ALL}, outcome="{outcome}"}}[$__rate_interval]))',
                    word,
                    "",
                    colour,
                    dashes,
                )
                for outcome, word, colour, dashes in (
                    ("delivered", Words("delivered", "entregados"), GREEN, ()),
                    ("failed", Words("failed attempts", "intentos fallidos"), ORANGE, [10.0, 6.0]),
                    ("given-up", Words("given up", "abandonados"), RED, [3.0, 3.0]),
                )
            ]
            + [Query(f"sum(cotejo_deliveries_pending{{{ALL}}})", Words("due", "pendientes"), "", GREY, [2, 6])],
        ),
        Panel(
            "lines",
            Words("Memory", "Memoria"),
            Words("Resident memory of each worker.", "Memoria residente de cada worker."),
            _NO_SCRAPE,
            "bytes",
            [Query(f"process_resident_memory_bytes{{{ALL}}}", same("{{instance}}"))],
        ),
        Panel(
            "lines",
            Words("Processor", "Procesador"),
            Words(
                "Cores that each worker uses; it cannot use more than one.",
                "Núcleos que usa cada worker; no puede usar más de uno.",
            ),
            _NO_SCRAPE,
            "percentunit",
            [Query(f"rate(process_cpu_seconds_total{{{ALL}}}[$__rate_interval])", same("{{instance}}"))],
        ),
    ],
)
