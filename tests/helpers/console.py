"""The commands that a page of the documentation shows, each with the output it shows below."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.M | re.S)
PLACEHOLDER = re.compile(r"<[a-z][a-z0-9 -]*>")
"""Stands for what differs from run to run, within a line: `<sha256>`, `<time>`."""
ANY_LINES = "..."
"""A line of its own that stands for any lines, or none."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A command and its output as the page shows them; `start` and `end` are where the output lies in the page."""

    command: str
    output: str
    start: int
    end: int


def commands(page: str) -> Iterator[Shown]:
    """Every command in the page's `console` blocks: a line that begins with `$ `, and those it goes on to after a
    backslash. The lines below it, up to the next command, are its output."""
    for block in BLOCK.finditer(page):
        starts = [found.start() for found in re.finditer(r"^\$ ", block[1], re.M)]
        for start, end in zip(starts, [*starts[1:], len(block[1])], strict=True):
            text = block[1][start:end]
            command = re.match(r"\$ ((?:.*\\\n)*.*)\n", text)
            assert command, f"no command in {text!r}"
            place = block.start(1) + start
            yield Shown(command[1], text[command.end() :], place + command.end(), place + len(text))


def agrees(shown: str, real: str) -> bool:
    """Whether an output is the one that is shown. An empty one is shown where the output is not the point."""
    return not shown or re.fullmatch(pattern(shown), real) is not None


def pattern(shown: str) -> str:
    """A regular expression for an output with placeholders."""
    lines = []
    for line in shown.splitlines():
        if line == ANY_LINES:
            lines.append(r"(?:.*\n)*")
        else:
            parts = [re.escape(part) for part in PLACEHOLDER.split(line.rstrip())]
            lines.append(".+".join(parts) + r"[ \t]*\n")
    return "".join(lines)
