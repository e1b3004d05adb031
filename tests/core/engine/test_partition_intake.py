"""One partition's items and what follows from them, and a tick's announcements."""

from collections.abc import Sequence

import numpy as np
import pytest
from builders import T0, bulletin, election, report

from streams.core.engine.comparer import Comparer
from streams.core.engine.partition_intake import Misrouted, PartitionIntake, Rejected, SheetsDue
from streams.core.engine.tick_judge import Announcement, judge_tick
from streams.core.events.model import Bulletin, Event, Rejection, Tick

KNOWN = election(states=2, tables=3)
HOMES = np.array([0, 0, 0, 1, 1, 1])
HOUR = 3_600_000
READING = report("S1-1", at=T0)
TWICE = report("S1-2", at=T0, reporter="ben", id="again")
ELSEWHERE = report("S2-1", at=T0)
TOO_MANY = report("S1-1", (10**6, 0, 0), at=T0, reporter="eva", id="many")
BROKEN = Rejection("not-json", "", "send JSON")


def effects(items: Sequence[Event | Rejection], now: int | None = None) -> list[tuple[object, ...]]:
    """What a partition says of items that came at T0, in short."""
    found: list[tuple[object, ...]] = []
    for effect in PartitionIntake(KNOWN, 0, HOMES).take(items, [T0] * len(items), now):
        match effect:
            case Rejected(place, reason):
                found.append((place, reason.code))
            case Misrouted():
                found.append(effect)
            case SheetsDue(_, at, sheets):
                found.append((at - T0, sorted(KNOWN.layout.tables[row] for row in sheets.read[0].tolist())))
    return found


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([READING], [], id="a reading waits for a tick"),
        pytest.param([READING, Tick(T0)], [(0, ["S1-1"])], id="what changed leaves at a tick"),
        pytest.param(
            [READING, Tick(T0), TWICE, Tick(T0 + 1)], [(0, ["S1-1"]), (1, ["S1-2"])], id="between which ticks it came"
        ),
        pytest.param([READING, Tick(T0), TWICE, Tick(T0)], [(0, ["S1-1"])], id="a tick again is worth no sheets"),
        pytest.param([Tick(T0 + 25 * HOUR), Tick(T0)], [(0, "tick-ahead"), (0, [])], id="a tick of the next day"),
        pytest.param([READING, ELSEWHERE], [(1, "S2-1", 1)], id="another partition's"),
        pytest.param([TOO_MANY, BROKEN, TOO_MANY], [(0, "too-many-ballots"), (1, "not-json"), (2, "too-many-ballots")],
            id="reasons are in the order of what came"),
        pytest.param([BROKEN, ELSEWHERE, TOO_MANY, READING, Tick(T0)],
            [(1, "S2-1", 1), (0, "not-json"), (2, "too-many-ballots"), (0, ["S1-1"])], id="all of it together"),
    ],
)  # fmt: skip
def test_effects(items: Sequence[Event | Rejection], expected: list[tuple[object, ...]]) -> None:
    """What is turned away, misrouted and due is what the case says, by the places of the items."""
    assert [tuple(effect) for effect in effects(items)] == expected


def test_a_tick_ahead_of_the_wall_clock() -> None:
    """A tick ahead of the wall clock does not keep the next from moving time; by ticks alone it does."""
    ahead: list[Event | Rejection] = [Tick(T0 + 10), READING, Tick(T0 + 5)]
    assert effects(ahead, now=T0) == [(10, []), (5, ["S1-1"])]
    assert effects(ahead) == [(10, [])]


def test_announcements_of_a_tick() -> None:
    """Each announcement is admitted, turned away or for a polling table, and its sender is told so."""
    comparer = Comparer(KNOWN)
    official = bulletin(at=T0)
    came: dict[str, Bulletin | Rejection] = {
        "admitted": official,
        "unknown": bulletin(area="Q", at=T0),
        "broken": BROKEN,
        "table": bulletin(area="S1-1", at=T0),
    }
    judged = judge_tick(comparer, KNOWN, T0, [Announcement(what, name) for name, what in came.items()], [])
    assert judged.admitted == ["admitted"]
    assert [(name, why.code) for name, why in judged.rejected] == [("unknown", "unknown-area"), ("broken", "not-json")]
    assert judged.for_tables == [("table", came["table"])]
    assert comparer.bulletin("N") == official
