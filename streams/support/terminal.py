"""The way to the terminal: what comes from outside carries no control character there (tests/cli/test_terminal.py holds
every other module to it).

JSON stays the same value: what a terminal could obey is written as its escape.
"""

import logging
import sys
from collections.abc import Iterable

import msgspec
import orjson
from rich.console import Console

from streams.support.logs import LOG
from streams.text import shown


def show(*lines: object) -> None:
    """Lines for people, on stdout."""
    for line in lines:
        print(shown(str(line)))


def aside(line: object, level: int = logging.INFO) -> None:
    """A line for people beside what goes to stdout: a record of the log, on stderr."""
    LOG.log(level, "%s", shown(str(line)), extra={"before": ""})


def console() -> Console:
    """Open stdout for tables and colours. Where it is no terminal, lines are not wrapped. Give it `Text` of what
    `text.shown` returns."""
    terminal = Console(highlight=False)
    return terminal if terminal.is_terminal else Console(highlight=False, width=10_000, soft_wrap=True)


def note(text: object, level: int = logging.INFO) -> None:
    """What the program itself has to say: a record of the log, on stderr."""
    LOG.log(level, "%s", shown(str(text)))


def show_json(value: object) -> None:
    """One line of JSON on stdout; structs of msgspec are objects."""
    print(escaped(orjson.dumps(value, default=msgspec.to_builtins).decode()))


def pass_on(pieces: Iterable[bytes]) -> None:
    """JSON lines on stdout, byte for byte where it is no terminal. No piece ends within a character."""
    if not sys.stdout.isatty():
        sys.stdout.buffer.writelines(pieces)
    else:
        for piece in pieces:
            lines = piece.decode(errors="backslashreplace").split("\n")
            sys.stdout.write("\n".join(map(escaped, lines)))
    sys.stdout.flush()


def escaped(json: str) -> str:
    """JSON of the same value, in printable characters only."""
    if json.isprintable():
        return json
    return "".join(c if c.isprintable() else _escape(c) for c in json)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
