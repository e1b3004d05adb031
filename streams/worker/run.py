"""A worker: the stages of one election on a broker, with the board and `/metrics`, until a signal ends it."""

import asyncio
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

from aiohttp import web

from streams.board import PATH
from streams.board.server import Board
from streams.core.alerting.alert import Notice
from streams.core.election.model import Election
from streams.delivery import secrets as receiver_secrets
from streams.delivery.senders import sender
from streams.errors import CotejoError
from streams.kafka import clients, topic_admin, topic_reader
from streams.kafka.topology import PartitionsChangedError, Topology
from streams.support import gc_tuning, health
from streams.support.terminal import aside, note
from streams.support.web_server import WebServer, address
from streams.worker import app as agents
from streams.worker import faust_patches
from streams.worker.metrics import exposition
from streams.worker.readiness import readiness
from streams.worker.topic_watch import BrokerTopics, TopicsGoneError, ended_without_topics, grown

SWITCH = 0.001
"""Seconds after which a computing thread lets another one run. With Python's 5 ms the fetching thread waits as long at
each step: beside a busy thread one round trip in twenty took 11 to 14 ms, with this value 3 to 6 ms."""
EMPTY_FETCH_PAUSE = 0.02
"""Seconds to wait after an empty fetch. The embedded broker needs the pause; other brokers are not slower for it."""
SETTLED = 10
"""Seconds after a recovery by which the sheets of all recovered ledgers have nearly always been sent."""


def run(
    broker: str,
    election: Election,
    topology: Topology,
    *,
    port: int,
    host: str = "127.0.0.1",
    names: Sequence[str] = (),
    wall_clock: bool,
    language: str,
    member: str = "",
    loglevel: str = "WARNING",
) -> NoReturn:
    """Create the topics that are missing, then work until SIGTERM or SIGINT; exit code 0 after a clean stop.

    `port` serves the board and `/metrics` at the address `host`, under these `names` and by IP address: whoever
    reaches it may read. `member` is a name that this worker keeps over restarts: the broker then gives it its
    partitions back at once. Raises `ListenError`, `SecretError`, `BrokerUnreachable`, `topic_admin.TopicError`.
    """
    sys.setswitchinterval(SWITCH)
    gc_tuning.look_seldom()
    secrets = receiver_secrets.of_election(election, os.environ)
    posters = {receiver.name: sender(election, receiver, secrets[receiver.name]) for receiver in election.receivers}
    server = WebServer(host, port, names)
    server.check()
    topic_admin.ensure(broker, topology.specs())
    _warn_of_topics(broker, topology)
    served = f"http://{address(host, port, names)}{PATH} and /metrics"
    note(f"{election.name}: topics {topology.prefix}* at {broker}, {served}")
    app, admin = _app(broker, topology, member), BrokerTopics(broker)
    stages = agents.build(
        app,
        election,
        topology,
        poster=lambda receiver: posters[receiver.name],
        announce=partial(_announce, language),
        warn=note,
        wall_clock=wall_clock,
        sent=partial(topic_reader.read, broker, topology.table_sheets),
        admin=admin,
    )
    app.after_recovery(_settle_memory)  # behind the stages' own
    _serve_metrics(server, exposition.Exporter(app, election.localized(language), topology, stages))
    health.serve(server.app, partial(readiness, app, stages))
    Board(broker, election, topology).serve(server.app)
    app.beside(server.start, server.stop)
    try:
        faust_patches.run(app, loglevel=loglevel)
    except CotejoError as error:
        raise _reason(error, admin, topology) from None


def _reason(error: CotejoError, admin: BrokerTopics, topology: Topology) -> CotejoError:
    """Why a worker has failed. What the topic watch says it has seen more than once."""
    if isinstance(error, TopicsGoneError):
        return error
    return ended_without_topics(admin, topology) or error


def _app(broker: str, topology: Topology, member: str) -> faust_patches.App:
    return faust_patches.App(
        topology.app,
        empty_fetch_pause=EMPTY_FETCH_PAUSE,
        batched=[topology.tally_reports],
        **clients.faust_options(broker),
        consumer_group_instance_id=member or None,
    )


def _announce(language: str, notice: Notice) -> None:
    """Print a notice on stderr: its severity, or that it is resolved, and its sentence."""
    word = notice.status if notice.status == "resolved" else notice.severity
    aside(f"{word}: {notice.finding.sentence[language]}")


async def _settle_memory(_: object) -> None:
    """Tune the garbage collector for the recovered ledgers, and return memory once their sheets have been sent."""
    gc_tuning.look_seldom()
    asyncio.get_running_loop().call_later(SETTLED, gc_tuning.give_back)


def _serve_metrics(server: WebServer, exporter: exposition.Exporter) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(body=exporter.text(), headers={"content-type": exposition.CONTENT_TYPE})

    server.app.router.add_get("/metrics", page)


def _warn_of_topics(broker: str, topology: Topology) -> None:
    """Warn of unusual topic settings, and give the ledgers' changelog as many partitions as the reports have. Raises
    `PartitionsChangedError`."""
    states = {state.name: state for state in topic_admin.describe(broker, topology.specs())}
    reports, ledgers = states[topology.tally_reports], states[topology.changelog("ledgers")]
    if reports.partitions > topology.partitions:
        if ledgers.partitions == reports.partitions and not ledgers.messages:  # nobody has let it grow
            raise PartitionsChangedError(topology.partitions, f"{reports.name} was made with {reports.partitions}")
        note(grown(topology, reports.partitions))
        topic_admin.grow(broker, ledgers.name, reports.partitions)
    for state in states.values():
        for difference in state.differences:
            if difference.startswith("has retention"):
                note(f"topic {state.name} {difference}: what is deleted before it is read is lost to the night")
