"""The life of an alert, a sentence a row."""

from dataclasses import replace
from typing import Any, NamedTuple

import msgspec
import pytest
from builders import T0

from streams.core.alerting.alert import Alert, Moment, Notice, Told
from streams.core.alerting.alert_life import Reason, deadline, step
from streams.core.comparison.findings import Finding
from streams.core.election.model import Severity
from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode, to_json

AT_ONCE = AlertPolicy(hold=0, cooldown=600)
PATIENT = AlertPolicy(hold=30, cooldown=600)
SECOND, MINUTE = 1000, 60_000


def found(value: float = 10, severity: Severity | None = "warning", bulletin: str = "b1") -> Finding:
    return Finding(
        "divergence", "statistical", "N", "A", severity, value, "points", bulletin, {}, {"en": ".", "es": "."}
    )


def alert(status: Any, severity: Severity = "warning", told: int = T0, **fields: Any) -> Alert:
    """An alert since T0, its first episode; a firing one spoke once, of a value of 10."""
    words = 0 if status == "pending" else 1
    given = {
        "episode": 1,
        "words": words,
        "told": Told(told, 10.0, severity) if words else None,
        "gravest": severity if words else None,
        **fields,
    }
    return Alert("divergence:N:A", status, T0, given.pop("finding", found()), severity, **given)


class Row(NamedTuple):
    """What was, what is found, when, beside which bulletin, under which policy; what must come of it."""

    sentence: str
    before: Alert | None
    finding: Finding | None
    after: int
    bulletin: str | None
    policy: AlertPolicy
    reason: Reason
    status: str | None
    speaks: bool
    parent: str | None = None
    """The firing alert further up, where there is one; then whether the notice is left to it."""
    muted: bool = False


PENDING, FIRING, RESOLVED = alert("pending"), alert("firing", heard=True), alert("resolved")
UP = "divergence:TOP:A"
MUTED = alert("firing", muted_by=UP)

