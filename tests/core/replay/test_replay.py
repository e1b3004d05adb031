"""A night lived again offline is the night as it was lived: properties, and bytes that do not change."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import orjson
from builders import T0, bulletin, election, lines, present, report
from hypothesis import given, settings
from hypothesis import strategies as st
from nights import direct
from pipeline import Pipeline, feed
from replays import items, of_events, of_logs, terms
from test_pipeline import KNOWN, nights

from streams.core.election.settings import AlertPolicy
from streams.core.engine.comparer import Comparer
from streams.core.events.codec import encode, plain
from streams.core.events.model import Tick
from streams.core.replay.outcome import SAMPLES
from streams.core.replay.replay import Replay
from streams.kafka.topology import Topology
from streams.nights.feeder import Pace


@settings(max_examples=100)
@given(nights(), st.integers(1, 4), st.integers(1, 20), st.data())
def test_log_equals_live(night: list[bytes], partitions: int, pack: int, data: st.DataObject) -> None:
    """A log of any number of partitions, its channels interleaved in any way, gives every state, verdict, notice and
    rejection that the live stages gave, with every tick or with few."""
    chance = data.draw(st.randoms(use_true_random=False))
    topology = Topology("x.", partitions)
    logs = feed(KNOWN, night, topology, Pace(pack=pack, every_tick=data.draw(st.booleans())))
    expected = Pipeline(KNOWN, logs).run(chance.randrange)
    found = [
        of_logs(KNOWN, logs, topology, choose, lambda c: sys.maxsize) for choose in (chance.randrange, lambda n: 0)
    ]
    assert terms(found[0]) == expected
    assert [f.sha256 for f in found] == [found[0].sha256] * 2
    assert not found[0].unjudged


@settings(max_examples=100)
@given(nights())
def test_events_equal_the_core(night: list[bytes]) -> None:
    """Event lines without ticks give what the core alone gives."""
    assert terms(of_events(KNOWN, night)) == direct(KNOWN, night)


class Watch:
    """Keeps every area's state by when it was shown; due when time comes to another stretch of `every` seconds."""

    def __init__(self, every: int) -> None:
        self.seen: dict[int, bytes] = {}
        self._every, self._at = every * 1000, 0

    def is_due(self, at: int) -> bool:
        before, self._at = self._at, at
        return before // self._every != at // self._every

    def __call__(self, comparer: Comparer, at: int) -> None:
        assert at == comparer.clock
        assert at not in self.seen
        self.seen[at] = encode(comparer.states(list(KNOWN.areas)))


@settings(max_examples=50)
@given(nights(), st.sampled_from([60, 3600]))
def test_a_watcher_sees_the_night(night: list[bytes], every: int) -> None:
    """Whoever is shown the night now and then sees, then and in the end, what one who is shown every tick sees; the
    outcome is the same with either and without any."""
    often, seldom = Watch(1), Watch(every)
    outcomes = [of_events(KNOWN, night, watch) for watch in (often, seldom, None)]
    assert len({outcome.sha256 for outcome in outcomes}) == 1
    assert seldom.seen.items() <= often.seen.items()
    assert max(often.seen, default=0) == max(seldom.seen, default=0) == outcomes[0].at


@settings(max_examples=100)
@given(nights(), st.integers(1, 3), st.data())
def test_a_log_that_stops_early(night: list[bytes], partitions: int, data: st.DataObject) -> None:
    """However much of each channel's end is missing: what is there is judged, once, whatever the interleaving."""
    chance = data.draw(st.randoms(use_true_random=False))
    topology = Topology("x.", partitions)
    logs = feed(KNOWN, night, topology, Pace(pack=1, every_tick=True))
    kept = {channel: data.draw(st.integers(0, 40)) for channel in [*range(partitions), "bulletins"]}
    found = [of_logs(KNOWN, logs, topology, choose, kept.__getitem__) for choose in (chance.randrange, lambda n: 0)]
    assert len({f.sha256 for f in found}) == 1
    messages = [m for p in range(partitions) for m in logs.reports[p][: kept[p]]] + logs.bulletins[: kept["bulletins"]]
    there = [line for line in messages if b'"tick"' not in line]
    expected = direct(KNOWN, there)
    assert terms(found[0]).verdicts == expected.verdicts
    assert terms(found[0]).rejected == expected.rejected
    assert {a: {**s, "alerts": 0} for a, s in terms(found[0]).states.items()} == {
        a: {**s, "alerts": 0} for a, s in expected.states.items()
    }


@settings(max_examples=100)
@given(nights(), st.integers(1, 3), st.data())
def test_together_as_one_by_one(night: list[bytes], partitions: int, data: st.DataObject) -> None:
    """What an outcome makes in stretches is what its ledgers and areas say when they are asked one by one."""
    topology = Topology("x.", partitions)
    logs = feed(KNOWN, night, topology, Pace(pack=3, every_tick=False))
    log = of_logs(KNOWN, logs, topology, lambda n: 0, lambda c: sys.maxsize)
    for outcome in (of_events(KNOWN, night), log):
        tables = data.draw(st.permutations(list(outcome.verdicts)))
        assert list(outcome.verdicts.several(tables)) == [outcome.verdicts[table] for table in tables]
        assert len(outcome.verdicts) == len(set(tables)) == len(tables)
        areas = data.draw(st.permutations(list(KNOWN.areas)))
        assert list(outcome.states.several(areas)) == [outcome.states[area] for area in areas]


