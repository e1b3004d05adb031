"""An import: published files and a map in, a night out; or errors, and nothing is written (docs/import.md)."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from streams.config import election_file, election_writer
from streams.config.election_csv import settle_zeros
from streams.core.election.model import Election
from streams.core.election.register import Register
from streams.core.events.model import TallyReport, Tick
from streams.nights.check import EventCheck
from streams.nights.eventlog import generated_night, manifest
from streams.nights.eventlog.generated_night import EVENTS, Encoded
from streams.nights.eventlog.lock import LOCK
from streams.nights.eventlog.manifest import MANIFEST
from streams.nights.eventlog.segments import segments
from streams.nights.importers import map_file
from streams.nights.importers.building import event_json, register
from streams.nights.importers.building.event_checks import EventTable, out_of_order
from streams.nights.importers.building.event_json import TAGS
from streams.nights.importers.building.events import EventTables
from streams.nights.importers.building.totals import create_places
from streams.nights.importers.database import CELL, Database, QueryError
from streams.nights.importers.map_file import Map, MapError
from streams.nights.importers.outcome import Outcome, Part, Strays
from streams.nights.importers.reading.files import SourceError
from streams.nights.importers.reading.loading import Loader
from streams.nights.importers.staging import numbers
from streams.nights.importers.staging.stager import Stager
from streams.nights.sql import name as quoted
from streams.support.atomic_directory import put_in_place
from streams.support.progress import Progress
from streams.text import counted
from streams.times import rfc3339

MOST_FAULTS: Final = 20
"""That are told at once."""
WRITER: Final = "cotejo import"


class ImportFailed(MapError):  # noqa: N818 - says what happened
    """Nothing was written: one line for each thing that is wrong, with its file, line, column and cure."""


@dataclass(frozen=True)
class Prepared:
    """All that will be written, in a database. `events` yields it once."""

    db: Database
    election: Election
    tables: Sequence[EventTable]
    outcome: Outcome

    def events(self) -> Iterator[Encoded]:
        return event_json.stream(self.db, self.tables)

    def check(self) -> None:
        """Say in the outcome what the night's check finds: where anything could be found it looks at each event."""
        zero_is_unknown = self.election.policy.registered_zero == "unknown"
        tables = self.election.tables
        if isinstance(tables, Register):
            areas, tables, none = settle_zeros(dict(self.election.areas), tables, zero_is_unknown=zero_is_unknown)
            check = EventCheck(replace(self.election, areas=areas, tables=tables, voterless=none))
        else:
            check = EventCheck(self.election)
        for arrivals in event_json.doubtful(self.db, self.election, self.tables):
            for problem in check.problems(arrivals):
                self.outcome.add(problem)
        for some in event_json.readers(self.db, self.election, self.tables):
            check.remarks.see_readers(some)
        self.outcome.open_questions = list(check.remarks.found())


@contextmanager
def prepared(path: Path, data: Path, scratch: Path, progress: Progress) -> Iterator[Prepared]:
    """Read and check everything that a map names, with the database in `scratch`. Raises `MapError` and
    `ElectionFileError`."""
    import_map = map_file.read(path)
    db = Database(scratch)
    try:
        yield _prepare(db, import_map, data, scratch, progress)
    except SourceError as error:
        raise ImportFailed(str(error)) from None
    except QueryError as error:
        raise ImportFailed(f"{path}: cannot be followed: {error}") from None
    finally:
        db.close()


def _prepare(db: Database, import_map: Map, data: Path, scratch: Path, progress: Progress) -> Prepared:
    outcome = Outcome()
    directories = [data, import_map.path.parent]
    loader = Loader(db, directories, import_map.may_name, scratch, progress)
    loaded = loader.load_all(import_map.file.source)
    for name, source in loaded.items():
        outcome.remarks += (f"{name}: {what}: {places.told()}" for what, places in source.notes.items())
    election = None
    if head := import_map.file.election.file:
        election = election_file.load(
            next((place / head for place in directories if (place / head).exists()), data / head)
        )
        _load_ids(db, election, scratch)
    db.shut()
    readers = {name: numbers.create(db, i, source) for i, (name, source) in enumerate(import_map.file.source.items())}
    stager = Stager(db, import_map, loaded, readers)
    if election is not None:
        tables = _event_tables(db, import_map, stager, outcome, election)
    else:
        _read_register(db, import_map, stager, outcome)
        with db.beside() as other, ThreadPoolExecutor(1) as beside:  # both take a while, and only need the rows
            made = beside.submit(register.election, other, import_map)
            tables = _event_tables(db, import_map, stager, outcome, register.without_areas(import_map))
            election = made.result()
    for source in loaded.values():
        db.run(f"DROP TABLE {quoted(source.table)}")  # nothing asks for it again, and sorting needs the memory
    outcome.areas, outcome.tables = len(election.areas), len(election.tables)
    for table in tables:
        tag = TAGS[table.block.kind]
        outcome.events[tag] = outcome.events.get(tag, 0) + table.staged.count()
    return Prepared(db, election, tables, outcome)


def _read_register(db: Database, import_map: Map, stager: Stager, outcome: Outcome) -> None:
    """Stage the rows of the register. Raises `ImportFailed` where they are wrong."""
    rows, of = register.read(db, import_map, stager), import_map.file.register
    outcome.remarks += rows.remarks
    _stop(rows.faults)
    assert of is not None
    staged = rows.staged
    outcome.parts.append(Part("register", of.source, staged.read, staged.count(), staged.left_out))