ROWS = [
    Row("nothing is found, nothing happens", None, None, 0, "b1", AT_ONCE, Reason.IDLE, None, False),
    Row("what does not raise starts nothing", None, found(8, None), 0, "b1", AT_ONCE, Reason.IDLE, None, False),
    Row("what is resolved stays so", RESOLVED, None, MINUTE, "b1", AT_ONCE, Reason.IDLE, "resolved", False),
    Row(
        "what does not raise wakes nothing", RESOLVED, found(8, None), 1, "b1", AT_ONCE, Reason.IDLE, "resolved", False
    ),
    Row("without patience it fires at once", None, found(), 0, "b1", AT_ONCE, Reason.FIRED, "firing", True),
    Row("information fires too", None, found(1, "info"), 0, "b1", AT_ONCE, Reason.FIRED, "firing", True),
    Row("with patience it waits", None, found(), 0, "b1", PATIENT, Reason.WAITING, "pending", False),
    Row("it still waits", PENDING, found(), 29_999, "b1", PATIENT, Reason.WAITING, "pending", False),
    Row("it has lasted long enough", PENDING, found(), 30_000, "b1", PATIENT, Reason.FIRED, "firing", True),
    Row(
        "it may worsen while waiting",
        PENDING,
        found(20, "critical"),
        30_000,
        "b1",
        PATIENT,
        Reason.FIRED,
        "firing",
        True,
    ),
    Row(
        "a new bulletin does not restart the wait",
        PENDING,
        found(bulletin="b2"),
        30_000,
        "b2",
        PATIENT,
        Reason.FIRED,
        "firing",
        True,
    ),
    Row("it went away while waiting", PENDING, None, SECOND, "b1", PATIENT, Reason.CALMED, None, False),
    Row(
        "it fell below what raises while waiting",
        PENDING,
        found(8, None),
        SECOND,
        "b1",
        PATIENT,
        Reason.CALMED,
        None,
        False,
    ),
    Row(
        "a second episode calms down to the first's end",
        alert("pending", episode=2),
        None,
        1,
        "b1",
        PATIENT,
        Reason.CALMED,
        "resolved",
        False,
    ),
    Row("it comes back", RESOLVED, found(), MINUTE, "b1", AT_ONCE, Reason.FIRED, "firing", True),
    Row("it comes back, and waits", RESOLVED, found(), MINUTE, "b1", PATIENT, Reason.WAITING, "pending", False),
    Row("nothing changed", FIRING, found(), MINUTE, "b1", AT_ONCE, Reason.UNCHANGED, "firing", False),
    Row("nothing changed for long", FIRING, found(), 60 * MINUTE, "b1", AT_ONCE, Reason.UNCHANGED, "firing", False),
    Row("it changed a moment ago", FIRING, found(11), MINUTE, "b1", AT_ONCE, Reason.COOLDOWN, "firing", False),
    Row(
        "just before the cooldown ends",
        FIRING,
        found(11),
        10 * MINUTE - 1,
        "b1",
        AT_ONCE,
        Reason.COOLDOWN,
        "firing",
        False,
    ),
    Row("as the cooldown ends", FIRING, found(11), 10 * MINUTE, "b1", AT_ONCE, Reason.UPDATED, "firing", True),
    Row("it eased, and is told too", FIRING, found(9), 10 * MINUTE, "b1", AT_ONCE, Reason.UPDATED, "firing", True),
    Row(
        "it became critical: no cooldown",
        FIRING,
        found(20, "critical"),
        1,
        "b1",
        AT_ONCE,
        Reason.ESCALATED,
        "firing",
        True,
    ),
    Row(
        "critical eases to a warning",
        alert("firing", "critical"),
        found(11),
        1,
        "b1",
        AT_ONCE,
        Reason.COOLDOWN,
        "firing",
        False,
    ),
    Row(
        "a new bulletin shows it too",
        FIRING,
        found(bulletin="b2"),
        1,
        "b2",
        AT_ONCE,
        Reason.NEW_BULLETIN,
        "firing",
        True,
    ),
    Row(
        "a new bulletin is worse",
        FIRING,
        found(20, "critical", "b2"),
        1,
        "b2",
        AT_ONCE,
        Reason.ESCALATED,
        "firing",
        True,
    ),
    Row(
        "between the two limits it holds",
        FIRING,
        found(8, None),
        MINUTE,
        "b1",
        AT_ONCE,
        Reason.HOLDING,
        "firing",
        False,
    ),
    Row("it holds however long", FIRING, found(8, None), 60 * MINUTE, "b1", AT_ONCE, Reason.HOLDING, "firing", False),
    Row("it is gone", FIRING, None, MINUTE, "b1", AT_ONCE, Reason.RESOLVED, "resolved", True),
    Row("it is gone: no cooldown", FIRING, None, 1, "b1", PATIENT, Reason.RESOLVED, "resolved", True),
    Row("a new bulletin does not show it", FIRING, None, MINUTE, "b2", AT_ONCE, Reason.SUPERSEDED, "resolved", True),
    Row("the bulletin was withdrawn", FIRING, None, MINUTE, None, AT_ONCE, Reason.SUPERSEDED, "resolved", True),
    Row(
        "what fires under a parent is left to it",
        None,
        found(),
        0,
        "b1",
        AT_ONCE,
        Reason.FIRED,
        "firing",
        True,
        UP,
        True,
    ),
    Row("a muted alert waits for its parent", MUTED, found(), 1, "b1", AT_ONCE, Reason.UNCHANGED, "firing", False, UP),
    Row("the parent is over: now it speaks", MUTED, found(), 1, "b1", AT_ONCE, Reason.UNMUTED, "firing", True),
    Row(
        "the parent is over, and so is it", MUTED, None, 1, "b1", AT_ONCE, Reason.RESOLVED, "resolved", True, None, True
    ),
    Row(
        "nobody heard of it, nor of its end", MUTED, None, 1, "b1", AT_ONCE, Reason.RESOLVED, "resolved", True, UP, True
    ),
    Row(
        "it was heard, so its end is told", FIRING, None, 1, "b1", AT_ONCE, Reason.RESOLVED, "resolved", True, UP, False
    ),
    Row(
        "a parent's alert came later",
        FIRING,
        found(20, "critical"),
        1,
        "b1",
        AT_ONCE,
        Reason.ESCALATED,
        "firing",
        True,
        UP,
        True,
    ),
    Row(
        "a newer bulletin must raise its own",
        FIRING,
        found(8, None, "b2"),
        1,
        "b2",
        AT_ONCE,
        Reason.SUPERSEDED,
        "resolved",
        True,
    ),
    Row("its rule only remarks now", FIRING, found(10, "info"), 1, "b1", AT_ONCE, Reason.REMARKED, "resolved", True),
    Row(
        "health knows no bulletin: it just ends",
        alert("firing", finding=found(bulletin="")),
        None,
        1,
        "b2",
        AT_ONCE,
        Reason.RESOLVED,
        "resolved",
        True,
    ),
]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.sentence) for row in ROWS])
def test_step(row: Row) -> None:
    """The decision is what the sentence says; who speaks says why, and names the notice once."""
    at = T0 + row.after
    decision = step(row.before, row.finding, at, row.bulletin, row.policy, row.parent)
    assert decision.reason is row.reason
    assert (decision.alert and decision.alert.status) == row.status
    assert (decision.notice is not None) == row.speaks
    assert (decision.notice is not None and decision.notice.muted_by == UP) == row.muted
    assert step(row.before, row.finding, at, row.bulletin, row.policy, row.parent) == decision
    if decision.alert is not None:
        assert Alert.from_plain(decision.alert.plain()) == decision.alert
    if decision.notice is not None:
        assert decision.alert is not None
        notice = decision.notice
        assert notice.id == f"divergence:N:A:{decision.alert.episode}:{decision.alert.words}"
        assert notice.reason == row.reason.value
        assert notice.status == row.status
        assert decision.alert.told == Told(at, notice.finding.value, notice.severity)
        assert msgspec.convert(to_json(notice), Notice) == notice


