"""What an operator asks of the webhooks: how each receiver stands, a test alert, alerts once more."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import time
from typing import Any

from streams.core.alerting import delivery_records, next_delivery
from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_hours import Timetable
from streams.core.alerting.delivery_policy import Answer, Chain, ReceiverState
from streams.core.alerting.next_delivery import DIGEST, Digest
from streams.core.comparison.findings import Finding
from streams.core.election.model import Election, Receiver
from streams.core.election.names import in_language
from streams.core.events import formats
from streams.core.events.codec import encode
from streams.delivery import secrets
from streams.delivery.commands import Command
from streams.delivery.http_post import address_mark
from streams.delivery.senders import sender
from streams.delivery.standard_webhook import TEST
from streams.errors import CotejoError
from streams.kafka import topic_admin, topic_reader
from streams.kafka.atomic_state import Saves
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import Topology
from streams.time_zones import time_zone
from streams.times import rfc3339


class WebhookError(CotejoError):
    """There is no such receiver or alert; the text says what there is."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One receiver as the changelog of the deliveries has it. `due` counts notices, `oldest` is since when the one
    that waits longest does (Unix ms); `next` is when the next attempt is due. `wishes` are what it has chosen."""

    receiver: str
    state: str
    due: int
    oldest: int | None
    next: int | None
    counts: ReceiverState
    wishes: str = ""


def chosen(election: Election, names: Iterable[str]) -> list[Receiver]:
    """The receivers of these names; all of them without any. Raises `WebhookError` for one that is not there."""
    receivers = {receiver.name: receiver for receiver in election.receivers}
    if not receivers:
        raise WebhookError("the election file names no receiver: add a [[receiver]]")
    if missing := [name for name in names if name not in receivers]:
        raise WebhookError(f"{missing[0]} is no receiver: use {', '.join(receivers)}")
    return [receivers[name] for name in names] or list(receivers.values())


def standings(broker: str, election: Election, topology: Topology) -> list[Standing]:
    """How each receiver of the election file stands, from the broker alone: no worker need run."""
    _must_exist(broker, topology, topology.changelog("deliveries"))
    newest = {record.key: record.value for record in topic_reader.read(broker, topology.changelog("deliveries"))}
    held = ((key, value) for key, value in newest.items() if value is not None)
    whole = Saves(held, format=formats.DELIVERIES).state
    saved = delivery_records.read((key.encode(), encode(value)) for key, value in whole.items())
    listed = []
    for receiver in chosen(election, ()):
        state = saved.receivers.get(receiver.name, ReceiverState())
        chains = saved.chains.get(receiver.name, {})
        since = [delivery.since for chain in chains.values() for delivery in chain.due]
        following = next_attempt(receiver, chains, saved.notices)
        following = None if following is None else max(following, state.hold)
        oldest = min(since, default=None)
        listed.append(
            Standing(receiver.name, _state(receiver, state), len(since), oldest, following, state, wishes(receiver))
        )
    return listed


def next_attempt(receiver: Receiver, chains: Mapping[str, Chain], notices: Mapping[str, bytes]) -> int | None:
    """When the next attempt at a receiver is due, by its quiet hours and digests; None where nothing is."""

    def is_critical(notice: str) -> bool:
        return notice in notices and Notice.decode(notices[notice]).severity == "critical"

    timetable = Timetable.of(receiver, time_zone(receiver.time_zone))
    if timetable.digest:
        following = [next_delivery.digest(chains, timetable, is_critical)]
    else:
        following = [
            next_delivery.first(fingerprint, chain, timetable, is_critical) for fingerprint, chain in chains.items()
        ]
    return min((parcel.due for parcel in following if parcel is not None), default=None)


def wishes(receiver: Receiver) -> str:
    """What a receiver is subscribed to and when it is sent that, as its keys say it; empty for one without wishes."""
    default = Receiver("")
    names = (
        "areas",
        "rules",
        "classes",
        "severity",
        "language",
        "quiet_hours",
        "time_zone",
        "critical_passes",
        "digest",
    )
    given = {name: getattr(receiver, name) for name in names if getattr(receiver, name) != getattr(default, name)}
    texts = (", ".join(value) if isinstance(value, tuple) else str(value).lower() for value in given.values())
    return "; ".join(f"{name} {text}" for name, text in zip(given, texts, strict=True))


def matching(
    broker: str,
    topology: Topology,
    *,
    notice: str = "",
    fingerprint: str = "",
    since: int = 0,
    until: int | None = None,
) -> list[Any]:
    """The notices in the topic `alerts` that these choose, in order, each once: Kafka records, whose value is the
    notice. Times are the notices' own (`at`, Unix ms). Those left to an alert further up were never to be delivered."""
    _must_exist(broker, topology, topology.alerts)
    matches: dict[str, Any] = {}
    for record in topic_reader.read(broker, topology.alerts):
        told = _notice(record)
        if (
            told is not None
            and not told.muted_by
            and notice in ("", told.id)
            and fingerprint in ("", told.fingerprint)
            and since <= told.at
            and (until is None or told.at <= until)
        ):
            matches.setdefault(told.id, record)
    return list(matches.values())


