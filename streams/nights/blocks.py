"""Event files in blocks of lines, for replay: what one by one costs more than living the night again."""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Final

import numpy as np

from streams.core.engine.items import Item, Items, Unread, Unreadable
from streams.core.events.codec import decode_any, decode_lines
from streams.core.events.model import Rejection
from streams.core.replay.outcome import EXCERPT
from streams.nights.arrival import open_event_file
from streams.support import bounded_lines

BLOCK_BYTES: Final = 64 * 2**10
"""Bytes of a block, about: what is decoded is still in the processor's cache when it is taken in."""


class Blocks:
    """The events of event files, those of several merged by time, each being in order itself; of events of one time
    the earlier file's first. Blank lines are nothing. `size` is the bytes of the files, `done` those read so far.

    Raises `NightError`.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [(str(path), open_event_file(path)) for path in paths]
        self.size, self.done = sum(os.fstat(file.fileno()).st_size for _, file in self._files), 0

    def __iter__(self) -> Iterator[Items]:
        files = [self._blocks(name, file) for name, file in self._files]
        if len(files) == 1:
            return iter(files[0])
        return _merged([(block.read() for block in blocks) for blocks in files])

    def _blocks(self, name: str, file: IO[bytes]) -> Iterator[Unread]:
        first = 1
        with file:
            for lines, bytes_ in bounded_lines.blocks(file, BLOCK_BYTES):
                self.done += bytes_
                yield Unread(lines, partial(_items, lines, name, first))
                first += len(lines)


def _items(lines: Sequence[bytes], name: str, first: int) -> Sequence[Item]:
    """What lines of the file `name` say; `first` is the number of the first of them."""
    events = decode_lines(lines)
    if Rejection not in set(map(type, events)):
        return events  # type: ignore[return-value]  # mypy does not see the rejections go
    items: list[Item] = []
    for number, (line, event) in enumerate(zip(lines, events, strict=True), first):
        if not isinstance(event, Rejection):
            items.append(event)
        elif content := line.strip():
            again = decode_any(content)
            if isinstance(again, Rejection):
                items.append(Unreadable(again, content[:EXCERPT], f"{name}:{number}"))
            else:
                items.append(again)
    return items


class _Head:
    """A file's next events, with their times: what cannot be read, or is late, has the time of what comes before."""

    def __init__(self, blocks: Iterator[Sequence[Item]]) -> None:
        self._blocks, self._latest = blocks, 0
        self.items: list[Item] = []
        self.times: list[int] = []

    def fill(self) -> bool:
        """Have at least one event; False where there is none left."""
        while not self.items:
            block = next(self._blocks, None)
            if block is None:
                return False
            times = [0 if isinstance(item, Unreadable) else item.at for item in block]
            self.items, self.times = list(block), np.maximum.accumulate([self._latest, *times])[1:].tolist()
            self._latest = self.times[-1] if self.times else self._latest
        return True

    def take(self, count: int) -> tuple[list[Item], list[int]]:
        """The first so many."""
        items, times = self.items[:count], self.times[:count]
        del self.items[:count], self.times[:count]
        return items, times


def _merged(files: Iterable[Iterator[Sequence[Item]]]) -> Iterator[list[Item]]:
    heads = [_Head(blocks) for blocks in files]
    while heads := [head for head in heads if head.fill()]:
        # The file whose block ends first is taken whole, and of the others what comes before its end. It may have more
        # of that last moment, so later files wait with theirs.
        first = min(range(len(heads)), key=lambda i: heads[i].times[-1])
        end = heads[first].times[-1]
        items: list[Item] = []
        times: list[int] = []
        for i, head in enumerate(heads):
            count = (bisect_right if i <= first else bisect_left)(head.times, end)
            more = head.take(count)
            items += more[0]
            times += more[1]
        order: list[int] = np.argsort(np.array(times), kind="stable").tolist()
        yield [items[i] for i in order]
