"""Slips of the hand when a tally sheet is typed in."""

from collections.abc import Callable


def mistyped(votes: list[int], draw: Callable[[], float]) -> list[int]:
    """The figures with one slip: two of them exchanged, or in one of them a digit wrong, lost or doubled.

    `draw` gives random numbers from 0 up to 1. A wrong digit may happen to be the right one.
    """
    wrong, kind = list(votes), draw()
    i = int(draw() * len(votes))
    if kind < 0.25:
        j = (i + 1) % len(votes)
        wrong[i], wrong[j] = wrong[j], wrong[i]
        return wrong
    digits = list(str(votes[i]))
    place = int(draw() * len(digits))
    if kind < 0.75:
        digits[place] = str(int(draw() * 10))
    elif kind < 0.9:
        del digits[place]
    else:
        digits.insert(place, digits[place])
    wrong[i] = int("".join(digits) or "0")
    return wrong
