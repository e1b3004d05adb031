"""Sheets whose readings were turned away: which rejections name one, the same by every way to run a night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

import orjson
import pytest
from builders import T0, bulletin, election, lines, report
from nights import direct, plainly
from pipeline import Pipeline, feed
from replays import of_events, of_logs, terms

from streams.core.election.model import Election, Reporter
from streams.core.election.settings import AlertPolicy
from streams.core.engine.comparer import Comparer
from streams.core.engine.partition_intake import PartitionIntake, Rejected, SheetsDue
from streams.core.events.model import Tick
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets
from streams.kafka.topology import Topology
from streams.nights.feeder import Pace

KNOWN: Final = election(states=2, tables=3, quorum=1, max_turnout=1.0, alerts=AlertPolicy(tick=10, hold=0))
FIRST = report("S1-1", (60, 10, 0), reporter="leo", source="party", at=T0)
OTHER = report("S2-1", (50, 10, 0), reporter="noa", source="party", at=T0 + 1)
"""Readings that count: they give the nation and its states a leader."""
TOPOLOGY: Final = Topology("x.", 3)


def policy(**fields: Any) -> Election:
    return replace(KNOWN, policy=replace(KNOWN.policy, **fields))


def bad(table: str = "S1-2", votes: Any = (10**6, 0, 0), at: int = 2, **fields: Any) -> bytes:
    """The line of a report."""
    return lines([report(table, votes, at=T0 + at, id=fields.pop("id", f"bad {at}"), **fields)])[0]


def edited(line: bytes, **fields: Any) -> bytes:
    return orjson.dumps({**orjson.loads(line), **fields})


def by_stages(known: Election, night: Sequence[bytes], chance: Random) -> Any:
    return Pipeline(known, feed(known, night, TOPOLOGY, Pace(every_tick=True))).run(chance.randrange)


def by_log(known: Election, night: Sequence[bytes], chance: Random) -> Any:
    logs = feed(known, night, TOPOLOGY, Pace(every_tick=True))
    return terms(of_logs(known, logs, TOPOLOGY, chance.randrange, lambda channel: 10**6))


DRIVERS: Final[dict[str, Callable[[Election, Sequence[bytes], Random], Any]]] = {
    "core": lambda known, night, _: direct(known, night),
    "event replay": lambda known, night, _: terms(of_events(known, night)),
    "log replay": by_log,
    "stages": by_stages,
}

KEYED: Final = replace(KNOWN, reporters={"ida": Reporter(b"k" * 32)})


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize(
    ("known", "night", "sheets"),
    [
        pytest.param(KNOWN, [bad()], 1, id="more ballots than voters"),
        pytest.param(KNOWN, [bad(votes=(5, 3, 1), ballots=4)], 1, id="its sums differ"),
        pytest.param(KNOWN, [bad(votes={"X": 3})], 1, id="an unknown option"),
        pytest.param(KNOWN, [edited(bad(), votes={"A": -3})], 1, id="a figure that cannot be read"),
        pytest.param(KNOWN, [edited(bad(), votes=None)], 1, id="no figures"),
        pytest.param(KEYED, [bad(votes=(5, 3, 1), reporter="ida")], 1, id="not signed"),
        pytest.param(
            policy(group_rate=1),
            [bad(votes={}, retracted=True), bad(votes=(5, 3, 1), at=3)],
            1,
            id="one too many of a group",
        ),
        pytest.param(KNOWN, [bad(), bad(), bad(reporter="eva", at=4)], 1, id="three times, and it is one sheet"),
        pytest.param(KNOWN, [bad(), bad("S1-3", {"X": 1}, at=3), bad("S2-3", at=4)], 3, id="three sheets"),
        pytest.param(KNOWN, [bad(), bad(votes=(5, 3, 1), at=4)], 0, id="a later reading counts"),
        pytest.param(KNOWN, [bad(votes=(5, 3, 1)), bad(at=4)], 0, id="an earlier reading counts"),
        pytest.param(
            KNOWN,
            [bad(), bad(votes=(5, 3, 1), at=4), bad(votes={}, at=5, id="back", retracted=True)],
            1,
            id="the reading that counted is taken back",
        ),
        pytest.param(
            policy(quorum=2, trusted_sources=frozenset({"party"})),
            [bad(), bad(votes=(5, 3, 1), at=4)],
            0,
            id="somebody has read it",
        ),
        pytest.param(KNOWN, [bad(bound="at-least")], 0, id="a bound is no reading of a sheet"),
        pytest.param(KNOWN, [edited(bad(bound="at-least"), votes={"A": -3})], 0, id="nor is one that cannot be read"),
        pytest.param(KEYED, [bad(votes={}, reporter="ida", retracted=True)], 0, id="nor a retraction"),
        pytest.param(KNOWN, lines([bulletin({"X": 3}, area="S1-2", at=T0 + 2)]), 0, id="nor an official figure"),
        pytest.param(KNOWN, [bad("S9-9")], 0, id="a table that is not in the register"),
        pytest.param(KNOWN, [bad()[:-1]], 0, id="no JSON: nobody knows of which table"),
        pytest.param(KNOWN, [edited(bad(), table=None)], 0, id="no table"),
        pytest.param(KNOWN, [edited(bad(), table=["S1-2"])], 0, id="a table that is no name"),
        pytest.param(KNOWN, [edited(bad(), type="tally")], 0, id="no report"),
    ],
)
def test_which_sheets(known: Election, night: Sequence[bytes], sheets: int, driver: str) -> None:
    """A rejection that names a polling table puts its sheet in a group of its own while no reading of it stands, by
    each way to run a night; any other leaves it among those without any reading."""
    given = [*lines([FIRST, OTHER]), *night]
    found = DRIVERS[driver](known, given, Random(1))
    lead = found.states["N"]["lead"]
    open_tables = len(KNOWN.tables) - found.states["N"]["witnessed"]["tables"] - lead["unconfirmed"]["sheets"]
    assert lead["turned_away"]["sheets"] == sheets
    assert lead["unwitnessed"]["sheets"] == open_tables - sheets
    assert lead["together"]["sheets"] == open_tables + lead["unconfirmed"]["sheets"]


def test_dated_ahead() -> None:
    """A reading of another century is turned away, and names its sheet: live by the time at which it came, in an event
    file by the night's own."""
    late = report("S1-2", (5, 3, 1), id="late", at=T0 + 10**10)
    intake = PartitionIntake(KNOWN, 0, None)
    rejected, due = intake.take([FIRST, late, Tick(T0 + 20_000)], [T0] * 3)
    assert isinstance(rejected, Rejected)
    assert rejected.reason.code == "dated-ahead"
    assert isinstance(due, SheetsDue)
    assert [KNOWN.layout.tables[table] for table in due.sheets.turned_away.tolist()] == ["S1-2"]
    for run in ("core", "event replay"):
        found = DRIVERS[run](KNOWN, lines([FIRST, late, OTHER]), Random(1))
        assert (found.rejected, found.states["N"]["lead"]["turned_away"]["sheets"]) == (["dated-ahead"], 1)


