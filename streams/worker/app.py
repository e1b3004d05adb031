"""The live night: three stages as Faust agents in one app (`build`)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from time import monotonic, time
from typing import Any

from prometheus_client import Histogram

from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.core.events.codec import encode, plain
from streams.core.events.model import Tick
from streams.delivery.secrets import Secrets
from streams.kafka.topology import Topology
from streams.worker import raw_topics
from streams.worker.compare_stage import CompareStage
from streams.worker.faust_patches import App
from streams.worker.notify_stage import NotifyStage
from streams.worker.outbox import Outbox, Record, stopwatch
from streams.worker.reconcile_stage import ReconcileStage
from streams.worker.set_aside import SetAside
from streams.worker.topic_watch import TopicWatch

FLUSH_EVERY = 0.05
"""Seconds between two looks at whether a stage should flush."""
LEAVE_EVERY = 0.02
"""Seconds between two looks at whether a tick has waited long enough for a partition."""
TELL_EVERY = 0.25
"""Seconds between two helpings of areas' states (`compare.STATES`) while reports come in."""
TELL_IDLY = 0.05
"""The same while none come."""
TURNED_AWAY_EVERY = 0.5
"""Seconds between two looks at how many events were turned away."""
QUIET = 10.0
"""Seconds between two lines that say so, at least."""
TICK_EVERY = 500
"""Milliseconds between two ticks of the wall clock, at most; fewer where the rules are asked more often."""


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
        return self.reconcile.outbox, self.compare.outbox, self.notify.outbox


def build(
    app: App,
    election: Election,
    topology: Topology,
    *,
    secrets: Mapping[str, Secrets],
    say: Callable[[Notice], None],
    warn: Callable[[str], None],
    wall_clock: bool,
    sent: Callable[[], Iterable[Any]],
    broker: str,
) -> Stages:
    """Put the stages into the app.

    `secrets` by receiver name. `say` is called once for each notice that goes out, `warn` with what is amiss
    meanwhile. With `wall_clock` the worker that owns the comparison sends the ticks; else a feeder must. `sent` reads
    the topic of sheets from its beginning. `broker` is where the topics are looked at.
    """
    times = stopwatch()
    aside = SetAside(app, topology, warn)
    reconcile = ReconcileStage(app, election, topology, times, aside, wall_clock=wall_clock)
    compare = CompareStage(app, election, topology, times, sent, warn, aside, wall_clock=wall_clock)
    notify = NotifyStage(app, election, topology, secrets, say, warn, times, aside)
    watch = TopicWatch(app, broker, topology, warn)
    stages = Stages(reconcile, compare, notify, aside, watch, times, wall_clock)

    @app.before_release
    async def last_flush() -> None:
        for outbox in stages.outboxes:
            await outbox.flush()

    for outbox in stages.outboxes:
        _repeat(app, FLUSH_EVERY, outbox.flush_if_due)
        _repeat(app, 0, outbox.send_when_wanted)
    _repeat(app, 0, watch.look)
    _repeat(app, 0, _telling(reconcile, compare))
    turned_away = TurnedAway(topology.rejected, warn)
    _repeat(app, TURNED_AWAY_EVERY, turned_away.look(reconcile.counts, compare.counts))
    if wall_clock:
        every = min(TICK_EVERY, round(election.alerts.tick * 1000))
        _repeat(app, 0, _ticking(app, topology, compare, every))
        _repeat(app, LEAVE_EVERY, compare.leave_behind)
    return stages


class TurnedAway:
    """Says how many messages were turned away, soon after the first and then every `QUIET` seconds at most."""

    def __init__(self, topic: str, warn: Callable[[str], None]) -> None:
        self._topic, self._warn = topic, warn
        self._told: Counter[str] = Counter()
        self._again = 0.0

    def look(self, *counts: Counter[str]) -> Callable[[], Awaitable[None]]:
        """What looks at these counts when it is called."""

        async def once() -> None:
            whole = Counter[str]()
            for each in counts:
                whole.update({name: n for name, n in each.items() if name.startswith("rejected ")})
            if (new := whole - self._told) and monotonic() >= self._again:
                codes = ", ".join(f"{name.removeprefix('rejected ')} {n:,}" for name, n in sorted(new.items()))
                self._warn(
                    f"turned away, {new.total():,} in all: {codes}. Each lies in {self._topic}, with its reasons"
                )
                self._told, self._again = whole, monotonic() + QUIET

        return once


def _repeat(app: App, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
    """Do this again and again, with a pause between. What fails stops the worker."""

    async def task() -> None:
        try:
            while not app.should_stop:
                await asyncio.sleep(seconds)
                await do()
        except Exception as error:
            app.fail(error)

    app.task(task)


def _telling(reconcile: ReconcileStage, compare: CompareStage) -> Callable[[], Awaitable[None]]:
    read = 0

    async def tell() -> None:
        nonlocal read
        before, read = read, reconcile.counts["reports"]
        await asyncio.sleep(TELL_IDLY if read == before else TELL_EVERY)
        await compare.tell_more()

    return tell


def _ticking(app: App, topology: Topology, compare: CompareStage, every: int) -> Callable[[], Awaitable[None]]:
    reports = raw_topics.topic(app, topology.tally_reports)
    places: list[tuple[Any, int]] = [(reports, partition) for partition in range(topology.partitions)]
    places.append((raw_topics.topic(app, topology.bulletins), 0))

    async def tick() -> None:
        at = await next_tick(every)
        if compare.owned:
            compare.meet_clock(at)
            content = encode(plain(Tick(at)))
            for topic, partition in places:
                compare.outbox.send(Record(topic, None, content, partition))
            compare.outbox.send_soon()

    return tick


async def next_tick(every: int) -> int:
    """Wait until the wall clock comes to a multiple of so many milliseconds, and return it; each one once. By the
    clock, not so long after the last: a loop that is late once must not be late with all that follow. A clock that is
    set back meanwhile is followed: what was waited for may be hours away."""
    due = _after(every)
    while (left := due / 1000 - time()) > 0:
        if left > every / 1000 + 1:
            due = _after(every)
            continue
        await asyncio.sleep(left)  # it may also wake up too early
    now = int(time() * 1000)
    return max(due, now - now % every)


def _after(every: int) -> int:
    """The next multiple of so many milliseconds after now, by the wall clock."""
    return (int(time() * 1000) // every + 1) * every
