"""A receiver that takes nothing for a long time: what is kept is bounded, and whole after a crash at any moment."""

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest
from faust.types import TP
from msgspec import structs
from test_posting import KNOWN, NEW, NOTICE

from streams.core.alerting import delivery_records
from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Answer
from streams.core.alerting.subscriptions import Subscription
from streams.core.election.model import Receiver
from streams.core.events.codec import encode
from streams.delivery.http_post import Poster
from streams.delivery.secrets import Secrets
from streams.kafka.embedded_broker import free_port
from streams.worker import courier
from streams.worker.courier import Courier
from streams.worker.delivery_table import DeliveryTable
from streams.worker.faust_patches import Place

DOWN = Receiver("desk", f"http://127.0.0.1:{free_port()}/", "SECRET", allow_loopback=True)


class Writes(dict[bytes, bytes]):
    """A table, and the outbox before it: every write in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.log: list[tuple[bytes, bytes | None]] = []

    def flush_soon(self) -> None:
        """Every write is in the log at once."""

    def write(self, place: Place, key: bytes, value: bytes | None) -> None:
        self.log.append((key, value))

    def after(self, writes: int) -> dict[bytes, bytes]:
        """What another worker finds if only so many writes were made."""
        found = dict(self.log[:writes])
        return {key: value for key, value in found.items() if value is not None}


def opened(writes: Any, warned: list[str]) -> Courier:
    table = DeliveryTable(writes, writes, Place(TP("alerts", 0), 1))
    return Courier(DOWN, Subscription(DOWN, {}), Poster(KNOWN, DOWN, Secrets((NEW,))), table, Counter(), warned.append)


def notice(fingerprint: str, word: int) -> Notice:
    return structs.replace(NOTICE, fingerprint=fingerprint, id=f"{fingerprint}:1:{word}")


@pytest.mark.parametrize(("backlog", "chain"), [(10, 1000), (1000, 4)], ids=["too many", "too many of a fingerprint"])
def test_bounded(backlog: int, chain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest of the fingerprint with the most are let go, each with a word in the log; the newest
    of every fingerprint stays. After a crash between any two writes every notice that is due has its text."""
    monkeypatch.setattr(courier, "BACKLOG", backlog)
    monkeypatch.setattr(courier, "LONGEST_CHAIN", chain)
    writes, warned = Writes(), list[str]()

    async def fill() -> None:
        desk = opened(writes, warned)
        for word in range(1, 21):
            for fingerprint in ("f:A:x", "f:B:x", "f:C:x")[: 1 + word % 3]:
                known = notice(fingerprint, word)
                desk.take(known, encode(known))
                desk.take(known, encode(known))  # the log comes again
        taken = 20 + 14 + 7
        assert desk.due == taken - len(warned) == taken - desk.state.given_up
        assert desk.due <= backlog

    asyncio.run(fill())
    assert len(warned) == len(set(warned)) > 0
    saved = delivery_records.read(writes.after(len(writes.log)).items())
    newest = {f: chain.due[-1].notice for f, chain in saved.chains["desk"].items()}
    assert newest == {"f:A:x": "f:A:x:1:20", "f:B:x": "f:B:x:1:20", "f:C:x": "f:C:x:1:20"}
    assert max(len(chain.due) for chain in saved.chains["desk"].values()) <= min(chain, backlog)
    assert {d.notice for c in saved.chains["desk"].values() for d in c.due} == saved.notices.keys()
    for crash in range(len(writes.log)):
        found = delivery_records.read(writes.after(crash).items())
        due = {d.notice for c in found.chains.get("desk", {}).values() for d in c.due}
        assert due <= found.notices.keys()


def test_orphans(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that nobody is due is deleted at the next start, a delivery without its text is let go: neither stays, and
    neither stops a worker."""
    writes = Writes()
    known = notice("f:A:x", 1)

    async def fill() -> None:
        opened(writes, []).take(known, encode(known))

    asyncio.run(fill())
    text, chain = (k for k, _ in writes.log)
    for lost, left in ((chain, {text}), (text, {chain})):
        found = Writes()
        found.update({key: value for key, value in writes.after(2).items() if key != lost})
        DeliveryTable(found, found, Place(TP("alerts", 0), 1))  # type: ignore[arg-type]
        assert {key for key, _ in found.log} == left
        assert found.log[0][1] is None or orjson.loads(found.log[0][1])["due"] == []


def test_gone_before_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever says 410 to a notice is not sent those that were to leave at the same moment, and nothing stops."""
    asked = asyncio.Queue[str]()

    async def refuse(self: Poster, told: Notice) -> Answer:
        asked.put_nowait(told.id)
        return Answer(410, "410 Gone")

    async def send() -> None:
        desk = opened(Writes(), [])
        for fingerprint in ("f:A:x", "f:B:x"):
            known = notice(fingerprint, 1)
            desk.take(known, encode(known))
        running = asyncio.ensure_future(desk.run())
        assert await asked.get() == "f:A:x:1:1"
        await asyncio.sleep(0.01)
        assert not running.done()
        assert (desk.due, desk.state.missed) == (0, 2)
        desk.enable()
        known = notice("f:B:x", 2)
        desk.take(known, encode(known))  # nothing is left that says it is under way
        assert await asked.get() == "f:B:x:1:2"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    monkeypatch.setattr(Poster, "post", refuse)
    asyncio.run(asyncio.wait_for(send(), 10))
