"""What is expected of the polling tables that nobody witnessed: valid votes and votes, area by area.

A table is expected to vote like the lowest area above it with at least `ENOUGH` accepted sheets, its *model*: as many
valid votes as its registered voters x the turnout there, or the mean of valid votes there where its registered voters
are unknown or 0. Tables with the same model, borrowed over as many levels, are one block (`projection`).

Tables that exist but are not in the register are expected in the area that knows of them; with their part of the
registered voters that the area has beyond its register.
"""

from typing import Final, NamedTuple

import numpy as np

from streams.core.aggregation.projection import UNIT
from streams.core.aggregation.tally import KNOWN, KNOWN_VALID, REGISTERED, TABLES, VALID, VOTES
from streams.core.election.model import Election
from streams.core.election.numbering import ROOT, Layout, Numbers, roll_up, union

ENOUGH: Final = 5
"""Accepted sheets from which an area is a model."""


class Expected(NamedTuple):
    """What is expected of the unseen in many areas, in parts of a vote (`projection.UNIT`)."""

    blocks: Numbers
    """How many blocks that is, by levels over which they borrow: (levels, areas)."""
    valid: Numbers
    """By area; the others by column too: (columns, areas)."""
    votes: Numbers
    least: Numbers
    """Where each share is as far below what is expected as the election lets it be,"""
    most: Numbers
    """and as far above."""


