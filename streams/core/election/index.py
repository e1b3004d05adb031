"""Where ids stand in a list, for many of them at once.

A dict of a million ids lies all over the memory, and each id that it is asked for waits for it anew: a microsecond.
Hundreds of ids at once, as bytes of one width in an array, wait together: a quarter of that.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEW: Final = 50
"""Fewer ids are found quicker one by one,"""
_WIDEST: Final = 32
"""as are those in a list with an id of more characters, which would take too much memory for all."""
_WORD: Final = 8
_NONE: Final = b"\xff"
"""No id: those are ASCII."""
_SLOTS: Final = 4
"""Ids of one key that are kept; there is a key for every two or fewer."""
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 over the golden ratio, which spreads whatever it is multiplied with (Knuth, TAOCP 3, section 6.4)."""
_HALF: Final = np.uint64(32)

_Places = NDArray[np.int64]


class Index:
    """The places of ids that differ from each other. `place` says them one by one, in the order of the places."""

    def __init__(self, place: Mapping[str, int]) -> None:
        self._place, self._width = place, 0
        ids = list(place)
        longest = max(map(len, ids), default=0)
        if not ids or longest > _WIDEST or not _are_plain(ids):
            return
        self._width = longest + _WORD - longest % _WORD  # one byte more at least: what is cut off is none of them
        bits = max(1, (len(ids) // 2).bit_length())
        self._shift = np.uint64(64 - bits)
        given = self._bytes(ids)
        keys = self._keys(given)
        order = np.argsort(keys, kind="stable")
        behind = np.arange(len(ids)) - np.searchsorted(keys[order], keys[order])
        fit = behind < _SLOTS
        self._others = {ids[i]: i for i in order[~fit].tolist()}
        """Those that are one too many for their key."""
        at, order = keys[order[fit]] * _SLOTS + behind[fit], order[fit]
        self._places = np.full(_SLOTS << bits, -1, np.int32)
        self._places[at] = order
        kept = np.full(_SLOTS << bits, _NONE, given.dtype)
        kept[at] = given[order]
        self._ids = kept.reshape(-1, _SLOTS)

    def find(self, ids: Sequence[str]) -> _Places:
        """The place of each, -1 where it has none."""
        if len(ids) < FEW or not self._width or not _are_plain(ids):
            return np.array([self._place.get(id, -1) for id in ids], np.int64)
        given = self._bytes(ids)
        keys = self._keys(given)
        hits = np.flatnonzero(self._ids.take(keys, axis=0) == given[:, None])
        if len(hits) == len(ids):
            return self._places.take(keys * _SLOTS + hits % _SLOTS).astype(np.int64)
        found = np.full(len(ids), -1)
        which = hits // _SLOTS
        found[which] = self._places.take(keys[which] * _SLOTS + hits % _SLOTS)
        for i in np.flatnonzero(found < 0).tolist():
            found[i] = self._others.get(ids[i], -1)
        return found

    def _bytes(self, ids: Sequence[str]) -> NDArray[np.bytes_]:
        return np.array(ids, f"S{self._width}")

    def _keys(self, given: NDArray[np.bytes_]) -> _Places:
        """A number for each id, spread over all that there are."""
        words, step = given.view(np.uint64), self._width // _WORD
        key = words[::step] * _ODD
        for i in range(1, step):
            key = (key ^ key >> _HALF) + words[i::step]
            key *= _ODD
        key ^= key >> _HALF
        key *= _ODD
        key >>= self._shift
        return key.view(np.int64)


def _are_plain(ids: Sequence[str]) -> bool:
    """Whether ids differ as bytes of one width, filled up with zeros, where they differ."""
    text = "".join(ids)
    return text.isascii() and "\0" not in text
