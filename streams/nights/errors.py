"""What may be wrong with a night's files, whatever their kind."""

from streams.errors import CotejoError


class NightError(CotejoError):
    """There is no such night, or it cannot be read; the text says what is missing."""
