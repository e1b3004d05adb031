"""What a worker finds of the comparison when it takes over: all that was judged, and nothing that was not."""

from builders import T0, bulletin, election, report
from monitor import Monitor

from streams.core.alerting.alert import Alert
from streams.core.comparison.findings import Pulse
from streams.core.events.codec import encode, plain
from streams.core.events.model import Tick
from streams.worker.comparison_state import read

KNOWN = election(states=1, tables=12)


def alerts() -> list[Alert]:
    """Those of a night in which one fires."""
    monitor = Monitor(KNOWN)
    for table in KNOWN.tables:
        monitor.handle(report(table, (50, 20, 5), at=T0))
    monitor.handle(bulletin((1, 2, 3), at=T0, tables_counted=12))
    monitor.handle(Tick(T0 + 600_000))
    return list(monitor.alerts.values())


CLOCK = {"at": T0, "evaluated": T0 - 1, "columns": ["A"], "pulse": [T0 - 2, T0 - 3], "reached": {"0": 7, "2": 9}}


def test_what_was_saved_comes_back() -> None:
    """Clock, pulse, how far each partition had come, bulletins and alerts, each as it was; what is none of them is told
    with its reason, and the rest comes back."""
    known, official = alerts(), bulletin((1, 2, 3), at=T0)
    table = {
        b"clock": encode(CLOCK),
        b"bulletin/1": encode(plain(official)),
        **{f"alert/{alert.fingerprint}".encode(): encode(alert.plain()) for alert in known},
        b"bulletin/2": b"[]",
        b"alert/x": b"{}",
        b"other/1": b"{}",
        b"alert/y": b"no JSON",
    }
    found = read(table.items())
    assert found.clock is not None
    assert (found.clock.at, found.clock.evaluated, found.clock.columns) == (T0, T0 - 1, ["A"])
    assert found.clock.reached == {"0": 7, "2": 9}
    assert found.pulse == Pulse(T0 - 2, T0 - 3)
    assert found.bulletins == [official]
    assert found.alerts == known != []
    assert [key for key, _, _ in found.unreadable] == [b"bulletin/2", b"alert/x", b"other/1", b"alert/y"]
    assert all(why for _, _, why in found.unreadable)
    assert read([]).clock is None
    assert read([]).pulse is None


def test_a_clock_that_is_none() -> None:
    """Without its clock nothing says how far judging had come: that is told, not taken for 0."""
    for lost in CLOCK:
        broken = encode({name: value for name, value in CLOCK.items() if name != lost})
        found = read([(b"clock", broken)])
        assert found.clock is None
        assert [key for key, _, _ in found.unreadable] == [b"clock"]
