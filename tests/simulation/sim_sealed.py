"""Watches the state that stages save in sealed steps (`Saves`): it must come back as it was after one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import orjson

from streams.kafka.atomic_state import Saves


class SealedStates:
    """Every state that was ever complete, of the table that its format names. `violate` is told of one that comes back
    and was not."""

    def __init__(self, violate: Callable[[str], None]) -> None:
        self._violate = violate
        self._complete: dict[str, set[bytes]] = {}
        self._now: dict[int, dict[str, bytes]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all `Saves` for a while, whatever they are at present."""
        begin, put, step = Saves.__init__, Saves.put, Saves.step

        def began(saves: Saves, *args: Any, **options: Any) -> None:
            begin(saves, *args, **options)
            state = {name: _bytes(value) for name, value in saves.state.items()}
            self._check(saves._format.name, state)
            self._now[id(saves)] = state
            saves.__dict__["_kept"] = self  # so that its id is nobody else's

        def noted(saves: Saves, key: str, value: Any) -> None:
            put(saves, key, value)
            state = self._now[id(saves)]
            if value is None:
                state.pop(key, None)
            else:
                state[key] = _bytes(value)

        def stepped(saves: Saves) -> Any:
            self._complete[saves._format.name].add(_hash(self._now[id(saves)]))
            return step(saves)

        with (
            patch.object(Saves, "__init__", began),
            patch.object(Saves, "put", noted),
            patch.object(Saves, "step", stepped),
        ):
            yield

    def _check(self, name: str, state: dict[str, bytes]) -> None:
        complete = self._complete.setdefault(name, {_hash({})})
        if _hash(state) not in complete:
            self._violate(f"the state of {name} comes back as it never was: {sorted(state)}")


def _bytes(value: Any) -> bytes:
    return orjson.dumps(orjson.loads(orjson.dumps(value)), option=orjson.OPT_SORT_KEYS)


def _hash(state: dict[str, bytes]) -> bytes:
    return b"\n".join(name.encode() + b" " + value for name, value in sorted(state.items()))
