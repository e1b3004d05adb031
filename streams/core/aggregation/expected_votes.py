"""What is expected of the polling tables that nobody witnessed: valid votes and votes, area by area.

A table is expected to vote like the lowest area above it with at least `ENOUGH` accepted sheets, its *model*: as many
valid votes as its registered voters x the turnout there, or the mean of valid votes there where its registered voters
are unknown or 0. Tables with the same model, borrowed over as many levels, are one block (`honest_shares`).

Tables that exist but are not in the register are expected in the area that knows of them; with their part of the
registered voters that the area has beyond its register.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from streams.core.aggregation.honest_shares import UNIT
from streams.core.aggregation.tally import KNOWN, KNOWN_VALID, REGISTERED, TABLES, VALID, VOTES
from streams.core.aggregation.tick_sums import follow, latest, running_sums
from streams.core.election.model import Election
from streams.core.election.numbering import ROOT, Flags, Layout, Numbers, begins, roll_up, union

ENOUGH: Final = 5
"""Accepted sheets from which an area is a model."""


class Expected(NamedTuple):
    """What is expected of the unseen in many areas, in parts of a vote (`honest_shares.UNIT`)."""

    blocks: Numbers
    """How many blocks that is, by levels over which they borrow: (levels, areas)."""
    valid: Numbers
    """By area; the others by column too: (columns, areas)."""
    votes: Numbers
    least: Numbers
    """Votes if each share is as far below what is expected as the election lets it be."""
    most: Numbers
    """Votes if each share is as far above what is expected as the election lets it be."""


class Changes(NamedTuple):
    """Sums of areas that change at some ticks, by area and then by tick."""

    ticks: int
    areas: Numbers
    at: Numbers
    """Ticks, counted from 0."""
    rows: Numbers
    """The sums then, as in `tally`."""


class Homes(NamedTuple):
    """Areas with polling tables of their own, at the ticks at which their model or their unseen tables change; by area
    and then by tick."""

    areas: Numbers
    at: Numbers
    model: Numbers
    lift: Numbers
    left: Numbers
    """What is unseen of their tables then: (3, these)."""


class Slots(NamedTuple):
    """Models and levels over which is borrowed from them, at the ticks at which what they lend changes; by slot and
    then by tick."""

    places: Numbers
    """Model x levels + level."""
    at: Numbers
    lent: Numbers
    """What they lend then: (these, 3)."""


class Models(NamedTuple):
    """Models at the ticks at which their sums, or what they lend, change; by model and then by tick."""

    areas: Numbers
    at: Numbers
    valid: Numbers
    votes: Numbers
    moved: Numbers
    """By how much their part of the figures of all areas above changes: (figures, these)."""


class Traced(NamedTuple):
    """What becomes of the unseen, tick by tick."""

    changes: Changes
    homes: Homes
    slots: Slots
    models: Models

    def during(self, begin: int, end: int) -> "Traced":
        """The ticks from `begin` to before `end` alone."""
        if (begin, end) == (0, self.changes.ticks):
            return self
        parts = (np.flatnonzero((part.at >= begin) & (part.at < end)) for part in self)
        changes, homes, slots, models = parts
        all_models, valid, votes = self.models, self.models.valid[models], self.models.votes[models]
        return Traced(
            Changes(self.changes.ticks, *(each[changes] for each in self.changes[1:])),
            Homes(*(each[..., homes] for each in self.homes)),
            Slots(*(each[slots] for each in self.slots)),
            Models(all_models.areas[models], all_models.at[models], valid, votes, all_models.moved[:, models]),
        )


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
        self._is_home: Flags = self._own[1:].sum(axis=0) > 0
        """Whether an area has tables of its own."""
        self._enough = np.zeros(areas, np.int64)
        self._model, self._lift = np.zeros(areas, np.int64), self._layout.depth - 1
        """From which area the expectation is borrowed, and over how many levels: the root where none has enough."""
        self._lent = np.zeros((areas, self.levels, 3), np.int64)
        """The same of all that borrow from a model, by levels."""
        np.add.at(self._lent, (self._model, self._lift), self._left.T)
        self._valid = np.zeros((areas, self.levels), np.int64)
        self._votes = np.zeros((areas, self.levels, self._columns), np.int64)
        """The blocks, by model and levels."""
        self._sums = np.zeros((areas, self.levels + 1 + 3 * self._columns), np.int64)

    def expected(self, areas: Numbers) -> Expected:
        """Of some areas, each with at least `ENOUGH` accepted sheets, as of the last `take`."""
        return self._of(self._sums[areas].T)

    def expected_at(self, traced: Traced, areas: Numbers, at: Numbers) -> Expected:
        """The same of some areas at these ticks, each of which changes it. Nothing may have been taken in since it was
        traced."""
        ticks, models = traced.changes.ticks, traced.models
        asked = np.zeros(len(self._enough), bool)
        asked[areas] = True
        moved, when, running = follow(self._layout.above(models.areas), models.at, models.moved, asked)
        sums = self._sums[areas].T
        if not len(moved):  # none of these borrows from an area that changes
            return self._of(sums)
        place = latest(moved * ticks + when, areas, at, ticks)
        return self._of(sums + np.where(place >= 0, running.take(place, axis=1), 0))

    def blocks(self, models: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """The blocks with these models: the model of each; and, as `Blocks.add` takes them, classes, valid votes, votes
        by column."""
        valid = self._valid[models]
        places, levels = np.nonzero(valid)
        models = models[places]
        return models, 1 + levels, valid[places, levels], self._votes[models, levels].T

    def block_changes(self, traced: Traced, first: int, end: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Blocks with models from `first` to before `end` that come and go: ticks, classes, valid votes (negative where
        they go), votes by column (columns, these)."""
        some = slice(*np.searchsorted(traced.models.areas, [first, end]))
        areas, at = traced.models.areas[some], traced.models.at[some]
        valid, votes = traced.models.valid[some].T, np.moveaxis(traced.models.votes[some], 0, -1)
        was_valid = _earlier(areas, valid, lambda models: self._valid[models].T)
        was_votes = _earlier(areas, votes, lambda models: np.moveaxis(self._votes[models], 0, -1))
        valid = np.concatenate([-was_valid, valid], axis=1)
        votes = np.concatenate([-was_votes, votes], axis=2)
        levels, places = np.nonzero(valid)
        return np.tile(at, 2)[places], 1 + levels, valid[levels, places], votes[levels, :, places].T

    def trace(self, changes: Changes, rows: Numbers) -> Traced:
        """What becomes of the unseen as the sums of areas change, tick by tick. `rows` are the sums of all areas before
        the first tick, as of the last `take`. Takes nothing in."""
        ticks, keys = changes.ticks, changes.areas * changes.ticks + changes.at
        homes = self._trace_homes(changes, keys)
        slots = self._trace_slots(homes, ticks)
        models, at = np.divmod(union(keys, slots.places // self.levels * ticks + slots.at), ticks)
        lends = np.zeros(len(self._enough), bool)
        lends[slots.places // self.levels] = True
        some = lends[models] | self._lent[models].any(axis=(1, 2))
        models, at = models[some], at[some]
        sums = _as_of(latest(keys, models, at, ticks), changes.rows, rows[models])
        places = models[:, None] * self.levels + np.arange(self.levels)
        place = latest(slots.places * ticks + slots.at, places, at[:, None], ticks)
        lent = _as_of(place, slots.lent, self._lent[models])
        valid, votes = self._expect(sums, lent)
        figures = self._figures(valid, votes)
        before = _earlier(models, figures, lambda some: self._figures(self._valid[some], self._votes[some]))
        return Traced(changes, homes, slots, Models(models, at, valid, votes, figures - before))

    def take(self, traced: Traced) -> None:
        """Take in what was traced. Of what changes at several ticks the last stays."""
        changes, homes, slots, models = traced
        self._enough[changes.areas] = changes.rows[:, TABLES] >= ENOUGH
        self._model[homes.areas], self._lift[homes.areas], self._left[:, homes.areas] = homes[2:]
        self._lent.reshape(-1, 3)[slots.places] = slots.lent
        self._valid[models.areas], self._votes[models.areas] = models.valid, models.votes
        areas, sums = roll_up(self._layout.above(models.areas), models.moved)
        self._sums[areas] += sums.T

    def _of(self, sums: Numbers) -> Expected:
        votes, least, most = sums[self.levels + 1 :].reshape(3, self._columns, -1)
        return Expected(sums[: self.levels], sums[self.levels], votes, least, most)

    def _trace_homes(self, changes: Changes, keys: Numbers) -> Homes:
        ticks, areas, at, rows = changes
        layout, (seen, with_voters, tables) = self._layout, rows[:, [REGISTERED, KNOWN, TABLES]].T
        enough: Numbers = (rows[:, TABLES] >= ENOUGH).astype(np.int64)
        turned = np.flatnonzero(enough != _earlier(areas, enough, self._enough.__getitem__))
        stretches = [np.arange(areas[i], layout.behind(areas[i])) * ticks + at[i] for i in turned.tolist()]
        homes, when = np.divmod(union(keys, *stretches), ticks)
        some = self._is_home[homes]
        homes, when = homes[some], when[some]
        model = np.full(len(homes), ROOT)
        for line in layout.above(homes):
            place = latest(keys, line, when, ticks)
            model = np.where((line >= 0) & (np.where(place >= 0, enough[place], self._enough[line]) > 0), line, model)
        # Polling tables of the register are in areas without any below (`config.election_csv`).
        place = latest(keys, homes, when, ticks)
        witnessed = np.stack([seen, with_voters, tables - with_voters]).take(place, axis=1) * layout.leaf[homes]
        left = np.where(place >= 0, np.maximum(0, self._own[:, homes] - witnessed), self._left[:, homes])
        return Homes(homes, when, model, layout.depth[homes] - layout.depth[model], left)

    def _trace_slots(self, homes: Homes, ticks: int) -> Slots:
        areas, after = homes.areas, homes.model * self.levels + homes.lift
        before = _earlier(areas, after, lambda some: self._model[some] * self.levels + self._lift[some])
        gone = _earlier(areas, homes.left, lambda some: self._left[:, some])
        lent = np.concatenate([-gone, homes.left], axis=1)
        places, at, lent = running_sums(np.concatenate([before, after]), np.tile(homes.at, 2), lent, ticks)
        return Slots(places, at, self._lent.reshape(-1, 3)[places] + lent.T)

    def _expect(self, rows: Numbers, lent: Numbers) -> tuple[Numbers, Numbers]:
        """Blocks by models with these sums, and of what they lend (models, levels, 3): (models, levels), (models,
        levels, columns)."""
        voters, with_voters, tables = np.moveaxis(lent, 2, 0)
        turnout = rows[:, KNOWN_VALID, None] / np.maximum(1, rows[:, REGISTERED, None])
        mean = rows[:, VALID, None] / np.maximum(1, rows[:, TABLES, None])
        expected = np.where(rows[:, REGISTERED, None] > 0, turnout * voters, mean * with_voters) + mean * tables
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


def _as_of(place: Numbers, news: Numbers, before: Numbers) -> Numbers:
    """The rows of `news` at these places, and where there is none (-1) those from before."""
    return np.where(place[..., None] >= 0, news[place], before) if len(news) else before


def _earlier(numbers: Numbers, figures: Numbers, known_of: Callable[[Numbers], Numbers]) -> Numbers:
    """For each of many numbers, in rising order, the figures of the one before where that is the same number, else
    what is known of it. Numbers go along the last axis of the figures."""
    first, before = np.flatnonzero(begins(numbers)), np.roll(figures, 1, axis=-1)
    before[..., first] = known_of(numbers[first])
    return before


def _own_tables(layout: Layout) -> Numbers:
    """Of the polling tables that are in an area and in none below it, in the register or beyond it: their registered
    voters, how many have any known, how many have not. Shape (3, areas)."""
    count, has_voters = len(layout.areas), layout.registered > 0
    voters = np.bincount(layout.home, layout.registered, count).astype(np.int64)
    own = np.stack([voters, np.bincount(layout.home[has_voters], minlength=count)])
    own = np.concatenate([own, np.bincount(layout.home[~has_voters], minlength=count)[None]])
    exist, accounted = (own[1] + own[2]).tolist(), voters.tolist()
    for area in range(count - 1, -1, -1):  # from the lowest up
        more = int(layout.exist[area]) - exist[area]
        if more > 0:
            beyond = max(0, int(layout.voters[area]) - accounted[area])
            part = beyond * more // (more + int(own[2, area]))
            own[:, area] += (part, more, 0) if part else (0, 0, more)
            exist[area] += more
            accounted[area] += part
        if area != ROOT:
            exist[layout.parents[area]] += exist[area]
            accounted[layout.parents[area]] += accounted[area]
    return own
