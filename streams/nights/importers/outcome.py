"""What an import says of itself: rows, what was left out and why, what the night's check finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from streams.nights.check import Problem
from streams.nights.check_remarks import Remark
from streams.nights.importers.reading.cells import Places
from streams.text import counted


@dataclass
class Part:
    """One table of the map: the rows of its source, those it keeps, and why others were left out."""

    place: str
    source: str
    read: int
    kept: int
    left_out: dict[str, Places]


@dataclass
class Strays:
    """Events that name no polling table or area of the register. `examples`: id, place, and the nearest known id."""

    place: str
    events: int
    count: int
    examples: Sequence[tuple[str, str, str, str | None]]


@dataclass
class Outcome:
    """The outcome of one import."""

    parts: list[Part] = field(default_factory=list)
    strays: list[Strays] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    areas: int = 0
    tables: int = 0
    events: dict[str, int] = field(default_factory=dict)
    """How many of each type were written."""
    problems: dict[str, Places] = field(default_factory=dict)
    """What the check finds wrong, by code: such events are written, and a worker turns them away."""
    cures: dict[str, str] = field(default_factory=dict)
    """The first cure of each code."""
    open_questions: list[Remark] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        self.problems.setdefault(problem.code, Places()).add(f"{problem.file}:{problem.line}")
        self.cures.setdefault(problem.code, f"{problem.place}: {problem.cure}" if problem.place else problem.cure)

    def lines(self) -> Iterator[str]:
        """For people."""
        for part in self.parts:
            read, kept = counted(part.read, "row"), counted(part.kept, _KEPT[part.place[:3]])
            yield f"{part.place}: {read} of {part.source} read, {kept}"
            for reason, places in part.left_out.items():
                yield f"  left out, {reason}: {places.told()}"
        for remark in self.remarks:
            yield f"remark: {remark}"
        for stray in self.strays:
            if not stray.count:
                continue
            of = "polling table" if stray.place.startswith("reports") else "polling table or area"
            name = "names" if stray.count == 1 else "name"
            yield f"{stray.place}: {stray.count:,} of {stray.events:,} {name} no {of} of the register:"
            for id, place, _, nearest in stray.examples:
                yield f"  {id!r} ({place}){f'; the nearest is {nearest!r}' if nearest else ''}"
        events = ", ".join(counted(count, kind) for kind, count in self.events.items())
        yield f"{counted(self.areas, 'area')}, {counted(self.tables, 'polling table')}; {events or 'no events'}"
        for code, places in self.problems.items():
            yield f"check: {code}: {places.told()}: {self.cures[code]}"
        yield from map(str, self.open_questions)


_KEPT = {"reg": "polling table", "rep": "tally report", "bul": "bulletin", "tic": "tick"}
