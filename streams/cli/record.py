"""`cotejo record`: the input topics into an event log."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from logging import CRITICAL, getLogger
from pathlib import Path
from threading import Event
from time import monotonic, time
from typing import Annotated, Any

import typer

from streams.cli.common import BROKER, Broker, Json, Prefix, group, plainly, topology_of
from streams.config.election_file import load
from streams.config.election_writer import ELECTION
from streams.kafka import topic_admin
from streams.kafka.topology import PARTITIONS, Topology
from streams.nights.eventlog.errors import LogDamage, LogError
from streams.nights.eventlog.manifest import MANIFEST
from streams.nights.eventlog.reader import EventLog
from streams.nights.eventlog.writer import LogWriter
from streams.nights.recorder import Recorded, Recorder, RecordError
from streams.support.progress import Progress
from streams.support.terminal import note, show, show_json

commands = group("")


@commands.command()
def record(
    night: Annotated[Path, typer.Argument(help="The log's directory; made if missing.", show_default=False)],
    broker: Broker = BROKER,
    election: Annotated[
        Path | None, typer.Option(help="The election file of a new log, if it is not in the directory.")
    ] = None,
    prefix: Prefix = "",
    partitions: Annotated[
        int, typer.Option(help="Partitions of tally-reports; a log that goes on has them already.", min=0)
    ] = 0,
    until_end: Annotated[bool, typer.Option("--until-end", help="Stop when everything there is has come.")] = False,
    as_json: Json = False,
) -> None:
    """Record the input topics into an event log, until SIGTERM or Ctrl-C. Killed, it goes on where the log ends."""
    getLogger("kafka").setLevel(CRITICAL)  # what matters is said here
    with plainly(), _stop() as stop:
        log = _resume(night, election, prefix, partitions) if (night / MANIFEST).exists() else None
        log = log or _begin(broker, night, election, prefix, partitions)
        topology = Topology(log.manifest.prefix, log.manifest.partitions)
        try:
            topic_admin.ensure(broker, topology.inputs())  # else a consumer makes them, with one partition
            _say(f"recording {topology.prefix}* at {broker} into {night}, which holds {log.records:,} records")
            with Progress("recording", 0) as progress:
                rate = _Rate()
                recorder = Recorder(broker, topology, log, _say)
                done = recorder.run(
                    stop.is_set,
                    until_end=until_end,
                    watch=lambda now: progress.show(now.records, f"records, {rate.of(now):,.0f}/s, {now.lag:,} behind"),
                )
        except RecordError:
            log.close()
            raise
        except BaseException:
            log.close(finished=False)
            raise
        log.close()
        if as_json:
            show_json(done)
        else:
            gaps = f", {done.gaps} new gaps" if done.gaps else ""
            show(f"{done.new:,} records more, {done.records:,} in {night}, {done.lag:,} behind{gaps}")


def _resume(night: Path, election: Path | None, prefix: str, partitions: int) -> LogWriter:
    """Open the existing log for appending. Raises `LogError` for options that contradict it."""
    there = EventLog.open(night)
    manifest = there.manifest
    other = "choose another directory"
    told: dict[str, tuple[object, object]] = {
        "prefix": (prefix, manifest.prefix),
        "partitions": (partitions, manifest.partitions),
    }
    for name, (given, has) in told.items():
        if given and given != has:
            raise LogError(f"{night}: its {name} is {has}, not {given}: leave --{name} out, or {other}")
    if election is not None and load(election) != load(night):
        raise LogError(f"{night}: was begun with another election file: leave --election out, or {other}")

    def cut(damage: LogDamage, count: int) -> None:
        _say(f"{damage}; cut off {count:,} bytes, the broker still has them")

    with Progress("reading the log", there.size) as progress:
        return LogWriter.resume(night, cut, lambda log: progress.show(log.done))


def _begin(broker: str, night: Path, election: Path | None, prefix: str, partitions: int) -> LogWriter:
    if election is None and not (night / ELECTION).exists():
        raise LogError(f"{night}: holds no log and no {ELECTION}: say --election FILE to begin a log")
    loaded = load(election or night)
    topology = topology_of(loaded, prefix, partitions or PARTITIONS)
    topic_admin.ensure(broker, topology.inputs())  # before anything is written: what fails leaves no log behind
    return LogWriter.create(
        night,
        None if election is None or election.resolve() == (night / ELECTION).resolve() else loaded,
        prefix=topology.prefix,
        partitions=topology.partitions,
        writer="cotejo record",
        created=round(time() * 1000),
    )


class _Rate:
    """Measures records per second over the last few seconds."""

    def __init__(self) -> None:
        self._at, self._new, self._rate = monotonic(), 0, 0.0

    def of(self, now: Recorded) -> float:
        passed = monotonic() - self._at
        if passed >= 2:
            self._rate = (now.new - self._new) / passed
            self._at, self._new = monotonic(), now.new
        return self._rate


@contextmanager
def _stop() -> Iterator[Event]:
    """An event that the first SIGTERM or Ctrl-C sets. The second ends the process at once."""
    stop, before = Event(), dict[int, Any]()
    signals: tuple[int, ...] = (signal.SIGTERM, signal.SIGINT)

    def ask(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, before[number])

    for number in signals:
        before[number] = signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    note(text)
