"""Running sums over many ticks, worked out at once: tick by tick it takes three times as long.

Ticks are counted from 0. What belongs to a number (of an area, for example) at a tick lies in the order of the numbers,
and for one number in the order of the ticks.
"""

import numpy as np

from streams.core.election.numbering import Flags, Numbers, closes, rising


def follow(lines: Numbers, at: Numbers, changes: Numbers, watched: Flags) -> tuple[Numbers, Numbers, Numbers]:
    """The watched areas, the ticks that change them, and how far each has come then, in this order. Changes, column by
    column, are of polling tables with these lines (`Layout.lines`), each at a tick."""
    flat, count = lines.ravel(), len(at)
    places = np.flatnonzero(np.append(watched, False)[flat])  # the last is for -1, where a line has ended
    of = places % max(1, count)
    ticks = int(at.max(initial=0)) + 1
    return running_sums(flat.take(places), at.take(of), changes.take(of, axis=1), ticks)


def running_sums(numbers: Numbers, at: Numbers, figures: Numbers, ticks: int) -> tuple[Numbers, Numbers, Numbers]:
    """Add up figures (columns, n), each of a number at one of so many ticks: the numbers, the ticks at which any of
    their figures came, in this order, and the sums until then (columns, these)."""
    keys = numbers * ticks + at
    order = rising(keys)
    keys = keys.take(order)
    last = np.flatnonzero(closes(keys))
    numbers, at = np.divmod(keys.take(last), ticks)
    running = figures.take(order, axis=1).cumsum(axis=1).take(last, axis=1)
    first = np.searchsorted(numbers, numbers)  # place of each number's first sum
    earlier = np.where(first > 0, running.take(first - 1, axis=1), 0)
    return numbers, at, running - earlier


def latest(keys: Numbers, numbers: Numbers, at: Numbers, ticks: int) -> Numbers:
    """Of numbers at ticks, the place of the last entry until then, -1 without one. `keys` are those of the entries, in
    rising order: a number times the number of ticks, plus the tick."""
    if not len(keys):
        return np.full(np.broadcast_shapes(numbers.shape, at.shape), -1)
    places = np.searchsorted(keys, numbers * ticks + at, side="right") - 1
    return np.where(keys[places] // ticks == numbers, places, -1)
