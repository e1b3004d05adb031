"""The command `cotejo`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer

from streams import demo as demonstration
from streams import election_writer, event_file
from streams import feed as feeding
from streams import topics as kafka_topics
from streams.checking import EventCheck, Problem
from streams.codec import decode_any, encode, plain
from streams.election import Election
from streams.election_csv import ElectionFileError
from streams.election_file import load
from streams.errors import CotejoError
from streams.events import Event, Rejection
from streams.explain import Explainer, UnknownPlaceError, area_lines, table_lines
from streams.importers import convzla
from streams.importers.csv_map import CsvMap
from streams.nights import simulated
from streams.progress import Progress
from streams.topology import PARTITIONS, Topology

app = typer.Typer(
    help="Official bulletins beside witnessed tally sheets, live.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
importing = typer.Typer(help="Turn published files into an election and its events.", no_args_is_help=True)
app.add_typer(importing, name="import")
explaining = typer.Typer(help="Print why something stands as it does.", no_args_is_help=True)
app.add_typer(explaining, name="explain")

ElectionFile = Annotated[Path, typer.Argument(help="The election file (TOML).", show_default=False)]
Broker = Annotated[str, typer.Option(help="A Kafka broker, HOST:PORT; several with commas.")]
Prefix = Annotated[str, typer.Option(help="Before each topic's name; the election's id and a dot unless told.")]
Partitions = Annotated[int, typer.Option(help="Partitions of tally-reports: as many workers can share them.", min=1)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
Language = Annotated[Literal["en", "es"], typer.Option(help="Language of the sentences.")]

EveryTick = Annotated[
    bool, typer.Option("--every-tick", help="Send every tick, so that alerts fire at the times a replay has; slower.")
]

BROKER = "127.0.0.1:9092"


@contextmanager
def _plainly() -> Iterator[None]:
    """What a user can mend is one line on stderr and exit code 1, without a traceback."""
    try:
        yield
    except CotejoError as error:
        print(f"cotejo: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        raise typer.Exit(0) from None


@app.command()
def demo(
    broker: Annotated[str, typer.Option(help="Any Kafka broker instead of the embedded one.")] = "",
    seconds: Annotated[float, typer.Option(help="How long the night should take.", min=1)] = 40.0,
    directory: Annotated[Path, typer.Option(help="Where the night's files are written.")] = Path("cotejo-demo"),
    headless: Annotated[bool, typer.Option(help="No colour, no progress bar; the summary as JSON on stdout.")] = False,
    lang: Language = "en",
) -> None:
    """Show an election night: Venezuela 2024, reconstructed from state totals, from Kafka to an alert."""
    with _plainly():
        raise typer.Exit(demonstration.run(broker, seconds, directory, headless=headless, language=lang))


@app.command()
def worker(
    election: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
    port: Annotated[int, typer.Option(help="Loopback port of /metrics.", min=1, max=65535)] = 6066,
    clock: Annotated[
        Literal["wall", "feed"], typer.Option(help="Whose ticks: this worker's by the wall clock, or the feeder's.")
    ] = "wall",
    member: Annotated[str, typer.Option(help="This worker's name, the same after a restart, no other's.")] = "",
    lang: Language = "en",
    log: Annotated[Literal["ERROR", "WARNING", "INFO", "DEBUG"], typer.Option(help="Faust's log on stderr.")] = "ERROR",
) -> None:
    """Keep the aggregates, judge them, raise alerts and deliver them, until SIGTERM or Ctrl-C."""
    from streams import worker as working  # Faust takes longer to import than all the rest

    with _plainly():
        known = load(election)
        topology = _topology(known, prefix, partitions)
        working.run(
            broker, known, topology, port=port, wall_clock=clock == "wall", language=lang, member=member, loglevel=log
        )


@app.command()
def topics(
    election: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
    create: Annotated[bool, typer.Option("--create", help="Create those that are missing.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete them all, with everything in them.")] = False,
    as_json: Json = False,
) -> None:
    """Show an election's topics, create them or delete them."""
    with _plainly():
        topology = _topology(load(election), prefix, partitions)
        if delete:
            kafka_topics.delete(broker, [spec.name for spec in topology.specs()])
        if create:
            kafka_topics.ensure(broker, topology.specs())
        wrong = False
        for state in kafka_topics.describe(broker, topology.specs()):
            wrong |= state.state != "ok"
            if as_json:
                _json(state)
            else:
                counts = f"{state.partitions:>3} partitions {state.messages:>10,} messages"
                print(f"{state.name:<50} {state.state:<8} {counts}  {'; '.join(state.differences)}".rstrip())
        raise typer.Exit(1 if wrong and not delete else 0)


