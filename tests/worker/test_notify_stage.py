"""Whom the notify stage tells of what, without broker and network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import virtual_time
from faust.types import TP
from msgspec import structs
from test_outbox import Kafka
from test_posting import KNOWN, NOTICE
from virtual_time import VirtualLoop

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.election.model import Election, Receiver
from streams.core.events import formats
from streams.core.events.codec import encode
from streams.delivery.commands import Command
from streams.kafka.topology import Topology
from streams.worker.notify_stage import NotifyStage
from streams.worker.outbox import stopwatch
from streams.worker.unreadable_records import SetAside

NIGHT = replace(
    KNOWN,
    receivers=(
        Receiver("desk", "https://desk.example/", "S"),
        Receiver("bot", "https://bot.example/", "S", severity="info"),
    ),
)
TOPOLOGY = Topology("test.", 4)
REMARK = structs.replace(NOTICE, fingerprint="rounded-shares:N:", id="rounded-shares:N::1:1", severity="info")


class App:
    """What the stage knows of Faust. `kafka` stands behind the outbox."""

    def __init__(self, loop: VirtualLoop, kafka: Kafka) -> None:
        self.clock = SimpleNamespace(monotonic=loop.time, now=loop.now)
        self.consumer_generation_id = self.group_generation = 1
        self.counted_anew = False
        self.new_writer, self.doubt = kafka.new_writer, lambda: None
        self.agents: dict[str, Any] = {}
        self.failed: list[BaseException] = []
        self.sends, self.maybe_start_producer = kafka.sends, kafka.maybe_start_producer
        self.Table = lambda *_, **__: kafka

    def topic(self, name: str, **_: Any) -> Any:
        return SimpleNamespace(get_topic_name=lambda: name)

    def agent(self, _: Any, name: str) -> Any:
        return lambda agent: self.agents.setdefault(name, agent)

    def after_recovery(self, hook: Any) -> None:
        self.rebuild = hook

    def before_release(self, hook: Any) -> None:
        self.release = hook

    def fail(self, error: BaseException) -> None:
        self.failed.append(error)


class Stage:
    """The stage, the receivers behind it, and what it said. Each POST takes 10 ms."""

    def __init__(self, loop: VirtualLoop, known: Election = NIGHT) -> None:
        self.kafka = Kafka()
        self.kafka.clock = self.clock = SimpleNamespace(monotonic=loop.time, now=loop.now)  # type: ignore[assignment]
        self.app = App(loop, self.kafka)
        ours: Any = self.app
        self.posted: list[tuple[str, str]] = []
        self.answer = Answer(204, "")
        self.announced: list[str] = []
        self.warned: list[str] = []
        aside = SetAside(ours, TOPOLOGY, self.warned.append)
        times = stopwatch()
        self.stage = NotifyStage(
            ours,
            known,
            TOPOLOGY,
            self._poster,
            lambda n: self.announced.append(n.id),
            self.warned.append,
            times,
            aside,
        )

    async def rebuild(self, partitions: frozenset[TP]) -> None:
        """Own these partitions."""
        await self.kafka.settle(self.app.rebuild(partitions))

    async def save(self) -> dict[bytes, bytes]:
        """Write what is to be written; return the table as the next worker finds it."""
        await self.kafka.settle(self.stage.outbox.flush())
        return self.kafka.table(set())

    def _poster(self, receiver: Receiver) -> Any:
        async def post(notice: Notice) -> Answer:
            await asyncio.sleep(0.01)
            if self.answer.good:
                self.posted.append((receiver.name, notice.id))
            return self.answer

        return SimpleNamespace(post=post)

    async def take(self, agent: str, contents: Iterable[bytes], headers: Any = None) -> None:
        """Let an agent have these messages, and a moment to do what follows."""

        async def events() -> AsyncIterator[Any]:
            for offset, content in enumerate(contents):
                message = SimpleNamespace(
                    value=content, headers=headers, topic=agent, partition=0, offset=offset, key=None
                )
                yield SimpleNamespace(message=message, ack=lambda: None)

        await self.app.agents[agent](SimpleNamespace(noack=lambda: SimpleNamespace(events=events)))
        await asyncio.sleep(1)


def word(number: int, **fields: Any) -> Notice:
    return structs.replace(NOTICE, id=f"{NOTICE.fingerprint}:1:{number}", **fields)


def test_who_is_told_of_what() -> None:
    """A notice that was left to the area above is sent to nobody, a remark to who asked for remarks; everything else to
    everybody, once, in its order, also when the topic is read again."""
    loop = VirtualLoop()

    async def night() -> Stage:
        stage = Stage(loop)
        await stage.rebuild(frozenset({TP(TOPOLOGY.alerts, 0)}))
        notices = [
            word(1),
            word(2, muted_by="contradiction:N:A"),
            REMARK,
            word(4, severity="critical"),
            word(5, status="resolved"),
        ]
        for _ in range(2):
            await stage.take("notify", [encode(notice) for notice in notices])
        await stage.app.release()
        return stage

    stage = virtual_time.run(night(), loop)
    ids = {number: word(number).id for number in range(6)}
    assert [id for name, id in stage.posted if name == "desk"] == [ids[1], ids[4], ids[5]]
    assert [id for name, id in stage.posted if name == "bot"] == [ids[1], REMARK.id, ids[4], ids[5]]
    assert stage.announced == [ids[1], REMARK.id, ids[4], ids[5]] * 2
    assert (stage.warned, stage.app.failed, stage.stage.pending) == ([], [], 0)


def test_a_receiver_of_one_area() -> None:
    """A receiver of one state is sent the state's alert though the nation's speaks for it, and its end; one of critical
    alerts is sent the nation's alone. The next worker, which reads it all again, chooses as the first one did."""
    loop = VirtualLoop()
    about = structs.replace(NOTICE.finding, area="S1")
    muted: dict[str, Any] = {"muted_by": NOTICE.fingerprint, "severity": "critical"}
    local = structs.replace(NOTICE, finding=about, fingerprint=about.fingerprint, **muted)
    notices = [
        word(1, severity="critical"),
        structs.replace(local, id=f"{local.fingerprint}:1:1"),
        word(2, status="resolved"),
        structs.replace(local, id=f"{local.fingerprint}:1:2", status="resolved"),
    ]
    state = replace(NIGHT.receivers[0], name="state", areas=("S1",))
    grave = replace(NIGHT.receivers[0], name="grave", severity="critical")
    known = replace(NIGHT, receivers=(NIGHT.receivers[0], state, grave))

    async def night() -> list[tuple[str, str]]:
        first, second = Stage(loop, known), Stage(loop, known)
        await first.rebuild(frozenset({TP(TOPOLOGY.alerts, 0)}))
        await first.take("notify", [encode(notice) for notice in notices[:3]])
        await first.app.release()
        table = await first.save()
        second.kafka.items = lambda: list(table.items())  # type: ignore[method-assign]
        await second.rebuild(frozenset({TP(TOPOLOGY.alerts, 0)}))
        await second.take("notify", [encode(notice) for notice in notices])
        await second.app.release()
        return first.posted + second.posted

    posted = virtual_time.run(night(), loop)
    assert [id for name, id in posted if name == "desk"] == [word(1).id, word(2).id]
    assert [id for name, id in posted if name == "grave"] == [word(1).id, word(2).id]
    assert [id for name, id in posted if name == "state"] == [f"{local.fingerprint}:1:{number}" for number in (1, 2)]


