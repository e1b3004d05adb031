"""What receivers of alerts are sent of the contested night, in every format; and what Prometheus is told of it."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, get_args

import orjson
import pytest
from builders import T0
from kafka import TopicPartition
from monitor import Monitor
from msgspec import UNSET
from prometheus_client import Histogram
from shown_nights import contested, contested_events
from snapshots import hold, pretty

from streams.core.alerting.alert import Notice
from streams.core.alerting.next_delivery import Digest
from streams.core.election.model import Format, Receiver
from streams.core.events.area_states import DatedState
from streams.core.events.codec import encode
from streams.delivery import http_post, message_text, standard_webhook
from streams.kafka.topology import Topology
from streams.worker.metrics.exposition import Exporter

KNOWN = contested()
SECRET = "whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
TOLD = ("contradiction:N:rest:1:3", "feed-health:N:disputes:1:1", "lead:S1:A:1:1", "parts:N:A:1:2", "lead:S1.1:A:1:1")
"""Notices of each severity, of an alert that is over, and of one that another speaks for."""


@pytest.fixture(scope="module")
def night() -> tuple[Monitor, list[Notice]]:
    """The night, and all its notices."""
    monitor, notices = Monitor(KNOWN), list[Notice]()
    for event in contested_events():
        notices += monitor.handle(event).notices
    return monitor, notices + monitor.finish()


@pytest.fixture(scope="module")
def told(night: tuple[Monitor, list[Notice]]) -> list[Notice]:
    """Those that are shown."""
    by_id = {notice.id: notice for notice in night[1]}
    return [by_id[id] for id in TOLD]


@pytest.mark.parametrize("form", get_args(Format))
def test_bodies(form: Format, told: list[Notice]) -> None:
    """One that fires and one that is over, and a digest of all."""
    shown = []
    for language in ("en", "es") if form in ("apprise", "email") else ("es",):
        receiver = Receiver("desk", "https://desk.example/hook", format=form, language=language)
        bodies = [http_post.body(KNOWN, receiver, notice) for notice in (told[0], told[3])]
        bodies.append(http_post.digest_body(KNOWN, receiver, Digest("digest:5:ab", T0 + 300_000, tuple(told))))
        is_text = form in ("apprise", "email")
        shown += [body.decode() if is_text else pretty(orjson.loads(body)) for body in bodies]
    hold(f"messages-{form}.txt", "\n\n".join(shown) + "\n")


def test_titles(told: list[Notice]) -> None:
    """What messages for people are called, how they end, and of what kind they are."""
    digest = Digest("digest:5:ab", T0 + 300_000, tuple(told))
    shown = []
    for language in ("en", "es"):
        messages = [message_text.of_notice(KNOWN, language, notice) for notice in told]
        messages += [message_text.of_digest(KNOWN, language, digest, most) for most in (2000, 500, 0)]
        messages.append(message_text.of_digest(KNOWN, language, replace(digest, notices=digest.notices[:1]), 2000))
        shown += [f"{message.kind}: {message.title}\n{message.text}\n" for message in messages]
    hold("messages-titles.txt", "\n".join(shown))


def test_headers(told: list[Notice]) -> None:
    """The signature of a body under a known secret at a known time, by one secret and by two."""
    at = datetime(2024, 7, 29, 1, 30, 15, 500_000, tzinfo=UTC)
    body = standard_webhook.body(KNOWN, told[0])
    heads = [standard_webhook.headers(secrets, "m1", body, at) for secrets in ([SECRET], [SECRET, SECRET])]
    hold("messages-headers.txt", "\n\n".join(pretty(dict(each)) for each in heads) + "\n")


def test_every_sentence(night: tuple[Monitor, list[Notice]]) -> None:
    """The last notice of every alert, with its reason and the figures behind it, in both languages."""
    lines = []
    for notice in {notice.fingerprint: notice for notice in night[1]}.values():
        finding = notice.finding
        lines.append(
            f"{(notice.at - T0) / 60_000:.2f} min {notice.id}: {notice.status}, {notice.severity}, {notice.reason}"
            f"; muted by {notice.muted_by}; {finding.value} {finding.unit}\n  {finding.sentence['en']}\n"
            f"  {finding.sentence['es']}\n  {encode(finding.inputs).decode()}\n"
        )
    hold("messages-notices.txt", "".join(lines))


def test_metrics(night: tuple[Monitor, list[Notice]]) -> None:
    """All that a worker tells Prometheus, but what its process and its clock say."""
    monitor, _ = night
    at = T0 + 92 * 60_000
    states = {id: DatedState.of(state, at, UNSET) for id, state in monitor.states().items() if id in ("N", "S2")}
    compared = {"bulletins": 11, "notices": 70, "rejected unknown-authority": 1, "ticks ahead": 2, "clock set back": 1}
    read = {"reports": 82, "bulletins": 8, "strays": 1, "rejected unknown-table": 1, "rejected too-many-ballots": 2}
    couriers = {
        "desk": SimpleNamespace(due=3, state=SimpleNamespace(failing_since=T0, gone=False)),
        "south": SimpleNamespace(due=0, state=SimpleNamespace(failing_since=0, gone=True)),
    }
    stages: Any = SimpleNamespace(
        reconcile=SimpleNamespace(counts=Counter(read), reconcilers={0: None, 2: None}),
        compare=SimpleNamespace(
            states=states, owned=True, at=at, counts=Counter(compared), comparer=monitor.comparer, untold=5,
            outbox=SimpleNamespace(confirmed=at),
        ),
        notify=SimpleNamespace(counts={("desk", "delivered"): 6, ("south", "failed"): 2}, pending=4, couriers=couriers),
        aside=SimpleNamespace(counts={"bulletins": 2}),
        watch=SimpleNamespace(partitions=4, lost={("tally-reports", 1): 7}),
        times=Histogram("cotejo_seconds", "Of a stage.", registry=None),
        wall_clock=True,
    )  # fmt: skip
    topology = Topology.of(KNOWN)
    lag = {TopicPartition(f"{topology.prefix}bulletins", 0): 9}
    app: Any = SimpleNamespace(is_settled=True, lag=lambda: lag)
    text = Exporter(app, KNOWN, topology, stages).text().decode()
    ours = [
        line for line in text.splitlines() if re.match(r"(# \w+ )?cotejo_(?!build|worker_clock|event_time_lag)", line)
    ]
    hold("metrics.txt", "\n".join(line for line in ours if not line.startswith("#")) + "\n")