class Unseen:
    """The unseen of all areas, kept up while sheets come. All of it follows from the sums of areas as they are now, by
    whatever way they came to be so."""

    def __init__(self, election: Election) -> None:
        self._layout, self._columns = election.layout, len(election.columns)
        self._unseen = election.rules.divergence.unseen
        areas, self.levels = len(self._layout.areas), int(self._layout.depth.max())
        self._own = _own_tables(self._layout)
        """Of each area's own tables: registered voters, tables with such, tables without. Shape (3, areas)."""
        self._left = self._own.copy()
        """The same of those that nobody witnessed."""
        self._enough = np.zeros(areas, bool)
        self._model, self._lift = np.zeros(areas, np.int64), self._layout.depth - 1
        """From which area the expectation is borrowed, and over how many levels: the root where none has enough."""
        self._lent = np.zeros((areas, self.levels, 3), np.int64)
        """The same of all that borrow from a model, by levels."""
        self._lend(np.arange(areas), 1)
        self._valid = np.zeros((areas, self.levels), np.int64)
        self._votes = np.zeros((areas, self.levels, self._columns), np.int64)
        """The blocks, by model and levels."""
        self._sums = np.zeros((areas, self.levels + 1 + 3 * self._columns), np.int64)

    def expected(self, areas: Numbers) -> Expected:
        """Of some areas, each with at least `ENOUGH` accepted sheets, as of the last `move`."""
        found = self._sums[areas].T
        votes, least, most = found[self.levels + 1 :].reshape(3, self._columns, len(areas))
        return Expected(found[: self.levels], found[self.levels], votes, least, most)

    def blocks(self, models: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """The blocks with these models: the model of each; and, as `Blocks.add` takes them, classes, valid votes, votes
        by column."""
        valid = self._valid[models]
        places, levels = np.nonzero(valid)
        models = models[places]
        return models, 1 + levels, valid[places, levels], self._votes[models, levels].T

    def moving(self, rows: Numbers, changed: Numbers) -> Numbers:
        """Take in the sums (`rows`, of all areas) of those that changed, numbers in rising order. Returns the models
        whose blocks change with them, in rising order: before they do, which is by `move`."""
        enough = rows[changed, TABLES] >= ENOUGH
        turned = changed[enough != self._enough[changed]]
        self._enough[changed] = enough
        layout = self._layout
        stretches = [np.arange(area, layout.behind(area)) for area in turned.tolist()]
        homes = union(changed, *stretches)
        homes = homes[self._own[1:, homes].any(axis=0)]
        before = self._model[homes]
        self._lend(homes, -1)
        lines = layout.above(homes)
        self._model[homes] = ROOT
        for line in lines:
            self._model[homes] = np.where((line >= 0) & self._enough[line], line, self._model[homes])
        self._lift[homes] = layout.depth[homes] - layout.depth[self._model[homes]]
        # Polling tables of the register are in areas without any below (`election_csv`).
        voters, known, tables = (rows[homes, place] * layout.leaf[homes] for place in (REGISTERED, KNOWN, TABLES))
        self._left[:, homes] = np.maximum(0, self._own[:, homes] - [voters, known, tables - known])
        self._lend(homes, 1)
        return union(changed, np.sort(before), np.sort(self._model[homes]))

    def move(self, rows: Numbers, models: Numbers) -> None:
        """Expect anew of the tables with these models, and of all areas above."""
        valid, votes = self._expect(rows[models], models)
        before = self._figures(self._valid[models], self._votes[models])
        after = self._figures(valid, votes)
        self._valid[models], self._votes[models] = valid, votes
        areas, sums = roll_up(self._layout.above(models), after - before)
        self._sums[areas] += sums.T

    def _lend(self, homes: Numbers, sign: int) -> None:
        np.add.at(self._lent, (self._model[homes], self._lift[homes]), sign * self._left[:, homes].T)

    def _expect(self, rows: Numbers, models: Numbers) -> tuple[Numbers, Numbers]:
        """Blocks by these models, whose sums are given: (models, levels), (models, levels, columns)."""
        voters, known, tables = np.moveaxis(self._lent[models], 2, 0)
        turnout = rows[:, KNOWN_VALID, None] / np.maximum(1, rows[:, REGISTERED, None])
        mean = rows[:, VALID, None] / np.maximum(1, rows[:, TABLES, None])
        expected = np.where(rows[:, REGISTERED, None] > 0, turnout * voters, mean * known) + mean * tables
        valid = np.rint(UNIT * expected).astype(np.int64)
        shares = rows[:, VOTES : VOTES + self._columns] / np.maximum(1, rows[:, VALID, None])
        return valid, np.rint(shares[:, None, :] * valid[:, :, None]).astype(np.int64)

    def _figures(self, valid: Numbers, votes: Numbers) -> Numbers:
        """What the blocks of models come to, over all levels: (figures, models) as in `expected`."""
        off = np.minimum(1.0, self._unseen / 100 * (1 + np.arange(self.levels) / 2))
        away = np.ceil(off * valid).astype(np.int64)[:, :, None]
        least, most = np.maximum(0, votes - away), np.minimum(valid[:, :, None], votes + away)
        return np.concatenate(
            [valid.T > 0, valid.sum(axis=1)[None], *(each.sum(axis=1).T for each in (votes, least, most))]
        )


def _own_tables(layout: Layout) -> Numbers:
    """Of the polling tables that are in an area and in none below it, in the register or beyond it: their registered
    voters, how many have any known, how many have not. Shape (3, areas)."""
    count, known = len(layout.areas), layout.registered > 0
    voters = np.bincount(layout.home, layout.registered, count).astype(np.int64)
    found = np.stack([voters, np.bincount(layout.home[known], minlength=count)])
    found = np.concatenate([found, np.bincount(layout.home[~known], minlength=count)[None]])
    exist, accounted = (found[1] + found[2]).tolist(), voters.tolist()
    for area in range(count - 1, -1, -1):  # from the lowest up
        more = int(layout.exist[area]) - exist[area]
        if more > 0:
            beyond = max(0, int(layout.voters[area]) - accounted[area])
            part = beyond * more // (more + int(found[2, area]))
            found[:, area] += (part, more, 0) if part else (0, 0, more)
            exist[area] += more
            accounted[area] += part
        if area != ROOT:
            exist[layout.parents[area]] += exist[area]
            accounted[layout.parents[area]] += accounted[area]
    return found
