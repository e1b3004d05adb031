"""What authorities announce for one polling table, and which of it holds."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from streams.core.election.model import Election, Votes
from streams.core.events.model import Bulletin


class Announced(NamedTuple):
    """What a bulletin says of this one table. Tuple order is the order in which those of one authority hold."""

    sequence: int
    at: int
    id: str
    supersedes: str
    votes: Votes
    """By column of the election (options, then groups); -1 for a column without a figure."""
    authority: str = ""
    """Empty in records that were saved before it was kept: then nobody knows whose figures they are."""
    signed: bool = False
    """Whether it was let in by its authority's signature."""


def announced_of(election: Election, bulletin: Bulletin) -> Announced:
    """What an admitted bulletin for a polling table says."""
    votes = tuple(bulletin.votes.get(column.id, -1) for column in election.columns)
    authority = election.authorities.get(bulletin.authority)
    return Announced(
        sequence=bulletin.sequence,
        at=bulletin.at,
        id=bulletin.id,
        supersedes=bulletin.supersedes or "",
        votes=votes,
        authority=bulletin.authority,
        signed=authority is not None and authority.public_key is not None,
    )


def official(announced: Collection[Announced], order: Mapping[str, int]) -> Announced | None:
    """Of some official figures the one that holds: of the authority that goes first (`signatures.precedence`) the
    newest that it has not superseded itself. What is signed goes before what is not.

    Figures of an unknown authority, from older records, go last, and any may supersede them.
    """
    gone = {
        (authority, a.supersedes, signed)
        for a in announced
        if a.supersedes not in ("", a.id)
        for authority, signed in ((a.authority, a.signed), ("", False))
    }
    held = [a for a in announced if (a.authority, a.id, a.signed) not in gone]
    return max(held, key=lambda a: (a.signed, order.get(a.authority, 0), a), default=None)
