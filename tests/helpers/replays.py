"""Replays in tests: from lines, from logs whose channels are read in any order, and told in the tests' terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import orjson
from nights import Outcome, finished
from pipeline import Logs

from streams.config.election_file import load
from streams.core.election.model import Election
from streams.core.engine.channel_items import Channel, Item, Unread
from streams.core.engine.tick_judge import Watcher
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.model import Event
from streams.core.replay.explainer import Explainer, RejectedEvents
from streams.core.replay.outcome import Outcome as Replayed
from streams.core.replay.replay import Replay
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines, of_record
from streams.nights.eventlog.record import Record
from streams.nights.replay_items import item_of
from streams.nights.source import open_night, relive


def of_events(election: Election, lines: Iterable[bytes], watch: Watcher | None = None) -> Replayed:
    """The night of an event file's lines."""
    replay = Replay.of_events(election, watch)
    for arrival in of_lines(lines):
        replay.take(0, [item_of(arrival)])
    return replay.finish()


def explained(election: Election, events: Iterable[Event]) -> Explainer:
    """What `explain` is asked about the night of these events."""
    rejected = RejectedEvents()
    replay = Replay.of_events(election, watch_rejections=rejected)
    replay.take(0, list(events))
    return Explainer(election, replay, replay.finish(), rejected)


def explained_night(*paths: Path) -> tuple[Explainer, Replayed]:
    """The same of a night on disk, and its outcome."""
    night, rejected = open_night(paths), RejectedEvents()
    election = load(night.election)
    replay = night.replay(election, watch_rejections=rejected)
    for _ in relive(night, [replay]):
        pass
    outcome = replay.finish()
    return Explainer(election, replay, outcome, rejected), outcome


def of_stretches(election: Election, lines: Sequence[bytes], cuts: Iterable[int]) -> Replayed:
    """The same, unread, cut before some of the lines."""
    replay = Replay.of_events(election)
    ends = sorted({*(cut for cut in cuts if cut < len(lines)), len(lines)})
    for begin, end in pairwise([0, *ends]):
        part = lines[begin:end]
        replay.take(0, Unread(part, lambda part=part: [item_of(arrival) for arrival in of_lines(part)]))  # type: ignore[misc]
    return replay.finish()


def items(channel: Channel, content: bytes) -> list[Item]:
    """One message of a topic."""
    topic, partition = (REPORTS, channel) if isinstance(channel, int) else (channel, 0)
    return [item_of(arrival) for arrival in of_record(Record(topic, partition, 0, 0, None, content), "log")]


def of_logs(
    election: Election, logs: Logs, topology: Topology, choose: Callable[[int], int], keep: Callable[[Channel], int]
) -> Replayed:
    """The night of topics that are read in any order, `choose(n)` saying which of n channels is next; `keep` says how
    many messages of a channel there are."""
    replay = Replay.of_log(election, topology.partitions, topology.homes(election.layout.tables))
    channels: list[Channel] = [*range(topology.partitions), BULLETINS]
    left = {c: (logs.bulletins if isinstance(c, str) else logs.reports[c])[: keep(c)] for c in channels}
    while waiting := [channel for channel in channels if left[channel]]:
        channel = waiting[choose(len(waiting))]
        replay.take(channel, items(channel, left[channel].pop(0)))
    return replay.finish()


def terms(found: Replayed) -> Outcome:
    """What a replay came to, as `nights.direct` says it."""
    return told(b"".join(found.json()))


def told(content: bytes) -> Outcome:
    """The same from the canonical JSON."""
    found = orjson.loads(content)
    kept = ("level", "accepted", "votes", "null")
    outcome = Outcome(
        states=found["states"],
        verdicts={table: {name: verdict[name] for name in kept} for table, verdict in found["verdicts"].items()},
        notices=found["notices"],
        rejected=[code for code, refusals in found["rejected"].items() for _ in range(refusals["count"])],
    )
    return finished(outcome)
