"""Format versions of the records that Cotejo writes for itself.

A version is raised when a reader of the version before would misread a record. A record that says no version has
version 1: it was written before versions existed. A record of an unknown version is not damaged, so it is not set
aside. Reading ends and nothing is acked, until a version of Cotejo that knows the format reads on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from streams.errors import CotejoError

HEADER: Final = "format"
"""The Kafka header that carries the version, as decimal digits. Records of tables carry it in their values."""


class UnknownFormatError(CotejoError):
    """A record is of a format version that this Cotejo cannot read."""

    def __init__(self, name: str, version: int, readable: range) -> None:
        *before, newest = readable
        formats = f"formats {before[0]} to {newest}" if before else f"format {newest}"
        super().__init__(
            f"{name} holds records of format {version}, and this version of Cotejo reads {formats}: run the version "
            "that wrote them, or begin anew with another --prefix and feed the night again"
        )


@dataclass(frozen=True, slots=True)
class Format:
    """The format of one topic or table. `name` stands in errors."""

    name: str
    version: int
    """The version that is written."""
    oldest: int | None = None
    """The oldest that is read; None where no other is."""

    def headers(self) -> dict[str, bytes]:
        """The headers that every record of this format carries."""
        return {HEADER: b"%d" % self.version}

    def check(self, version: int) -> None:
        """Raise `UnknownFormatError` unless records of this version can be read."""
        readable = range(self.version if self.oldest is None else self.oldest, self.version + 1)
        if version not in readable:
            raise UnknownFormatError(self.name, version, readable)

    def check_headers(self, headers: Mapping[str, bytes] | Iterable[tuple[str, bytes]] | None) -> None:
        """Check the version in a record's headers. Raises `UnknownFormatError`, and ValueError if the version is no
        number."""
        self.check(int(dict(headers or ()).get(HEADER, b"1") or b""))


TABLE_SHEETS: Final = Format("table-sheets", 1)
AREA_STATE: Final = Format("area-state", 1)
ALERTS: Final = Format("alerts", 1)
LEDGERS: Final = Format("ledgers", 2, oldest=1)
"""2: some records name polling tables of which a reading was turned away, and have no entries."""
COMPARISON: Final = Format("comparison", 1)
DELIVERIES: Final = Format("deliveries", 1)
