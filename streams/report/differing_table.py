"""Differing polling tables for the terminal: a line, and a table."""

from rich.table import Table
from rich.text import Text

from streams.core.replay.differing_tables import Differing
from streams.report.terminal_phrases import DIFFERING
from streams.report.words import Words
from streams.text import shown


def differing_line(differing: Differing, language: str) -> str:
    """How many differ, and the net shift of each option or group."""
    say = Words(language, DIFFERING)
    head = say(
        "head", area=differing.election.labels[differing.area], count=differing.count, compared=differing.compared
    )
    net = ", ".join(f"{name} {say.signed(votes)}" for name, votes in differing.net.items())
    return f"{head}. {say('net').capitalize()}: {net}." if net else f"{head}."


def differing_table(differing: Differing, language: str) -> Table:
    """All differing polling tables, with the net shift in the last row."""
    say = Words(language, DIFFERING)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True)
    table.add_column(say("table"), Text(say("net")), no_wrap=True)
    table.add_column(say("area"))
    net = differing.net
    for name in differing.columns:
        for side in ("sheet", "official"):
            table.add_column(Text(shown(f"{name} {say(side)}")), justify="right", no_wrap=True)
        table.add_column(say("difference"), Text(say.signed(net[name])), justify="right", no_wrap=True)
    for row in differing.rows:
        cells = [row.table, differing.election.labels[row.area]]
        for name in differing.columns:
            cells += [say.number(side.get(name)) for side in (row.sheet, row.official)]
            cells.append(say.signed(row.difference[name]) if name in row.official else "")
        table.add_row(*(Text(shown(cell)) for cell in cells))
    return table
