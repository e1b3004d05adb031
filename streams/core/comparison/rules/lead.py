"""The lead: when no sheet that may still come can change who leads (design, section 5; `aggregation/open_sheets`)."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from streams.core.aggregation.tally import KNOWN, REGISTERED, TABLES, VOTES
from streams.core.comparison.findings import RANK, Finding, Situation
from streams.core.comparison.rule_inputs import Places, RowsOfSums, SumRows
from streams.core.comparison.rules.rule import SumsRule, Weighed
from streams.core.election.model import Election, Severity
from streams.core.election.numbering import Flags, Numbers


class SettledLead(SumsRule):
    """A remark for an area whose leader all open sheets together cannot overtake. It begins when "could" turns into
    "cannot", and ends if it turns back. Its value is 0, the number of open sheets that could take the lead away: so it
    is told once, and not again whenever a vote is added.

    Told of the upper `levels` areas only, from `min_sheets` accepted sheets on: in most small areas it comes true with
    their last sheet.
    """

    name = "lead"
    kind = ("information", "info")

    def __init__(self, election: Election) -> None:
        super().__init__(election)
        self._rule, self._read = election.rules.lead, np.array(sorted(election.read_options.values()), np.int64)
        layout, policy = election.layout, election.policy
        self._told: Flags = layout.depth <= self._rule.levels
        until = np.concatenate([[0], election.ballot_limits.cumsum()])
        first, end = np.array([layout.inside(area) for area in range(len(layout.areas))]).T
        self._limits: Numbers = until[end] - until[first]
        """By area, the most ballots that all sheets of the register can have."""
        self._most = float(policy.max_turnout), policy.max_ballots

    @property
    def follows(self) -> Flags:
        """The upper areas."""
        return self._told

    def may_find(self, given: SumRows) -> Flags:
        """Where the lead is more than open sheets of the register hold at least. The exact limits of the sheets that
        count are not in the row, but they are at most those of their registered voters."""
        may, rows = self._asked(given), given.rows
        places = np.flatnonzero(may)
        if len(places):
            turnout, ballots = self._most
            rows = rows[places]
            counted = np.ceil(turnout * rows[:, REGISTERED]).astype(np.int64)
            counted += ballots * (rows[:, TABLES] - rows[:, KNOWN])
            may[places] = self._leads(rows)[1] > self._limits[given.areas[places]] - counted
        return may

    def weigh(self, given: Places) -> Iterator[Weighed]:
        """Where the lead is more than all open sheets hold together, by the option that leads."""
        places = np.flatnonzero(self._asked(given))
        if not len(places):
            return
        leaders, leads = self._leads(given.rows[places])
        settled = leads > given.open_votes(places)
        for leader in np.unique(leaders[settled]).tolist():
            some = settled & (leaders == leader)
            severities, none = np.full(some.sum(), RANK["info"]), np.zeros(some.sum(), np.int64)
            yield Weighed(self.election.options[leader].id, places[some], severities, none, {})

    def _asked(self, given: RowsOfSums) -> Flags:
        """Where the rule is asked: there are two options at least, and enough sheets, in an upper area."""
        asked: Flags = self._told[given.areas] & (given.rows[:, TABLES] >= max(1, self._rule.min_sheets))
        return asked & (len(self._read) > 1)

    def _leads(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """Who leads, of equals the first, and by how many votes."""
        votes = rows[:, VOTES + self._read]
        first, second = np.partition(votes, -2, axis=1)[:, -1], np.partition(votes, -2, axis=1)[:, -2]
        return self._read[votes.argmax(axis=1)], first - second

    def finding(self, given: Situation, column: str, severity: Severity | None, **figures: Any) -> Finding:
        """With the second, and what the open sheets hold."""
        lead = given.witnessed.lead
        assert lead is not None
        names = {option.id: option.name for option in self.election.options}
        together = lead.together
        return self.report(
            given,
            column,
            severity,
            (figures["value"], "sheets"),
            {"lead": lead.votes, "second": lead.second, "open": together.sheets, "open_votes": together.votes},
            "lead",
            room="lead-open" if together.sheets else "lead-counted",
            leader=names[column],
            second=names[lead.second],
            ahead=lead.votes,
            votes=together.votes,
        )
