"""Stands for a message that cannot be given to any consumer: it is too large once unpacked, or cannot be read at
all."""

from dataclasses import dataclass
from typing import Final

from streams.core.events.model import Rejection

KEPT_BYTES: Final = 2**19
"""Bytes of a value that is turned away which are kept, from its beginning: twice a pack of our own feeder. A message of
a few KiB may unpack to any size, and whoever sends it shall not fill the disk."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The value of such a message. It is not bytes, so that nobody takes it for a message by mistake.

    `messages` is the number of offsets that it stands for, from the record's own. Where a batch cannot be unpacked,
    nobody knows what the rest of it was.
    """

    code: str
    """Reason code, as in `Rejection`: `too-large`, `bad-headers`, `damaged`, `unpacks-too-far`, `unknown-format`."""
    cure: str
    beginning: bytes = b""
    """The beginning of the value, at most `KEPT_BYTES`. Empty where the value could not be read."""
    size: int | None = None
    """Size of the whole value in bytes. None where it could not be read."""
    sha256: str | None = None
    """SHA-256 of the whole value in hexadecimal digits. None where it could not be read."""
    messages: int = 1

    @property
    def rejection(self) -> Rejection:
        """Why the message is turned away."""
        return Rejection(self.code, "", self.cure)

    def __len__(self) -> int:
        """Bytes that are held in memory."""
        return len(self.beginning)

    def __bool__(self) -> bool:
        return True
