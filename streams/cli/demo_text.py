"""What the demo prints: alerts as they come, and the table at its end."""

from typing import Any, Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streams.cli.demo_source import Source
from streams.core.election.model import Election
from streams.core.events.area_states import AreaState, Official
from streams.nights.feeder import Fed
from streams.report.terms import STYLES
from streams.report.words import Words
from streams.text import number, shown


def tell(console: Console, alert: dict[str, Any], language: str) -> None:
    """One alert: a line of its own where a machine may read, a heading and a paragraph on a terminal."""
    word = alert["status"] if alert["status"] == "resolved" else alert["severity"]
    said = Words(language).term(word).upper()
    head = f"{alert['at'][:10]} {alert['at'][11:16]} UTC  {said:<8}"
    sentence = shown(alert["sentence"][language])
    if console.is_terminal:
        console.print(head, style=STYLES.get(word))
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
        "counts-bare": "{witnessed} polling tables witnessed. {reports} reports and {bulletins} bulletins in "
        "{messages} messages; {webhooks} webhooks, each with a good signature.",
        "next": "Next:",
        "watch": "Watch it here:",
        "kept": "The night is over; look around until Ctrl-C:",
        "about": "{events} events over {days} days in {seconds} s",
        "night": "the night",
        "stopped": "stopped; nothing is left running",
    },
    "es": {
        "title": "{area}: el boletín {bulletin} junto a las actas atestiguadas",
        "columns": ("", "anunciado", "%", "atestiguado", "%", "al menos", "a lo sumo", "equivo-\ncadas*"),
        "star": "* actas atestiguadas que tendrían que estar equivocadas para que el boletín fuera cierto",
        "counts": "{witnessed} de {tables} mesas atestiguadas ({coverage} %). {reports} reportes y {bulletins} "
        "boletines en {messages} mensajes; {webhooks} webhooks, cada uno con firma válida.",
        "counts-bare": "{witnessed} mesas atestiguadas. {reports} reportes y {bulletins} boletines en {messages} "
        "mensajes; {webhooks} webhooks, cada uno con firma válida.",
        "next": "Para seguir:",
        "watch": "Mírela aquí:",
        "kept": "La noche ha terminado; mire con calma, hasta Ctrl-C:",
        "about": "{events} eventos de {days} días en {seconds} s",
        "night": "la noche",
        "stopped": "detenido; no queda nada en marcha",
    },
}


def summary(say: Console, source: Source, state: AreaState, verified: int, fed: Fed, language: str) -> None:
    """What the night came to: both counts, then how to go on. `verified` webhooks had a good signature."""
    words: Any = WORDS[language]
    election, witnessed = source.election.localized(language), state.witnessed
    if state.official is not None:
        say.print("", _both_counts(election, state, state.official, language), words["star"], sep="\n")
    tables = "" if state.tables is None else number(state.tables, language)
    counts = words["counts" if tables else "counts-bare"].format(
        witnessed=number(witnessed.tables, language),
        tables=tables,
        coverage=number(100 * (witnessed.coverage or 0), language, 1),
        reports=number(fed.reports, language),
        bulletins=number(fed.bulletins, language),
        messages=number(fed.messages, language),
        webhooks=number(verified, language),
    )
    say.print("", counts, Text(shown(election.notice)), "", words["next"], sep="\n")
    other = "en" if language == "es" else "es"
    for command in (
        "demo --keep",
        f"check {source.shown}",
        f"demo {source.shown} --seconds 120 --lang {other}",
        f"worker {source.shown} --broker HOST:PORT --clock feed",
        f"feed {source.shown} --broker HOST:PORT --speed 3600",
    ):
        say.print(Text(f"  cotejo {command}"), soft_wrap=True)


def _both_counts(election: Election, state: AreaState, official: Official, language: str) -> Table:
    """Each announced figure beside what the witnessed sheets say of it."""
    words: Any = WORDS[language]

    def figure(value: float | None, decimals: int = 0) -> str:
        return "" if value is None else number(value, language, decimals)

    title = words["title"].format(area=shown(election.labels[state.area]), bulletin=shown(official.bulletin))
    table = Table(title=Text(title), box=None, padding=(0, 1, 0, 0), title_justify="left", pad_edge=False)
    for name in words["columns"]:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    names = {column.id: column.name for column in election.columns}
    votes = state.witnessed.votes
    for option, row in sorted(official.figures.items(), key=lambda item: -(votes.get(item[0]) or 0)):
        table.add_row(
            Text(shown(names[option])),
            figure(row.votes),
            figure(row.share, 2),
            figure(votes.get(option)),
            figure(row.witnessed_share, 2),
            figure(row.floor),
            figure(row.ceiling),
            figure(row.breakdown or None),
        )
    return table
