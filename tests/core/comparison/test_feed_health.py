"""Feed health: silence, floods and disputes, without a word on the counts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders import T0, alike, bulletin, election, found_by, lines, report, situation
from monitor import Monitor
from replays import of_events

from streams.core.aggregation.tally import LEVELS, NAMES, READINGS
from streams.core.alerting.alert_life import Reason
from streams.core.comparison.findings import Pulse
from streams.core.comparison.rules.feed_health import Disputes, Flood, Silence
from streams.core.election.model import Election
from streams.core.election.settings import AlertPolicy, HealthRule, Rules
from streams.core.events.model import Event, Tick

MINUTE = 60_000


def watched(**limits: Any) -> Election:
    return election(states=2, tables=10, quorum=2, rules=Rules(health=HealthRule(**limits)), alerts=AlertPolicy(10))


@pytest.mark.parametrize(
    ("limits", "after", "status", "sheets", "expected"),
    [
        pytest.param({}, 10**9, "partial", 0, [], id="nothing is watched unless asked"),
        pytest.param({"bulletin_every": 60}, MINUTE - 1, "partial", 0, [], id="not yet"),
        pytest.param({"bulletin_every": 60}, MINUTE, "partial", 0, ["bulletins"], id="no bulletin for a minute"),
        pytest.param({"bulletin_every": 60}, MINUTE, "final", 0, [], id="after the final one none is due"),
        pytest.param({"reports_every": 60}, MINUTE, "partial", 0, ["reports"], id="no reading for a minute"),
        pytest.param({"reports_every": 60}, MINUTE, "partial", 20, [], id="all sheets are in"),
    ],
)
def test_silence(limits: Any, after: int, status: Any, sheets: int, expected: list[str]) -> None:
    """What stays away longer than the election's rhythm is said, until nothing more is due."""
    known = election(states=2, tables=10, rules=Rules(health=HealthRule(**limits)))
    found = list(
        found_by(
            Silence,
            situation(known, alike(known, (1, 1), sheets), bulletin(status=status), at=T0 + after, pulse=Pulse(T0, T0)),
        )
    )
    assert [f.column for f in found] == expected
    for finding in found:
        assert "2024-07-29 00:00 UTC" in finding.sentence["es"]


def test_silence_is_noticed_without_news() -> None:
    """Nothing arrives any more: the alert fires at its very tick, whatever steps time takes, and ends with the next
    bulletin."""
    for step in (10_000, 70_000, 10**9):
        monitor = Monitor(watched(bulletin_every=60))
        notices = monitor.handle(bulletin(at=T0 + 1000)).notices
        for at in range(T0 + step, T0 + max(200_000, step + 1), step):
            notices += monitor.handle(Tick(at)).notices
        assert [(n.fingerprint, n.at) for n in notices] == [("feed-health:N:bulletins", T0 + 70_000)]
        last = notices[0].at + 10**9
        monitor.handle(bulletin(at=last, sequence=2))
        (over,) = monitor.handle(Tick(last + 20_000)).notices
        assert (over.status, over.reason) == ("resolved", Reason.RESOLVED.value)


def test_two_silences() -> None:
    """Each of two feeds that stay away is told at its own tick, whichever is due first."""
    for bulletins, reports in ((60, 600), (600, 60)):
        monitor = Monitor(watched(bulletin_every=bulletins, reports_every=reports))
        monitor.handle(bulletin(at=T0 + 1000))
        monitor.handle(report(at=T0 + 1000))
        told = {n.fingerprint: n.at for n in monitor.handle(Tick(T0 + 10**7)).notices if n.status == "firing"}
        assert told == {
            "feed-health:N:bulletins": T0 + 10_000 + 1000 * bulletins,
            "feed-health:N:reports": T0 + 10_000 + 1000 * reports,
        }


def test_flood() -> None:
    """A group that sends most of all readings is named; a trusted source may."""
    known = watched(flood_min=5, flood_ratio=0.5)
    monitor = Monitor(known)
    events: list[Event] = [report(t, reporter="bot", group="bots", at=T0 + i) for i, t in enumerate(known.tables)]
    events += [report(t, reporter=f"reader {i}", at=T0 + i) for i, t in enumerate(known.tables)]
    for event in events:
        monitor.handle(event)
    (notice,) = monitor.finish()
    assert notice.fingerprint == "feed-health:N:flood-bots"
    assert "bots sent 20 of all 40 readings" in notice.finding.sentence["en"]
    assert not found_by(Flood, situation(election(trusted_sources=frozenset({"web"})), alike(known, (1, 1), 2)))


