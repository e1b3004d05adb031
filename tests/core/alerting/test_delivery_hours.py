"""When a receiver is sent what it is due: quiet hours, digests, and what is next."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.alerting import next_delivery
from streams.core.alerting.delivery_hours import SETTLE, Timetable, quiet_hours
from streams.core.alerting.delivery_policy import Chain, Delivery
from streams.core.election.model import Receiver
from streams.times import from_rfc3339, rfc3339

CARACAS, NEW_YORK = ZoneInfo("America/Caracas"), ZoneInfo("America/New_York")
HOUR = 3_600_000
NIGHT = Receiver("desk", "", quiet_hours="22:00-07:00", time_zone="America/Caracas")


@pytest.mark.parametrize(
    ("hours", "zone", "at", "opens"),
    [
        ("22:00-07:00", CARACAS, "2024-07-28T21:59:59.999-04:00", None),
        ("22:00-07:00", CARACAS, "2024-07-28T22:00:00-04:00", "2024-07-29T07:00:00-04:00"),
        ("22:00-07:00", CARACAS, "2024-07-29T00:00:00-04:00", "2024-07-29T07:00:00-04:00"),
        ("22:00-07:00", CARACAS, "2024-07-29T06:59:59.999-04:00", "2024-07-29T07:00:00-04:00"),
        ("22:00-07:00", CARACAS, "2024-07-29T07:00:00-04:00", None),
        ("13:00-14:30", CARACAS, "2024-07-29T14:29:00-04:00", "2024-07-29T14:30:00-04:00"),
        ("00:00-06:00", CARACAS, "2024-07-29T00:00:00-04:00", "2024-07-29T06:00:00-04:00"),
        # Clocks go from 02:00 to 03:00: an end that does not exist is an hour later by the clock, not in time.
        ("22:00-02:30", NEW_YORK, "2024-03-10T01:00:00-05:00", "2024-03-10T03:30:00-04:00"),
        # Clocks go from 02:00 to 01:00: the end comes twice.
        ("22:00-01:30", NEW_YORK, "2024-11-03T00:00:00-04:00", "2024-11-03T01:30:00-04:00"),
        ("22:00-01:30", NEW_YORK, "2024-11-03T01:00:00-05:00", "2024-11-03T01:30:00-05:00"),
        ("22:00-07:00", NEW_YORK, "2024-11-02T23:00:00-04:00", "2024-11-03T07:00:00-05:00"),
    ],
)
def test_quiet_hours(hours: str, zone: ZoneInfo, at: str, opens: str | None) -> None:
    """The first moment outside of quiet hours, by the local clock, whatever happens to it."""
    asked = from_rfc3339(at)
    assert rfc3339(quiet_hours(hours, zone).end_after(asked)) == rfc3339(
        asked if opens is None else from_rfc3339(opens)
    )


@pytest.mark.parametrize("text", ["22-7", "22:00", "24:00-07:00", "22:00-07:60", "7:00-8:00", "07:00-07:00", "x"])
def test_no_quiet_hours(text: str) -> None:
    """What is no pair of times of day is refused with its cure."""
    with pytest.raises(ValueError, match="give two"):
        quiet_hours(text, CARACAS)


@given(
    st.integers(1_700_000_000_000, 1_760_000_000_000),
    st.sampled_from(["22:00-07:00", "01:30-02:30", "02:30-01:30", "00:00-23:59"]),
    st.sampled_from(["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/London"]),
    st.sampled_from([0, 15, 60, 720]),
    st.booleans(),
)
def test_release(since: int, hours: str, zone: str, digest: int, critical: bool) -> None:
    """What is released is released outside of quiet hours, after at most an interval and a day; a critical notice that
    passes waits for its digest alone."""
    place = ZoneInfo(zone)
    receiver = Receiver("desk", "", quiet_hours=hours, time_zone=zone, digest=digest, critical_passes=True)
    table = Timetable.of(receiver, place)
    released = table.release(since, critical)
    assert since <= released <= since + (digest * 60_000) + 25 * HOUR
    if critical:
        assert released <= since + digest * 60_000
        assert not digest or released % (digest * 60_000) == 0
    else:
        assert table.opens(released, False) == released
        clock = f"{datetime.fromtimestamp(released / 1000, place):%H:%M}"
        begin, end = hours.split("-")
        assert not (begin <= clock < end if begin < end else clock >= begin or clock < end)


def chain(*since: int, attempts: int = 0, name: str = "f") -> Chain:
    return Chain(due=tuple(Delivery(f"{name}:1:{i}", at, at, attempts) for i, at in enumerate(since)))


EVENING = from_rfc3339("2024-07-28T23:00:00-04:00")
MORNING = from_rfc3339("2024-07-29T07:00:00-04:00")


@pytest.mark.parametrize(
    ("receiver", "grave", "due"),
    [
        pytest.param(NIGHT, (), MORNING, id="held until the morning"),
        pytest.param(NIGHT, ("f:1:0",), MORNING, id="critical ones too, unless they may pass"),
        pytest.param(replace(NIGHT, critical_passes=True), ("f:1:0",), EVENING, id="a critical one passes"),
        pytest.param(
            replace(NIGHT, critical_passes=True), ("f:1:1",), EVENING, id="and takes along what comes before it"
        ),
        pytest.param(replace(NIGHT, critical_passes=True), (), MORNING, id="others do not pass"),
        pytest.param(Receiver("desk", ""), (), EVENING, id="no quiet hours"),
    ],
)
def test_first(receiver: Receiver, grave: Sequence[str], due: int) -> None:
    """When the first notice of an alert may leave."""
    parcel = next_delivery.first(
        "f", chain(EVENING, EVENING + 5), Timetable.of(receiver, CARACAS), {*grave}.__contains__
    )
    assert parcel is not None
    assert ([delivery.notice for _, delivery in parcel.contents], parcel.due) == (["f:1:0"], due)


def test_nothing_is_next() -> None:
    """Where nothing is due, nothing is next."""
    table = Timetable.of(replace(NIGHT, digest=60), CARACAS)
    assert next_delivery.first("f", Chain(), table, bool) is None
    assert next_delivery.digest({"f": Chain()}, table, bool) is None


def test_digest() -> None:
    """A digest has everything whose interval ended first, as it came; the next one has the rest. It leaves once what
    belongs to it is written, and its id depends on what is in it alone."""
    table = Timetable.of(Receiver("desk", "", digest=60), CARACAS)
    begin = 1000 * HOUR
    chains = {"f": chain(begin + 5, begin + 9, begin + HOUR), "g": chain(begin + 7, name="g")}
    parcel = next_delivery.digest(chains, table, bool)
    assert parcel is not None
    assert [delivery.notice for _, delivery in parcel.contents] == ["f:1:0", "g:1:0", "f:1:1"]
    assert parcel.due == begin + HOUR + 5_000
    failed = {
        name: Chain(due=tuple(replace(d, attempts=2, due=d.due + HOUR) for d in c.due)) for name, c in chains.items()
    }
    again = next_delivery.digest(dict(reversed(failed.items())), table, bool)
    assert again is not None
    assert (again.as_one.notice, again.as_one.attempts) == (parcel.as_one.notice, 2)
    rest = next_delivery.digest({"f": Chain(due=chains["f"].due[2:])}, table, bool)
    assert rest is not None
    assert rest.due == begin + 2 * HOUR + SETTLE
    assert rest.as_one.notice != parcel.as_one.notice


def test_a_night_s_digest() -> None:
    """What comes in quiet hours is one digest at their end; a critical notice that passes goes with the next digest,
    and what came before it of its alert goes along."""
    chains = {"f": chain(EVENING + 1, EVENING + 2 * HOUR, EVENING + 4 * HOUR), "g": chain(EVENING + 3 * HOUR, name="g")}
    table = Timetable.of(replace(NIGHT, digest=60), CARACAS)
    parcel = next_delivery.digest(chains, table, bool)
    assert parcel is not None
    assert (len(parcel.contents), parcel.due) == (4, MORNING + SETTLE)
    passing = replace(table, critical_passes=True)
    parcel = next_delivery.digest(chains, passing, {"f:1:1"}.__contains__)
    assert parcel is not None
    assert [delivery.notice for _, delivery in parcel.contents] == ["f:1:0", "f:1:1"]
    assert parcel.due == EVENING + 3 * HOUR + SETTLE
    assert parcel.passes


def test_a_long_digest_is_parted() -> None:
    """More notices than fit follow in the next message, and none is left behind or overtaken."""
    table = Timetable.of(Receiver("desk", "", digest=60), CARACAS)
    left = {f"f{i}": chain(*range(10 * HOUR + i, 10 * HOUR + 7 * i, 7), name=f"f{i}") for i in range(40)}
    total, came = sum(len(each.due) for each in left.values()), list[tuple[str, str]]()
    while (parcel := next_delivery.digest(left, table, bool)) is not None:
        assert 0 < len(parcel.contents) <= next_delivery.LARGEST_DIGEST
        for fingerprint, delivery in parcel.contents:
            assert left[fingerprint].due[0] == delivery
            left[fingerprint] = left[fingerprint].without(delivery.notice)
            came.append((fingerprint, delivery.notice))
    assert len(came) == len(set(came)) == total
