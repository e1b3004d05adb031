"""The live night: three stages as Faust agents in one app (`build`)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from prometheus_client import Histogram

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election, Receiver
from streams.core.events.codec import encode, plain
from streams.core.events.model import Tick
from streams.kafka.topology import Topology
from streams.times import latest
from streams.worker import feeder_watch, raw_topics
from streams.worker.clock import Clock
from streams.worker.compare_stage import CompareStage
from streams.worker.courier import Posts
from streams.worker.faust_patches import App
from streams.worker.notify_stage import NotifyStage
from streams.worker.outbox import Outbox, Record, stopwatch
from streams.worker.reconcile_stage import ReconcileStage
from streams.worker.topic_watch import TopicAdmin, TopicWatch
from streams.worker.unreadable_records import SetAside

FLUSH_EVERY = 0.05
"""Seconds between two looks at whether a stage should flush."""
PATIENCE_EVERY = 0.02
"""Seconds between two looks at whether a tick has waited long enough for a partition."""
STATES_EVERY = 0.25
"""Least seconds between two sends of area states (`compare_stage.STATES` at a time) while reports come in."""
STATES_PAUSE = 8
"""While reports come in, a pause between two sends of states is at least so many times what a send took: states take a
ninth of the time at most, and the reports come first."""
STATES_EVERY_IDLE = 0.01
"""Seconds between two sends of area states that wait, once no reports have come in for `STATES_EVERY`."""
STATES_LOOK = 0.05
"""Seconds between two looks at whether area states wait, while no reports come in."""
TURNED_AWAY_EVERY = 0.5
"""Seconds between two looks at how many events were turned away."""
TURNED_AWAY_QUIET = 10.0
"""Least seconds between two lines about events that were turned away."""
TICK_EVERY = 500
"""Most milliseconds between two ticks of the wall clock. Where the rules run more often, the ticks are as frequent."""
TICK_PAUSE = 1
"""A pause between two ticks of the wall clock is at least so many times what judging one took: however many areas are
contested, judging leaves half of the time to the reports. An alert waits for the next tick and its judging."""
TICK_HEAVY = 0.05
"""Seconds from which on judging a tick is too much to be done ten times a second: it would take half of the time."""
TICK_REST = 10
"""After heavy judging the pause is so many times what it took while no bulletin waits, or `TICK_EVERY` if that is less:
judging takes about as long for the reports of half a second as for those of a tenth. After light judging there is no
such rest, since a bulletin that has come, and was not read yet, does not end it."""
TICK_LOOK = 0.01
"""Seconds between two looks, in such a pause, at whether a bulletin has come."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages of one worker. Which of them has work depends on the partitions it owns."""

    reconcile: ReconcileStage
    compare: CompareStage
    notify: NotifyStage
    aside: SetAside
    watch: TopicWatch
    times: Histogram
    wall_clock: bool

    @property
    def outboxes(self) -> tuple[Outbox, ...]:
        """The outboxes of all three stages."""
        return self.reconcile.outbox, self.compare.outbox, self.notify.outbox


def build(
    app: App,
    election: Election,
    topology: Topology,
    *,
    poster: Callable[[Receiver], Posts],
    announce: Callable[[Notice], None],
    warn: Callable[[str], None],
    wall_clock: bool,
    sent: Callable[[], Iterable[Any]],
    admin: TopicAdmin,
) -> Stages:
    """Add the stages to the app.

    `poster` makes the object that POSTs to a receiver. `announce` is called once for each notice that goes out, `warn`
    with text for an operator. With `wall_clock`, the worker that owns the comparison sends the ticks; otherwise a
    feeder must send them. `sent` reads the topic of sheets from its beginning. `admin` asks the broker about the
    topics.
    """
    times = stopwatch()
    aside = SetAside(app, topology, warn)
    reconcile = ReconcileStage(app, election, topology, times, aside, wall_clock=wall_clock)
    compare = CompareStage(app, election, topology, times, sent, warn, aside, wall_clock=wall_clock)
    notify = NotifyStage(app, election, topology, poster, announce, warn, times, aside)
    watch = TopicWatch(app, admin, topology, warn)
    stages = Stages(reconcile, compare, notify, aside, watch, times, wall_clock)

    @app.before_release
    async def last_flush() -> None:
        for outbox in stages.outboxes:
            await outbox.flush()

    for outbox in stages.outboxes:
        _repeat(app, FLUSH_EVERY, outbox.flush_if_due)
        _repeat(app, 0, outbox.send_when_wanted)
    _repeat(app, 0, watch.look)
    _repeat(app, 0, sending_states(app, reconcile, compare))
    turned_away = TurnedAway(topology.rejected, warn, app.clock)
    _repeat(app, TURNED_AWAY_EVERY, turned_away.look(reconcile.counts, compare.counts))
    if wall_clock:
        every = min(TICK_EVERY, round(election.alerts.tick * 1000))
        _repeat(app, 0, _ticking(app, topology, compare, every))
        _repeat(app, PATIENCE_EVERY, compare.leave_behind)
    else:
        _repeat(app, feeder_watch.EVERY, feeder_watch.FeederWatch(_Progress(stages), warn, app.clock.monotonic).look)
    return stages


