"""State that is saved key by key and comes back as a whole: as it was after one step, never a mixture of two.

Records reach a compacted changelog one by one. A worker may die in the middle of a step. A worker that was stopped may
wake up after another has taken its place, and write what it still had. So each writer has an epoch and keys of its own.
Within an epoch, each key has two places that are written in turn, with the number of the step. A step counts once its
last record, the seal, is there. What comes back is the newest sealed step of the highest epoch. A new epoch begins with
a copy of everything; what older epochs still write is ignored. Before anything else, a worker writes a claim of its
epoch: whoever loads later finds it, and takes a higher one, though nothing was saved between the two.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson

from streams.core.events.formats import COMPARISON, Format

_SEAL: Final = "seal"
_CLAIM: Final = "claim"


class Epoch(NamedTuple):
    """The writer of a record. Of two epochs, the higher one is of the worker that loaded what the other had saved: it
    has the higher `number`. If two loaded the same records, the later one has the higher `generation`, which is the
    consumer group's. The number counts first, because a broker may lose its groups and count generations from 1 again.
    `writer` belongs to one worker only, since two workers must never write the same keys."""

    number: int
    generation: int
    writer: str = ""


class Write(NamedTuple):
    """One record: its key, its value (None deletes the key), and whether it must be sent after all others of the
    step."""

    key: bytes
    value: bytes | None
    seals: bool = False


class Saves:
    """The state that one worker saves. `records` are those that it finds. `counted_anew` says that the broker has lost
    its groups and counts generations from 1 again. Raises `UnknownFormatError` for records of another format."""

    def __init__(
        self,
        records: Iterable[tuple[bytes, bytes]] = (),
        generation: int = 0,
        format: Format = COMPARISON,
        writer: str = "",
        *,
        counted_anew: bool = False,
    ) -> None:
        self._format = format
        by_epoch: dict[Epoch, dict[str, dict[int, Any]]] = {}
        sealed: dict[Epoch, int] = {}
        self._stale: list[bytes] = []
        self.unreadable: list[tuple[bytes, bytes, str]] = []
        """Keys and values that are no records of ours, and why; they are deleted with what is stale."""
        unsealed, epochs = list[Epoch](), set[Epoch]()
        for key, value in records:
            if isinstance(key, bytes):
                self._stale.append(key)
            try:
                epoch, name = _read_key(key)
                epochs.add(epoch)
                unsealed += [epoch] if name == _SEAL else []
                step, saved = self._read_value(value)
            except (ValueError, AttributeError) as error:
                self.unreadable.append((key, value, str(error)))
                continue
            if name == _SEAL:
                sealed[epoch] = step
            elif name != _CLAIM:
                by_epoch.setdefault(epoch, {}).setdefault(name, {})[step] = saved
        for epoch in unsealed:  # its seal was there: nothing that was acked with its last step may be lost
            if epoch not in sealed and epoch in by_epoch:
                sealed[epoch] = max(step for steps in by_epoch[epoch].values() for step in steps)
        self._changed: dict[str, Any] = _newest_step(by_epoch, sealed, generation)
        self.state: dict[str, Any] = dict(self._changed)
        """Key to JSON value, as the records had it. It belongs to whoever reads it first, and is not
        kept up to date."""
        self.outranked = any(epoch.generation >= generation for epoch in epochs)
        """Whether this generation of the group, or a later one, has written here: the state is another's, so that the
        coordinator must be asked before anything is written, or the broker has lost its groups since."""
        # Before the groups were lost, one more worker may have loaded what is here, and has the next number
        step = 2 if self.outranked or counted_anew else 1
        self._epoch = Epoch(max((epoch.number for epoch in epochs), default=0) + step, generation, writer)
        self._step, self._place = 0, dict[str, int]()
        self._forgotten: list[str] = []

    def claim(self) -> Write:
        """The record that claims the epoch. It must be confirmed before anything is done with what was loaded."""
        return Write(self._key(_CLAIM, 0), self._record(None))

    def put(self, key: str, value: Any) -> None:
        """Save this value (JSON, or `orjson.Fragment`) with the next step; None forgets the key."""
        self._changed[key] = value

    def step(self) -> list[Write]:
        """The records of one step. All must be confirmed before the seal is sent, and that before the next step."""
        self._step += 1
        writes = []
        if self._step > 1:  # a step of our own is sealed: nobody will read another epoch any more
            writes, self._stale = [Write(key, None) for key in self._stale], []
        for name in self._forgotten:
            if name not in self._changed:  # the older place first: it must not outlive what says that it is forgotten
                place = self._place.pop(name)
                writes += [Write(self._key(name, 1 - place), None), Write(self._key(name, place), None)]
        self._forgotten = [name for name, value in self._changed.items() if value is None]
        for name, value in self._changed.items():
            self._place[name] = place = 1 - self._place.get(name, 1)
            writes.append(Write(self._key(name, place), self._record(value)))
        self._changed = {}
        writes.append(Write(self._key(_SEAL, 0), self._record(None), seals=True))
        return writes

    def _key(self, name: str, place: int) -> bytes:
        number, generation, writer = self._epoch
        return f"{number}.{generation}.{writer}.{place}/{name}".encode()

    def _record(self, value: Any) -> bytes:
        record = {"format": self._format.version, "step": self._step, "value": value}
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS)

    def _read_value(self, record: bytes) -> tuple[int, Any]:
        data = orjson.loads(record)
        match data:
            case {"format": int(version)}:
                self._format.check(version)
            case {"format": _}:
                raise ValueError("its format is no number")
        match data:
            case {"step": int(step), "value": value}:
                return step, value
        raise ValueError("no step and value")


def _newest_step(
    by_epoch: Mapping[Epoch, Mapping[str, Mapping[int, Any]]], sealed: Mapping[Epoch, int], generation: int
) -> dict[str, Any]:
    """By key, the values at the last sealed step of the newest epoch that has one, without keys that were forgotten.
    `by_epoch` has the values by epoch, key and step; `generation` is the group's present one."""

    def age(epoch: Epoch) -> tuple[int, bool, int, int, str]:
        # Generations later than the present are of a group that the broker has lost: what they still wrote was never
        # committed. Two of one number and generation: the groups were lost, and only one of them goes on saving.
        return epoch.number, epoch.generation <= generation, epoch.generation, sealed[epoch], epoch.writer

    state = dict[str, Any]()
    newest = max(sealed, key=age, default=None)
    if newest is not None:
        for name, steps in by_epoch.get(newest, {}).items():
            held = [step for step in steps if step <= sealed[newest]]
            if held and (value := steps[max(held)]) is not None:
                state[name] = value
    return state


def _read_key(key: bytes) -> tuple[Epoch, str]:
    epoch, _, name = key.decode().partition("/")
    number, generation, *writer, _ = epoch.split(".")  # once writers had no names
    return Epoch(int(number), int(generation), ".".join(writer)), name
