"""Judging ticks: what came before each, side by side with what was known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer, WatcherAhead
from streams.core.events.model import Bulletin, Rejection
from streams.core.reconciliation.sheet_rows import Sheets

ROWS: Final = 8_000
"""Rows of polling tables that are judged together, at most: a larger tick is judged alone, in a tenth of the memory."""
TICKS: Final = 64
"""Ticks that are judged together, at most."""

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
    """Judge what came before the tick of `at` (Unix ms): first what only waited for time to pass, then the news. The
    rows of the sheets are in order."""
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


class Watcher(Protocol):
    """Who wants to see the night go by. It is shown the night after each tick that has announcements, how it was before
    each tick at which it is due, and in the end. Many ticks are judged together, in a third of the time: so one that
    looks ahead (`WatcherAhead`) is asked whether it is due only where that cannot be."""

    def is_due(self, at: int) -> bool:
        """Whether to be shown the night as it was before the tick of `at` (Unix ms). Asked once of each."""

    def __call__(self, comparer: Comparer, at: int) -> None:
        """See the night: event time has come to `at` (Unix ms)."""


class TickJudge(Generic[Source]):
    """Judges a night's ticks, many together. The notices of a tick may come with a later one."""

    def __init__(self, election: Election, watch: Watcher | None) -> None:
        self._election, self._watch = election, watch
        self._shown: int | None = None
        """Event time when the watcher last saw the night."""
        self._ahead = watch if isinstance(watch, WatcherAhead) else None
        self._tick = max(1, round(election.alerts.tick * 1000))
        self.comparer = Comparer(election)
        self._waiting: list[tuple[Sheets, int]] = []
        """News, and the moment (Unix ms) to which time comes after it."""
        self._rows = self._ticks = 0

    def judge(
        self, at: int, announcements: Sequence[Announcement[Source]], sheets: Sequence[Sheets]
    ) -> JudgedTick[Source]:
        """Judge what came before the tick of `at` (Unix ms). The rows of the sheets may be loose."""
        notices = list[Notice]()
        looks = self._ahead is not None and self.comparer.sees_ahead
        if self._watch is not None and not looks and self._watch.is_due(at):
            notices += self.catch_up()
            self.show()
        if not announcements:
            return JudgedTick(notices + self._put_off(at, [part for part in sheets if part]))
        notices += self.catch_up()
        judged = judge_tick(self.comparer, self._election, at, announcements, [part.in_order() for part in sheets])
        judged.notices[:0] = notices
        self.show()
        return judged

    def show(self) -> None:
        """Show the watcher the night if event time has come further since it last saw it."""
        at = self.comparer.clock
        if self._watch is not None and at is not None and at != self._shown:
            self._shown = at
            self._watch(self.comparer, at)

    def catch_up(self) -> list[Notice]:
        """Judge the ticks that wait."""
        waiting, self._waiting, self._rows, self._ticks = self._waiting, [], 0, 0
        notices = self.comparer.pass_ticks(waiting, self._ahead) if waiting else []
        if len(waiting) == 1:  # nobody has looked ahead
            self.show()
        return notices

    def _put_off(self, at: int, sheets: Sequence[Sheets]) -> list[Notice]:
        notices, rows = list[Notice](), sum(map(len, sheets))
        if self._rows + rows > ROWS or self._ticks >= TICKS:
            notices += self.catch_up()
        begun = bool(self._waiting) or self.comparer.clock is not None
        before = at - 1 if begun else at  # what came is not judged at the ticks before
        notices += self._pass(before if sheets else at)
        self._waiting += [(part, before) for part in sheets[:-1]]
        self._waiting += [(part, at) for part in sheets[-1:]]
        self._rows, self._ticks = self._rows + rows, self._ticks + 1
        return notices

    def _pass(self, at: int) -> list[Notice]:
        """Let time come to `at` (Unix ms) without news."""
        if not self._waiting:
            return self.comparer.advance(at)
        sheets, _ = self._waiting[-1]
        self._waiting[-1] = sheets, at
        return []
