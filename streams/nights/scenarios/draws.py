"""Random numbers that are the same on every machine."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Draws:
    """A sequence of random numbers, given by a seed and a purpose.

    Only the raw bits of PCG64 are used, whose sequence numpy promises to keep (NEP 19), and sums of them in a fixed
    order: no function of numpy's generators, which may change, and none of the mathematical library, which may round
    otherwise elsewhere.
    """

    def __init__(self, seed: int, purpose: str) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed % 2**64, *purpose.encode()]))

    def uniform(self, count: int) -> Floats:
        """So many numbers from 0 up to 1, evenly spread."""
        return np.asarray((self._bits.random_raw(count) >> np.uint64(11)) * 2.0**-53, np.float64)

    def normal(self, count: int) -> Floats:
        """So many numbers that are near enough to standard normal: each the sum of twelve uniform ones, less 6."""
        total = np.full(count, -6.0)
        for _ in range(12):
            total += self.uniform(count)
        return total

    def among(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        return int(self.uniform(1)[0] * count)