class _Progress:
    """How much a worker has received, and how far the ticks have come (`feeder_watch.Progress`)."""

    def __init__(self, stages: Stages) -> None:
        self._reconcile, self._compare = stages.reconcile, stages.compare

    @property
    def received(self) -> int:
        counts = self._reconcile.counts
        return counts["reports"] + counts["bulletins"] + self._compare.counts["arrived"]

    @property
    def at(self) -> int | None:
        return latest(self._reconcile.latest_tick, self._compare.at)


class TurnedAway:
    """Warns of messages that were turned away: soon after the first, then at most every `TURNED_AWAY_QUIET` seconds."""

    def __init__(self, topic: str, warn: Callable[[str], None], clock: Clock) -> None:
        self._topic, self._warn, self._clock = topic, warn, clock
        self._reported: Counter[str] = Counter()
        self._next_at = 0.0

    def look(self, *counts: Counter[str]) -> Callable[[], Awaitable[None]]:
        """Return a coroutine function that compares these counts with what was reported before, and warns."""

        async def once() -> None:
            totals = Counter[str]()
            for each in counts:
                totals.update({name: n for name, n in each.items() if name.startswith("rejected ")})
            if (new := totals - self._reported) and self._clock.monotonic() >= self._next_at:
                codes = ", ".join(f"{name.removeprefix('rejected ')} {n:,}" for name, n in sorted(new.items()))
                self._warn(
                    f"turned away, {new.total():,} in all: {codes}. Each lies in {self._topic}, with its reasons"
                )
                self._reported, self._next_at = totals, self._clock.monotonic() + TURNED_AWAY_QUIET

        return once


def _repeat(app: App, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    """Await `do()` again and again, `seconds` apart, until the app stops. An exception stops the worker."""

    async def task() -> None:
        try:
            while not app.should_stop:
                await asyncio.sleep(seconds)
                await do()
        except Exception as error:
            app.fail(error)

    app.task(task)


def sending_states(app: App, reconcile: ReconcileStage, compare: CompareStage) -> Callable[[], Awaitable[None]]:
    """Return a coroutine function that waits, then sends some of the area states that have changed."""
    read, read_at, took = 0, -STATES_EVERY, 0.0

    async def send() -> None:
        nonlocal read, read_at, took
        now = app.clock.monotonic()
        if reconcile.counts["reports"] != read:
            read, read_at = reconcile.counts["reports"], now
        if now - read_at < STATES_EVERY:
            await asyncio.sleep(max(STATES_EVERY, STATES_PAUSE * took))
        else:
            await asyncio.sleep(STATES_EVERY_IDLE if compare.untold else STATES_LOOK)
        began = app.clock.monotonic()
        compare.tell_more()
        took = app.clock.monotonic() - began

    return send


def _ticking(app: App, topology: Topology, compare: CompareStage, every: int) -> Callable[[], Awaitable[None]]:
    """Return a coroutine function that waits for the next tick of the wall clock and sends it to every partition, if
    this worker owns the comparison. `every` is in milliseconds."""
    reports = raw_topics.topic(app, topology.tally_reports)
    places: list[tuple[Any, int]] = [(reports, partition) for partition in range(topology.partitions)]
    places.append((raw_topics.topic(app, topology.bulletins), 0))
    pause = pausing(app.clock, compare)

    async def tick() -> None:
        await pause()
        at = await next_tick(app.clock, every)
        if compare.owned:
            compare.meet_clock(at)
            content = encode(plain(Tick(at)))
            for topic, partition in places:
                compare.outbox.send(Record(topic, None, content, partition))
            compare.outbox.send_soon()

    return tick


def pausing(clock: Clock, compare: CompareStage) -> Callable[[], Awaitable[None]]:
    """Return a coroutine function that pauses between two ticks: long while only reports come and judging is heavy,
    short when a bulletin has come since the last pause."""
    arrived = 0

    async def pause() -> None:
        nonlocal arrived
        took = compare.judging_took
        until = clock.monotonic() + (min(TICK_REST * took, TICK_EVERY / 1000) if took >= TICK_HEAVY else 0)
        await asyncio.sleep(TICK_PAUSE * took)
        while compare.counts["arrived"] == arrived and clock.monotonic() < until:  # noqa: ASYNC110 (a count)
            await asyncio.sleep(TICK_LOOK)
        arrived = compare.counts["arrived"]

    return pause


async def next_tick(clock: Clock, every: int) -> int:
    """Wait until this clock reaches a multiple of `every` milliseconds, and return that time (Unix ms).

    The multiple is taken from the clock, not from the last tick: a loop that is late once must not be late with all
    later ticks. If the clock is set back meanwhile, wait for its next multiple, since the one awaited may be hours
    away.
    """
    due = _after(clock.now(), every)
    while (left := due - clock.now()) > 0:
        if left > every + 1000:
            due = _after(clock.now(), every)
            continue
        await asyncio.sleep(left / 1000)  # it may also wake up too early
    now = clock.now()
    return max(due, now - now % every)


def _after(now: int, every: int) -> int:
    """The next multiple of so many milliseconds after now (Unix ms)."""
    return (now // every + 1) * every
