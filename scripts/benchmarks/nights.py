"""The night that everybody is given: simulated, the same for the same size and code, kept between runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
from msgspec import structs

from benchmarks.kept import kept, sources
from streams.config import election_file, election_writer
from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.engine.partition_intake import PartitionIntake
from streams.core.events.admission import check_report
from streams.core.events.codec import decode_any, encode, plain, to_json
from streams.core.events.model import Event, TallyReport
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines
from streams.nights.feeder import Fed, Feeder, Pace
from streams.nights.scenarios.settings import Night
from streams.nights.scenarios.simulated import Simulation

PER_TICK: Final = 25_000
"""Reports between two ticks: at that many a second, an election's tick a second."""
TICK: Final = 10
"""Seconds of event time between two ticks, which is the default of elections."""

Sums = dict[str, list[int]]
"""Tables, then votes by option, of each area that has any."""


@dataclass(frozen=True)
class Stream:
    """A night in a directory: about `reports` reports of half as many tables, in the order of their arrival.

    One in ten is followed by the same reporter's correction, one in twenty by itself; the authority announces states
    and the nation six times.
    """

    directory: Path

    @classmethod
    def of(cls, reports: int, place: Path) -> "Stream":
        """Made in `place` unless it is there."""
        night = Night(6, max(480, round(reports / 1.955)), readers=2, hours=_hours(reports), **_SHAPE)
        return cls._kept(place, f"night-{reports}", night, _again)

    @classmethod
    def once(cls, tables: int, place: Path) -> "Stream":
        """Another one: every polling table is read once, and nothing is corrected or repeated."""
        night = Night(6, tables, witnessed=1, mis_keyed=0, hours=_hours(tables), **_SHAPE)
        return cls._kept(place, f"once-{tables}", night, lambda simulation: list(simulation.events()))

    @classmethod
    def _kept(cls, place: Path, name: str, night: Night, arrange: Callable[[Simulation], list[Event]]) -> "Stream":
        recipe = night, Path(__file__), *sources(*_MAKERS)
        return cls(kept(place, name, recipe, lambda directory: _make(night, directory, arrange)))

    @cached_property
    def election(self) -> Election:
        return election_file.load(self.directory)

    @cached_property
    def expected(self) -> Sums:
        """What today's core makes of it all; so it is not kept."""
        reports = (event for line in self.lines() if isinstance(event := decode_any(line), TallyReport))
        intake, comparer = PartitionIntake(self.election, 0, None), Comparer(self.election)
        intake.take(list(reports))
        comparer.add_sheets(intake.reconciler.take_sheets())
        found = {area: sums_of(to_json(comparer.state(area))) for area in self.election.areas}
        return {area: sums for area, sums in found.items() if any(sums)}

    def lines(self) -> Iterator[bytes]:
        with (self.directory / "events.jsonl").open("rb") as file:
            yield from file

    def messages(self, partitions: int, pack: int = 1) -> tuple[Path, Fed]:
        """A file of the messages that carry it, ticks among them, as peers/feeding.py takes them; and what they are."""
        path = self.directory / f"messages-{partitions}-{pack}"
        told = path.with_suffix(".json")
        if not told.exists():
            with path.open("wb") as file:
                feeder = Feeder(
                    _Lines(file), self.election, Topology("x.", partitions), Pace(pack=pack, every_tick=True)
                )
                fed = feeder.feed(of_lines(self.lines()))
            told.write_bytes(orjson.dumps(fed))
        return path, Fed(**orjson.loads(told.read_bytes()))

    @property
    def areas(self) -> Path:
        """For the peers: a JSON object, the areas above each polling table."""
        return self.directory / "areas.json"


class _Lines:
    """A feeder's sink: a line for each message. A single report has its table as the key, as producers send it."""

    def __init__(self, file: BinaryIO) -> None:
        self._write = file.write

    def send(self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        content, kind = content or b"", b"r" if topic.endswith("tally-reports") else b"b"
        if kind == b"r" and content[:1] == b"{":
            key = orjson.loads(content).get("table", "").encode()
        self._write(b"\t".join((kind, b"%d" % (partition or 0), key or b"", content)) + b"\n")

    def close(self) -> None:
        pass


def sums_of(state: dict[str, Any]) -> list[int]:
    """Of one area's state, as Cotejo and its peers put it out."""
    known = state.get("witnessed", state)
    return [known["tables"], *known["votes"].values()]


SIMULATION: Final = tuple(
    f"nights/scenarios/{name}.py" for name in ("simulated", "settings", "electorate", "draws", "slips")
)
"""The code that simulates."""
_MAKERS: Final = (*SIMULATION, "config/election_writer.py", "core/events/*.py", "nights/feeder.py", "kafka/topology.py")
"""The code that a night's files come from, besides this module."""
_SHAPE: Final[dict[str, Any]] = {"states": 24, "municipalities": 20, "official": "state"}


def _hours(reports: int) -> float:
    return reports / PER_TICK * TICK / 3600


def _make(night: Night, directory: Path, arrange: Callable[[Simulation], list[Event]]) -> None:
    simulation = Simulation(night)
    election = simulation.election
    election_writer.write(election, directory)
    events = arrange(simulation)
    lineage = {table: election.lineage[known.area] for table, known in election.tables.items()}
    (directory / "areas.json").write_bytes(orjson.dumps(lineage))
    with (directory / "events.jsonl").open("wb") as file:
        file.writelines(encode(plain(event)) + b"\n" for event in events)


def _again(simulation: Simulation) -> list[Event]:
    """Its events, with corrections and repetitions. Slips that no ledger takes in (more ballots than voters) are left
    out: turning them away is no part of the peers' job."""
    events = [
        event
        for event in simulation.events()
        if not isinstance(event, TallyReport) or check_report(simulation.election, event) is None
    ]
    later = round(simulation.night.hours * 3_600_000 / 20)
    found = [(event.at, event) for event in events]
    reports = [event for event in events if isinstance(event, TallyReport)]
    for i, report in enumerate(reports):
        if i % 10 == 0:
            votes = dict(zip(report.votes, simulation.sheet(report.table), strict=True))
            corrected = structs.replace(report, id=f"{report.id}-corrected", at=report.at + later, votes=votes)
            found.append((corrected.at, corrected))
        if i % 20 == 1:
            found.append((report.at + later, report))
    found.sort(key=lambda item: item[0])
    return [event for _, event in found]
