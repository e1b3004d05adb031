"""The bulletins of the areas, and which of them stand."""

from collections.abc import Iterator, Mapping, Sequence

from streams.codec import encode, plain
from streams.election import Election
from streams.events import Bulletin


class Bulletins:
    """Bulletins by area. Order and repetition of their coming do not matter."""

    def __init__(self, election: Election) -> None:
        self._areas = election.areas
        self._known: dict[str, dict[str, Bulletin]] = {}
        self._standing: dict[str, list[Bulletin]] = {}
        self._parts: dict[str, set[str]] = {}

    def __iter__(self) -> Iterator[Bulletin]:
        return (bulletin for known in self._known.values() for bulletin in known.values())

    def add(self, bulletin: Bulletin) -> bool:
        """Take in the bulletin of an area; False where it is known, or a later one with its id is."""
        known = self._known.setdefault(bulletin.area, {})
        other = known.get(bulletin.id)
        if other is not None and _rank(bulletin) <= _rank(other):
            return False
        known[bulletin.id] = bulletin
        gone = {b.supersedes for b in known.values() if b.supersedes != b.id}
        self._standing[bulletin.area] = sorted((b for b in known.values() if b.id not in gone), key=_rank, reverse=True)
        if (parent := self._areas[bulletin.area].parent) is not None:
            self._parts.setdefault(parent, set()).add(bulletin.area)
        return True

    def standing(self, area: str) -> Sequence[Bulletin]:
        """The area's bulletins that no other supersedes, the newest first."""
        return self._standing.get(area, ())

    def parts(self, area: str) -> Mapping[str, Sequence[Bulletin]]:
        """The same of the areas right below that have any."""
        return {part: held for part in self._parts.get(area, ()) if (held := self._standing[part])}


def _rank(bulletin: Bulletin) -> tuple[int, int, bytes]:
    return bulletin.sequence, bulletin.at, encode(plain(bulletin))
