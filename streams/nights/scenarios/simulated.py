"""Nights with a known truth, of any size: who voted for whom, who mistypes, who lies, what the authority changes.

They are as hard on the rules as real ones: turnout differs by area and goes with the vote; sheets and official counts
come in different orders, both of which depend on the vote; parishes have 3 to 20 polling tables; registers are
incomplete; the tables that nobody reads vote otherwise than their neighbours; single sheets are misread by a digit.

The same parameters give the same night on every machine. Memory grows with the polling tables and the readings (some
100 bytes each), not with the events.
"""

import heapq
from collections.abc import Iterator
from dataclasses import asdict
from random import Random
from typing import Any, Final

import numpy as np
from msgspec import structs

from streams.core.election.numbering import Flags, Numbers
from streams.core.events.model import Bulletin, Event, TallyReport
from streams.nights.scenarios.electorate import OPTIONS, Electorate, draw
from streams.nights.scenarios.settings import Night, check
from streams.nights.scenarios.slips import mistyped

BEGIN: Final = 1_577_836_800_000
"""1 January 2020, 00:00 UTC (Unix ms): a night of no real country."""
_ANNOUNCED: Final = {"nation": 1, "state": 2, "municipality": 3, "table": 1}
"""Levels of areas that are announced, from the nation down, by `Night.official`."""


