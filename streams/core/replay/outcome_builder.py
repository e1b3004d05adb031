"""Collects the outcome of a replay: counts, notices, what is turned away."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.engine.channel_items import Item, Unreadable
from streams.core.engine.comparer import Comparer
from streams.core.events.area_states import AreaState
from streams.core.events.codec import encode, plain
from streams.core.events.model import Event, Rejection, Tick
from streams.core.events.quick_decoder import KINDS, Usual, by_type
from streams.core.reconciliation.ledger_store import Verdicts
from streams.core.replay.outcome import Members, Outcome, Refusals
from streams.core.replay.verdicts import NightVerdicts

_KINDS: Final[Mapping[type, str]] = {**KINDS, Tick: "ticks", Unreadable: "unreadable"}


class RejectionWatcher(Protocol):
    """An observer of what is turned away: called with each item, in the order in which they are judged, and why."""

    def __call__(self, item: Item, rejection: Rejection) -> None: ...


class OutcomeBuilder:
    """Collects what a replay leads to and passes it on to its observers."""

    def __init__(self, election: Election, watch_rejections: RejectionWatcher | None) -> None:
        self.election = election
        self.counts: Counter[str] = Counter()
        self.notices: list[Notice] = []
        self.rejected: dict[str, Refusals] = {}
        self._watch_rejections = watch_rejections

    def count(self, items: Sequence[Item | Usual]) -> None:
        """Count items by their kind, before they are judged."""
        for kind, count in by_type(items).items():
            self.counts[_KINDS[kind]] += count

    def refuse(self, rejection: Rejection, items: Sequence[Item], place: int = 0) -> None:
        """Keep why the item at a place is turned away. The item is made only if somebody looks at it."""
        self.rejected.setdefault(rejection.code, Refusals()).add(rejection, lambda: _content(items[place]))
        if self._watch_rejections is not None:
            self._watch_rejections(items[place], rejection)

    def outcome(self, comparer: Comparer, ledgers: Sequence[Verdicts], unjudged: int) -> Outcome:
        """What the night came to. `ledgers` are the verdicts of each partition."""
        return Outcome(
            election=self.election.id,
            at=comparer.clock or 0,
            unjudged=unjudged,
            counts=self.counts,
            states=_States(self.election, comparer),
            verdicts=NightVerdicts(self.election, ledgers, comparer.read),
            alerts=dict(comparer.alerts),
            notices=self.notices,
            rejected=self.rejected,
        )


class _States(Members[AreaState]):
    """Every area's state, made when asked for and not kept: with the verdicts, a large night's took 270 MB."""

    def __init__(self, election: Election, comparer: Comparer) -> None:
        self._areas, self._comparer = election.areas, comparer

    def __getitem__(self, area: str) -> AreaState:
        if area not in self._areas:
            raise KeyError(area)
        return self._comparer.state(area)

    def __iter__(self) -> Iterator[str]:
        return iter(self._areas)

    def __len__(self) -> int:
        return len(self._areas)

    def several(self, keys: Sequence[str]) -> Iterable[AreaState]:
        return self._comparer.states(keys)


def _content(item: Item) -> bytes:
    return bytes(item.excerpt) if isinstance(item, Unreadable) else _json(item)


def _json(event: Event) -> bytes:
    return encode(plain(event))
