"""What is wrong with a night's events: one by one, what a worker would turn away."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from streams.core.election.model import Election
from streams.core.engine.event_time import Dated, EventTime
from streams.core.events.admission import check_bulletin, check_date, check_report
from streams.core.events.codec import encode, plain
from streams.core.events.model import NO_ARRIVAL, Bulletin, Event, Rejection, TallyReport, Tick
from streams.nights.arrival import Arrival, event_of
from streams.nights.check_remarks import Remarks


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, a stable code, and what would cure it."""

    file: str
    line: int
    place: str
    code: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.place + ': ' if self.place else ''}{self.code}: {self.cure}"


def _problem(arrival: Arrival, reason: Rejection) -> Problem:
    return Problem(arrival.file, arrival.line, reason.place, reason.code, reason.cure)


class EventCheck:
    """The events of one election. `counts` has the events that are fine, by type; `remarks` what they leave open."""

    def __init__(self, election: Election) -> None:
        self._election = election
        self._seen: dict[tuple[str, str], tuple[bytes, str]] = {}
        self._first: dict[str, Bulletin] = {}
        """By id, the bulletin that had it first."""
        self.counts: Counter[str] = Counter()
        self.remarks = Remarks(election)

    def problems(self, arrivals: Iterable[Arrival]) -> Iterator[Problem]:
        """Say what is wrong with each, in their order; of an event that is dated beyond the night when that shows."""
        time = EventTime[Arrival](self._election, event_of)
        for arrival in arrivals:
            if isinstance(arrival.event, Rejection):
                yield _problem(arrival, arrival.event)
            elif arrival.arrived == NO_ARRIVAL:
                yield from self._problems(time.take([arrival]))
            elif isinstance(arrival.event, Tick):
                yield from self._problems([(arrival, None)])
            else:
                yield from self._problems([(arrival, check_date(self._election, arrival.event, arrival.arrived))])
        yield from self._problems(time.finish())

    def _problems(self, dated: Iterable[Dated[Arrival]]) -> Iterator[Problem]:
        for arrival, why in dated:
            event = event_of(arrival)
            reason = why or self._judge(event, arrival.place)
            if reason is None:
                self.counts[_KINDS[type(event)]] += 1
            else:
                yield _problem(arrival, reason)

    def _judge(self, event: Event, here: str) -> Rejection | None:
        match event:
            case TallyReport():
                reason = check_report(self._election, event) or self._repeated("report", event.id, event, here)
                if reason is None:
                    self.remarks.see_report(event)
                return reason
            case Bulletin():
                return check_bulletin(self._election, event) or self._check_bulletin(event, here)
        return None

    def _check_bulletin(self, bulletin: Bulletin, here: str) -> Rejection | None:
        """What is wrong with one that is admitted: another bulletin under the same id. One of the same area with
        another sequence is a version of it, as authorities rewrite them: a remark."""
        first = self._first.setdefault(bulletin.id, bulletin)
        is_version = bulletin.area == first.area and bulletin.sequence != first.sequence
        key = (
            "version" if is_version else "bulletin",
            f"{bulletin.id} {bulletin.sequence}" if is_version else bulletin.id,
        )
        is_new = key not in self._seen
        reason = self._repeated("bulletin", bulletin.id, bulletin, here, key)
        if reason is None and is_new:
            self.remarks.see_bulletin(bulletin, here)
            if is_version:
                self.remarks.see_rewritten(here)
        return reason

    def _repeated(
        self, kind: str, id: str, event: Event, here: str, key: tuple[str, str] | None = None
    ) -> Rejection | None:
        """The same event twice is nothing; another one under the same id is a slip."""
        content = hashlib.blake2b(encode(plain(event)), digest_size=16).digest()
        before, where = self._seen.setdefault(key or (kind, id), (content, here))
        if before == content:
            return None
        return Rejection("duplicate-id", "id", f"{id} is another {kind}'s id already ({where}): give it its own")


_KINDS: dict[type, str] = {TallyReport: "tally-report", Bulletin: "bulletin", Tick: "tick"}