def test_among_the_bulletins() -> None:
    """A report that came by the channel of the bulletins names no polling table: it is no bulletin, live and in a
    replay."""
    logs = feed(KNOWN, lines([FIRST, OTHER]), TOPOLOGY, Pace(every_tick=True))
    logs.bulletins.insert(0, bad())
    live = Pipeline(KNOWN, logs).run(lambda count: 0)
    again = terms(of_logs(KNOWN, logs, TOPOLOGY, lambda count: 0, lambda channel: 10**6))
    assert live.rejected == again.rejected == ["unknown-type"]
    assert live.states["N"]["lead"]["turned_away"]["sheets"] == again.states["N"]["lead"]["turned_away"]["sheets"] == 0


def test_no_total_moves() -> None:
    """Whoever sends what is turned away, for every polling table and as often as he likes, moves sheets from one group
    to the other and nothing else in any state; saved and sent is each polling table once."""
    flood = [report(table, (10**6, 0, 0), id=str(i), at=T0 + i) for i in range(3) for table in KNOWN.tables]
    quiet, flooded = (Reconciler(KNOWN, saves=True) for _ in range(2))
    for event in (FIRST, OTHER):
        assert quiet.apply(event) is flooded.apply(event) is None
    before = list(flooded.take_records())
    sent = list[str]()
    comparers = Comparer(KNOWN), Comparer(KNOWN)
    for event in flood:
        assert flooded.apply(event) is not None
        sheets = flooded.take_sheets()
        sent += [KNOWN.layout.tables[table] for table in sheets.turned_away.tolist()]
        for message in sheets.messages(KNOWN):
            comparers[1].add_sheets(Sheets.from_plain(KNOWN, orjson.loads(message)))
    comparers[0].add_sheets(quiet.take_sheets())
    assert before == list(quiet.take_records())
    assert len(list(flooded.take_records())) == 1
    assert sorted(sent) == sorted(KNOWN.tables)
    for calm, loud in zip(*(map(plainly, comparer.states(list(KNOWN.areas))) for comparer in comparers), strict=True):
        groups = calm.pop("lead"), loud.pop("lead")
        assert calm == loud
        for lead in (lead for lead in groups if lead is not None):
            assert lead.pop("turned_away") != lead.pop("unwitnessed")
        assert groups[0] == groups[1]


def test_states_are_told_again() -> None:
    """An area's state is published when a reading of a sheet in it is turned away for the first time, not again."""
    reconciler, comparer = Reconciler(KNOWN), Comparer(KNOWN)
    told = []
    for i in range(2):
        assert reconciler.apply(report("S1-2", {"X": 1}, id=str(i))) is not None
        comparer.add_sheets(reconciler.take_sheets())
        told.append(set(comparer.take_changed()))
    assert told == [{"N", "S1"}, set()]
