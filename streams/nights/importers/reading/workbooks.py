"""Sheets of workbooks: .xlsx, .xlsm, .xlsb, .xls and .ods."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, Final

import orjson

from streams.nights.importers.reading.files import MOST_DOCUMENT, Part, SourceError

_CHILD: Final = Path(__file__).with_name("workbook_child.py")
_CHUNK: Final = 2**20
Row = tuple[int, list[str]]
"""A row's number, and its cells as text."""


@contextmanager
def opened(part: Part, sheet: str) -> Iterator[tuple[Sequence[str], Iterator[Row]]]:
    """The names of a workbook's sheets, and the rows of the one called `sheet`, or of the first. Raises
    `SourceError`."""
    command = [sys.executable, "-I", str(_CHILD), sheet]
    with part.reading() as raw, Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(BrokenPipeError):  # it ended: its answer says why
                _pass_on(part, raw, process.stdin)
                process.stdin.close()
            names = _answer(part, process.stdout.readline())
            if sheet and sheet not in names:
                raise SourceError(part.name, 0, f"has no sheet {sheet}: name one of {', '.join(names)}")
            yield names, _rows(part, process, process.stdout)
        finally:
            process.kill()


def sheet_rows(part: Part, sheet: str, header: int) -> Iterator[Row]:
    """The rows of a workbook's sheet from the header on; where there is none, an empty row takes its place. Raises
    `SourceError`."""
    with opened(part, sheet) as (names, rows):
        if not sheet and len(names) > 1:
            cure = f"has several sheets: say `sheet`, one of {', '.join(names)}, or * for all"
            raise SourceError(part.name, 0, cure)
        if not header:
            yield 0, []
        yield from (row for row in rows if row[0] >= header)


def sheets(part: Part, sheet: str, header: int) -> Iterator[tuple[Part, Iterator[Row]]]:
    """The sheets that a pattern means, each as a file below the workbook with its rows; without a pattern the workbook
    itself. Raises `SourceError`."""
    if "*" not in sheet:
        yield part, sheet_rows(part, sheet, header)
        return
    with opened(part, "") as (names, _):
        found = [each for each in names if fnmatchcase(each, sheet)]
    if not found:
        raise SourceError(part.name, 0, f"has no sheet {sheet}: name one of {', '.join(names)}")
    for each in found:
        yield replace(part, name=f"{part.name}/{each}"), sheet_rows(part, each, header)


def _pass_on(part: Part, raw: IO[bytes], to: IO[bytes]) -> None:
    left = MOST_DOCUMENT
    while chunk := raw.read(_CHUNK):
        left -= len(chunk)
        if left < 0:
            raise SourceError(part.name, 0, f"is a workbook of more than {MOST_DOCUMENT:,} bytes: save it as CSV")
        to.write(chunk)


def _rows(part: Part, process: "Popen[bytes]", answers: IO[bytes]) -> Iterator[Row]:
    for number, line in enumerate(answers, 1):
        yield number, _answer(part, line)
    if process.wait():
        raise _too_much(part)


def _answer(part: Part, line: bytes) -> list[str]:
    """A line of the child's. Raises `SourceError` for an error, or where there is none."""
    if not line.endswith(b"\n"):
        raise _too_much(part)
    answer = orjson.loads(line)
    if isinstance(answer, dict):
        raise SourceError(part.name, 0, f"cannot be read as a workbook: {answer['error']}")
    content: list[str] = answer
    return content


def _too_much(part: Part) -> SourceError:
    cure = "takes more memory than a workbook may: do its cells reach far beyond the table? Save the sheet as CSV"
    return SourceError(part.name, 0, cure)
