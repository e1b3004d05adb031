"""What several readings of one sheet say together: which of them stand, who agrees, and whether that is enough
(design, section 4)."""

from collections.abc import Iterable, Sequence
from enum import Enum

from msgspec import Struct

from streams.core.election.model import Votes
from streams.core.election.settings import Policy
from streams.core.reconciliation.reading import PART, Kind, Reading


class Level(Enum):
    """How well a sheet is witnessed. The levels are never mixed in one figure."""

    NONE = "none"
    """No reading stands: all were retracted or superseded."""
    REPORTED = "reported"
    """One reader, or fewer agreeing readers than the quorum."""
    CORROBORATED = "corroborated"
    """The quorum of independent readers, and most of them, agree on the whole vote vector."""
    DISPUTED = "disputed"
    """Readers disagree, and no reading has the majority that the policy asks for."""


class Verdict(Struct, frozen=True, gc=False):
    """What a ledger says: the level, and the votes where one reading leads.

    `accepted` tells whether the policy lets the votes into the witnessed count.
    `agreeing` independent readers of `readers` stand behind the votes.
    """

    level: Level
    accepted: bool
    votes: Votes | None
    null: int
    agreeing: int
    readers: int


NO_VERDICT = Verdict(Level.NONE, False, None, 0, 0, 0)


def standing(readings: Iterable[Reading], kind: Kind = "") -> list[Reading]:
    """Of distinct readings those of one kind that `Ledger.fates` says count, one per independent reader, oldest first.
    A tenth of its work, and asked whenever a sheet is read again."""
    held = sorted(readings)
    if gone := {(r.reporter, r.supersedes) for r in held if r.supersedes not in ("", r.id)}:
        held = [r for r in held if (r.reporter, r.id) not in gone]
    held = [r for r in held if kind in r.kinds]
    by_reporter = {r.reporter: r for r in held}
    if len(by_reporter) < len(held):
        held = sorted(by_reporter.values())
    by_group = {r.group: r for r in held if not r.retracted}
    return held if len(by_group) == len(held) else sorted(by_group.values())


def _all_stand(readings: Sequence[Reading]) -> bool:
    """Whether all are readings of the sheet, of different reporters and groups, and none takes anything back: on most
    sheets. Then nothing need be sorted out, which takes three times as long."""
    for reading in readings:
        if reading.retracted or reading.supersedes or reading.bound:
            return False
    return len({r.reporter for r in readings}) == len({r.group for r in readings}) == len(readings)


def verdict_of(readings: Iterable[Reading], policy: Policy) -> Verdict:
    """What distinct readings of one sheet say together under this policy."""
    return judged(*leading(list(readings)), policy)


def leading(readings: Sequence[Reading]) -> tuple[Sequence[Reading], int]:
    """Of distinct readings of one sheet those that agree and lead, and how many independent ones there are.

    Readings match when all votes are equal. Parts of a sheet do not count."""
    independent = readings if _all_stand(readings) else [r for r in standing(readings) if r.bound != PART]
    backing: dict[Votes, list[Reading]] = {}
    for reading in independent:
        backing.setdefault(reading.votes, []).append(reading)
    return max(backing.values(), key=len, default=()), len(independent)


def weight(agreeing: int, readers: int, source: str, policy: Policy) -> tuple[Level, bool]:
    """How well a sheet is witnessed where so many readers agree and lead, of so many independent ones, and whether the
    policy accepts it. `source` is the reader's, where there is one only."""
    corroborated = agreeing >= 2 and agreeing >= policy.quorum
    trusted = readers == 1 and source in policy.trusted_sources
    return Level.CORROBORATED if corroborated else Level.REPORTED, agreeing >= policy.quorum or trusted


def judged(agreeing: Sequence[Reading], readers: int, policy: Policy) -> Verdict:
    """The verdict where these readings agree and lead, of so many independent ones: they need the policy's majority of
    those, more than half at least, else the sheet is disputed."""
    if not agreeing:
        return NO_VERDICT
    newest, support = max(agreeing), len(agreeing)
    if support <= policy.majority * readers:
        return Verdict(Level.DISPUTED, False, None, 0, support, readers)
    level, accepted = weight(support, readers, agreeing[0].source, policy)
    return Verdict(
        level=level,
        accepted=accepted,
        votes=newest.votes,
        null=newest.null,
        agreeing=support,
        readers=readers,
    )
