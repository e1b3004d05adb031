"""What is known of areas now: their sums beside their bulletins, for the rules and for whoever wants to see it."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from msgspec import UNSET

from streams.core.aggregation.area_sums import Sums
from streams.core.aggregation.bound_sums import BoundSums
from streams.core.aggregation.honest_shares import Figures, Projected
from streams.core.aggregation.tally import ANNOUNCED, VOTES, Tally
from streams.core.alerting.alert import Alert
from streams.core.comparison import state_parts
from streams.core.comparison.bulletins import Bulletins
from streams.core.comparison.findings import Comparison, Situation
from streams.core.comparison.rule_inputs import AreasNow
from streams.core.election.model import Election
from streams.core.election.numbering import ROOT, Numbers
from streams.core.engine.feed_activity import FeedActivity
from streams.core.engine.rule_scheduler import RuleScheduler
from streams.core.events.area_states import AreaState, TablesAnnounced
from streams.core.events.model import Bulletin
from streams.core.events.sample_states import SampleRecord
from streams.core.sampling.sampled_sheets import SampledSheets


class AreaView:
    """Reads what the parts of a comparison hold. Changes nothing."""

    def __init__(
        self,
        election: Election,
        sums: Sums,
        bulletins: Bulletins,
        scheduler: RuleScheduler,
        activity: FeedActivity,
        sampled: SampledSheets | None = None,
    ) -> None:
        self._election, self._layout = election, election.layout
        self._sums, self._bulletins, self._scheduler, self._activity = sums, bulletins, scheduler, activity
        self._sampled = sampled

    def bulletin(self, area: str) -> Bulletin | None:
        """The area's current bulletin: the highest sequence that no other supersedes."""
        return next(iter(self._bulletins.standing(area)), None)

    def situation(self, area: str, at: int | None) -> Situation:
        """Everything that the rules are told of one area at event time `at` (Unix ms; None before the first tick)."""
        area_info, parts, held = self._election.areas[area], self._bulletins.parts(area), self._bulletins.standing(area)
        replaced, tally = self._bulletins.replaced(held[0]) if held else (), self._tally(area, self._project_one)
        sample = self._sampled.sample(ROOT) if self._sampled is not None and area_info.parent is None else None
        return Situation(self._election, area_info, tally, at, self._activity.pulse, held, parts, replaced, sample)

    def places(self, areas: Sequence[str], at: int | None) -> AreasNow:
        """The areas side by side at event time `at` (Unix ms; None before the first tick), for the rules on sums."""
        numbers = np.array([self._layout.area[area] for area in areas], np.int64)
        situations = dict[int, Situation]()

        def situation(place: int) -> Situation:
            if place not in situations:
                situations[place] = self.situation(areas[place], at)
            return situations[place]

        def gaps(places: Numbers, least: float) -> Figures:
            return np.abs(self._project(numbers[places], least).gap)

        bounds = None if self._sums.bounds is None else self._sums.bounds[numbers]
        exist, claims = self._layout.exist[numbers], self._scheduler.claimed(numbers)
        rows, open_votes = self._sums.rows[numbers], lambda places: self._sums.open_sheets.votes(numbers[places])
        return AreasNow(numbers, rows, claims, bounds, exist, situation, gaps, open_votes)

    def project(self, areas: Numbers) -> dict[int, Projected]:
        """What the bulletins of areas can honestly announce, where anything can be said of it: all at once."""
        some = areas[self._scheduler.are_projectable(areas, self._sums.rows[areas])]
        projections = self._project(some)
        return {area: projections.of(place) for place, area in enumerate(some.tolist())}

    def _project(self, areas: Numbers, least: float = 0) -> Projected:
        return self._sums.projector.project(areas, self._sums.rows, self._scheduler.claimed(areas), least)

    def states(self, areas: Sequence[str], firing: Callable[[str], Iterable[Alert]]) -> list[AreaState]:
        """Everything known of each area: where most are areas of polling tables, in a third of the time of one by one.
        `firing` gives an area's alerts that call people now."""
        numbers = [self._layout.area[area] for area in areas]
        rows, projected = self._sums.rows[numbers], self.project(np.array(numbers, np.int64))
        return [
            self._state(area, number, row, projected.get, firing(area))
            for area, number, row in zip(areas, numbers, rows.tolist(), strict=True)
        ]

    def _state(
        self,
        id: str,
        area: int,
        row: list[int],
        project: Callable[[int], Projected | None],
        firing: Iterable[Alert],
    ) -> AreaState:
        election, area_info, bulletin = self._election, self._election.areas[id], self.bulletin(id)
        bounds, sample, official = self._bound_sums(id), self.sample(id), None
        if bulletin is not None:
            official = state_parts.official(Comparison(election, area_info, bulletin, self._tally(id, project)))
        return AreaState(
            area=id,
            name=str(election.labels[id]),  # without its other languages
            level=area_info.level,
            tables=area_info.tables,
            registered=area_info.registered,
            witnessed=state_parts.witnessed(election, area_info, row),
            tables_announced=self._tables_announced(area, row) if row[ANNOUNCED] else None,
            lead=self._sums.open_sheets.lead(area, row[VOTES:]),
            bounds=None if bounds is None else bounds.in_state(election),
            official=official,
            alerts=[alert.in_state() for alert in firing],
            sample=UNSET if sample is None else sample,
        )

    def _tables_announced(self, area: int, row: list[int]) -> TablesAnnounced:
        told, votes = self._sums.announced(area)
        lead = self._sums.official_lead(area, told, votes)
        return state_parts.tables_announced(self._election, row, told.tolist(), votes.tolist(), lead)

    def sample(self, area: str) -> SampleRecord | None:
        """What the election's random sample says of an area; None where it says nothing."""
        return None if self._sampled is None else self._sampled.record(self._layout.area[area])

    def differing(self) -> list[str]:
        """The polling tables whose official figure is not the accepted sheet's, by id."""
        return sorted(self._layout.tables[table] for table in self._sums.differing().tolist())

    def turned_away(self) -> list[str]:
        """The polling tables of which no reading stands and at least one was turned away, by id."""
        return sorted(self._layout.tables[table] for table in self._sums.open_sheets.turned_away().tolist())

    def outside(self) -> list[str]:
        """The polling tables announced outside their own bounds, by id."""
        return sorted(self._layout.tables[table] for table in self._sums.outside().tolist())

    def _project_one(self, area: int) -> Projected | None:
        return self.project(np.array([area])).get(area)

    def _tally(self, id: str, project: Callable[[int], Projected | None]) -> Tally:
        area = self._layout.area[id]
        return Tally(
            row=self._sums.rows[area].tolist(),
            busiest=self._activity.busiest if area == ROOT else {},
            spreads=lambda: self._sums.spread(area),
            nulls=lambda: self._sums.nulls(area),
            find_lead=lambda votes: self._sums.open_sheets.lead(area, votes),
            bounds=self._bound_sums(id),
            project=lambda: project(area),
        )

    def _bound_sums(self, id: str) -> BoundSums | None:
        sums = self._sums.bounds
        return None if sums is None else BoundSums(sums[self._layout.area[id]].tolist())
