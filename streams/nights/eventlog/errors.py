"""What may be wrong with an event log."""

from pathlib import Path

from streams.errors import CotejoError


class LogError(CotejoError):
    """A log cannot be read or written; the text names the place and the cure."""


class LogDamage(LogError):  # noqa: N818 - says what happened
    """One damage: the file, the byte it begins at, how many records of the log come before it.

    `tail`: nothing readable follows it in its file.
    """

    def __init__(self, file: Path, position: int, record: int, what: str, *, tail: bool = False) -> None:
        self.file, self.position, self.record, self.what, self.tail = file, position, record, what, tail
        super().__init__(f"{file}: byte {position:,}, after record {record:,}: {what}")
