"""Judging one tick: what came before it, side by side with what was known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin, Rejection
from streams.core.reconciliation.sheet_rows import Sheets

Source = TypeVar("Source")
"""Where a bulletin came from, as the driver knows it: a message, a line, an item."""


class Announcement(NamedTuple, Generic[Source]):
    """What came by the channel of the bulletins: a bulletin, or what was to be one."""

    content: Bulletin | Rejection
    source: Source


@dataclass(frozen=True, slots=True)
class JudgedTick(Generic[Source]):
    """What a tick led to. Each announcement is in one of the three lists, in the order in which they came."""

    notices: list[Notice] = field(default_factory=list)
    admitted: list[Source] = field(default_factory=list)
    """Bulletins of areas that count from now on."""
    rejected: list[tuple[Source, Rejection]] = field(default_factory=list)
    for_tables: list[tuple[Source, Bulletin]] = field(default_factory=list)
    """Bulletins for polling tables: they go to the tally reports, where they meet their table's readings."""


def judge_tick(
    comparer: Comparer,
    election: Election,
    at: int,
    announcements: Iterable[Announcement[Source]],
    sheets: Sequence[Sheets],
) -> JudgedTick[Source]:
    """Judge what came before the tick of `at` (Unix ms): first what only waited for time to pass, then the news."""
    judged: JudgedTick[Source] = JudgedTick()
    judged.notices.extend(comparer.advance_before(at))
    for content, source in announcements:
        if isinstance(content, Rejection):
            judged.rejected.append((source, content))
        elif content.area in election.tables:
            judged.for_tables.append((source, content))
        elif (reason := comparer.add_bulletin(content, at)) is not None:
            judged.rejected.append((source, reason))
        else:
            judged.admitted.append(source)
    if sheets:
        comparer.add_sheets(*sheets)
    judged.notices.extend(comparer.advance(at))
    return judged
