"""Channels that are not equally fast, brought together at their marks."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from streams.alignment import Alignment


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
