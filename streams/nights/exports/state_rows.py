"""Rows of area states over time."""

from collections.abc import Iterable
from typing import Any, Final

from streams.core.aggregation.open_sheets import KINDS
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.events.area_states import AreaState
from streams.nights.exports import sample_columns
from streams.nights.exports.row_files import Scratch

_OPEN: Final = ("sheets", "votes", "enough")
STATES, FIGURES = "area_states", "area_figures"


class StateRows:
    """Takes down the states of areas while a night goes by (`tick_judge.Watcher`).

    What has changed is written as of the last tick of each stretch of event time, `every` milliseconds long, and an
    area with a new bulletin at once. A state costs as much as its bounds, so not every tick of every area is written.
    """

    def __init__(self, election: Election, scratch: Scratch, every: int) -> None:
        self._election, self._scratch, self._every = election, scratch, max(1, every)
        self._changed: set[str] = set()
        self._bulletins: dict[str, str] = {}
        """The newest bulletin of each area, as far as it was written."""
        self._next = 0
        """The tick before which the night is shown (Unix ms)."""

    def is_due(self, at: int) -> bool:
        """Whether a stretch ends before the tick of `at` (Unix ms)."""
        before, self._next = self._next, at
        return before // self._every != at // self._every

    def __call__(self, comparer: Comparer, at: int) -> None:
        """Time has come to `at` (Unix ms)."""
        changed = comparer.take_changed()
        self._changed.update(changed)
        if at // self._every != self._next // self._every:
            self._write(comparer, self._changed)
        else:
            self._write(comparer, [area for area in changed if self._has_news(comparer, area)])

    def finish(self, comparer: Comparer) -> None:
        """Write what has changed since it was last written."""
        self._changed.update(comparer.take_changed())
        self._write(comparer, self._changed)

    def _has_news(self, comparer: Comparer, area: str) -> bool:
        newest = comparer.bulletin(area)
        return newest is not None and newest.id != self._bulletins.get(area)

    def _write(self, comparer: Comparer, areas: Iterable[str]) -> None:
        asked = sorted(areas)
        self._changed.difference_update(asked)
        for state in comparer.states(asked) if asked else ():
            if state.official:
                self._bulletins[state.area] = state.official.bulletin
            moment = {"as_of": comparer.clock, "area_id": state.area}
            self._scratch.add_all(STATES, [moment | _state(state)])
            self._scratch.add_all(FIGURES, (moment | row for row in self._figures(state)))

    def _figures(self, state: AreaState) -> Iterable[dict[str, Any]]:
        witnessed, official = state.witnessed, state.official
        for column in self._election.column_index:
            row = {
                "figure_id": column,
                "witnessed_votes": witnessed.votes.get(column),
                "witnessed_share": witnessed.shares.get(column),
            }
            if official and (figure := official.figures.get(column)) is not None:
                row |= {"announced_votes": figure.votes, "announced_share": figure.share}
                same = ("expected_share", "low_share", "high_share", "gap", "required", "floor", "ceiling", "breakdown")
                row |= {name: getattr(figure, name) for name in same}
            yield row | sample_columns.of_figure(state.sample, column)


def _state(state: AreaState) -> dict[str, Any]:
    witnessed, official, tables = state.witnessed, state.official, state.tables_announced
    levels, lead, official_lead = witnessed.levels, state.lead, tables and tables.lead
    return {
        "witnessed_tables": witnessed.tables,
        "coverage": witnessed.coverage,
        "witnessed_registered": witnessed.registered,
        "witnessed_valid": witnessed.valid,
        "witnessed_null": witnessed.null,
        "reported": levels.get("reported", 0),
        "corroborated": levels.get("corroborated", 0),
        "disputed": levels.get("disputed", 0),
        "bulletin_id": official and official.bulletin,
        "announced_valid": official and official.valid,
        "tables_announced": tables.announced if tables else 0,
        "tables_compared": tables.compared if tables else 0,
        "tables_differing": tables.differing if tables else 0,
        "alerts": len(state.alerts),
        "leader_id": lead and lead.leader,
        "second_id": lead and lead.second,
        "lead_votes": lead and lead.votes,
        **{
            f"{kind}_{name}": lead and getattr(getattr(lead, kind), name)
            for kind in (*KINDS, "together")
            for name in _OPEN
        },
        "official_leader_id": official_lead and official_lead.leader,
        "official_second_id": official_lead and official_lead.second,
        "official_lead_votes": official_lead and official_lead.votes,
        **{f"unannounced_{name}": official_lead and getattr(official_lead.unannounced, name) for name in _OPEN},
        **sample_columns.of_area(state.sample),
    }
