"""What a simulated night must have come to: what an offline replay makes of the same log."""

from __future__ import annotations

from typing import Any

import orjson
from faust.types import TP
from nights import Outcome, finished, plainly, shown, verdicts
from replays import terms
from sim_broker import Broker, Kept
from sim_night import Night
from sim_receivers import SimReceiver
from sim_strays import STRAY
from sim_workers import Slot

from streams.core.engine.channel_items import Channel, Item
from streams.core.events import formats
from streams.core.events.codec import encode, plain
from streams.core.events.input_topics import BULLETINS, REPORTS
from streams.core.events.model import Tick
from streams.core.replay.replay import Replay
from streams.kafka.atomic_state import Saves
from streams.nights.arrival import of_record
from streams.nights.eventlog.record import Record
from streams.nights.replay_items import item_of


def replayed(night: Night, broker: Broker) -> Outcome:
    """What an offline replay makes of the input topics."""
    topology = night.topology
    replay = Replay.of_log(night.election, topology.partitions, topology.homes(night.election.layout.tables))
    channels: list[tuple[Channel, str, TP]] = [
        (p, REPORTS, TP(topology.tally_reports, p)) for p in range(topology.partitions)
    ]
    for channel, topic, tp in [*channels, (BULLETINS, BULLETINS, TP(topology.bulletins, 0))]:
        found, arrived = list[Item](), list[int]()
        for kept in _to_the_end(broker.logs[tp], night.closing[-1]):
            record = Record(topic, kept.partition, kept.offset, kept.timestamp, kept.key, kept.value)
            found += (item_of(arrival) for arrival in of_record(record, "log"))
            arrived += [kept.timestamp] * (len(found) - len(arrived))
        replay.take(channel, found, arrived)
    outcome = terms(replay.finish())
    own = (topology.table_sheets, topology.alerts, topology.webhook_commands)
    outcome.rejected += ["unreadable" for topic in own for kept in broker.read(topic) if kept.headers == STRAY]
    outcome.rejected.sort()
    return outcome


def _to_the_end(log: list[Kept], last_tick: int) -> list[Kept]:
    """A log as far as its last tick: what is sent home once more behind that has no tick to be judged at."""
    ends = [place for place, kept in enumerate(log) if kept.value == encode(plain(Tick(last_tick)))]
    return log[: ends[-1] + 1]


def told(night: Night, broker: Broker) -> Outcome:
    """What the topics say. The newest state of an area is that of the highest `at`."""
    topology, outcome, newest = night.topology, Outcome(), dict[str, Any]()
    for record in broker.read(topology.area_state):
        state, area = orjson.loads(record.value or b""), (record.key or b"").decode()
        if state["at"] >= newest.get(area, {"at": 0})["at"]:
            newest[area] = state
    outcome.states = {a: {k: v for k, v in s.items() if k not in ("at", "behind")} for a, s in newest.items()}
    changelog = topology.changelog("ledgers")
    saved = [r for p in range(topology.partitions) for r in broker.logs[TP(changelog, p)] if r.headers != STRAY]
    outcome.verdicts = verdicts(night.election, saved)
    notices: dict[str, Any] = {}
    for record in broker.read(topology.alerts):
        if record.headers == STRAY:
            continue
        notice = orjson.loads(record.value or b"")
        notices.setdefault(notice["id"], notice)
    outcome.notices = list(notices.values())
    seen = {record.key: dict(record.headers) for record in broker.read(topology.rejected)}
    for headers in seen.values():
        if not headers["topic"].endswith(b"-changelog"):  # which nobody reads as long as nobody takes over
            outcome.rejected += [reason["code"] for reason in orjson.loads(headers["reasons"])]
    return finished(outcome)


def remembered(night: Night, slots: list[Slot]) -> Outcome:
    """What the workers have in memory: states, verdicts, alerts that fire or have fired."""
    outcome = Outcome()
    for slot in slots:
        stages = slot.stages
        if not slot.running:
            continue
        if stages.compare.owned:
            outcome.states = {area: plainly(stages.compare.comparer.state(area)) for area in night.election.areas}
        for reconciler in stages.reconcile.reconcilers.values():
            outcome.verdicts |= {table: plainly(shown(verdict)) for table, verdict in reconciler.verdicts.items()}
    return finished(outcome)


def differences(night: Night, broker: Broker, slots: list[Slot], receivers: dict[str, SimReceiver]) -> list[str]:
    """What the night came to, and should not have."""
    right, found, memory = replayed(night, broker), told(night, broker), remembered(night, slots)
    pairs: list[tuple[str, Any, Any]] = [
        ("verdicts", found.verdicts, right.verdicts),
        ("rejected", found.rejected, right.rejected),
        ("notices", found.notices, right.notices),
        ("states", found.states, right.states),
        ("verdicts in memory", memory.verdicts, right.verdicts),
        ("states in memory", memory.states, right.states),
    ]
    wrong = [_difference(what, a, b) for what, a, b in pairs if a != b]
    wrong += [text for receiver in receivers.values() if (text := receiver.wrong(right.notices))]
    changelog = TP(night.topology.changelog("deliveries"), 0)
    state = Saves(broker.table(changelog).items(), format=formats.DELIVERIES).state
    due = [key for key in state if orjson.loads(key)[0] == "notice"]
    return wrong + [f"the table of deliveries keeps what nobody is due: {due}"] * bool(due)


def _difference(what: str, found: Any, right: Any) -> str:
    if isinstance(found, dict):
        keys = sorted(key for key in found.keys() | right.keys() if found.get(key) != right.get(key))
        return f"{what} differ at {keys[:4]}: {found.get(keys[0])} is not {right.get(keys[0])}"[:1200]
    if what == "notices":
        a, b = ([notice["id"] for notice in notices] for notices in (found, right))
        if a != b:
            return f"notices {a} are not {b}"[:1500]
        place = next(i for i, pair in enumerate(zip(found, right, strict=True)) if pair[0] != pair[1])
        return f"notice {found[place]} is not {right[place]}"[:1500]
    return f"{what} {found} are not {right}"[:1500]
