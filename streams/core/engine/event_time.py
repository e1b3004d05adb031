"""Event time in a night whose events are its only clock: how far it has come, and which events are dated beyond it.

A live night has ticks. An event file may have none: then the events' own times move the clock, and one slip (a bulletin
dated 2096 instead of 2026) would end the night. So an event that is dated more than `max_lead` ahead of all before it
waits until what comes next tells a pause of the night from a slip.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from streams.core.election.model import Election
from streams.core.events.admission import check_date
from streams.core.events.model import Bulletin, Event, Rejection, Tick

_Item = TypeVar("_Item")

Dated = tuple[_Item, Rejection | None]
"""An item, and why its event is turned away, if it is."""


class EventTime(Generic[_Item]):
    """The clock of one event file, or of several that were merged. Times are Unix ms.

    An event within `max_lead` of the clock is admitted at once, and so is the first of a night. One that is further
    ahead waits. It is admitted
    - when another event, dated within `max_lead` of it, follows: the night had a pause. A bulletin does not vouch for a
      bulletin, since one authority's clock may be wrong in all it announces;
    - when a tick says that time has come so far;
    - when nothing follows that moves the clock: it ends the night.
    It is turned away when the clock moves on without reaching it. Events dated before the clock came late. They neither
    vouch for what waits nor speak against it.
    """

    def __init__(self, election: Election, event_of: Callable[[_Item], Event]) -> None:
        self._election, self._event_of = election, event_of
        self._lead = round(1000 * election.policy.max_lead)
        self._waiting: list[_Item] = []
        self._dates: dict[bool, list[int]] = {True: [], False: []}
        """The dates of what waits, in order: of bulletins (True), and of readings."""
        self.now: int | None = None
        """The latest time of any event that was admitted; None before the first."""

    def passes(self, latest: int, step: int) -> bool:
        """Whether a run of events can go by as it is: none waits, and none is ahead of what is before it. `latest` is
        the greatest of their times, `step` the most by which any of them is ahead of all before it in the run and of
        the clock. Then the clock has come to `latest`."""
        if self._waiting or (self._lead and step > self._lead):
            return False
        self.now = max(latest, self.now or 0)
        return True

    def take(self, items: Iterable[_Item]) -> Iterator[Dated[_Item]]:
        """Take in items in the order in which they came. Hands out those that are decided, what waited first."""
        for item in items:
            event = self._event_of(item)
            if self._is_ahead(event) and not self._is_vouched(event):
                self._waiting.append(item)
                insort(self._dates[isinstance(event, Bulletin)], event.at)
                continue
            if self.now is None or event.at > self.now:
                self.now = event.at
                yield from self._decide()
            yield item, None

    def finish(self) -> Iterator[Dated[_Item]]:
        """Hand out what still waits: the night ends with it."""
        for item in self._waiting:
            self.now = max(self.now or 0, self._event_of(item).at)
        yield from self._decide()

    def _is_ahead(self, event: Event) -> bool:
        if self.now is None or not self._lead or isinstance(event, Tick):
            return False
        return event.at > self.now + self._lead

    def _is_vouched(self, event: Event) -> bool:
        """Whether anything that waits is dated about when this event is; for a bulletin, any reading."""
        kinds = (False,) if isinstance(event, Bulletin) else (True, False)
        return any(_is_any_between(self._dates[kind], event.at - self._lead, event.at + self._lead) for kind in kinds)

    def _decide(self) -> Iterator[Dated[_Item]]:
        """Judge what waits by the clock as it is now."""
        waiting, self._waiting = self._waiting, []
        self._dates = {True: [], False: []}
        now = self.now or 0
        for item in waiting:
            reason = check_date(self._election, self._event_of(item), now)
            if reason is None:
                self.now = max(self.now or 0, self._event_of(item).at)
            yield item, reason


def _is_any_between(rising: list[int], first: int, last: int) -> bool:
    place = bisect_left(rising, first)
    return place < len(rising) and rising[place] <= last
