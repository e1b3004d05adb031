"""Nights with a known truth, of any size: who voted for whom, who mistypes, who lies, what the authority changes.

The same seed gives the same night on every machine: only `random.Random.random` is used, whose sequence Python
promises to keep. Memory grows with the polling tables and the readings (some 100 bytes each), not with the events.
"""

import heapq
from array import array
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final, Literal

from streams.election import Area, Election, Option, Policy, PollingTable, Rules
from streams.errors import CotejoError
from streams.events import Bulletin, Event, TallyReport

BEGIN: Final = 1_577_836_800_000
"""1 January 2020, 00:00 UTC (Unix ms): a night of no real country."""
OPTIONS: Final = (Option("A", "Option A"), Option("B", "Option B"), Option("C", "Option C"))
LEVELS: Final = ("nation", "state", "municipality")

Official = Literal["nation", "state", "table"]


class SimulationError(CotejoError):
    """A night cannot be so; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a night is like. Shares are 0-1."""

    seed: int = 1
    tables: int = 3000
    states: int = 24
    municipalities: int = 10
    """In each state."""
    hours: float = 8.0
    witnessed: float = 0.85
    """Polling tables of which anybody reads the sheet."""
    readers: float = 1.0
    """Readings of such a sheet, each by another group; on average, at least one."""
    groups: int = 2000
    """Reporter groups there are."""
    cities_first: float = 0.8
    """How much the order in which sheets and counts arrive hangs on what is also tied to the vote; 0 is pure chance."""
    mis_keyed: float = 0.02
    """Readings with a slip: a figure mistyped, or two exchanged."""
    liars: float = 0.0
    """Groups that always forge, all in the same way: a third of A's votes go to B."""
    forged: float = 0.0
    """Readings that are theirs."""
    bulletins: int = 6
    """Announcements for each area, the last of them final."""
    official: Official = "nation"
    """Down to which level the authority announces."""
    late: int = 0
    """Bulletins of the nation that arrive after the next one."""
    corrected: int = 0
    """Bulletins of the nation with a slip, followed by a correction ten minutes later."""
    shift: float = 0.0
    """Points of the valid votes that the official count moves from A to B at every polling table."""
    quorum: int = 1
    majority: float = 0.5


