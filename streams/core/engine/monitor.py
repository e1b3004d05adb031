"""The whole core in one piece: events in, notices out. What replay and the tests run.

Live, the same parts are spread over agents and topics (`app`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from streams.core.alerting.alert import Alert, Notice
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.consensus import Verdict
from streams.core.reconciliation.ledger_store import Verdicts
from streams.core.reconciliation.prepared import Entered
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets

ROWS: Final = 8_000
"""Rows of polling tables that are judged together at most, where many ticks are,"""
TICKS: Final = 64
"""and ticks."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What taking in one event led to."""

    notices: list[Notice] = field(default_factory=list)
    rejection: Rejection | None = None


class Monitor:
    """One election night."""

    def __init__(self, election: Election) -> None:
        self.election = election
        self._reconciler = Reconciler(election)
        self._comparer = Comparer(election)
        self._tick = max(1, round(election.alerts.tick * 1000))
        self._passing: list[tuple[Sheets, int]] = []
        """Ticks that have gone by and are not judged yet."""
        self._rows = 0
        self._untold: list[Notice] = []

    def handle(self, event: Event, at: int | None = None) -> Effects:
        """Take in one event that arrived at `at` (Unix ms; its own time if not given).

        Ticks that are due come first, so that they see what was known then.
        """
        at = event.at if at is None else at
        notices = self.advance(at)
        return Effects(notices, self.apply(event, at))

    def advance(self, at: int) -> list[Notice]:
        """Bring event time to `at` (Unix ms), with what is known until now."""
        self._judge()
        if at - self._comparer.clock >= self._tick:
            self._flush()
        told, self._untold = [*self._untold, *self._comparer.advance(at)], []
        return told

    def pass_by(self, at: int) -> list[Notice]:
        """The same for a moment in a later tick, but what it leads to may be told later: many ticks are judged at once,
        which takes a third of the time."""
        sheets = self._reconciler.take_unordered()  # many ticks are put in order at once
        rows = len(sheets)
        if self._rows + rows > ROWS or len(self._passing) >= TICKS:
            self._judge()  # so that a large tick is judged alone, which takes a tenth of the memory
        self._passing.append((sheets, at))
        self._rows += rows
        told, self._untold = self._untold, []
        return told

    @property
    def clock(self) -> int:
        """Event time of the last tick, in Unix ms; 0 before the first event."""
        return self._passing[-1][1] // self._tick * self._tick if self._passing else self._comparer.clock

    def _judge(self) -> None:
        if self._passing:
            passing, self._passing, self._rows = self._passing, [], 0
            self._untold += self._comparer.pass_ticks(passing)

    def apply(self, event: Event, at: int) -> Rejection | None:
        """Take in one event that came at `at` (Unix ms), to which time has been brought."""
        match event:
            case TallyReport():
                return self._reconciler.apply(event, at)
            case Bulletin() if event.area in self.election.areas:
                self._judge()
                return self._comparer.add_bulletin(event, at)
            case Bulletin():
                return self._reconciler.apply(event, at)
        return None

    def enter(self, events: Sequence[Event]) -> Entered:
        """Do ahead what does not hang on when events are taken in: all of them are to be, in order, before others."""
        return self._reconciler.enter(self._reconciler.prepare(events))

    def apply_all(self, entered: Entered, first: int, end: int) -> list[tuple[int, Rejection]]:
        """`apply` the events from `first` to before `end`, each at its own time; the places of those that are turned
        away, and why, in their order."""

        def apply(i: int) -> Rejection | None:
            event = entered.events[i]
            return self.apply(event, event.at)

        return self._reconciler.take_in(entered, first, end, apply)

    def finish(self) -> list[Notice]:
        """Let event time run on until every waiting alert has fired or calmed down."""
        return self.advance(self.clock + self.election.alerts.settling)

    def differing(self) -> Iterator[tuple[str, Announced, Verdict]]:
        """The polling tables whose official figure is not the accepted sheet's, by id."""
        self._flush()
        for table in self._comparer.differing():
            ledger = self._reconciler.ledger(table)
            if ledger is not None and (official := ledger.official(self.election)) is not None:
                yield table, official, ledger.verdict(self.election.policy)

    def states(self) -> Mapping[str, dict[str, Any]]:
        """Every area's state, by area id."""
        self._flush()
        areas = list(self.election.areas)
        return dict(zip(areas, self._comparer.states(areas), strict=True))

    @property
    def reconciler(self) -> Reconciler:
        """The ledgers."""
        return self._reconciler

    @property
    def comparer(self) -> Comparer:
        """The areas and their bulletins, as of the last tick."""
        self._judge()
        return self._comparer

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Every alert, by fingerprint."""
        return self.comparer.alerts

    @property
    def verdicts(self) -> Verdicts:
        """The verdict on every table that was reported."""
        return self._reconciler.verdicts

    def _flush(self) -> None:
        self._judge()
        self._comparer.add_sheets(self._reconciler.take_sheets())
