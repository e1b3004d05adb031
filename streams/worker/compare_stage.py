"""The compare stage: takes in sheets and bulletins; sends area states, notices and rejected bulletins.

There is one for the whole election. What comes is held until every channel has reached the same tick. Then it is
judged, saved and acked, so that after a crash it comes again.

Sheets are not saved a second time. They stand in their topic; the stage saves the offset up to which it took in each
partition's. States of areas are sent a few at a time after judging, since there may be a hundred thousand.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from faust.types import TP, EventT
from msgspec import UNSET
from prometheus_client import Histogram

from streams.core.alerting.alert import Alert, Notice
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.engine.tick_judge import Announcement, JudgedTick, judge_tick
from streams.core.engine.watermarks import Alignment
from streams.core.events import formats
from streams.core.events.admission import check_tick
from streams.core.events.area_states import DatedState
from streams.core.events.codec import decode_bulletin, encode, encode_structs
from streams.core.events.input_topics import BULLETINS
from streams.core.events.model import Bulletin, Rejection, Tick
from streams.core.events.original_bytes import with_type
from streams.core.events.own_records import MarkRecord
from streams.core.reconciliation.sheet_rows import Sheets, read_message
from streams.kafka.topology import Topology
from streams.times import rfc3339
from streams.worker import comparison_state, fault_points, raw_topics
from streams.worker.clock import AHEAD
from streams.worker.fault_points import Point
from streams.worker.faust_patches import App, Place
from streams.worker.outbox import Record, SealedOutbox
from streams.worker.rejected_records import count_of, rejected
from streams.worker.unreadable_records import SetAside, Stored

PATIENCE: Final = 0.5
"""Seconds that a tick of the wall clock waits for a partition that has not come so far, at most. Where the rules are
asked more often, it waits until the next tick is due: whoever wants that would rather hear of a bulletin at once."""
SAVE_EVERY: Final = 0.2
"""Seconds between two flushes: nobody waits for what is saved, only for what is told."""
STATES: Final = 100
"""Areas whose states are told at a time; one takes some 0.2 ms."""


class _Arrival(NamedTuple):
    event: EventT[Any]
    what: Sheets | Bulletin | Rejection | None
    """None is a tick: it only wants to be acked."""


class CompareStage:
    """The election's one `Comparer`, in the worker that owns its partition."""

    def __init__(
        self,
        app: App,
        election: Election,
        topology: Topology,
        times: Histogram,
        sent: Callable[[], Iterable[Any]],
        warn: Callable[[str], None],
        aside: SetAside,
        *,
        wall_clock: bool,
    ) -> None:
        """`sent()` reads the topic of sheets from its beginning to its present end. `warn` is for an operator."""
        self._warn, self._aside, self._wall_clock = warn, aside, wall_clock
        self._app, self._election, self._topology, self._sent = app, election, topology, sent
        self._judging, self._columns = times.labels("judge"), [column.id for column in election.columns]
        self._alerts = raw_topics.topic(app, topology.alerts)
        self._reports = raw_topics.topic(app, topology.tally_reports)
        self._area_state = raw_topics.topic(app, topology.area_state)
        self._rejected = raw_topics.topic(app, topology.rejected)
        self._table = raw_topics.table(app, "comparison")
        self.outbox = SealedOutbox(app, self._table, times.labels("compare-flush"), every=SAVE_EVERY)
        self.counts: Counter[str] = Counter()
        self._patience, self._metric_areas = min(PATIENCE, election.alerts.tick), frozenset(election.metric_areas)
        self._reset()
        app.agent(raw_topics.topic(app, topology.table_sheets), name="sheets")(self._take_sheets)
        app.agent(raw_topics.topic(app, topology.bulletins), name="bulletins")(self._take_bulletins)
        app.after_recovery(self._rebuild)

    def _reset(self, at: int | None = None) -> None:
        self.owned = False
        self.at = at
        """The last tick that every channel has reached, in Unix ms; None before the first."""
        self.comparer = Comparer(self._election)
        self.states: dict[str, DatedState] = {}
        """The newest state, as sent to `area-state`, of each area that has metrics and was heard of."""
        self._saved: dict[str, Alert] = {}
        self._channels = Alignment[_Arrival]([*range(self._topology.partitions), BULLETINS], at)
        self.judging_took = 0.0
        """Seconds that the last tick took to be judged."""
        self._seen: dict[int, float] = {}
        """When the first channel came to each tick that waits."""
        self._reached: dict[int, int] = {}
        """By partition, the offset of the last sheets that were taken in."""

    async def _rebuild(self, partitions: frozenset[TP]) -> None:
        self.outbox.clear()
        self._reset()
        place = TP(self._topology.table_sheets, 0)
        if place not in partitions:
            return
        mine = Place(place, self._app.consumer_generation_id)
        saved = comparison_state.read((await self.outbox.begin(formats.COMPARISON, mine)).items())
        self._set_aside(mine, saved)
        if (clock := saved.clock) is None:
            self._reached = self._all_acked(place)
        else:
            clock.check_columns(self._columns)
            self._reset(clock.at)
            self._reached = {int(partition): offset for partition, offset in clock.reached.items()}
        self.outbox.resume(self.at)
        alerts = [alert for alert in saved.alerts if alert.finding.area in self._election.areas]
        bad = list[tuple[Any, str]]()
        sheets = comparison_state.judged(self._sent, self._reached, self._read, lambda *told: bad.append(told))
        rest = saved.bulletins, alerts, saved.evaluated, saved.pulse
        await asyncio.to_thread(lambda: self.comparer.load(sheets, *rest))
        fault_points.reached(Point.COMPARISON_LOADED)
        for told in bad:  # they were kept when they came
            self._aside.tell(*told)
        self._saved = dict(self.comparer.alerts)
        self.owned = True
        self.tell_more()

    def _set_aside(self, place: Place, saved: comparison_state.Comparison) -> None:
        changelog = self._topology.changelog("comparison")
        for key, value, why in [*self.outbox.unreadable, *saved.unreadable]:
            self._aside.put(self.outbox, Stored(changelog, 0, key, value), why)
        for key, _, _ in saved.unreadable:
            self.outbox.write(place, key, None)

    def _all_acked(self, place: TP) -> dict[int, int]:
        """By partition, the offset up to which sheets count, where nothing says how far judging had come. A new night
        has none; else all that were acked count."""
        acked = self._app.committed(place)
        if not acked:
            return {}
        self._warn(
            f"{self._topology.changelog('comparison')} does not say how far judging had come: all sheets before "
            f"offset {acked} count, and time goes on from the next tick"
        )
        return dict.fromkeys(range(self._topology.partitions), acked - 1)

    def _read(self, record: Any) -> MarkRecord | Sheets:
        formats.TABLE_SHEETS.check_headers(record.headers)
        return read_message(self._election, self._topology.partitions, record.value)

    async def _take_sheets(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            try:
                what = self._read(event.message)
            except ValueError as error:
                self._aside.put(self.outbox, event.message, error)
                self.outbox.hold(event)
                continue
            sheets, at = (None, what.at) if isinstance(what, MarkRecord) else (what, None)
            self._arrive(what.partition, _Arrival(event, sheets), at)

    async def _take_bulletins(self, stream: Any) -> None:
        events: AsyncIterable[EventT[Any]] = stream.noack().events()
        async for event in events:
            match decode_bulletin(event.message.value):
                case Tick() as tick:
                    reason = check_tick(self._election, tick, round(event.message.timestamp * 1000))
                    self._arrive(BULLETINS, _Arrival(event, reason), tick.at if reason is None else None)
                case other:
                    self.counts["arrived"] += 1
                    self._arrive(BULLETINS, _Arrival(event, other), None)

    def _arrive(self, channel: int | str, arrival: _Arrival, mark: int | None) -> None:
        self._channels.add(channel, arrival)
        if mark is not None and self._wall_clock and mark > self._app.clock.now():
            self.counts["ticks ahead"] += 1  # what came before it is judged with the next
        elif mark is not None:
            self._seen.setdefault(mark, self._app.clock.monotonic())
            self._channels.mark(channel, mark)
            self._judge()

    def meet_clock(self, at: int) -> None:
        """Continue from `at` (Unix ms), the wall clock, if judged time lies far ahead of it: a clock was wrong and has
        been set right. Otherwise nothing would be judged until the clock had caught up."""
        if self.at is None or self.at <= at + AHEAD:
            return
        self._warn(
            f"time was judged up to {rfc3339(self.at)} and this worker's clock says {rfc3339(at)}: a clock was "
            f"{(self.at - at) / 1000:,.0f} s ahead. What was told meanwhile carries such times; time goes on from this "
            "clock. If this clock is the wrong one, set it right (docs/runbooks.md#cotejoclockwrong)"
        )
        self.counts["clock set back"] += 1
        self.comparer.set_back(at)
        self._channels.set_back(at)
        self._seen = {mark: since for mark, since in self._seen.items() if mark <= at}
        self.at = at
        self.outbox.stamp(at)
        self._save(Place(TP(self._topology.table_sheets, 0), self._app.consumer_generation_id))
        self._tell_states(self.comparer.take_changed(STATES))

    def _judge(self) -> None:
        for at, arrivals in self._channels.take():
            self._seen = {mark: since for mark, since in self._seen.items() if mark > at}
            began = self._app.clock.monotonic()
            self._settle(at, arrivals)
            self.judging_took = self._app.clock.monotonic() - began
            self._judging.observe(self.judging_took)

    @property
    def lag(self) -> float:
        """Seconds of event time that the slowest partition is behind the fastest."""
        return self._channels.lag / 1000

    async def leave_behind(self) -> None:
        """Judge without the partitions that a tick has waited for too long. Used with the wall clock only: a fed night
        waits as long as it takes."""
        now = self._app.clock.monotonic()
        while (at := self._channels.waiting) is not None and now - self._seen[at] >= self._patience:
            self._channels.leave_behind()
            self._judge()

    def _settle(self, at: int, arrivals: list[_Arrival]) -> None:
        """Judge one tick, send what follows from it, and save."""
        announced = [Announcement(what, event) for event, what in arrivals if isinstance(what, Bulletin | Rejection)]
        sheets = [what for _, what in arrivals if isinstance(what, Sheets)]
        judged = judge_tick(self.comparer, self._election, at, announced, sheets)
        fault_points.reached(Point.TICK_JUDGED)
        for event, what in arrivals:
            self.outbox.hold(event)
            if isinstance(what, Sheets):
                self._reached[what.partition] = event.message.offset
        self._pass_on(judged)
        self.counts["bulletins"] += sum(isinstance(what, Bulletin) for what, _ in announced) - len(judged.for_tables)
        self.at = at
        self.outbox.stamp(at)
        self._tell(judged.notices)
        self._save(arrivals[-1].event)  # there is one: each mark is an arrival too

    def _pass_on(self, judged: JudgedTick[EventT[Any]]) -> None:
        """Save the bulletins that were admitted, and send the others where they go."""
        for event in judged.admitted:
            content = event.message.value or b""
            self.outbox.write(event, f"bulletin/{hashlib.sha256(content).hexdigest()}".encode(), content)
        for event, bulletin in judged.for_tables:
            home, content = self._topology.partition_of(bulletin.area), event.message.value or b""
            self.outbox.send(Record(self._reports, bulletin.area.encode(), with_type(content, "bulletin"), home))
        for event, reason in judged.rejected:
            self.counts[f"rejected {reason.code}"] += count_of(event.message, [reason])
            self.outbox.send(rejected(self._rejected, event.message, [reason]))

    def _tell(self, notices: list[Notice]) -> None:
        self.counts["notices"] += len(notices)
        for notice in notices:
            key, headers = notice.fingerprint.encode(), formats.ALERTS.headers()
            self.outbox.send(Record(self._alerts, key, encode(notice), 0, headers))
        self._tell_states(self.comparer.take_changed(spoken_of=True))
        self.outbox.send_soon()

    @property
    def untold(self) -> int:
        """How many areas have a state that was not sent. A state needs a time: before the first tick there is none."""
        return self.comparer.changed if self.owned and self.at is not None else 0

    def tell_more(self) -> None:
        """Send the states of some areas that no alert or bulletin is about. One tick may change very many."""
        if self.untold:
            self._tell_states(self.comparer.take_changed(STATES))
            self.outbox.send_soon()

    def _tell_states(self, areas: Sequence[str]) -> None:
        assert self.at is not None  # a state needs a time
        behind, headers = self.lag if self._channels.late else UNSET, formats.AREA_STATE.headers()
        for area, known in zip(areas, self.comparer.states(areas), strict=True):
            state = DatedState.of(known, self.at, behind)
            if area in self._metric_areas:
                self.states[area] = state
            self.outbox.send(Record(self._area_state, area.encode(), encode_structs(state), 0, headers))

    def _save(self, event: EventT[Any] | Place) -> None:
        now = dict(self.comparer.alerts)
        for key, content in comparison_state.alert_changes(self._saved, now):
            self.outbox.write(event, key, content)
        self._saved = now
        pulse = self.comparer.pulse
        clock = comparison_state.Clock(
            at=self.at,
            evaluated=self.comparer.clock,
            columns=self._columns,
            pulse=(pulse.bulletin, pulse.report),
            reached={str(partition): offset for partition, offset in self._reached.items()},
        )
        self.outbox.write(event, b"clock", encode(clock))