class Simulation:
    """One night: its election, its events in the order of their arrival, and the truth."""

    def __init__(self, night: Night) -> None:
        _check(night)
        self.night = night
        self._random = Random(night.seed).random
        self._duration = round(night.hours * 3_600_000)
        self._tables: dict[str, PollingTable] = {}
        self._place: list[str] = []
        self._votes: list[array[int]] = [array("l") for _ in OPTIONS]
        self._moved = array("l")
        self._null, self._registered = array("l"), array("l")
        self._seen, self._counted = array("q"), array("q")
        """When each table's sheet is published (-1: never), and when it enters the official count (Unix ms)."""
        self.election = self._elect()
        self.forged_readings = self.mis_keyed_readings = self.readings = 0

    def events(self) -> Iterator[Event]:
        """Reports and bulletins in the order in which they arrive."""
        arrivals = heapq.merge(self._reports(), self._bulletins(), key=lambda item: item[0])
        return (event for _, event in arrivals)

    def truth(self) -> dict[str, Any]:
        """What really happened, as a JSON object; the readings are those handed out so far."""
        true = {option.id: sum(self._votes[i]) for i, option in enumerate(OPTIONS)}
        return {
            "night": asdict(self.night),
            "tables": len(self._place),
            "witnessed": sum(at >= 0 for at in self._seen),
            "votes": true,
            "official": self._official(range(len(self._place)))[0],
            "null": sum(self._null),
            "registered": sum(self._registered),
            "readings": self.readings,
            "mis_keyed": self.mis_keyed_readings,
            "forged": self.forged_readings,
        }

    def sheet(self, table: str) -> tuple[int, ...]:
        """What was really voted at a polling table, by option."""
        return tuple(column[int(table[1:])] for column in self._votes)

    def _elect(self) -> Election:
        """Draw every table, then what its areas come to."""
        night, draw = self.night, self._random
        areas: list[tuple[str, str, str | None]] = [("N", "nation", None)]
        leans: list[tuple[str, float, float]] = []
        for s in range(1, night.states + 1):
            lean = 0.06 * self._normal()
            areas.append((f"S{s}", "state", "N"))
            for m in range(1, night.municipalities + 1):
                areas.append((f"S{s}-M{m}", "municipality", f"S{s}"))
                leans.append((f"S{s}-M{m}", lean + 0.04 * self._normal(), draw()))
        sheets: list[tuple[float, int]] = []
        for t in range(night.tables):
            area, lean, urban = leans[t * len(leans) // night.tables]
            city = min(1.0, max(0.0, urban + 0.15 * self._normal()))
            self._draw_table(area, lean, city)
            arrival, counted = (night.cities_first * (1 - city) + (1 - night.cities_first) * draw() for _ in "ab")
            sheets.append((arrival, t))
            self._counted.append(BEGIN + round(self._duration * (0.05 + 0.95 * counted)))
            self._seen.append(-1)
        sheets.sort()
        for arrival, t in sheets[: round(night.witnessed * night.tables)]:
            self._seen[t] = BEGIN + round(self._duration * arrival)
        count, voters = dict.fromkeys((a for a, _, _ in areas), 0), dict.fromkeys((a for a, _, _ in areas), 0)
        for t, area in enumerate(self._place):
            for above in ("N", area.split("-")[0], area):
                count[above] += 1
                voters[above] += self._registered[t]
        return Election(
            id=f"simulated-{night.seed}",
            name=f"Simulated night {night.seed}",
            notice="Simulated: no real election.",
            options=OPTIONS,
            areas={a: Area(a, a, level, parent, count[a], voters[a]) for a, level, parent in areas},
            tables=self._tables,
            levels=LEVELS,
            policy=Policy(quorum=night.quorum, majority=night.majority),
            rules=Rules(),
        )

    def _draw_table(self, area: str, lean: float, city: float) -> None:
        """One table's voters and votes: cities have larger tables, a higher turnout, and more votes for A."""
        registered = 250 + round(500 * self._random() + 200 * city)
        turnout = min(0.95, max(0.2, 0.55 + 0.15 * city + 0.05 * self._normal()))
        share = min(0.97, max(0.03, 0.5 + lean + 0.3 * (city - 0.5) + 0.05 * self._normal()))
        ballots = round(registered * turnout)
        null = round(ballots * 0.01)
        first = round((ballots - null) * share)
        third = round((ballots - null - first) * 0.1)
        votes = (first, ballots - null - first - third, third)
        self._tables[f"T{len(self._place)}"] = PollingTable(area, registered)
        self._place.append(area)
        for column, count in zip(self._votes, votes, strict=True):
            column.append(count)
        self._null.append(null)
        self._registered.append(registered)
        self._moved.append(min(first, max(-votes[1], round(self.night.shift * sum(votes) / 100))))

    def _normal(self) -> float:
        """Near enough to a standard normal deviate: the sum of twelve uniform ones."""
        return sum(self._random() for _ in range(12)) - 6

    # Readings --------------------------------------------------------------------------------------------------------

    def _reports(self) -> Iterator[tuple[int, Event]]:
        """Each reading at its time; a second reader takes up to a quarter of the night longer."""
        night, draw = self.night, Random(f"{self.night.seed}/readings").random
        planned: list[tuple[int, int, int]] = []
        for t, at in enumerate(self._seen):
            if at >= 0:
                readers = int(night.readers) + (draw() < night.readers % 1)
                planned += [(at + round(draw() * self._duration / 4) * (r > 0), t, r) for r in range(max(1, readers))]
        planned.sort()
        liars = round(night.liars * night.groups)
        taken: dict[int, set[int]] = {}
        for at, t, r in planned:
            forges = liars > 0 and draw() < night.forged
            group = int(draw() * liars) if forges else liars + int(draw() * (night.groups - liars))
            known = taken.setdefault(t, set())
            while group in known:  # each group reads a sheet once
                forges = forges and len(known) < liars
                group = (group + 1) % liars if forges else liars + int(draw() * (night.groups - liars))
            known.add(group)
            self.readings += 1
            yield at, self._reading(at, t, r, group, forges, draw)

    def _reading(self, at: int, t: int, r: int, group: int, forges: bool, draw: Any) -> TallyReport:
        votes = [column[t] for column in self._votes]
        if forges:
            self.forged_readings += 1
            votes[0], votes[1] = votes[0] - votes[0] // 3, votes[1] + votes[0] // 3
        elif draw() < self.night.mis_keyed:
            self.mis_keyed_readings += 1
            votes = _mistyped(votes, draw)
        return TallyReport(
            id=f"r{t}-{r}",
            table=f"T{t}",
            reporter=f"reader-{group}",
            group=f"group-{group}",
            source="crowd",
            at=at,
            votes={option.id: count for option, count in zip(OPTIONS, votes, strict=True)},
            null=self._null[t],
        )

    # Bulletins -------------------------------------------------------------------------------------------------------

    def _bulletins(self) -> Iterator[tuple[int, Event]]:
        """Each bulletin with the time of its arrival, in that order."""
        night = self.night
        waiting: list[tuple[int, int, Event]] = []
        order = sorted(range(len(self._place)), key=lambda t: (self._counted[t], t))
        if night.official == "table":
            for t in order:
                waiting.append((self._counted[t], len(waiting), self._of_table(t)))
        count = night.bulletins
        steps = [BEGIN + round(self._duration * (0.2 + 0.9 * i / count)) for i in range(1, count + 1)]
        for i, at in enumerate(steps, 1):
            inside = order if i == night.bulletins else [t for t in order if self._counted[t] <= at]
            areas = ["N"]
            if night.official == "state":
                areas = [*(f"S{s}" for s in range(1, night.states + 1)), "N"]
            for area in areas:
                here = [t for t in inside if area in ("N", self._place[t].split("-")[0])]
                bulletin = self._of_area(area, i, at, here)
                slips = area == "N" and i <= night.corrected and i < night.bulletins
                arrival = steps[i] + 60_000 if area == "N" and i <= night.late and i < night.bulletins else at
                if slips:
                    wrong = {**bulletin.votes, "B": bulletin.votes["B"] * 10}
                    fields = {**_fields(bulletin), "id": f"{bulletin.id}-slip", "votes": wrong}
                    waiting.append((arrival, len(waiting), Bulletin(**fields)))
                    fields = {**_fields(bulletin), "status": "correction", "supersedes": f"{bulletin.id}-slip"}
                    bulletin, arrival = Bulletin(**{**fields, "at": at + 600_000}), arrival + 600_000
                waiting.append((arrival, len(waiting), bulletin))
        return ((at, event) for at, _, event in sorted(waiting, key=lambda item: item[:2]))

    def _official(self, tables: Any) -> tuple[dict[str, int], int]:
        sums = [sum(column[t] for t in tables) for column in self._votes]
        moved = sum(self._moved[t] for t in tables)
        votes = dict(zip((o.id for o in OPTIONS), (sums[0] - moved, sums[1] + moved, *sums[2:]), strict=True))
        return votes, sum(self._null[t] for t in tables)

    def _of_area(self, area: str, i: int, at: int, tables: list[int]) -> Bulletin:
        votes, null = self._official(tables)
        valid = sum(votes.values())
        return Bulletin(
            id=f"{area}-{i}",
            authority="board",
            area=area,
            at=at,
            sequence=i,
            status="final" if i == self.night.bulletins else "partial",
            votes=votes,
            valid=valid,
            null=null,
            ballots=valid + null,
            tables_counted=len(tables),
            registered=sum(self._registered[t] for t in tables),
        )

    def _of_table(self, t: int) -> Bulletin:
        votes, null = self._official([t])
        at = self._counted[t]
        return Bulletin(f"T{t}-1", "board", f"T{t}", at, 1, votes, status="final", valid=sum(votes.values()), null=null)


def _fields(bulletin: Bulletin) -> dict[str, Any]:
    return {name: getattr(bulletin, name) for name in Bulletin.__struct_fields__}


def _mistyped(votes: list[int], draw: Any) -> list[int]:
    """A slip of the hand: two figures exchanged, or in one of them a digit wrong, lost or doubled."""
    wrong, kind = list(votes), draw()
    i = int(draw() * len(votes))
    if kind < 0.25:
        j = (i + 1) % len(votes)
        wrong[i], wrong[j] = wrong[j], wrong[i]
        return wrong
    digits = list(str(votes[i]))
    place = int(draw() * len(digits))
    if kind < 0.75:
        digits[place] = str(int(draw() * 10))
    elif kind < 0.9:
        del digits[place]
    else:
        digits.insert(place, digits[place])
    wrong[i] = int("".join(digits) or "0")
    return wrong


def _check(night: Night) -> None:
    """Raises `SimulationError` for what cannot be."""
    for name in ("witnessed", "cities_first", "mis_keyed", "liars", "forged"):
        if not 0 <= getattr(night, name) <= 1:
            raise SimulationError(f"{name} {getattr(night, name)}: give a share from 0 to 1")
    for name in ("tables", "states", "municipalities", "groups", "bulletins", "quorum"):
        if getattr(night, name) < 1:
            raise SimulationError(f"{name} {getattr(night, name)}: give at least 1")
    if night.tables < night.states * night.municipalities:
        raise SimulationError(f"tables {night.tables:,}: give at least one for each of the municipalities")
    if night.readers < 1 or night.readers > (1 - night.liars) * night.groups:
        raise SimulationError(f"readers {night.readers}: give at least 1, and no more than there are groups")
    if night.hours <= 0 or not -100 <= night.shift <= 100:
        raise SimulationError("hours must be above 0, shift from -100 to 100 points")
    if night.forged and not round(night.liars * night.groups):
        raise SimulationError(f"forged {night.forged}: somebody must forge, so give liars a share of the groups")