SMALL = election(alerts=AlertPolicy(tick=10, hold=0, cooldown=60))
TOPOLOGY = Topology("x.", 3)


def ticks(second: int) -> bytes:
    return encode(plain(Tick(T0 + 1000 * second)))


def test_astray() -> None:
    """A reading in the wrong partition, and a table's bulletin among the others, count once: where the live night has
    sent them on to, or by themselves if the log ends before."""
    sent = report("S1-1", (50, 30, 10), at=T0 + 1000)
    official = bulletin((50, 20, 10), area="S1-1", at=T0 + 1000)
    bad = report("S1-1", (500, 30, 10), reporter="ben", at=T0 + 1000)
    home = TOPOLOGY.partition_of("S1-1")
    wrong = (home + 1) % 3
    came = [(wrong, line) for line in lines([sent, bad])] + [("bulletins", lines([official])[0])]
    again = [(home, line) for line in lines([sent, bad, official])]
    marks = [(channel, ticks(second)) for second in (0, 10, 20) for channel in (0, 1, 2, "bulletins")]
    outcomes = []
    for log in ([*marks[:4], *came, *marks[4:8], *again, *marks[8:]], [*marks[:4], *came, *marks[4:]]):
        replay = Replay.of_log(SMALL, 3, TOPOLOGY.homes(SMALL.layout.tables))
        for channel, content in log:
            replay.take(channel, items(channel, content))
        outcomes.append(replay.finish())
    for outcome in outcomes:
        assert outcome.verdicts["S1-1"].votes == (50, 30, 10)
        assert present(outcome.states["N"].tables_announced).differing == 1
        assert {code: refusals.count for code, refusals in outcome.rejected.items()} == {"too-many-ballots": 1}
        assert outcome.counts["strays"] == 3
    assert [outcome.unjudged for outcome in outcomes] == [0, 3]


def test_nothing_and_no_marks() -> None:
    """A log of nothing has an outcome; one that lost all its marks is judged as a whole."""
    assert Replay.of_log(SMALL, 3, TOPOLOGY.homes(SMALL.layout.tables)).finish().counts == {}
    replay = Replay.of_log(SMALL, 3, TOPOLOGY.homes(SMALL.layout.tables))
    for content in lines([report("S1-1", (50, 30, 10))]):
        replay.take(TOPOLOGY.partition_of("S1-1"), items(0, content))
    replay.take(
        "bulletins", items("bulletins", lines([bulletin((1, 90, 1), area="S1", tables_counted=3, valid=100)])[0])
    )
    outcome = replay.finish()
    assert (outcome.unjudged, outcome.states["S1"].witnessed.tables) == (2, 1)
    assert outcome.notices


def test_refusals_are_counted_and_the_first_are_shown() -> None:
    """However much is turned away, only the first few of each reason are kept, with what came."""
    night = [b"\xff\x00 no JSON %d" % i for i in range(50)]
    found = of_events(SMALL, night).rejected["not-json"]
    assert (found.count, len(found.samples)) == (50, SAMPLES)
    assert found.samples[3][1] == "\\xff\x00 no JSON 3"


def test_json_is_canonical() -> None:
    """The pieces are one JSON object with sorted keys, and the hash is that of its bytes."""
    night = lines([report(t, (50, 30, 10), at=T0) for t in SMALL.tables] + [bulletin((10, 400, 10), at=T0 + 5)])
    outcome = of_events(SMALL, night)
    content = b"".join(outcome.json())
    assert encode(orjson.loads(content)) + b"\n" == content
    assert hashlib.sha256(content).hexdigest() == outcome.sha256
    assert orjson.loads(content).keys() >= {"states", "verdicts", "alerts", "notices", "rejected", "counts"}


SCRIPT = """
from replays import of_events, of_logs
from test_replay import *
night = lines([*(report(t, (250, 30, 10), at=T0, reporter=r, group=r, id=r) for t in KNOWN.tables for r in "abc"),
               bulletin((900, 100, 90), at=T0 + 5000)]) + [b"x"]
logs = feed(KNOWN, night, TOPOLOGY, Pace(every_tick=True))
print(of_events(KNOWN, night).sha256, of_logs(KNOWN, logs, TOPOLOGY, lambda n: n - 1, lambda c: 10**9).sha256)
"""


def test_every_process_gives_the_same_bytes() -> None:
    """The hash does not hang on the process: not on its hash seed, nor on its time zone or language."""
    found = set()
    for seed, zone in (("0", "UTC"), ("1", "America/Caracas"), ("777", "Asia/Jakarta")):
        path = os.pathsep.join(sys.path)
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        root = Path(__file__).resolve().parents[3]
        run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, env=environment, cwd=root)
        found.add(run.stdout)
        assert run.returncode == 0, run.stderr.decode()
    assert len(found) == 1