class Simulation:
    """One night: its election, its events in the order of their arrival, and the truth.

    Raises `SimulationError` for a night that cannot be.
    """

    def __init__(self, night: Night) -> None:
        check(night)
        self.night = night
        self._duration = round(night.hours * 3_600_000)
        self.electorate: Electorate = draw(night)
        self.election = self.electorate.election
        votes = self.electorate.votes
        moved = np.rint(night.shift * votes.sum(axis=1) / 100).astype(np.int64)
        moved = np.clip(moved, -votes[:, 1], votes[:, 0])
        self._official = votes + np.stack([-moved, moved, np.zeros_like(moved)], axis=1)
        """What the authority says of each table, by option."""
        self._counted = BEGIN + np.rint(self._duration * (0.05 + 0.95 * self.electorate.counted)).astype(np.int64)
        """When each table enters the official count (Unix ms)."""
        self.forged_readings = self.mis_keyed_readings = self.readings = 0

    def events(self) -> Iterator[Event]:
        """Reports and bulletins in the order in which they arrive."""
        arrivals = heapq.merge(self._reports(), self._bulletins(), key=lambda item: item[0])
        return (event for _, event in arrivals)

    def truth(self) -> dict[str, Any]:
        """What really happened, as a JSON object; the readings are those handed out so far."""
        electorate = self.electorate
        return {
            "night": asdict(self.night),
            "tables": len(electorate.votes),
            "witnessed": int((~electorate.unseen).sum()),
            "votes": _by_option(electorate.votes),
            "official": _by_option(self._official),
            "null": int(electorate.null.sum()),
            "registered": int(electorate.registered.sum()),
            "readings": self.readings,
            "mis_keyed": self.mis_keyed_readings,
            "forged": self.forged_readings,
        }

    def sheet(self, table: str) -> tuple[int, ...]:
        """What was really voted at a polling table, by option."""
        return tuple(self.electorate.votes[int(table[1:])].tolist())

    # Readings --------------------------------------------------------------------------------------------------------

    def _reports(self) -> Iterator[tuple[int, Event]]:
        """Each reading at its time; a second reader takes up to a quarter of the night longer."""
        night, draw = self.night, Random(f"{self.night.seed}/readings").random
        arrival = BEGIN + np.rint(self._duration * self.electorate.arrival).astype(np.int64)
        planned: list[tuple[int, int, int]] = []
        for t in np.flatnonzero(~self.electorate.unseen).tolist():
            readers, at = int(night.readers) + (draw() < night.readers % 1), int(arrival[t])
            planned += [(at + round(draw() * self._duration / 4) * (r > 0), t, r) for r in range(max(1, readers))]
        planned.sort()
        liars = round(night.liars * night.groups)
        taken: dict[int, set[int]] = {}
        for at, t, r in planned:
            forges = liars > 0 and draw() < night.forged
            group = int(draw() * liars) if forges else liars + int(draw() * (night.groups - liars))
            groups = taken.setdefault(t, set())
            while group in groups:  # each group reads a sheet once
                forges = forges and len(groups) < liars
                group = (group + 1) % liars if forges else liars + int(draw() * (night.groups - liars))
            groups.add(group)
            self.readings += 1
            yield at, self._reading(at, t, r, group, forges, draw)

    def _reading(self, at: int, t: int, r: int, group: int, forges: bool, draw: Any) -> TallyReport:
        votes = self.electorate.votes[t].tolist()
        if forges:
            self.forged_readings += 1
            votes[0], votes[1] = votes[0] - votes[0] // 3, votes[1] + votes[0] // 3
        elif draw() < self.night.mis_keyed:
            self.mis_keyed_readings += 1
            votes = mistyped(votes, draw)
        return TallyReport(
            id=f"r{t}-{r}",
            table=f"T{t}",
            reporter=f"reader-{group}",
            group=f"group-{group}",
            source="crowd",
            at=at,
            votes={option.id: count for option, count in zip(OPTIONS, votes, strict=True)},
            null=int(self.electorate.null[t]),
        )

    # Bulletins -------------------------------------------------------------------------------------------------------

    def _bulletins(self) -> Iterator[tuple[int, Event]]:
        """Each bulletin with the time of its arrival, in that order."""
        night = self.night
        waiting: list[tuple[int, int, Event]] = []
        if night.official == "table":
            for t in np.argsort(self._counted, kind="stable").tolist():
                waiting.append((int(self._counted[t]), len(waiting), self._of_table(t)))
        count = night.bulletins
        steps = [BEGIN + round(self._duration * (0.2 + 0.9 * i / count)) for i in range(1, count + 1)]
        for i, at in enumerate(steps, 1):
            inside = self._counted <= (at if i < count else np.inf)
            for bulletin in self._of_areas(i, at, inside):
                nation = bulletin.area == "N" and i < count
                arrival = steps[i] + 60_000 if nation and i <= night.late else at
                told = bulletin
                if nation and i <= night.corrected:
                    wrong = {**bulletin.votes, "B": bulletin.votes["B"] * 10}
                    slip = structs.replace(bulletin, id=f"{bulletin.id}-slip", votes=wrong)
                    waiting.append((arrival, len(waiting), slip))
                    told = structs.replace(bulletin, status="correction", supersedes=slip.id, at=at + 600_000)
                    arrival += 600_000
                waiting.append((arrival, len(waiting), told))
        return ((at, event) for at, _, event in sorted(waiting, key=lambda item: item[:2]))

    def _of_areas(self, i: int, at: int, inside: Flags) -> Iterator[Bulletin]:
        """The bulletin number `i` of every area that is announced, the nation last; `inside` are the tables counted."""
        electorate = self.electorate
        figures = np.column_stack([self._official, electorate.null, electorate.registered, np.ones_like(inside)])
        for ids, home in reversed(electorate.levels[: _ANNOUNCED[self.night.official]]):
            sums = [np.bincount(home[inside], column[inside], len(ids)).astype(np.int64) for column in figures.T]
            for area, row in zip(ids, np.stack(sums, axis=1).tolist(), strict=True):
                yield self._of_area(area, i, at, row)

    def _of_area(self, area: str, i: int, at: int, sums: list[int]) -> Bulletin:
        *votes, null, registered, tables = sums
        return Bulletin(
            id=f"{area}-{i}",
            authority="board",
            area=area,
            at=at,
            sequence=i,
            status="final" if i == self.night.bulletins else "partial",
            votes={option.id: count for option, count in zip(OPTIONS, votes, strict=True)},
            valid=sum(votes),
            null=null,
            ballots=sum(votes) + null,
            tables_counted=tables,
            registered=registered,
        )

    def _of_table(self, t: int) -> Bulletin:
        votes = {option.id: count for option, count in zip(OPTIONS, self._official[t].tolist(), strict=True)}
        valid, null = sum(votes.values()), int(self.electorate.null[t])
        at = int(self._counted[t])
        return Bulletin(
            id=f"T{t}-1",
            authority="board",
            area=f"T{t}",
            at=at,
            sequence=1,
            votes=votes,
            status="final",
            valid=valid,
            null=null,
        )


def _by_option(votes: Numbers) -> dict[str, int]:
    """Sums over all tables."""
    return dict(zip((option.id for option in OPTIONS), votes.sum(axis=0).tolist(), strict=True))
