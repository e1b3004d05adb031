"""The plainest way through the core: one event after the other, each judged as it comes. The oracle of `Night`, which
takes in many at once and judges many ticks together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from streams.core.alerting.alert import Alert, Notice
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.events.area_states import AreaState
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport
from streams.core.reconciliation.announced import Announced
from streams.core.reconciliation.consensus import Verdict
from streams.core.reconciliation.ledger_store import Verdicts
from streams.core.reconciliation.reconciler import Reconciler


@dataclass(frozen=True, slots=True)
class Effects:
    """What taking in one event led to."""

    notices: list[Notice] = field(default_factory=list)
    rejection: Rejection | None = None


class Monitor:
    """One election night."""

    def __init__(self, election: Election) -> None:
        self.election = election
        self.reconciler = Reconciler(election)
        self.comparer = Comparer(election)
        self._tick = max(1, round(election.alerts.tick * 1000))

    def handle(self, event: Event, at: int | None = None) -> Effects:
        """Take in one event that arrived at `at` (Unix ms; its own time if not given). Ticks that are due come first,
        so that they see what was known then."""
        at = event.at if at is None else at
        notices = self.advance(at)
        return Effects(notices, self.apply(event, at))

    def advance(self, at: int) -> list[Notice]:
        """Bring event time to `at` (Unix ms), with what is known until now."""
        if self.comparer.clock is None or at - self.comparer.clock >= self._tick:
            self._flush()
        return self.comparer.advance(at)

    def apply(self, event: Event, at: int) -> Rejection | None:
        """Take in one event that came at `at` (Unix ms), to which time has been brought."""
        match event:
            case TallyReport():
                return self.reconciler.apply(event, at)
            case Bulletin() if event.area in self.election.areas:
                return self.comparer.add_bulletin(event, at)
            case Bulletin():
                return self.reconciler.apply(event, at)
        return None

    def finish(self) -> list[Notice]:
        """Let event time run on until every waiting alert has fired or calmed down."""
        return [] if self.comparer.clock is None else self.advance(self.comparer.clock + self.election.alerts.settling)

    def differing(self) -> Iterator[tuple[str, Announced, Verdict]]:
        """The polling tables whose official figure is not the accepted sheet's, by id."""
        self._flush()
        for table in self.comparer.view.differing():
            ledger = self.reconciler.ledger(table)
            if ledger is not None and (official := ledger.official(self.election)) is not None:
                yield table, official, ledger.verdict(self.election.policy)

    def states(self) -> Mapping[str, AreaState]:
        """Every area's state, by area id, with what came since the last tick."""
        self._flush()
        areas = list(self.election.areas)
        return dict(zip(areas, self.comparer.states(areas), strict=True))

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Every alert, by fingerprint."""
        return self.comparer.alerts

    @property
    def verdicts(self) -> Verdicts:
        """The verdict on every table that was reported."""
        return self.reconciler.verdicts

    def _flush(self) -> None:
        self.comparer.add_sheets(self.reconciler.take_sheets())
