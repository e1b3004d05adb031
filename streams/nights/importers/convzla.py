"""The campaign's published CSV of Venezuela 2024 as tally reports, with the election they belong to.

Two releases: V1 (UTF-8, with registered voters) and V2 (Latin-1, without). Both have lost the leading zeros of
their codes. The file has no times: every report is given the same one.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streams.core.election.model import Area, Election, PollingTable
from streams.core.events.codec import encode
from streams.core.events.model import Event, TallyReport
from streams.errors import CotejoError
from streams.nights.check import Problem
from streams.nights.eventlog import made
from streams.nights.scenarios import venezuela2024_facts as night
from streams.regular_file import TEXT_BYTES, read_regular

SOURCE: Final = "convzla"
AT: Final = 1_722_225_600_000
"""29 July 2024, 00:00 in Caracas (Unix ms): before the first bulletin."""

_OPTIONS: Final = tuple(option.id for option in night.OPTIONS)
_PLACES: Final = ("COD_EDO", "EDO", "COD_MUN", "MUN", "COD_PAR", "PAR", "CENTRO", "MESA")
_NEEDED: Final = (*_PLACES, "VOTOS_VALIDOS", "VOTOS_NULOS", *_OPTIONS)


class ImportFailed(CotejoError):  # noqa: N818 - says what happened
    """The file is not the campaign's CSV; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One row: a report, its parish's line of areas, and the registered voters where the release has them."""

    report: TallyReport
    areas: tuple[Area, ...]
    registered: int | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has written."""

    tables: int
    votes: dict[str, int]
    null: int


def read(path: Path, at: int = AT) -> Iterator[Sheet | Problem]:
    """The rows of a release, good and bad, in their order. `at` is every report's time (Unix ms).

    Raises `ImportFailed` for a file that is no release.
    """
    try:
        raw = read_regular(path, TEXT_BYTES)
    except OSError as error:
        raise ImportFailed(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")  # the second release; any bytes are Latin-1
    seen: dict[str, int] = {}
    for line, row in _rows(path, text):
        try:
            sheet = _sheet(row, at)
        except _BadCellError as error:
            yield Problem(str(path), line, error.column, "not-a-number", f"give a whole number, not {error}")
            continue
        table = sheet.report.table
        if table in seen:
            cure = f"{table} is on line {seen[table]} too: leave one out"
            yield Problem(str(path), line, "MESA", "duplicate-table", cure)
            continue
        seen[table] = line
        yield sheet


def _rows(path: Path, text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows, with the lines on which they end."""
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
        if missing:
            raise ImportFailed(f"{path}:1: no column {', '.join(missing)}: is this RESULTADOS_2024_CSV?")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise ImportFailed(f"{path}: is no CSV behind line {reader.line_num}: {error}") from None


def write(sheets: Iterable[Sheet], directory: Path, *, jsonl: bool = False) -> Imported:
    """Write the sheets and both official bulletins as a night into `directory` (`made.write`)."""
    areas, tables, events = dict(night.areas()), dict[str, PollingTable](), list[Event]()
    votes, null = dict.fromkeys(_OPTIONS, 0), 0
    for sheet in sheets:
        report = sheet.report
        for area in sheet.areas:
            areas.setdefault(area.id, area)
        tables[report.table] = PollingTable(sheet.areas[-1].id, sheet.registered)
        events.append(report)
        null += report.null or 0
        for option, count in report.votes.items():
            votes[option] += count
    if not tables:
        raise ImportFailed("no row could be read")
    election = Election(
        id="ve-2024",
        name=night.NAME,
        options=night.OPTIONS,
        groups=night.GROUPS,
        areas=areas,
        tables=tables,
        levels=night.LEVELS,
        policy=night.policy(SOURCE),
        alerts=night.ALERTS,
    )
    events = sorted([*events, *night.bulletins()], key=lambda event: event.at)
    made.write(directory, election, events, "cotejo import convzla", jsonl=jsonl)
    return Imported(len(tables), votes, null)


class _BadCellError(ValueError):
    def __init__(self, column: str, text: str) -> None:
        super().__init__(repr(text[:40]))
        self.column = column


def _sheet(row: dict[str, Any], at: int) -> Sheet:
    state, municipality, parish = (f"{_number(row, name):02d}" for name in ("COD_EDO", "COD_MUN", "COD_PAR"))
    line = (f"VE-{state}", f"VE-{state}-{municipality}", f"VE-{state}-{municipality}-{parish}")
    table = f"{_number(row, 'CENTRO'):09d}-{_number(row, 'MESA')}"
    votes = {option: _number(row, option) for option in _OPTIONS}
    null = _number(row, "VOTOS_NULOS")
    content = hashlib.sha256(encode([table, votes, null])).hexdigest()[:16]
    report = TallyReport(
        id=f"{SOURCE}-{table}-{content}",  # the same row again is the same report, a corrected one another
        table=table,
        reporter=SOURCE,
        source=SOURCE,
        at=at,
        votes=votes,
        null=null,
        ballots=_number(row, "VOTOS_VALIDOS") + null,
        url=row.get("URL") or None,
    )
    names = (row["EDO"], row["MUN"], row["PAR"])
    areas = tuple(
        Area(id, " ".join(name.split()) or id, level, parent)
        for id, name, level, parent in zip(line, names, night.LEVELS[1:], ("VE", *line), strict=False)
    )
    registered = _number(row, "RE") if row.get("RE") else None
    return Sheet(report, areas, registered)


def _number(row: dict[str, Any], column: str) -> int:
    text = (row.get(column) or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise _BadCellError(column, text)
    return int(text)
