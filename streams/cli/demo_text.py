"""What the demo prints: alerts as they come, and the table at its end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streams.core.election.model import Election
from streams.core.events.model import Event
from streams.delivery.loopback_receiver import AlertReceiver
from streams.nights.feeder import Fed
from streams.text import number, shown

_STYLE = {"critical": "bold red", "warning": "bold yellow", "info": "bold cyan", "resolved": "bold green"}


def tell(console: Console, alert: dict[str, Any], language: str) -> None:
    """One alert: a line of its own where a machine may read, a heading and a paragraph on a terminal."""
    word = alert["status"] if alert["status"] == "resolved" else alert["severity"]
    head, sentence = (
        f"{alert['at'][:10]} {alert['at'][11:16]} UTC  {word.upper():<8}",
        shown(alert["sentence"][language]),
    )
    if console.is_terminal:
        console.print(head, style=_STYLE.get(word))
        console.print(Padding(Text(sentence), (0, 0, 0, 2)))
    else:
        console.print(Text(f"{head}  {sentence}"))


WORDS: Final = {
    "en": {
        "title": "{area}: bulletin {bulletin} beside the witnessed sheets",
        "columns": ("", "announced", "%", "witnessed", "%", "at least", "at most", "must be\nwrong*"),
        "star": "* witnessed sheets that would have to be wrong for the bulletin to be right",
        "counts": "{witnessed} of {tables} polling tables witnessed ({coverage} %). {reports} reports and {bulletins} "
        "bulletins in {messages} messages; {webhooks} webhooks, each with a good signature.",
        "next": "Next:",
        "watch": "Watch it here:",
        "kept": "The night is over; look around until Ctrl-C:",
    },
    "es": {
        "title": "{area}: el boletín {bulletin} junto a las actas atestiguadas",
        "columns": ("", "anunciado", "%", "atestiguado", "%", "al menos", "a lo sumo", "erradas*"),
        "star": "* actas atestiguadas que tendrían que ser erróneas para que el boletín fuera cierto",
        "counts": "{witnessed} de {tables} mesas atestiguadas ({coverage} %). {reports} reportes y {bulletins} "
        "boletines en {messages} mensajes; {webhooks} webhooks, cada uno con firma válida.",
        "next": "Para seguir:",
        "watch": "Mírela aquí:",
        "kept": "La noche ha terminado; mire con calma, hasta Ctrl-C:",
    },
}


def summary(
    say: Console,
    election: Election,
    state: dict[str, Any],
    receiver: AlertReceiver,
    fed: Fed,
    directory: Path,
    language: str,
) -> None:
    words: Any = WORDS[language]

    def figure(value: float | None, decimals: int = 0) -> str:
        return "" if value is None else number(value, language, decimals)

    title = words["title"].format(area=state["name"], bulletin=state["official"]["bulletin"])
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), title_justify="left", pad_edge=False)
    for name in words["columns"]:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    names = {column.id: column.name for column in election.columns}
    witnessed = state["witnessed"]
    for option, row in sorted(state["official"]["figures"].items(), key=lambda item: -witnessed["votes"][item[0]]):
        table.add_row(
            names[option],
            figure(row["votes"]),
            figure(row["share"], 2),
            figure(witnessed["votes"][option]),
            figure(row["witnessed_share"], 2),
            figure(row["floor"]),
            figure(row["ceiling"]),
            figure(row["breakdown"] or None),
        )
    counts = words["counts"].format(
        witnessed=figure(witnessed["tables"]),
        tables=figure(state["tables"]),
        coverage=figure(100 * witnessed["coverage"], 1),
        reports=figure(fed.reports),
        bulletins=fed.bulletins,
        messages=figure(fed.messages),
        webhooks=receiver.verified,
    )
    say.print("", table, words["star"], "", counts, election.notice, "", words["next"], sep="\n")
    for command in (
        "demo --keep",
        f"check {directory}",
        "demo --seconds 120 --lang " + ("en" if language == "es" else "es"),
        f"worker {directory} --broker HOST:PORT --clock feed",
        f"feed {directory} --broker HOST:PORT --speed 3600",
    ):
        say.print(f"  cotejo {command}", soft_wrap=True)


def days(events: Sequence[Event]) -> str:
    return f"{(events[-1].at - events[0].at) / 86_400_000:.1f} days"
