"""From a night to its two reports in NIST's format: what was witnessed, and what was announced."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from streams import __version__
from streams.core.election.model import Election
from streams.core.election.numbering import Numbers
from streams.core.engine.channel_items import Items, Unread, Unreadable
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Tick
from streams.core.reconciliation.sheet_rows import READ
from streams.core.replay.replay import Replay
from streams.errors import CotejoError
from streams.nights.exports import nist_xml
from streams.nights.source import Night
from streams.support.atomic_directory import whole_directory

WITNESSED, OFFICIAL = "witnessed.xml", "official.xml"
_ACCEPTED: Final = 2
"""The place of "accepted" in a row of a sheet (`sheet_rows`)."""
_WITNESSED_NOTES: Final = (
    "Counted by Cotejo from tally sheets that witnesses read. The counts of an area are those of its polling tables "
    "with an accepted sheet. The date is that of the first event."
)
_OFFICIAL_NOTES: Final = "As the authority announced it in its bulletins. The date is that of the first event."


def export(night: Night, election: Election, directory: Path, progress: Callable[[int], None]) -> list[str]:
    """Write both reports into a directory; the second only where anything was announced. Returns their names. Raises
    `CotejoError`, and leaves what was there as it was."""
    replay, first = night.replay(election), _First()
    for channel, items, arrived in night.messages():
        first.take(items)
        replay.take(channel, items, arrived)
        progress(night.done)
    replay.finish()
    if first.at is None or replay.comparer.clock is None:
        raise CotejoError(
            "the night has no event that can be read, and a report needs a date: record, import or simulate one first"
        )
    times = replay.comparer.clock, first.at
    reports = {WITNESSED: _witnessed(election, replay.comparer, *times)}
    if (official := _official(election, replay, *times)) is not None:
        reports[OFFICIAL] = official
    with whole_directory(directory, WITNESSED) as fresh:
        for name, report in reports.items():
            with (fresh / name).open("w", encoding="utf-8") as file:
                file.writelines(nist_xml.report(election, report, __version__))
    return list(reports)


class _First:
    """The time of the first event that can be read."""

    def __init__(self) -> None:
        self.at: int | None = None

    def take(self, items: Items) -> None:
        if self.at is None:
            read = items.read() if isinstance(items, Unread) else items
            self.at = next((item.at for item in read if not isinstance(item, Unreadable | Tick)), None)


def _witnessed(election: Election, comparer: Comparer, at: int, held_at: int) -> nist_xml.Report:
    rows = comparer.read
    accepted = np.flatnonzero(rows[:, _ACCEPTED] > 0)
    states = dict(zip(election.layout.areas, comparer.states(election.layout.areas), strict=True))
    counted = {
        nist_xml.area_unit(number): states[id].witnessed.tables for number, id in enumerate(election.layout.areas)
    }

    def votes(option: str) -> Iterator[tuple[str, int]]:
        for unit, id in enumerate(election.layout.areas):
            seen = states[id].witnessed
            if seen.tables and (count := seen.votes[option]) is not None:
                yield nist_xml.area_unit(unit), count
        column = rows[accepted, READ + election.option_index[option]]
        yield from zip(map(nist_xml.table_unit, accepted.tolist()), column.tolist(), strict=True)

    exist = election.root.tables
    return nist_xml.Report(
        issuer=f"Witnesses of {election.name}",
        short="witnesses",
        at=at,
        held_at=held_at,
        status="unofficial-complete" if counted[nist_xml.area_unit(0)] == exist else "unofficial-partial",
        votes={option: votes(option) for option in election.read_options},
        counted=counted,
        notes=_WITNESSED_NOTES,
    )


def _official(election: Election, replay: Replay, at: int, held_at: int) -> nist_xml.Report | None:
    comparer, layout = replay.comparer, election.layout
    bulletins = {
        nist_xml.area_unit(n): b for n, id in enumerate(layout.areas) if (b := comparer.bulletin(id)) is not None
    }
    announced = _announced(election, replay)
    if not bulletins and not len(announced):
        return None

    def votes(column: str) -> Iterator[tuple[str, int]]:
        for unit, bulletin in bulletins.items():
            if column in bulletin.votes:
                yield unit, bulletin.votes[column]
        if len(announced):
            figures = announced[:, 1 + election.column_index[column]]
            for table, count in zip(announced[:, 0].tolist(), figures.tolist(), strict=True):
                if count >= 0:
                    yield nist_xml.table_unit(table), count

    named = {column for bulletin in bulletins.values() for column in bulletin.votes}
    if len(announced):
        most = announced[:, 1:].max(axis=0).tolist()
        named |= {column.id for column, count in zip(election.columns, most, strict=True) if count >= 0}
    whole = bulletins.get(nist_xml.area_unit(0))
    status: nist_xml.Status = "unofficial-partial"
    if whole is not None and whole.status != "partial":
        status = "correction" if whole.status == "correction" else "unofficial-complete"
    authorities = sorted({bulletin.authority for bulletin in bulletins.values()}) or sorted(election.authorities)
    return nist_xml.Report(
        issuer=", ".join(authorities) or "the authority",
        short=authorities[0] if authorities else "authority",
        at=at,
        held_at=held_at,
        status=status,
        votes={column.id: votes(column.id) for column in election.columns if column.id in named},
        counted={unit: b.tables_counted for unit, b in bulletins.items() if b.tables_counted is not None},
        ballots=[(unit, b.ballots) for unit, b in bulletins.items() if b.ballots is not None],
        notes=_OFFICIAL_NOTES,
    )


def _announced(election: Election, replay: Replay) -> Numbers:
    """Polling tables announced by themselves: number, then the votes by column, -1 for none. One row each."""
    rows = list[Numbers]()
    if replay.comparer.state(election.root.id).tables_announced:
        for number, table in enumerate(election.layout.tables):
            ledger = replay.ledger(table)
            if ledger is not None and (official := ledger.official(election)) is not None:
                rows.append(np.array([number, *official.votes], np.int64))
    return np.stack(rows) if rows else np.zeros((0, 1 + len(election.columns)), np.int64)
