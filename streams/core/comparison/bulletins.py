"""The bulletins of the areas, which of them stand, and which versions they replace."""

from collections.abc import Iterator, Mapping, Sequence

from streams.core.election.model import Election
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin
from streams.core.events.signatures import precedence


class Bulletins:
    """Bulletins by area, each with every version that came under its id. Order and repetition of their coming do not
    matter: what is kept is a set, and which version counts follows from it.

    A bulletin is replaced by its own authority only, whatever id or sequence another one's has; and the authorities
    stand in the election's order (`signatures.precedence`), those that sign first.
    """

    def __init__(self, election: Election) -> None:
        self._areas, self._precedence = election.areas, precedence(election)
        self._versions: dict[str, dict[tuple[str, str], list[Bulletin]]] = {}
        """By area, authority and id, the newest first."""
        self._standing: dict[str, list[Bulletin]] = {}
        self._parts: dict[str, set[str]] = {}

    def __iter__(self) -> Iterator[Bulletin]:
        """Every version of every bulletin."""
        return (version for by_id in self._versions.values() for versions in by_id.values() for version in versions)

    def add(self, bulletin: Bulletin) -> bool:
        """Take in a version of an area's bulletin; False where it is known."""
        by_id = self._versions.setdefault(bulletin.area, {})
        versions = by_id.setdefault((bulletin.authority, bulletin.id), [])
        if bulletin in versions:
            return False
        versions.append(bulletin)
        versions.sort(key=_rank, reverse=True)
        newest = [versions[0] for versions in by_id.values()]
        gone = {(b.authority, b.supersedes) for b in newest if b.supersedes != b.id}
        stand = [b for b in newest if (b.authority, b.id) not in gone]
        self._standing[bulletin.area] = sorted(stand, key=self._order, reverse=True)
        if (parent := self._areas[bulletin.area].parent) is not None:
            self._parts.setdefault(parent, set()).add(bulletin.area)
        return True

    def standing(self, area: str) -> Sequence[Bulletin]:
        """The area's bulletins that no other of their authority supersedes, each in its newest version: authority by
        authority, the newest first of each."""
        return self._standing.get(area, ())

    def replaced(self, bulletin: Bulletin) -> Sequence[Bulletin]:
        """The versions that a bulletin replaces under its own id, the newest first."""
        versions = self._versions.get(bulletin.area, {}).get((bulletin.authority, bulletin.id), ())
        return [version for version in versions if _rank(version) < _rank(bulletin)]

    def _order(self, bulletin: Bulletin) -> tuple[int, tuple[int, int, bytes]]:
        return self._precedence.get(bulletin.authority, 0), _rank(bulletin)

    def parts(self, area: str) -> Mapping[str, Sequence[Bulletin]]:
        """Those that stand in the areas right below, where there are any."""
        return {part: held for part in self._parts.get(area, ()) if (held := self._standing[part])}


def _rank(bulletin: Bulletin) -> tuple[int, int, bytes]:
    return bulletin.sequence, bulletin.at, encode(plain(bulletin))
