"""Channels that are not equally fast, brought together at their marks."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.core.engine.watermarks import Alignment


def test_waits_for_the_slowest() -> None:
    """Nothing is handed over before every channel has come so far, and then only what came before the mark."""
    both = Alignment[str](["a", "b"])
    both.add("a", "a1")
    both.mark("a", 10)
    both.add("a", "a2")
    both.mark("a", 20)
    both.add("b", "b1")
    assert not list(both.take())
    both.mark("b", 10)
    assert list(both.take()) == [(10, ["a1", "b1"])]
    both.mark("b", 20)
    assert list(both.take()) == [(20, ["a2"])]


def test_a_skipped_mark() -> None:
    """A channel that skips a mark keeps its items until its next one: they may be later."""
    both = Alignment[str](["a", "b"])
    both.mark("a", 10)
    both.add("b", "b1")
    both.mark("b", 20)
    assert list(both.take()) == [(10, [])]
    both.mark("a", 20)
    assert list(both.take()) == [(20, ["b1"])]


def test_marks_that_repeat_say_nothing() -> None:
    """After a restart old marks come again; their items wait for the next new mark."""
    one = Alignment[str](["a"], at=30)
    one.add("a", "again")
    for at in (10, 20, 30):
        one.mark("a", at)
    assert not list(one.take())
    one.mark("a", 40)
    assert list(one.take()) == [(40, ["again"])]


def test_a_first_mark_is_one_at_any_time() -> None:
    """Until each channel has had a mark there is no lag and no end; the first may be at 0."""
    both = Alignment[str](["a", "b"])
    assert both.close() == (None, [])
    both.mark("a", 0)
    assert both.lag == 0
    both.leave_behind()
    assert both.late == {"b"}
    assert list(both.take()) == [(0, [])]
    both.mark("b", 0)
    both.mark("a", 10)
    assert (both.lag, both.late) == (10, frozenset())


@given(st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_speed_does_not_matter(counts: list[list[int]], chance: Random) -> None:
    """However the channels are interleaved, the same items are handed over at the same marks."""
    steps = max(len(c) for c in counts)
    scripts: dict[int, list[int | tuple[int, int]]] = {}
    for channel, rows in enumerate(counts):
        scripts[channel] = []
        for mark in range(steps):
            scripts[channel] += [(mark, i) for i in range((*rows, *[0] * steps)[mark])]
            scripts[channel].append((mark + 1) * 10)
    expected = [
        ((mark + 1) * 10, [(c, mark, i) for c, rows in enumerate(counts) for i in range((*rows, *[0] * steps)[mark])])
        for mark in range(steps)
    ]
    alignment, found = Alignment[tuple[int, int, int]](scripts), []
    while left := [channel for channel, script in scripts.items() if script]:
        channel = chance.choice(left)
        step = scripts[channel].pop(0)
        if isinstance(step, int):
            alignment.mark(channel, step)
        else:
            alignment.add(channel, (channel, step[0], step[1]))
        found += list(alignment.take())
    assert found == expected


def test_who_is_left_behind() -> None:
    """A channel that is not waited for is heard as it comes, and waited for again once it has caught up."""
    both = Alignment[str](["fast", "slow"])
    both.add("slow", "s1")
    both.mark("slow", 10)
    both.mark("fast", 10)
    assert list(both.take()) == [(10, ["s1"])]
    both.add("fast", "f1")
    both.mark("fast", 20)
    assert not list(both.take())
    both.leave_behind()
    both.add("slow", "s2")
    assert list(both.take()) == [(20, ["f1", "s2"])]
    assert both.late == {"slow"}
    both.mark("fast", 30)
    assert list(both.take()) == [(30, [])]
    both.add("slow", "s3")
    both.mark("slow", 20)
    assert both.lag == 10
    both.add("slow", "s4")
    both.mark("slow", 30)
    assert not both.late
    both.mark("fast", 40)
    assert not list(both.take())
    both.mark("slow", 40)
    assert list(both.take()) == [(40, ["s3", "s4"])]


@given(st.randoms(use_true_random=False))
def test_left_behind_and_nothing_is_lost(chance: Random) -> None:
    """However often channels are left behind, each item is handed over once, in its channel's order, at marks that
    only rise."""
    channels = ["a", "b", "c"]
    mixed, said, heard, marks = Alignment[tuple[str, int]](channels), dict.fromkeys(channels, 0), [], []
    time = dict.fromkeys(channels, 0)
    for _ in range(chance.randrange(80)):
        channel = chance.choice(channels)
        match chance.randrange(4):
            case 0:
                mixed.leave_behind()
            case 1:
                time[channel] += chance.choice([0, 10, 20])
                mixed.mark(channel, time[channel])
            case _:
                mixed.add(channel, (channel, said[channel]))
                said[channel] += 1
        for at, items in mixed.take():
            marks.append(at)
            heard += items
    last = max(time.values()) + 10
    for channel in channels:
        mixed.mark(channel, last)
    for at, items in mixed.take():
        marks.append(at)
        heard += items
    assert marks == sorted(set(marks))
    for channel in channels:
        assert [n for c, n in heard if c == channel] == list(range(said[channel]))


def test_the_end_hands_over_everything() -> None:
    """What no common mark has reached comes at the end, channel by channel in its order, with the latest mark."""
    both = Alignment[str](["a", "b"])
    for channel, item, mark in (("a", "1", 10), ("a", "2", 20), ("b", "3", None)):
        both.add(channel, item)
        if mark is not None:
            both.mark(channel, mark)
    both.add("a", "4")
    assert not list(both.take())
    assert both.close() == (20, ["1", "2", "4", "3"])
    assert both.close() == (20, [])