def test_every_reason() -> None:
    """The table reaches every reason there is."""
    assert {row.reason for row in ROWS} == set(Reason)


def test_one_moment() -> None:
    """What is told is of one tick: the severity is that of the finding told. A severity calls at once only where it is
    graver than any told before, so that a figure at its limit calls once; a bulletin sets that anew."""
    seen, state = [], None
    for value, severity, of in (
        (5, "warning", "b1"),
        (12, "critical", "b1"),
        (11, "critical", "b1"),
        (9, "warning", "b1"),
        (10, "critical", "b1"),
        (1, None, "b1"),
        (9, "warning", "b2"),
    ):
        decision = step(state, found(value, severity, of), T0 + value, of, AT_ONCE)  # type: ignore[arg-type]
        state = decision.alert
        assert state is not None
        assert state.finding.value == value
        assert decision.notice is None or decision.notice.severity == decision.notice.finding.severity
        seen.append((state.severity, decision.reason))
        assert Alert.from_plain(state.plain()) == state
    assert seen == [
        ("warning", Reason.FIRED),
        ("critical", Reason.ESCALATED),
        ("critical", Reason.COOLDOWN),
        ("warning", Reason.COOLDOWN),
        ("critical", Reason.COOLDOWN),
        ("critical", Reason.HOLDING),
        ("warning", Reason.NEW_BULLETIN),
    ]
    assert state is not None
    assert state.worst is not None
    assert (state.called_at, state.worst.at, state.worst.severity) == (T0 + 5, T0 + 12, "critical")


def test_times_that_have_not_come() -> None:
    """An alert that was never told and never called is saved as it always was: with 0 for both times."""
    saved = PENDING.plain()
    assert (saved["told_at"], saved["told_value"], saved["told_severity"], saved["called_at"]) == (0, 0.0, None, 0)
    assert Alert.from_plain(saved) == PENDING
    assert (PENDING.told, PENDING.called_at) == (None, None)


def test_a_fall_is_told() -> None:
    """A severity that falls is told after the cooldown, with the finding that it belongs to."""
    state = step(FIRING, found(20, "critical"), T0 + 1, "b1", AT_ONCE).alert
    decision = step(state, found(20, "warning"), T0 + 1 + 10 * MINUTE, "b1", AT_ONCE)
    assert decision.reason is Reason.UPDATED
    assert decision.notice is not None
    assert decision.notice.severity == "warning"


def test_the_worst_outlives_episodes() -> None:
    """When an alert was first called, and when it was worst, is remembered when it comes back, and when it calms down
    before it does."""
    first = step(None, found(20, "critical"), T0, "b1", AT_ONCE).alert
    over = step(first, None, T0 + 1, "b1", AT_ONCE).alert
    waiting = step(over, found(), T0 + 2, "b1", PATIENT).alert
    for state in (over, waiting, step(waiting, None, T0 + 3, "b1", PATIENT).alert):
        assert state is not None
        assert state.worst is not None
        assert (state.called_at, state.worst.at, state.worst.finding.value) == (T0, T0, 20)


