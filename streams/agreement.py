"""Sheets of which one look tells what a further reading makes of them: their readers agree, or it is one reader again.

Such are nearly all sheets with several readings. One look takes a third of the time of the verdict on all of them
(`streams.ledger.verdict_of`), which is asked wherever anything is in doubt: a quarter off the way from bytes to sheets
where every sheet is read five times.
"""

from typing import Any, Final

from streams.shelf import Packed, pack, unpack_reading

_DOUBT: Final = 0
"""Nothing is known,"""
_ALIKE: Final = 1
"""or all readings are of different reporters, of different groups, with the same votes and null votes,"""
_AGAIN: Final = 2
"""or all are of one reporter, each later than those before it. In both cases none takes back what was said."""


class Agreement:
    """What is known of sheets with several readings, by the numbers of their polling tables."""

    def __init__(self, tables: int) -> None:
        self._known = bytearray(tables)

    def readers(self, table: int, held: Packed, new: tuple[Any, ...]) -> int:
        """How many readers stand behind a sheet with a new reading (a `Reading`, or the same as a tuple), if its votes
        and null votes are now the sheet's; 0 where that is not certain. To be asked of each reading but the first, when
        it joins those that are held."""
        if type(held) is tuple:
            entry, known, several = held[-1], self._known[table], len(held)
        else:
            entry, known, several = held, _ALIKE | _AGAIN, 1  # type: ignore[assignment]  # these are bytes
        at, _, reporter, group, _, votes, null, retracted, supersedes = new
        self._known[table] = _DOUBT
        if not known or supersedes or retracted:
            return 0
        last = unpack_reading(entry)
        old_at, _, old_reporter, old_group, _, old_votes, old_null, old_retracted, old_supersedes = last
        if old_supersedes or old_retracted:
            return 0
        if reporter == old_reporter:
            if known & _AGAIN and at > old_at:
                self._known[table] = _AGAIN
                return 1
            return 0
        same = known & _ALIKE and votes == old_votes and null == old_null and group != old_group
        if same and (several == 1 or not _may_name(held, reporter, group)):  # type: ignore[arg-type]  # a tuple
            self._known[table] = _ALIKE
            return several + 1
        return 0

    def doubt(self, table: int) -> None:
        """A reading has joined of which `readers` was not asked."""
        self._known[table] = _DOUBT


def _may_name(held: tuple[bytes, ...], reporter: str, group: str) -> bool:
    """Whether any of these readings may be of this reporter or group. One text is the same bytes everywhere: where they
    are not found, it is not there."""
    known = b"".join(held)
    return known.find(pack(reporter)) >= 0 or known.find(pack(group)) >= 0
