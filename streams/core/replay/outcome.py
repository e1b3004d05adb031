"""What a night came to, as canonical JSON: one night gives the same bytes, run after run, on any machine."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from streams.core.alerting.alert import Alert, Notice
from streams.core.events.area_states import AreaState
from streams.core.events.codec import encode, encode_structs
from streams.core.events.model import Rejection
from streams.core.reconciliation.consensus import Verdict

SAMPLES: Final = 5
"""Rejections that are kept of each reason; the rest is only counted."""
MEMBERS: Final = 500
"""Areas or polling tables in a piece of JSON."""
EXCERPT: Final = 200
"""Bytes of what was turned away that are kept with them."""

_T = TypeVar("_T")


class Members(Mapping[str, _T]):
    """Areas or polling tables, with what is made of each when somebody asks and not kept."""

    def several(self, keys: Sequence[str]) -> Iterable[_T]:
        """The values of these, in their order; who can make them together for less than one by one does."""
        return map(self.__getitem__, keys)


@dataclass(slots=True)
class Refusals:
    """What was turned away for one reason: how often, and the first few with what came (as text; a byte that is no
    UTF-8 is written out)."""

    count: int = 0
    samples: list[tuple[Rejection, str]] = field(default_factory=list)

    def add(self, rejection: Rejection, content: Callable[[], bytes]) -> None:
        """Count one more. Of most nobody asks for the `content`."""
        self.count += 1
        if len(self.samples) < SAMPLES:
            self.samples.append((rejection, content()[:EXCERPT].decode(errors="backslashreplace")))

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        samples = [{"place": r.place, "cure": r.cure, "excerpt": text} for r, text in self.samples]
        return {"count": self.count, "samples": samples}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a night ended. `at` is event time (Unix ms; 0 where nothing came), `unjudged` how many events the log's
    marks left over."""

    election: str
    at: int
    unjudged: int
    counts: Mapping[str, int]
    """Events read, by kind."""
    states: Members[AreaState]
    """By area, of all areas."""
    verdicts: Members[Verdict]
    """By polling table, of those with a ledger."""
    alerts: Mapping[str, Alert]
    """By fingerprint."""
    notices: Sequence[Notice]
    """In their order."""
    rejected: Mapping[str, Refusals]
    """By reason code."""

    def json(self) -> Iterator[bytes]:
        """One JSON object and a line's end, keys sorted, no spaces; in pieces, since there are many polling tables."""
        parts: dict[str, Any] = {
            "alerts": {key: alert.plain() for key, alert in self.alerts.items()},
            "at": self.at,
            "counts": dict(self.counts),
            "election": self.election,
            "notices": self.notices,
            "rejected": {code: refusals.plain() for code, refusals in self.rejected.items()},
            "states": _members(self.states),
            "unjudged": self.unjudged,
            "verdicts": _members(self.verdicts),
        }
        for i, (name, value) in enumerate(sorted(parts.items())):
            yield (b"," if i else b"{") + encode(name) + b":"
            yield from value if isinstance(value, Iterator) else (encode(value),)
        yield b"}\n"

    @property
    def sha256(self) -> str:
        """The hash of `json`, in hexadecimal."""
        digest = hashlib.sha256()
        for piece in self.json():
            digest.update(piece)
        return digest.hexdigest()


def _members(items: Members[Any]) -> Iterator[bytes]:
    """A JSON object, so many members at a time."""
    keys = sorted(iter(items))  # iter, since `sorted` would count them first
    yield b"{"
    for first in range(0, len(keys), MEMBERS):
        some = keys[first : first + MEMBERS]
        part = encode_structs(dict(zip(some, items.several(some), strict=True)))
        yield (b"," if first else b"") + part[1:-1]
    yield b"}"