def test_whose_alerts_they_are() -> None:
    """A worker without the partition of the alerts has no courier; one that loses it stops."""
    loop = VirtualLoop()

    async def night() -> None:
        stage = Stage(loop)
        await stage.rebuild(frozenset({TP(TOPOLOGY.tally_reports, 0)}))
        assert not stage.stage.couriers
        await stage.rebuild(frozenset({TP(TOPOLOGY.alerts, 0)}))
        assert list(stage.stage.couriers) == ["desk", "bot"]
        before = list(stage.stage.couriers.values())
        await stage.rebuild(frozenset({TP(TOPOLOGY.alerts, 0), TP(TOPOLOGY.tally_reports, 0)}))
        for courier in before:  # nobody runs it any more
            courier.take(word(1), encode(word(1)))
        await asyncio.sleep(60)
        assert not stage.posted
        await stage.rebuild(frozenset())
        assert not stage.stage.couriers

    virtual_time.run(night(), loop)


def test_another_worker_goes_on() -> None:
    """What every receiver is due reaches every one of them from the next worker, with its text, and once."""
    loop = VirtualLoop()

    async def night() -> None:
        first, second, third = Stage(loop), Stage(loop), Stage(loop)
        ours = frozenset({TP(TOPOLOGY.alerts, 0)})
        first.answer = Answer(500, "500")
        await first.rebuild(ours)
        await first.take("notify", [encode(word(number)) for number in (1, 2)])
        await first.app.release()
        table = await first.save()
        second.kafka.items = lambda: list(table.items())  # type: ignore[method-assign]
        await second.rebuild(ours)
        assert second.stage.pending == 4
        await asyncio.sleep(60)
        await second.app.release()
        assert sorted(second.posted) == [(name, word(n).id) for name in ("bot", "desk") for n in (1, 2)]
        assert sorted(second.warned) == [f"receiver {name}: takes alerts again" for name in ("bot", "desk")]
        assert (second.app.failed, second.stage.pending) == ([], 0)
        left = await second.save()
        third.kafka.items = lambda: list({**table, **left}.items())  # type: ignore[method-assign]
        await third.rebuild(ours)
        await asyncio.sleep(60)
        await third.app.release()
        assert third.posted == []

    virtual_time.run(night(), loop)


def test_commands() -> None:
    """What is to be delivered again is, to that receiver alone; a command for nobody, or of nothing, is set aside."""
    loop = VirtualLoop()

    async def night() -> Stage:
        stage = Stage(loop)
        await stage.rebuild(frozenset({TP(TOPOLOGY.alerts, 0)}))
        await stage.take("notify", [encode(word(1))])
        stage.posted.clear()
        await stage.take(
            "webhook-commands",
            [
                Command("desk", encode(word(1))).write(),
                Command("nobody", encode(word(1))).write(),
                Command("desk", b"{}").write(),
                b"rubbish",
            ],
        )
        await stage.app.release()
        return stage

    stage = virtual_time.run(night(), loop)
    assert stage.posted == [("desk", word(1).id)]
    assert [text.partition("(")[2].partition(")")[0] for text in stage.warned] == [
        "no command for a receiver of this election",
        "it is to deliver what is no alert",
        "no command for a receiver of this election",
    ]


def test_a_format_of_another_version() -> None:
    """An alert in a format that this version does not know ends the stage with its cure, and is not passed over."""
    loop = VirtualLoop()

    async def night() -> None:
        stage = Stage(loop)
        await stage.rebuild(frozenset({TP(TOPOLOGY.alerts, 0)}))
        try:
            await stage.take("notify", [encode(word(1))], {"format": b"999"})
        except formats.UnknownFormatError as error:
            assert "999" in str(error)  # noqa: PT017
        else:
            raise AssertionError
        finally:
            await stage.app.release()
        assert not stage.posted

    virtual_time.run(night(), loop)
