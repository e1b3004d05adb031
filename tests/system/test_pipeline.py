"""What the stages come to does not depend on partitions, on who reads faster, or on crashes: properties."""

from typing import Any

from builders import T0, bulletin, election, lines, report
from hypothesis import given, settings
from hypothesis import strategies as st
from nights import direct
from pipeline import Pipeline, feed

from streams.core.election.settings import AlertPolicy, BoundsRule, DivergenceRule, HealthRule, MismatchRule, Rules
from streams.kafka.topology import Topology
from streams.nights.feeder import Pace

KNOWN = election(
    states=3,
    tables=4,
    registered=[300, None, 400],
    groups={"BC": "BC"},
    quorum=2,
    trusted_sources=frozenset({"party"}),
    alerts=AlertPolicy(tick=10, hold=20, cooldown=60),
    rules=Rules(
        divergence=DivergenceRule(unseen=5, min_sheets=5),
        mismatch=MismatchRule(min_tables=1),
        bounds=BoundsRule(min_tables=1),
        health=HealthRule(bulletin_every=60, reports_every=40, flood_min=2, disputed_min=1),
    ),
)
SPOIL = (
    lambda line: line[:-3],
    lambda line: line.replace(b'"A"', b'"X"'),
    lambda line: line.replace(b":1", b":-1"),
    lambda line: line.replace(b'"S', b'"Z'),
    lambda line: b"[" + line,
    lambda line: line.replace(b"votes", b"wotes"),
    lambda line: b"\x00\xff" + line,
)

votes = st.tuples(st.integers(0, 250), st.integers(0, 250), st.integers(0, 40))
times = st.integers(0, 300).map(lambda second: T0 + 1000 * second)
reports = st.builds(
    lambda table, given, reporter, source, at, n: report(
        table, given, reporter=reporter, source=source, at=at, id=f"{table}/{reporter}/{n}"
    ),
    st.sampled_from(list(KNOWN.tables)),
    votes,
    st.sampled_from(["ana", "ben", "eva"]),
    st.sampled_from(["web", "party"]),
    times,
    st.integers(0, 3),
)
bounds = st.builds(
    lambda table, given, reporter, source, at, n: report(
        table, **given, reporter=reporter, source=source, at=at, id=f"{table}/{reporter}/bound {n}"
    ),
    st.sampled_from(list(KNOWN.tables)),
    st.one_of(
        votes.map(lambda given: {"votes": given, "bound": "at-least"}),
        st.integers(0, 400).map(lambda ballots: {"votes": {}, "ballots": ballots, "bound": "at-most"}),
        st.sampled_from([{"votes": {}, "retracted": True}, {"votes": {}, "retracted": True, "bound": "at-most"}]),
    ),
    st.sampled_from(["ana", "ben", "eva"]),
    st.sampled_from(["web", "party"]),
    times,
    st.integers(0, 3),
)
bulletins = st.builds(
    lambda given, area, sequence, at: bulletin([9 * v for v in given], area=area, sequence=sequence, at=at),
    votes,
    st.sampled_from(["N", "S1", "S2", "S1-1", "S2-1"]),  # of polling tables too
    st.integers(1, 3),
    times,
)


@st.composite
def nights(draw: Any) -> list[bytes]:
    """Reports and bulletins in any order, some of them twice, some of them spoilt."""
    events = draw(st.lists(reports, min_size=5, max_size=40)) + draw(st.lists(bulletins, max_size=6))
    events += draw(st.just([]) | st.lists(bounds, max_size=12))
    found = lines(events)
    found += [draw(st.sampled_from(SPOIL))(draw(st.sampled_from(found))) for _ in range(draw(st.integers(0, 6)))]
    found += [draw(st.sampled_from(found)) for _ in range(draw(st.integers(0, 10)))]
    return list(draw(st.permutations(found)))


@settings(max_examples=150)
@given(nights(), st.integers(1, 4), st.integers(1, 20), st.data())
def test_stages_equal_the_core(night: list[bytes], partitions: int, pack: int, data: st.DataObject) -> None:
    """Any number of partitions, packs of any size, channels read in any order: every state, verdict, notice and
    rejection is what the core alone gives."""
    chance = data.draw(st.randoms(use_true_random=False))
    logs = feed(KNOWN, night, Topology("x.", partitions), Pace(pack=pack, every_tick=True))
    live, alone = Pipeline(KNOWN, logs).run(chance.randrange), direct(KNOWN, night)
    assert live.rejected == alone.rejected
    assert live.verdicts == alone.verdicts
    assert live.states == alone.states
    assert live.notices == alone.notices


@settings(max_examples=100)
@given(nights(), st.integers(1, 3), st.data())
def test_crashes_change_nothing(night: list[bytes], partitions: int, data: st.DataObject) -> None:
    """Reconcilers that lose their memory at any moment, and read again from what was saved, end in the same states
    and verdicts."""
    chance = data.draw(st.randoms(use_true_random=False))
    pipeline = Pipeline(KNOWN, feed(KNOWN, night, Topology("x.", partitions), Pace(pack=3, every_tick=True)))
    crashes = data.draw(st.integers(1, 5))

    def choose(count: int) -> int:
        nonlocal crashes
        if chance.random() < 0.2:
            pipeline.save(chance.randrange(partitions))
        if crashes and chance.random() < 0.1:
            crashes -= 1
            pipeline.crash(chance.randrange(partitions))
        return chance.randrange(count)

    live, alone = pipeline.run(choose), direct(KNOWN, night)
    assert live.verdicts == alone.verdicts
    assert {a: {**s, "alerts": None} for a, s in live.states.items()} == {
        a: {**s, "alerts": None} for a, s in alone.states.items()
    }
