"""What one report says of one polling table: a reading of its sheet, or a bound of its figures."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, get_args

from streams.core.election.model import Election, Votes
from streams.core.events.model import TallyReport

Kind = Literal["", "at-least", "at-most"]
"""Kinds of evidence: readings of a sheet, and the two bounds."""
_KINDS: Final[Sequence[Kind]] = get_args(Kind)
PART: Final = "part"
Bound = Kind | Literal["part"]
"""What a reading is: of one of the kinds; or a part of a sheet, that leaves out options for which sheets are read. That
is its reporter's word on the sheet, but no verdict: it tells no more than what was certainly cast."""


class Reading(NamedTuple):
    """What a report says of its sheet, or of what bounds its polling table's figures. Tuple order is the order in time:
    `at`, then `id`.

    Readings of the sheet and bounds of either kind stand beside each other. A report replaces its reporter's older one
    of its own kind; a retraction takes back that, or all that its reporter said where it names no kind.
    """

    at: int
    id: str
    reporter: str
    group: str
    source: str
    votes: Votes
    null: int
    retracted: bool
    supersedes: str
    bound: Bound = ""
    ballots: int = 0
    """Of an at-most bound, how many can have been cast."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """Of which kinds of evidence it is its reporter's word: a retraction without a kind is of all."""
        if self.bound == "part":
            return _KINDS[:1]
        return _KINDS if self.retracted and not self.bound else (self.bound,)


SHEET_FIELDS: Final = 9
"""The first fields of a `Reading`, all that one of a sheet has."""


def reading_of(election: Election, report: TallyReport) -> Reading:
    """The reading in an admitted report. An option that is not named, or for which no sheet is read, has 0. Where that
    may be what nobody has read (`Policy.unread`), the reading is a part of the sheet."""
    empty, read = report.retracted or report.bound == "at-most", election.read_options
    bound: Bound = report.bound or ""
    if not (empty or bound) and election.policy.unread == "unknown" and not read.keys() <= report.votes.keys():
        bound = "part"
    return Reading(
        at=report.at,
        id=report.id,
        reporter=report.reporter,
        group=election.signing_groups.get(report.reporter) or report.group or report.reporter,
        source=report.source,
        votes=() if empty else tuple(report.votes.get(o.id, 0) * (o.read or bound != "") for o in election.options),
        null=report.null or 0,
        retracted=report.retracted,
        supersedes=report.supersedes or "",
        bound=bound,
        ballots=(report.bound == "at-most" and report.ballots) or 0,
    )