@app.command()
def feed(
    election: ElectionFile,
    events: Annotated[list[Path], typer.Argument(help="Event files, merged by time.", show_default=False)],
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
    speed: Annotated[float, typer.Option(help="Event seconds per second; 0 is as fast as it goes.", min=0)] = 0,
    pack: Annotated[int, typer.Option(help="Reports per Kafka message, at most.", min=1)] = 100,
    every_tick: EveryTick = False,
    as_json: Json = False,
) -> None:
    """Send event files into Kafka, and the ticks of their time. For a worker with --clock feed."""
    with _plainly():
        known = load(election)
        pace = feeding.Pace(speed or None, pack, every_tick)
        topology = _topology(known, prefix, partitions)
        lines, size = event_file.read(events)
        kafka_topics.ensure(broker, topology.specs())  # else many a broker makes them, with one partition
        feeder = feeding.Feeder(feeding.KafkaSink(broker), known, topology, pace)
        with Progress("feeding", size) as progress:
            fed = feeder.feed(lines, lambda now: progress.show(now.bytes))
        if as_json:
            _json(fed)
        else:
            sent = f"{fed.reports:,} reports, {fed.bulletins:,} bulletins, {fed.unreadable:,} unreadable lines"
            print(f"{sent} in {fed.messages:,} messages")


@app.command()
def check(
    election: ElectionFile,
    events: Annotated[list[Path] | None, typer.Argument(help="Event files to check against it.")] = None,
    as_json: Json = False,
) -> None:
    """Check an election file, and event files against it: each problem with its line and its cure."""
    with _plainly():
        try:
            known = load(election)
        except ElectionFileError as error:
            if as_json:
                _json(Problem(error.file, error.line or 0, error.place, "election-file", error.cure))
            raise
        judge, wrong = EventCheck(known), 0
        for path in events or ():
            lines, size = event_file.read([path])
            with Progress(f"checking {path}", size) as progress:
                for problem in judge.problems(progress.through(lines), str(path)):
                    wrong += 1
                    _json(problem) if as_json else print(problem)
        if not as_json:
            print(f"{known.name}: {len(known.areas):,} areas, {len(known.tables):,} polling tables")
        if events and not as_json:
            counts = ", ".join(f"{count:,} {kind}s" for kind, count in sorted(judge.counts.items())) or "no events"
            print(f"{counts} fine, {wrong:,} problems")
        raise typer.Exit(1 if wrong else 0)


def _night(election: Election, paths: list[Path]) -> Explainer:
    """The night of these files, taken in; what cannot be read is told on stderr."""
    lines, size = event_file.read(paths)
    night = Explainer(election)

    def events(progress: Progress) -> Iterator[Event]:
        for number, line in enumerate(progress.through(lines), 1):
            event = decode_any(line.strip()) if line.strip() else None
            if isinstance(event, Rejection):
                print(f"cotejo: line {number}: {event}", file=sys.stderr)
            elif event is not None:
                yield event

    with Progress("reading", size) as progress:
        night.take(events(progress))
    return night


Events = Annotated[list[Path], typer.Argument(help="Event files, merged by time; - is stdin.", show_default=False)]


