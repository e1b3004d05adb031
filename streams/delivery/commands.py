"""What an operator may ask of the worker that owns the deliveries: records of the topic `webhook-commands`."""

from dataclasses import dataclass
from typing import Final, Self

import msgspec

from streams.core.events.codec import encode
from streams.core.events.own_records import CommandRecord


@dataclass(frozen=True, slots=True)
class Command:
    """Deliver this notice (JSON, as it lies in `alerts`) again to the receiver; without one, enable the receiver."""

    receiver: str
    notice: bytes | None = None

    def write(self) -> bytes:
        """As the value of a record."""
        notice = None if self.notice is None else self.notice.decode()
        return encode(CommandRecord(self.receiver, notice))

    @classmethod
    def read(cls, value: bytes) -> Self | None:
        """What `write` wrote; None for anything else."""
        try:
            record = _decode(value)
            return cls(record.receiver, None if record.redeliver is None else record.redeliver.encode())
        except (msgspec.DecodeError, UnicodeError):
            return None


_decode: Final = msgspec.json.Decoder(CommandRecord).decode
