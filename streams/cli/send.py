"""`cotejo send`: one report or bulletin from the shell."""

from collections.abc import Sequence
from pathlib import Path
from time import time
from typing import Annotated, Any

import typer

from streams.cli.common import (
    BROKER,
    Broker,
    ElectionFile,
    Partitions,
    Prefix,
    group,
    plainly,
    topology_of,
)
from streams.config import signing_keys
from streams.config.election_file import load
from streams.core.election.model import Election
from streams.core.events.admission import check_bulletin, check_report
from streams.core.events.codec import decode_any, encode, plain
from streams.core.events.model import Bulletin, Rejection, TallyReport, Tick
from streams.errors import CotejoError
from streams.kafka import topic_admin
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import PARTITIONS, Topology
from streams.support.terminal import show

commands = group("Send one report or bulletin, checked before it goes.")

Votes = Annotated[list[str], typer.Argument(metavar="OPTION=VOTES...", help="Votes by option.", show_default=False)]
Id = Annotated[str, typer.Option(help="Its id; made of who, what and when unless told.")]
At = Annotated[str, typer.Option(help="Its time, RFC 3339 with an offset, or Unix ms; now unless told.")]
KeyFile = Annotated[Path | None, typer.Option(help="A private key's file, to sign with.")]
Count = Annotated[int | None, typer.Option(min=0)]


@commands.command("report")
def send_report(
    election: ElectionFile,
    table: Annotated[str, typer.Argument(help="The polling table's id.", show_default=False)],
    votes: Votes,
    reporter: Annotated[str, typer.Option(help="Who has read the sheet.")],
    source: Annotated[str, typer.Option(help="By which channel it came.")] = "shell",
    null: Count = None,
    blank: Count = None,
    id: Id = "",
    at: At = "",
    key: KeyFile = None,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
) -> None:
    """Send one reading of a polling table's tally sheet."""
    with plainly():
        now = _moment(at)
        content = {
            "type": "tally-report",
            "id": id or f"{reporter}-{table}-{now}",
            "table": table,
            "reporter": reporter,
            "source": source,
            "observed_at": now,
            "votes": _votes(votes),
            "null": null,
            "blank": blank,
        }
        _send(election, content, key, broker, prefix, partitions)


@commands.command("bulletin")
def send_bulletin(
    election: ElectionFile,
    area: Annotated[str, typer.Argument(help="The id of the area, or of a polling table.", show_default=False)],
    votes: Votes,
    authority: Annotated[str, typer.Option(help="Who announces it.")],
    sequence: Annotated[int, typer.Option(help="Its number among this area's bulletins.", min=0)],
    final: Annotated[bool, typer.Option("--final", help="It is the last one.")] = False,
    tables_counted: Count = None,
    valid: Count = None,
    null: Count = None,
    id: Id = "",
    at: At = "",
    key: KeyFile = None,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    partitions: Partitions = PARTITIONS,
) -> None:
    """Send one official announcement for an area."""
    with plainly():
        content = {
            "type": "bulletin",
            "id": id or f"{authority}-{area}-{sequence}",
            "authority": authority,
            "area": area,
            "issued_at": _moment(at),
            "sequence": sequence,
            "status": "final" if final else "partial",
            "tables_counted": tables_counted,
            "valid": valid,
            "null": null,
            "votes": _votes(votes),
        }
        _send(election, content, key, broker, prefix, partitions)


def _moment(text: str) -> int | str:
    """A time as an event has it; now for nothing."""
    if not text:
        return round(1000 * time())
    return int(text) if text.isascii() and text.isdigit() else text


def _votes(given: Sequence[str]) -> dict[str, int]:
    votes: dict[str, int] = {}
    for text in given:
        option, _, count = text.rpartition("=")
        if not option or not (count.isascii() and count.isdigit()) or option in votes:
            raise CotejoError(f"{text}: give each option once, as OPTION=VOTES")
        votes[option] = int(count)
    return votes


def _send(path: Path, content: dict[str, Any], key: Path | None, broker: str, prefix: str, partitions: int) -> None:
    """Send an event that nobody will turn away. Raises `CotejoError` for any other; then nothing was sent."""
    election = load(path)
    event = decode_any(encode({name: value for name, value in content.items() if value is not None}))
    if isinstance(event, Rejection):
        raise CotejoError(f"nothing was sent: {event}")
    assert not isinstance(event, Tick)
    if key is not None:
        event = signing_keys.sign(signing_keys.load(key), election.id, event)
    if (reason := _refusal(election, event)) is not None:
        raise CotejoError(f"nothing was sent: {reason}")
    topology = topology_of(election, prefix, partitions)
    wrong = [state for state in topic_admin.describe(broker, topology.inputs()) if state.state != "ok"]
    if wrong:
        why = ", ".join([wrong[0].state, *wrong[0].differences])
        raise CotejoError(f"nothing was sent: topic {wrong[0].name}: {why} (see cotejo topics, --partitions)")
    _deliver(KafkaSink(broker), topology, election, event)


def _refusal(election: Election, event: TallyReport | Bulletin) -> Rejection | None:
    return check_report(election, event) if isinstance(event, TallyReport) else check_bulletin(election, event)


def _deliver(sink: KafkaSink, topology: Topology, election: Election, event: TallyReport | Bulletin) -> None:
    table = event.table if isinstance(event, TallyReport) else event.area
    if table in election.tables:
        topic, partition = topology.tally_reports, topology.partition_of(table)
    else:
        topic, partition = topology.bulletins, 0
    sink.send(topic, encode(plain(event)), key=table.encode(), partition=partition)
    sink.close()
    show(f"sent to {topic}: {event.id}")
