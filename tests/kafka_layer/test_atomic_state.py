"""What is saved comes back whole, whatever order writers die, freeze and wake up in."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka.atomic_state import Saves, Write


class Log:
    """A compacted changelog: the last record of each key, and never two at once."""

    def __init__(self) -> None:
        self.records: dict[bytes, bytes] = {}

    def append(self, write: Write) -> None:
        self.records.pop(write.key, None)
        if write.value is not None:
            self.records[write.key] = write.value

    def load(self, generation: int = 0) -> Saves:
        return Saves(self.records.items(), generation)


def save(log: Log, saves: Saves, **values: Any) -> None:
    """One whole step."""
    for key, value in values.items():
        saves.put(key, value)
    for write in saves.step():
        log.append(write)


def test_what_was_saved_comes_back() -> None:
    """Values, changed values and forgotten ones, through a new writer too, which begins with a copy."""
    log, first = Log(), Saves()
    save(log, first, a=1, b={"x": [1]}, c=3)
    save(log, first, a=2, c=None)
    second = log.load(1)
    assert second.state == {"a": 2, "b": {"x": [1]}}
    save(log, second, d=4)
    assert log.load(2).state == {"a": 2, "b": {"x": [1]}, "d": 4}


@pytest.mark.parametrize("written", range(3))
def test_a_step_that_is_not_sealed_never_was(written: int) -> None:
    """A worker that dies in the middle of a step leaves the step before, whole."""
    log, first = Log(), Saves()
    save(log, first, a=1, b=1)
    save(log, first, a=2, b=2)
    first.put("a", 3)
    first.put("b", 3)
    for write in first.step()[:-1][:written]:
        log.append(write)
    assert log.load().state == {"a": 2, "b": 2}


def test_who_wakes_up_too_late_is_not_heard() -> None:
    """Steps and deletions of a writer that has been replaced change nothing once the new one has sealed a step."""
    log, old = Log(), Saves()
    save(log, old, a=1, b=1)
    new = log.load(1)
    save(log, new, a=2)
    for n in range(3):
        save(log, old, a=-n, b=-n, z=-n)
        assert log.load(2).state == {"a": 2, "b": 1}


def test_a_group_that_counts_anew() -> None:
    """A broker that has forgotten the group's generations does not bring an old epoch back."""
    log, old = Log(), Saves(generation=70)
    save(log, old, a=1)
    save(log, log.load(1), a=2)
    save(log, log.load(2), a=3)
    assert log.load(3).state == {"a": 3}


def test_who_had_loaded_the_same_before_the_broker_lost_its_groups() -> None:
    """Two load the same records, the broker loses its groups in between: what the first writes late counts for
    nothing, though its generation is higher."""
    log = Log()
    save(log, Saves(generation=69), a=1)
    old, new = log.load(70), log.load(1)
    save(log, new, a=2)
    save(log, old, a=3)
    assert log.load(2).state == {"a": 2}


def test_who_knows_that_the_broker_counts_anew() -> None:
    """The same where nothing was saved before, for a worker that has seen the generations fall."""
    log = Log()
    old, new = log.load(70), Saves(generation=1, counted_anew=True)
    save(log, new, a=2)
    save(log, old, a=3)
    assert log.load(2).state == {"a": 2}


def test_a_new_worker_that_does_not_know_of_the_loss() -> None:
    """The same where nothing was saved before, and who began anew knows of no generation: one that is later than the
    group's present one is of the group that was lost."""
    log = Log()
    old, new = log.load(70), log.load(1)
    save(log, new, a=2)
    save(log, old, a=3)
    assert log.load(2).state == {"a": 2}


@pytest.mark.parametrize("generation", [1, 2, 3])
def test_who_had_claimed_before_the_broker_lost_its_groups(generation: int) -> None:
    """The same where nothing was saved before, but the first has claimed its epoch: what it saves late counts for
    nothing, also once the group has come to its generation."""
    log, old = Log(), Saves(generation=2, writer="old")
    log.append(old.claim())
    new = log.load(1)
    log.append(new.claim())
    save(log, new, a=2)
    save(log, old, a=3)
    assert log.load(generation).state == {"a": 2}


def test_a_claim_is_no_state() -> None:
    """A claim alone brings nothing back, nor does it hide what was saved; it goes with the rest of its epoch."""
    log, first = Log(), Saves()
    log.append(first.claim())
    assert log.load().state == {}
    save(log, first, a=1)
    second = log.load(1)
    log.append(second.claim())
    third = log.load(2)
    assert third.state == {"a": 1}
    log.append(third.claim())
    save(log, third, b=2)
    save(log, third, b=3)
    assert log.load(3).state == {"a": 1, "b": 3}
    assert {key.split(b".")[0] for key in log.records} == {b"3"}


def test_writers_never_share_their_keys() -> None:
    """Also of one number and generation, as after a broker has lost its groups: no mixture of two comes back, but what
    the one has that goes on saving."""
    log = Log()
    one, other = Saves(generation=1, writer="a"), Saves(generation=1, writer="b")
    for saves, value in ((one, 1), (other, 2), (one, 3)):
        save(log, saves, a=value, b=value)
    assert log.load(2).state == {"a": 3, "b": 3}


def test_keys_of_writers_without_a_name() -> None:
    """What was saved before writers had names comes back."""
    log, old = Log(), Saves(generation=4)
    save(log, old, a=1)
    log.records = {key.replace(b"..", b"."): value for key, value in log.records.items()}
    assert log.load(5).state == {"a": 1}