def test_an_official_figure_is_no_reading() -> None:
    """Official figures of single polling tables break no silence of the readers, and are none of the readings of which
    a group sent most; whether events are judged one by one or many ticks together."""
    known = watched(reports_every=60, flood_min=2, flood_ratio=0.5)
    events: list[Event] = [report(f"S1-{n}", reporter="bot", group="bots", at=T0 + n) for n in (1, 2)]
    events += [bulletin(area=f"S1-{n}", at=T0 + 20_000 * n) for n in range(1, 9)]
    monitor = Monitor(known)
    one_by_one = [notice for event in events for notice in monitor.handle(event).notices] + monitor.finish()
    together = of_events(known, lines(events)).notices
    for notices in (one_by_one, together):
        told = {n.fingerprint: (n.at - T0, n.finding.sentence["en"]) for n in notices if n.status == "firing"}
        assert told == {
            "feed-health:N:flood-bots": (10_000, "Area N: the group bots sent 2 of all 2 readings."),
            "feed-health:N:reports": (
                70_000,
                "Area N: no new reading of a tally sheet for more than 60 s, since 2024-07-29 00:00 UTC.",
            ),
        }


def test_disputes_pile_up() -> None:
    """Many sheets of an area whose readers disagree are told for that area."""
    known = watched(disputed_min=3, disputed_ratio=0.2)
    monitor = Monitor(known)
    for i, table in enumerate(known.tables):
        monitor.handle(report(table, (5, 3, 1), at=T0 + i))
        other = (4, 4, 1) if table in ("S1-1", "S1-2", "S1-3") else (5, 3, 1)
        monitor.handle(report(table, other, reporter="ben", at=T0 + i))
    fired = [notice.fingerprint for notice in monitor.finish()]
    assert fired == ["feed-health:S1:disputes"]  # 3 of 10; of the nation's 20 it is too small a share
    assert not found_by(Disputes, situation(known, {}))


@pytest.mark.parametrize(
    ("disputed", "read", "ratio", "speaks"),
    [
        pytest.param(3, 30, 0.1, True, id="at both limits"),
        pytest.param(2, 20, 0.1, False, id="too few sheets"),
        pytest.param(3, 31, 0.1, False, id="too small a share"),
        pytest.param(4, 40, 0.1, True, id="above one, at the other"),
    ],
)
def test_disputes_at_their_limits(disputed: int, read: int, ratio: float, speaks: bool) -> None:
    """Both limits are reached where they are equalled. What was read is every sheet that anybody read, whatever became
    of it."""
    known = watched(disputed_min=3, disputed_ratio=ratio)
    given = situation(known, {})
    row = np.array(given.witnessed.row)
    for level, sheets in {"none": 7, "reported": read - disputed - 1, "corroborated": 1, "disputed": disputed}.items():
        row[LEVELS + NAMES.index(level)] = sheets
    found = found_by(Disputes, replace(given, witnessed=replace(given.witnessed, row=row.tolist())))
    assert [(f.value, f.inputs) for f in found] == [(disputed, {"disputed": disputed, "read": read})] * speaks


@pytest.mark.parametrize(
    ("bots", "all_", "speaks"),
    [
        pytest.param(5, 10, True, id="at both limits"),
        pytest.param(4, 8, False, id="too few readings"),
        pytest.param(5, 11, False, id="too small a share"),
    ],
)
def test_a_flood_at_its_limits(bots: int, all_: int, speaks: bool) -> None:
    """Both limits are reached where they are equalled."""
    known = watched(flood_min=5, flood_ratio=0.5)
    given = situation(known, {})
    row = list(given.witnessed.row)
    row[READINGS] = all_
    tally = replace(given.witnessed, row=row, busiest={"bots": bots, "ana": 1})
    found = [finding.column for finding in found_by(Flood, replace(given, witnessed=tally))]
    assert found == ["flood-bots"] * speaks