def test_the_worst_is_the_first_of_its_kind() -> None:
    """A tick that is as bad as the worst does not take its place; a graver or larger one does."""
    alert = step(None, found(20, "warning"), T0, "b1", AT_ONCE).alert
    ticks: list[tuple[float, Severity, int]] = [
        (20, "warning", 0),
        (19, "warning", 0),
        (21, "warning", 3),
        (5, "critical", 4),
        (99, "warning", 4),
        (5, "critical", 4),
        (6, "critical", 7),
    ]
    for at, (value, severity, worst) in enumerate(ticks, 1):
        alert = step(alert, found(value, severity), T0 + at, "b1", AT_ONCE).alert
        assert alert is not None
        assert alert.worst is not None
        assert alert.worst.at == T0 + worst


def test_times_that_lie_ahead() -> None:
    """Where clocks had run ahead and are set right, none of an alert's times lies ahead, and those that do not stay:
    its `for` and its cooldown end when they should."""
    ahead = replace(
        alert("firing", told=T0 + 9000, called_at=T0 + 7000),
        since=T0 + 8000,
        worst=Moment(T0 + 9500, "warning", found()),
    )
    assert ahead.worst is not None
    for at in (T0, T0 + 8500, T0 + 99_000):
        back = ahead.set_back(at)
        assert back.worst is not None
        assert back.told is not None
        assert (back.since, back.told.at, back.called_at, back.worst.at) == (
            min(T0 + 8000, at),
            min(T0 + 9000, at),
            min(T0 + 7000, at),
            min(T0 + 9500, at),
        )
        assert replace(back, since=0, told=None, called_at=None, worst=None) == replace(
            ahead, since=0, told=None, called_at=None, worst=None
        )


def test_a_night() -> None:
    """Each notice of a night has its own id, counted by episode and word, and again the same when done again."""

    def night() -> list[bytes]:
        state, told = None, []
        for minute, finding in enumerate(
            [found(), found(), found(20, "critical"), None, None, found(), None, found(7, None)]
        ):
            decision = step(state, finding, T0 + minute * MINUTE, "b1", AT_ONCE)
            state = decision.alert
            if decision.notice:
                told.append(encode([decision.notice.id.removeprefix("divergence:N:A:"), decision.notice.status]))
        return told

    assert night() == [
        *(b'["1:1","firing"]', b'["1:2","firing"]', b'["1:3","resolved"]'),
        *(b'["2:1","firing"]', b'["2:2","resolved"]'),
    ]
    assert night() == night()


def test_calmed_episode_is_free_again() -> None:
    """An episode that never spoke does not use up its number."""
    waiting = step(RESOLVED, found(), T0, "b1", PATIENT).alert
    assert waiting is not None
    assert waiting.episode == 2
    calm = step(waiting, None, T0 + 1, "b1", PATIENT).alert
    again = step(calm, found(), T0 + 2, "b1", AT_ONCE)
    assert again.notice is not None
    assert again.notice.id.endswith(":2:1")


@pytest.mark.parametrize(
    ("given", "policy", "expected"),
    [
        pytest.param(PENDING, PATIENT, T0 + 30_000, id="a waiting one, when it has lasted long enough"),
        pytest.param(PENDING, AT_ONCE, T0, id="a waiting one without patience, at once"),
        pytest.param(FIRING, AT_ONCE, None, id="a firing one without news, never"),
        pytest.param(replace(FIRING, finding=found(11)), AT_ONCE, T0 + 600_000, id="a changed one, after the cooldown"),
        pytest.param(replace(FIRING, finding=found(8, None)), AT_ONCE, None, id="a holding one has nothing to say"),
        pytest.param(RESOLVED, AT_ONCE, None, id="a resolved one, never"),
    ],
)
def test_deadline(given: Alert, policy: AlertPolicy, expected: int | None) -> None:
    """An alert says when it may change without news."""
    assert deadline(given, policy) == expected


@pytest.mark.parametrize("row", [pytest.param(row, id=row.sentence) for row in ROWS])
def test_deadline_is_true(row: Row) -> None:
    """Without news nothing changes before the deadline: the same finding again is decided silently."""
    state = step(row.before, row.finding, T0 + row.after, row.bulletin, row.policy).alert
    if state is None:
        return
    due = deadline(state, row.policy)
    last = T0 + row.after + 24 * 60 * MINUTE if due is None else due - 1
    for at in (T0 + row.after, last):
        if at >= T0 + row.after and (due is None or at < due):
            assert step(state, row.finding, at, row.bulletin, row.policy).notice is None
