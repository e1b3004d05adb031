"""`cotejo log`: what is in an event log, whether it is whole, and parts of it."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from streams.cli.common import Json, KeepGoing, group, plainly, warn_of_edits
from streams.core.events.codec import encode, plain
from streams.core.events.model import Rejection
from streams.errors import CotejoError
from streams.nights.arrival import Arrival
from streams.nights.eventlog.cut import By
from streams.nights.eventlog.cut import cut as cut_log
from streams.nights.eventlog.errors import LogDamage
from streams.nights.eventlog.reader import EventLog, tell_on_stderr
from streams.nights.eventlog.record import Record
from streams.nights.eventlog.summary import Summary, summarize
from streams.nights.paths import Arrivals
from streams.support.progress import Progress
from streams.support.terminal import pass_on, show, show_json
from streams.text import counted
from streams.times import from_text, rfc3339

commands = group("Look into event logs, verify them, cut them.")
Log = Annotated[Path, typer.Argument(help="The log's directory.", show_default=False)]
_CHUNK = 2**18


@commands.command()
def verify(night: Log, as_json: Json = False) -> None:
    """Read a whole log and check it: a line for each damage, exit code 1 if there is any."""

    def tell(damage: LogDamage) -> None:
        place = {"file": str(damage.file), "byte": damage.position, "record": damage.record, "damage": damage.what}
        show_json(place) if as_json else show(damage)

    with plainly():
        log = EventLog.open(night)
        with Progress("verifying", log.size) as progress:
            summary = summarize(log, keep_going=True, tell=tell, watch=progress.show)
        if not as_json:
            warn_of_edits(_changed(summary))
            whole = f"{summary.damages:,} damages" if summary.damages else "whole"
            show(f"{night}: {whole}: {_size(summary)}")
        raise typer.Exit(1 if summary.damages else 0)


@commands.command()
def info(night: Log, keep_going: KeepGoing = False, as_json: Json = False) -> None:
    """What a log holds: records by topic and partition, offsets, times, gaps, and a hash of the whole content."""
    with plainly():
        log = EventLog.open(night)
        with Progress("reading", log.size) as progress:
            summary = summarize(log, keep_going=keep_going, tell=tell_on_stderr, watch=progress.show)
        if as_json:
            show_json(summary)
            return
        manifest = summary.manifest
        state = "closed" if summary.closed else "open: it is being written, or was never closed"
        versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
        writer = f"{manifest.writer} ({versions})"
        show(f"{night}: election {manifest.election}, topics {manifest.prefix}*, written by {writer}")
        show(f"{_size(summary)}, {state}")
        show(f"{'partition':<18}{'records':>12}{'bytes':>16}  {'offsets':<22}{'first':<26}last")
        for part in summary.partitions:
            name, offsets = f"{part.topic}/{part.partition}", f"{part.first_offset:,}-{part.last_offset:,}"
            times = f"{_time(part.first_time):<26}{_time(part.last_time)}"
            show(f"{name:<18}{part.records:>12,}{part.bytes:>16,}  {offsets:<22}{times}")
        for gap in log.gaps:
            why = f", {gap.reason}" if gap.reason else ""
            show(f"gap: {gap.topic}/{gap.partition} offsets {gap.first:,} to {gap.end - 1:,}{why}")
        show(f"content sha256 {summary.content}")
        for name, hash in manifest.files.items():
            show(f"{name} sha256 {hash}")
        warn_of_edits(_changed(summary))


@commands.command()
def cat(
    night: Log,
    events: Annotated[bool, typer.Option("--events", help="The events alone, as an event file has them.")] = False,
    keep_going: KeepGoing = False,
) -> None:
    """Print a log as JSON lines: an object a record; what is not JSON, or not UTF-8, as base64."""
    with plainly():
        if events:
            lines = (_event(arrival) for arrival in Arrivals([night], keep_going))
        else:
            lines = (orjson.dumps(_shown(record)) for record in EventLog.open(night).records(keep_going))
        pass_on(_chunks(lines))


@commands.command()
def cut(
    night: Log,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the new log.")],
    begin: Annotated[str, typer.Option("--from", help="RFC 3339 with an offset, or Unix ms; the first one kept.")] = "",
    end: Annotated[str, typer.Option("--to", help="The same; the first one no more kept.")] = "",
    by: Annotated[By, typer.Option(help="Whose time: the record's timestamp, or its newest event's.")] = "record",
    keep_going: KeepGoing = False,
) -> None:
    """Write a stretch of a log into a new one. With --keep-going it saves what is readable of a damaged log."""
    with plainly():
        log = EventLog.open(night)
        with Progress("cutting", log.size) as progress:
            count = cut_log(
                log,
                out,
                _moment(begin, "--from"),
                _moment(end, "--to"),
                by,
                keep_going=keep_going,
                tell=tell_on_stderr,
                watch=progress.show,
            )
        show(f"{counted(count, 'record')}; written: {out}")


def _size(summary: Summary) -> str:
    records, segments = counted(summary.records, "record"), counted(summary.segments, "segment")
    return f"{records} in {segments}, {summary.bytes:,} bytes"


def _changed(summary: Summary) -> list[Path]:
    return [Path(summary.log) / name for name in summary.changed]


def _time(at: int) -> str:
    try:
        return rfc3339(at)
    except (ValueError, OverflowError, OSError):
        return str(at)  # Kafka has no time, -1, or a producer has set an absurd one


def _shown(record: Record) -> dict[str, Any]:
    """A record as JSON: bytes as text or JSON where they are, else under a name with `_base64`."""
    shown: dict[str, Any] = record._asdict()
    shown |= {"key": None, "value": None, "headers": [_text("value", v) | {"name": n} for n, v in record.headers]}
    if record.key is not None:
        shown |= _text("key", record.key)
    if record.value is None:
        shown["tombstone"] = True  # the JSON null is another thing
    else:
        try:
            orjson.loads(record.value)
            shown["value"] = orjson.Fragment(_one_line(record.value))
        except orjson.JSONDecodeError:
            del shown["value"]
            shown["value_base64"] = b64encode(record.value).decode()
    return shown


def _text(name: str, content: bytes | None) -> dict[str, str | None]:
    try:
        return {name: None if content is None else content.decode()}
    except UnicodeDecodeError:
        return {name + "_base64": b64encode(content or b"").decode()}


def _event(arrival: Arrival) -> bytes:
    """The event as an event file has it, with its `type`; what is none as it came."""
    return _one_line(arrival.raw) if isinstance(arrival.event, Rejection) else encode(plain(arrival.event))


def _one_line(content: bytes | None) -> bytes:
    """JSON on one line: within its strings there can be no line break."""
    return (content or b"").replace(b"\n", b" ").replace(b"\r", b" ")


def _chunks(lines: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size > _CHUNK:
            yield b"\n".join(held) + b"\n"
            held, size = [], 0
    if held:
        yield b"\n".join(held) + b"\n"


def _moment(text: str, option: str) -> int | None:
    """Unix milliseconds, given as such or as RFC 3339; None for nothing. Raises `CotejoError`."""
    try:
        return from_text(text) if text else None
    except ValueError as error:
        raise CotejoError(f"{option} {text!r}: {error}, or Unix milliseconds") from None