@explaining.command("table")
def explain_table(
    election: ElectionFile,
    table: Annotated[str, typer.Argument(help="The polling table's id.", show_default=False)],
    events: Events,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """Why a polling table's figures count or not: each reading, and what became of it."""
    with _plainly():
        known = load(election)
        if table not in known.tables:
            raise UnknownPlaceError(f"{table} is no polling table of the register: mend the id, or add it")
        found = _night(known, events).table(table)
        _json(found) if as_json else print("\n".join(table_lines(found, lang)))


@explaining.command("area")
def explain_area(
    election: ElectionFile,
    area: Annotated[str, typer.Argument(help="The area's id.", show_default=False)],
    events: Events,
    lang: Language = "en",
    as_json: Json = False,
) -> None:
    """What both counts say of an area, which rule speaks, and from which figures."""
    with _plainly():
        known = load(election)
        if area not in known.areas:
            raise UnknownPlaceError(f"{area} is no area of the election: mend the id, or add it")
        found = _night(known, events).area(area)
        _json(found) if as_json else print("\n".join(area_lines(found, lang)))


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Directory for the election, its events and the truth.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same night.")] = 1,
    tables: Annotated[int, typer.Option(help="Polling tables.", min=1)] = 3000,
    states: Annotated[int, typer.Option(help="States.", min=1)] = 24,
    municipalities: Annotated[int, typer.Option(help="Municipalities of each state.", min=1)] = 10,
    hours: Annotated[float, typer.Option(help="How long the night is.")] = 8.0,
    witnessed: Annotated[float, typer.Option(help="Share of the tables of which anybody reads the sheet.")] = 0.85,
    readers: Annotated[float, typer.Option(help="Readings of such a sheet, on average, at least 1.")] = 1.0,
    groups: Annotated[int, typer.Option(help="Reporter groups.", min=1)] = 2000,
    cities_first: Annotated[float, typer.Option(help="How far arrival hangs on the vote: 0 chance, 1 fully.")] = 0.8,
    mis_keyed: Annotated[float, typer.Option(help="Share of readings with a slip.")] = 0.02,
    liars: Annotated[float, typer.Option(help="Share of the groups that forge, all alike.")] = 0.0,
    forged: Annotated[float, typer.Option(help="Share of the readings that are theirs.")] = 0.0,
    bulletins: Annotated[int, typer.Option(help="Announcements for each area.", min=1)] = 6,
    official: Annotated[
        Literal["nation", "state", "table"], typer.Option(help="The lowest level that is announced.")
    ] = "nation",
    late: Annotated[int, typer.Option(help="Bulletins that come after the next one.", min=0)] = 0,
    corrected: Annotated[int, typer.Option(help="Bulletins with a slip and a correction.", min=0)] = 0,
    shift: Annotated[float, typer.Option(help="Points that the official count moves from A to B.")] = 0.0,
    quorum: Annotated[int, typer.Option(help="Matching readings that are believed.", min=1)] = 1,
    majority: Annotated[float, typer.Option(help="Share of the readers above which a reading is believed.")] = 0.5,
) -> None:
    """Make a night whose truth is known: election.toml, events.jsonl, truth.json."""
    given = {name: value for name, value in locals().items() if name in simulated.Night.__slots__}
    with _plainly():
        night = simulated.Simulation(simulated.Night(**given))
        election_writer.write(night.election, out)
        with Progress("simulating", 0) as progress, (out / "events.jsonl").open("wb") as file:
            for count, event in enumerate(night.events(), 1):
                file.write(encode(plain(event)) + b"\n")
                progress.show(count)
        (out / "truth.json").write_bytes(orjson.dumps(night.truth(), option=orjson.OPT_INDENT_2) + b"\n")
        print(f"{count:,} events of {tables:,} polling tables: {out}/election.toml, events.jsonl, truth.json")


@importing.command("csv")
def import_csv(
    map: Annotated[Path, typer.Option("--map", help="Which column is what (docs/import-csv.md).")],
    out: Annotated[Path, typer.Option(help="Directory for the election's and the events' files.")],
    data: Annotated[Path | None, typer.Option(help="Where the CSV files are; beside the map unless told.")] = None,
) -> None:
    """Any published CSV files, plain or gzipped, as an election, its tally reports and its bulletins."""
    with _plainly():
        done = CsvMap(map).write(data or map.parent, out, lambda problem: print(problem, file=sys.stderr))
        print(f"{done.tables:,} polling tables in {done.areas:,} areas, {done.reports:,} tally reports, ", end="")
        print(f"{done.bulletins:,} bulletins; {done.skipped:,} rows skipped, {done.problems:,} left out")
        if done.unordered:
            print(f"cotejo: {done.unordered:,} events are older than the one before: sort the files", file=sys.stderr)
        print(f"written: {out}/election.toml, events.jsonl, bulletins.jsonl")
        raise typer.Exit(1 if done.problems else 0)


@importing.command("convzla")
def import_convzla(
    file: Annotated[Path, typer.Argument(help="RESULTADOS_2024_CSV, either release.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Directory for the election's and the events' files.")],
    at: Annotated[datetime | None, typer.Option(help="Time of every report (UTC); the file has none.")] = None,
) -> None:
    """The campaign's published CSV of Venezuela 2024, as an election and its tally reports."""
    with _plainly():
        bad = 0

        def sheets() -> Iterator[convzla.Sheet]:
            nonlocal bad
            moment = convzla.AT if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
            with Progress("reading", 0) as progress:
                for number, row in enumerate(convzla.read(file, moment), 1):
                    progress.show(number)
                    if isinstance(row, Problem):
                        bad += 1
                        print(row, file=sys.stderr)
                    else:
                        yield row

        done = convzla.write(sheets(), out)
        votes = ", ".join(f"{option} {count:,}" for option, count in done.votes.items())
        print(f"{done.tables:,} tally sheets: {votes}; null {done.null:,}")
        print(f"{bad:,} rows left out; written: {out}/election.toml, events.jsonl, bulletins.jsonl")
        raise typer.Exit(1 if bad else 0)


def _json(value: object) -> None:
    print(orjson.dumps(value).decode())


def _topology(election: Election, prefix: str, partitions: int) -> Topology:
    return Topology(prefix, partitions) if prefix else Topology.of(election, partitions)


def main() -> None:
    """Entry point."""
    app()
