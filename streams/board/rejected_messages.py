"""Messages that were turned away, as the board shows them: how many, and for which reasons."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson

REMEMBERED: Final = 10_000
"""Places of messages that are remembered, the newest: after a crash some are turned away again."""
REASONS: Final = 40
"""Reasons that are told apart; there are fewer codes than that."""
SHOWN: Final = 200
"""Characters of a text that are shown."""


@dataclass(slots=True)
class Reason:
    """One reason for which messages were turned away.

    `count` is the number of messages that have it as their first reason. `source`, `place` and `cure` are those of the
    newest: its place in Kafka, the path in the message that is wrong, and what would mend it."""

    code: str
    count: int
    source: str
    place: str
    cure: str


class TurnedAway:
    """Counts the records of the topic `rejected`, each message once."""

    def __init__(self) -> None:
        self.messages = 0
        self._reasons: dict[str, Reason] = {}
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def add(self, key: bytes, headers: Mapping[str, bytes]) -> bool:
        """Take in a record of the topic `rejected` (`worker.rejected_records` writes it). False for a record that is
        none."""
        try:
            first = orjson.loads(headers["reasons"])[0]
            code, place, cure = (str(first[name])[:SHOWN] for name in ("code", "place", "cure"))
            source = key.decode()[:SHOWN]
        except (KeyError, IndexError, TypeError, ValueError):
            return False
        if key not in self._seen:
            self._remember(key)
            self.messages += 1
            if code not in self._reasons and len(self._reasons) >= REASONS:
                code = "others"
            count = self._reasons[code].count + 1 if code in self._reasons else 1
            self._reasons[code] = Reason(code, count, source, place, cure)
        return True

    def plain(self) -> dict[str, Any]:
        """As JSON has it; the most frequent reason first."""
        reasons = sorted(self._reasons.values(), key=lambda reason: (-reason.count, reason.code))
        return {"messages": self.messages, "reasons": [asdict(reason) for reason in reasons]}

    def _remember(self, key: bytes) -> None:
        self._seen[key] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
