"""The partition of a polling table's reports: where Kafka's default partitioner (murmur2) puts its id as the key.

Many tables are hashed together: a million take 0.2 s, one by one two.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SEED: Final = np.uint32(0x9747B28C)
_FACTOR: Final = np.uint32(0x5BD1E995)
_WORD: Final = 4
_NOT_NEGATIVE: Final = 0x7FFFFFFF
_AT_ONCE: Final = 2**16
"""Keys that are hashed together. A million at once would take a hundred bytes each."""


def partition_of(table: str, partitions: int) -> int:
    """The partition of one polling table, 0 to `partitions` - 1."""
    from kafka import partitioner  # whose package takes longer to import than all that a replay needs

    return int(partitioner.murmur2(table.encode()) & _NOT_NEGATIVE) % partitions


def partitions_of(tables: Sequence[str], partitions: int) -> NDArray[np.int64]:
    """The partition of each polling table, 0 to `partitions` - 1; as `partition_of` gives them one by one."""
    return (murmur2(tables) & _NOT_NEGATIVE).astype(np.int64) % partitions


def murmur2(keys: Sequence[str]) -> NDArray[np.uint32]:
    """The hash of each key in UTF-8, as `kafka.partitioner.murmur2` gives it but never below zero."""
    parts = [_murmur2(keys[first : first + _AT_ONCE]) for first in range(0, len(keys), _AT_ONCE)]
    return np.concatenate([np.zeros(0, np.uint32), *parts])


def _murmur2(keys: Sequence[str]) -> NDArray[np.uint32]:
    text = "".join(keys)
    content: Sequence[str] | Sequence[bytes] = keys if text.isascii() else [key.encode() for key in keys]
    lengths = np.fromiter(map(len, content), np.int64, len(keys))
    letters, begins = np.frombuffer(text.encode(), np.uint8), lengths.cumsum() - lengths
    hashed = np.empty(len(keys), np.uint32)
    for length in np.unique(lengths).tolist():
        places = np.flatnonzero(lengths == length)
        hashed[places] = _of_one_length(letters[begins[places, None] + np.arange(length)])
    return hashed


def _of_one_length(keys: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """The hash of each row of bytes."""
    count, length = keys.shape
    whole = length - length % _WORD
    hashes = np.full(count, _SEED ^ np.uint32(length))
    for word in np.ascontiguousarray(keys[:, :whole]).view("<u4").T:
        mixed = word * _FACTOR
        mixed ^= mixed >> np.uint32(24)
        hashes = hashes * _FACTOR ^ mixed * _FACTOR
    for i, letter in enumerate(keys[:, whole:].T):
        hashes ^= letter.astype(np.uint32) << np.uint32(8 * i)
    if length % _WORD:
        hashes *= _FACTOR
    hashes ^= hashes >> np.uint32(13)
    hashes *= _FACTOR
    hashes ^= hashes >> np.uint32(15)
    return hashes
