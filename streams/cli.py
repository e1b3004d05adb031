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
from streams import event_file
from streams import feed as feeding
from streams import topics as kafka_topics
from streams.checking import EventCheck, Problem
from streams.election import Election
from streams.election_csv import ElectionFileError
from streams.election_file import load
from streams.errors import CotejoError
from streams.importers import convzla
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