def send(broker: str, topology: Topology, commands: Iterable[Command]) -> None:
    """Give commands to the worker that owns the deliveries, now or when it starts."""
    _must_exist(broker, topology, topology.webhook_commands)
    sink = KafkaSink(broker)
    for command in commands:
        sink.send(topology.webhook_commands, command.write(), command.receiver.encode(), 0)
    sink.close()


async def try_out(election: Election, receivers: Iterable[Receiver]) -> list[tuple[Receiver, Answer]]:
    """Send each receiver a test alert, once; return what each said. Raises `SecretError` before anything is sent.
    A receiver with digests is sent one."""
    posters = [
        (receiver, sender(election, receiver, secrets.of_receiver(receiver, os.environ))) for receiver in receivers
    ]
    at = round(time() * 1000)
    notice = trial(election, at)
    digest = Digest(f"{DIGEST}:{TEST}:{at}", at, (notice,))
    return [
        (receiver, await (poster.post_digest(digest) if receiver.digest else poster.post(notice)))
        for receiver, poster in posters
    ]


def trial(election: Election, at: int) -> Notice:
    """An alert that only tries whether alerts arrive."""
    sentence = {
        "en": f"This is a test of the alerts about {in_language(election.name, 'en')}. Nothing has happened.",
        "es": f"Esto es una prueba de las alertas sobre {in_language(election.name, 'es')}. No ha pasado nada.",
    }
    finding = Finding(TEST, "health", election.root.id, "", "info", 0.0, "", "", {}, sentence)
    return Notice(
        f"{finding.fingerprint}:1:{at}",
        finding.fingerprint,
        "firing",
        "somebody asked for a test",
        at,
        at,
        "info",
        finding,
        muted_by=None,
    )


def _notice(record: Any) -> Notice | None:
    """The notice in a record of `alerts`; None if it holds none. Raises `UnknownFormatError`."""
    try:
        formats.ALERTS.check_headers(record.headers)
        return Notice.decode(record.value or b"")
    except ValueError:
        return None


def _state(receiver: Receiver, state: ReceiverState) -> str:
    if state.gone == address_mark(receiver):
        return "disabled: it said 410"
    if state.hold > time() * 1000:
        return f"asked to wait until {rfc3339(state.hold)}"
    if state.failing_since:
        return f"failing since {rfc3339(state.failing_since)}"
    return "ok" if state.delivered else "nothing delivered yet"


def _must_exist(broker: str, topology: Topology, topic: str) -> None:
    (state,) = topic_admin.describe(broker, [spec for spec in topology.specs() if spec.name == topic])
    if state.state == "missing":
        raise WebhookError(f"{broker} has no topic {topic}: start a worker, or give its --prefix")


def lines(standing: Standing) -> Iterator[str]:
    """A receiver's standing for people."""
    counts = standing.counts
    yield f"{standing.receiver}: {standing.state}"
    if standing.wishes:
        yield f"  {standing.wishes}"
    yield (
        f"  {counts.delivered:,} delivered, {standing.due:,} due, {counts.failed:,} attempts failed, "
        f"{counts.given_up:,} given up, {counts.missed:,} missed while disabled"
    )
    if standing.oldest is not None and standing.next is not None:
        yield f"  the oldest waits since {rfc3339(standing.oldest)}, next attempt {rfc3339(standing.next)}"
    if counts.error_at is not None:
        yield f"  last error {rfc3339(counts.error_at)}: {counts.error}"