def _load_ids(db: Database, election: Election, scratch: Path) -> None:
    """The ids of an election that is there already."""
    path = scratch / "ids"
    with path.open("w", encoding="utf-8") as file:
        for id, table in election.tables.items():
            voters = "" if table.registered is None else table.registered
            file.write(CELL.join((id, str(voters), table.area)) + "\n")
    columns = ["table_id", "voters", "area_id"]
    db.load_cells("_register_file", path, columns, columns)
    lines = (CELL.join((id, area.parent or "")) + "\n" for id, area in election.areas.items())
    path.write_text("".join(lines), encoding="utf-8")
    db.load_cells("_area_file", path, ["area_id", "parent"], ["area_id", "parent"])
    path.unlink()
    create_places(
        db,
        "SELECT area_id, parent FROM _area_file",
        "SELECT table_id, voters::BIGINT AS registered, area_id FROM _register_file",
    )


def _check_ids(import_map: Map, election: Election) -> None:
    """Raise `ElectionFileError` for votes of what the election does not know."""
    for block in import_map.blocks:
        usable = election.option_index if block.kind is TallyReport else election.column_index
        for key, given in (("votes", block.votes), ("announced_shares", block.shares)):
            for id in given:
                if id not in usable:
                    raise import_map.error(f"{block.place}.{key}.{id}", f"use one of {', '.join(list(usable)[:30])}")


def _event_tables(
    db: Database, import_map: Map, stager: Stager, outcome: Outcome, election: Election
) -> list[EventTable]:
    """Of the election its options and groups are asked for, not its areas."""
    _check_ids(import_map, election)
    maker = EventTables(db, stager, election)
    tables = []
    for number, block in enumerate(import_map.blocks):
        made_of = maker.make(block, number)
        tables.append(made_of)
        outcome.remarks += made_of.staged.remarks
        outcome.parts.append(
            Part(block.place, block.source, made_of.staged.read, made_of.staged.count(), made_of.staged.left_out)
        )
        if block.kind is Tick or maker.faults:
            continue
        if not block.order and (late := out_of_order(db, made_of)):
            are = "is older than the row above it" if late == 1 else "are older than the row above them"
            outcome.remarks.append(f"{block.place}: {counted(late, 'row')} {are}: sorted by time")
        if made_of.staged.is_constant(made_of.at) and made_of.staged.count() > 1:
            outcome.remarks.append(_one_moment(db, made_of))
        count, stray, examples = event_json.strays(db, made_of)
        outcome.strays.append(Strays(block.place, count, stray, examples))
        if count and stray == count:
            id, place, field, nearest = examples[0]
            near = f"; the nearest is {nearest!r}" if nearest else ""
            maker.faults.append(
                f"{place}: {block.place}.{field}: unknown: none of {count:,} ids is in the register, "
                f"such as {id!r}{near}: write them as the register does"
            )
    _stop(maker.faults)
    return tables


def _one_moment(db: Database, made: EventTable) -> str:
    (at,) = db.row(f"SELECT min({quoted(made.at)}) FROM {quoted(made.table)}")
    moment = rfc3339(at, "seconds")
    cure = "no column of the map says when: if the files do, name it"
    return f"{made.block.place}.{made.at}: all are of one time, {moment}: {cure}"


def _stop(faults: Sequence[str]) -> None:
    if faults:
        more = [f"… and {len(faults) - MOST_FAULTS:,} more"] if len(faults) > MOST_FAULTS else []
        raise ImportFailed("\n".join([*faults[:MOST_FAULTS], *more, "nothing was written"]))


def run(path: Path, data: Path, out: Path, *, jsonl: bool = False, quiet: bool = False) -> Outcome:
    """Import what a map names from below `data` into the directory `out`, which is made, or replaced where a program
    made it. Raises `MapError`, `ElectionFileError` and `LogError`; then `out` is as it was."""
    _check_place(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        with Progress("importing", 0, quiet=quiet) as progress, prepared(path, data, scratch, progress) as ready:
            aside = scratch / "night"
            ready.check()
            generated_night.write_encoded(aside, ready.election, _shown(ready.events(), progress), WRITER, jsonl=jsonl)
            put_in_place(aside, out, scratch / "before")
            return ready.outcome
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _shown(events: Iterator[Encoded], progress: Progress) -> Iterator[Encoded]:
    """Pass on the events, showing how many there were."""
    written = 0
    for many in events:
        written += len(many.contents)
        progress.show(written, "events written")
        yield many


def _check_place(out: Path) -> None:
    """Raise `ImportFailed` for a directory that holds what no program made."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ImportFailed(f"{out}: is no directory: choose another")
    if (out / MANIFEST).exists() and manifest.read(out).recorded:
        raise ImportFailed(f"{out}: holds a recording, which nothing can bring back: choose another directory")
    own = {MANIFEST, EVENTS, LOCK, *election_writer.FILES, *(path.name for _, path in segments(out))}
    if strange := sorted(path.name for path in out.iterdir() if path.name not in own):
        raise ImportFailed(f"{out}: holds {strange[0]}, which no import wrote: choose another directory")
