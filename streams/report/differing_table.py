"""Differing polling tables as a table for the terminal."""

from rich.table import Table
from rich.text import Text

from streams.core.comparison.sentences import number
from streams.core.replay.differing import WORDS, Differing, signed
from streams.text import shown


def differing_table(differing: Differing, language: str) -> Table:
    """All differing polling tables, with the net shift in the last row."""
    say = {name: text[language] for name, text in WORDS.items()}
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_footer=True)
    table.add_column(say["table"], Text(say["net"]), no_wrap=True)
    table.add_column(say["area"])
    net = differing.net
    for name in differing.columns:
        for side in ("sheet", "official"):
            table.add_column(Text(shown(f"{name} {say[side]}")), justify="right", no_wrap=True)
        total = Text(signed(net[name], language))
        table.add_column(say["difference"], total, justify="right", no_wrap=True)
    for row in differing.rows:
        cells = [row.table, differing.election.labels[row.area]]
        for name in differing.columns:
            cells += [_number(side.get(name), language) for side in (row.sheet, row.official)]
            cells.append(signed(row.difference[name], language) if name in row.official else "")
        table.add_row(*(Text(shown(cell)) for cell in cells))
    return table


def _number(votes: int | None, language: str) -> str:
    return "" if votes is None else number(votes, language)
