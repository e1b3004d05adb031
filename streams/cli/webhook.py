"""`cotejo webhook`: try the receivers, see how they stand, send alerts once more."""

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer

from streams.cli.common import BROKER, Broker, ElectionFile, Json, Prefix, group, plainly, topology_of
from streams.config.election_file import load
from streams.core.election.model import Election
from streams.delivery import admin
from streams.delivery.commands import Command
from streams.delivery.verification import signed_at
from streams.kafka.topology import PARTITIONS, Topology
from streams.support.terminal import show, show_json
from streams.times import from_rfc3339, rfc3339

commands = group("Try the receivers of alerts, see how they stand, send alerts once more.")
Only = Annotated[list[str] | None, typer.Option("--receiver", help="This receiver only; may be given again.")]
One = Annotated[str, typer.Option("--receiver", help="The receiver's name.", show_default=False)]


@commands.command("test")
def try_receivers(file: ElectionFile, receiver: Only = None, as_json: Json = False) -> None:
    """Send a signed test alert, once, and show the answer. Exit code 1 unless everybody takes it."""
    with plainly():
        election = load(file)
        answers = asyncio.run(admin.try_out(election, admin.chosen(election, receiver or ())))
        for each, answer in answers:
            if as_json:
                show_json({"receiver": each.name, "took": answer.good, "status": answer.status, "answer": answer.words})
            else:
                show(f"{each.name}: {'took the alert' if answer.good else 'did not take the alert'}: {answer.words}")
        raise typer.Exit(0 if all(answer.good for _, answer in answers) else 1)


@commands.command("list")
def list_receivers(
    file: ElectionFile,
    broker: Broker = BROKER,
    prefix: Prefix = "",
    as_json: Json = False,
) -> None:
    """Show each receiver: its state, what is due, delivered and given up, the last error."""
    with plainly():
        election = load(file)
        for standing in admin.standings(broker, election, _topology(election, prefix)):
            show_json(standing) if as_json else show(*admin.lines(standing))


@commands.command()
def enable(
    file: ElectionFile,
    receiver: One,
    broker: Broker = BROKER,
    prefix: Prefix = "",
) -> None:
    """Send again to a receiver that has said 410, or at once to one that has said to come later."""
    with plainly():
        election = load(file)
        admin.chosen(election, [receiver])
        admin.send(broker, _topology(election, prefix), [Command(receiver)])
        show(f"{receiver}: the worker is told. What it has missed: cotejo webhook redeliver")


@commands.command()
def redeliver(
    file: ElectionFile,
    receiver: One,
    notice: Annotated[str, typer.Option(help="The alert of this id.")] = "",
    fingerprint: Annotated[str, typer.Option(help="The alerts of this fingerprint.")] = "",
    since: Annotated[str, typer.Option(help="Alerts from this time on (RFC 3339, event time).")] = "",
    until: Annotated[str, typer.Option(help="Alerts up to this time.")] = "",
    broker: Broker = BROKER,
    prefix: Prefix = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which alerts these are.")] = False,
    as_json: Json = False,
) -> None:
    """Send alerts to a receiver once more, in their order, each under the id it had."""
    with plainly():
        if not (notice or fingerprint or since or until):
            raise admin.WebhookError("say which: --notice, --fingerprint, --since or --until")
        election = load(file)
        admin.chosen(election, [receiver])
        topology, times = _topology(election, prefix), (_time(since), _time(until))
        records = admin.matching(
            broker, topology, notice=notice, fingerprint=fingerprint, since=times[0] or 0, until=times[1]
        )
        if not records:
            raise admin.WebhookError(f"no alert in {topology.alerts} is like that")
        if not dry_run:
            admin.send(broker, topology, [Command(receiver, record.value) for record in records])
        for record in records:
            alert = orjson.loads(record.value)
            if as_json:
                show_json({"receiver": receiver, "id": alert["id"], "at": alert["at"], "sent": not dry_run})
            else:
                show(f"{alert['id']}: {alert['finding']['sentence']['en']}")


@commands.command()
def verify(
    public_key: Annotated[str, typer.Argument(help="whpk_..., as the sender has published it.", show_default=False)],
    body: Annotated[Path, typer.Argument(help="The webhook's body, byte for byte as it came.", show_default=False)],
    id: Annotated[str, typer.Option(help="The header webhook-id.", show_default=False)],
    timestamp: Annotated[str, typer.Option(help="The header webhook-timestamp.", show_default=False)],
    signature: Annotated[str, typer.Option(help="The header webhook-signature.", show_default=False)],
) -> None:
    """Check who signed an alert, however old it is. Exit code 1 unless the owner of the key did."""
    with plainly():
        sent = signed_at(public_key, body, id, timestamp, signature)
        show(f"signed with the key of {public_key} at {rfc3339(sent, 'seconds')}")


def _topology(election: Election, prefix: str) -> Topology:
    """The topics of an election. The number of partitions does not matter here: those of alerts have one."""
    return topology_of(election, prefix, PARTITIONS)


def _time(text: str) -> int | None:
    """RFC 3339 as Unix ms; None for nothing. Raises `WebhookError`."""
    try:
        return from_rfc3339(text) if text else None
    except ValueError as error:
        raise admin.WebhookError(f"{text} is no time: {error}") from None