@pytest.mark.parametrize(
    ("generation", "records", "outranked"),
    [
        pytest.param(6, 3, False, id="an older generation"),
        pytest.param(5, 3, True, id="its own generation, before the broker lost its groups"),
        pytest.param(4, 3, True, id="a later generation has sealed a step"),
        pytest.param(4, 1, True, id="a later generation has begun a step"),
        pytest.param(4, 0, False, id="nobody has written"),
    ],
)
def test_who_may_have_lost_the_state(generation: int, records: int, outranked: bool) -> None:
    """A writer that finds records of its generation, or of a later one, is told so: its epoch would count all the
    same."""
    log, other = Log(), Saves(generation=5)
    other.put("a", 1)
    other.put("b", 1)
    for write in other.step()[:records]:
        log.append(write)
    assert log.load(generation).outranked is outranked


def test_old_records_are_removed() -> None:
    """Takeover after takeover, the changelog holds two places for each key and the seal, not more."""
    log = Log()
    for generation in range(20):
        saves = log.load(generation)
        for n in range(3):
            save(log, saves, a=n, b=n)
    assert len(log.records) == 5


def test_what_is_forgotten_leaves_nothing() -> None:
    """Keys that come and go do not gather in the changelog."""
    log, saves = Log(), Saves()
    for n in range(20):
        save(log, saves, **{f"k{n}": 1, f"k{n - 3}": None})
    assert log.load().state == {"k17": 1, "k18": 1, "k19": 1}
    assert len(log.records) <= 1 + 3 + 2 * 2


def test_dies_at_any_record() -> None:
    """Two keys that are set, set again and forgotten in every order of five steps, and a death behind every record:
    the last sealed step comes back, and a key that was forgotten stays so."""
    for script in product([("a", False), ("a", True), ("b", False), ("b", True)], repeat=5):
        log, saves, state, sealed = Log(), Saves(), dict[str, int](), dict[str, int]()
        for number, (key, forgotten) in enumerate(script, 1):
            saves.put(key, None if forgotten else number)
            state.pop(key, None)
            if not forgotten:
                state[key] = number
            for write in saves.step():
                log.append(write)
                sealed = dict(state) if write.seals else sealed
                assert log.load(1).state == sealed, script


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 9), st.integers(0, 6)), max_size=40))
def test_any_order_of_takeovers_crashes_and_zombies(script: list[tuple[int, int, int, int]]) -> None:
    """Writers take over, write some records of a step, wake up and go on where they were: what is loaded is always
    the last sealed step of the newest writer that has sealed one."""
    log = Log()
    writers: list[tuple[Saves, dict[str, Any], list[Write]]] = []
    sealed: dict[int, dict[str, Any]] = {}
    for action, key, value, many in script:
        if action == 0 or not writers:
            saves = log.load(len(writers))
            newest = max(sealed, default=None)
            assert saves.state == ({} if newest is None else sealed[newest])
            writers.append((saves, dict(saves.state), []))
            continue
        number = max(0, len(writers) - 1 - (many % 3 if action == 3 else 0))
        saves, state, waiting = writers[number]
        if not waiting:
            name, new = f"k{key}", None if value == 0 else value
            saves.put(name, new)
            state[name] = new
            if new is None:
                del state[name]
            waiting += saves.step()
        for _ in range(many + 1 if action != 2 else len(waiting)):
            if waiting:
                log.append(write := waiting.pop(0))
                if write.seals:
                    sealed[number] = dict(state)
    newest = max(sealed, default=None)
    assert log.load(99).state == ({} if newest is None else sealed[newest])


BROKEN = [
    (b"\xff", b"{}"),
    (b"a", b"{}"),
    (b"1.x.0/a", b'{"step":1,"value":1}'),
    (b"1.0.0/a", b"\x00"),
    (b"1.0.0/b", b"[]"),
    (b"1.0.1/b", b'{"step":"1"}'),
    (None, b"{}"),
]


@pytest.mark.parametrize("record", BROKEN, ids=str)
def test_a_record_that_is_none(record: tuple[bytes, bytes]) -> None:
    """It is told with its reason, what stands beside it comes back, and it is gone once a step of the next writer's is
    sealed and another follows."""
    log, first = Log(), Saves(generation=5)
    save(log, first, a=1, b=2)
    save(log, first, a=3)
    again = Saves([record, *log.records.items()], 6)
    assert again.state == {"a": 3, "b": 2}
    assert [told[:2] for told in again.unreadable] == [record]
    assert again.unreadable[0][2]
    again.step()
    assert record[0] is None or Write(record[0], None) in again.step()


def test_a_seal_of_nothing() -> None:
    """A broken seal of an epoch that has saved nothing takes nobody's place."""
    log, first = Log(), Saves()
    save(log, first, a=1)
    log.records[b"99.1.0/seal"] = b"{"
    assert log.load().state == {"a": 1}


@pytest.mark.parametrize("seal", [b"", b"no JSON", b'{"step":"x","value":null}'])
def test_a_broken_seal(seal: bytes) -> None:
    """A seal that cannot be read is no reason to begin anew: what was acked with its step is there."""
    log, first = Log(), Saves()
    save(log, first, a=1, b=1)
    save(log, first, a=2)
    (key,) = (key for key in log.records if key.endswith(b"/seal"))
    log.records[key] = seal
    again = log.load()
    assert again.state == {"a": 2, "b": 1}
    assert len(again.unreadable) == 1
