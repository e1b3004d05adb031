"""Faults that were once in the code, or might be: each is a patch of one place, and the simulation must find it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import faust.transport.drivers.aiokafka as driver
from aiokafka.errors import ConsumerStoppedError  # type: ignore[import-untyped]
from sim_app import SimApp
from simulation import run

from streams.core.aggregation import area_sums
from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Delivery
from streams.core.engine import partition_intake
from streams.core.engine.watermarks import Alignment
from streams.core.events.model import Tick
from streams.kafka.atomic_state import Epoch, Saves
from streams.worker import comparison_state, outbox, saved_ledgers
from streams.worker.compare_stage import CompareStage
from streams.worker.delivery_table import DeliveryTable
from streams.worker.faust_patches import Sends
from streams.worker.faust_patches.consumer import Consumer
from streams.worker.faust_patches.recovery import Recovery
from streams.worker.notify_stage import NotifyStage
from streams.worker.outbox import Outbox, SealedOutbox
from streams.worker.receiver_backlog import Backlog
from streams.worker.reconcile_stage import ReconcileStage
from streams.worker.unreadable_records import SetAside


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault: what it is, where it comes from, and the patches that put it in."""

    name: str
    origin: str
    """`crash order`: what must not change places around a crash; `faust`: a fault of Faust's that is cured here; `soak`
    with its ADR; `simulation`: found by it; or `others`: what producers, operators and clocks do."""
    patches: tuple[tuple[Any, str, Any], ...]
    focus: str = ""
    """The kind of fault with which it shows, or the fault point at which; "" where it shows anyway."""

    @contextmanager
    def put_in(self) -> Iterator[None]:
        """Have the fault in the code for a while."""
        with ExitStack() as stack:
            for target, name, value in self.patches:
                stack.enter_context(patch.object(target, name, value))
            yield


def _claims_one_more(self: ReconcileStage, event: Any, partition: int, records: int) -> Any:
    return _SAY_SENT(self, event, partition, records + 1)


_SAY_SENT = ReconcileStage._say_sent


def seeds_until_found(planted: Planted, most: int, first: int = 0) -> int | None:
    """After how many seeds a night misses; None if none of so many does."""
    with planted.put_in():
        for count in range(1, most + 1):
            if run(first + count - 1, planted.focus).wrong:
                return count
    return None


# Crash order ---------------------------------------------------------------------------------------------------------


async def _send_unconfirmed(out: Sends, records: list[Any]) -> None:
    for record in records:
        await out.send(**record._asdict())


def _seal_first(self: SealedOutbox, writes: Any) -> list[Any]:
    return _real_parts(self, writes)[::-1]


def _no_lock(self: Outbox, *args: Any, **options: Any) -> None:
    _real_init(self, *args, **options)
    self._lock = NoLock()  # type: ignore[assignment]


class NoLock(contextlib.AbstractAsyncContextManager[None]):
    """A lock that lets everybody in."""

    async def __aexit__(self, *_: object) -> None: ...

    def locked(self) -> bool:
        return False


async def _confirmed_whatever(self: Sends) -> None:
    sent, self._sent = self._sent, []
    await asyncio.gather(*sent, return_exceptions=True)


async def _flush_acking_first(self: Outbox) -> None:
    events, self._events = self._events, []
    for event in events:
        event.ack()
    await _real_flush(self)


def _without(**lost: Any) -> Callable[[Any], Any]:
    """`comparison_state.read`, which loses something of the clock or of what lies beside it."""

    def read(items: Any) -> Any:
        found = _real_read(items)
        for name, value in lost.items():
            if name in ("alerts", "bulletins"):
                setattr(found, name, value)
            elif found.clock is not None:
                setattr(found.clock, name, value)
        return found

    return read


def _mark_first(self: ReconcileStage, partition: int, at: int, sheets: Any) -> None:
    before = len(self.outbox._records)
    _real_send_sheets(self, partition, at, sheets)
    *contents, mark = self.outbox._records[before:]
    self.outbox._records[before:] = [mark, *contents]


def _but_the_last(items: Any, kind: type) -> Any:
    places = list(_real_places(items, kind))
    return places[:-1] if kind is Tick else places


# Faust and its cures -------------------------------------------------------------------------------------------------


async def _dies_quietly(self: Any, fetcher: Any) -> None:
    with contextlib.suppress(ConsumerStoppedError):
        await _real_drain(self, fetcher)


def _set_generation(self: Any, generation: int) -> None:
    self.group_generation = generation


async def _resumes_first(self: Any, generation_id: int = 0) -> None:
    """Faust's order: streams flow, then they are set to where they were."""
    app = self.app
    sources = frozenset(tp for tp in app.consumer.assignment() if not self._is_changelog_tp(tp))
    await self._ownership.recovered(sources)
    app.flow_control.resume()
    await app.maybe_start_producer()
    self._ownership.settle()
    app.consumer.resume_partitions(sources)
    app.consumer.resume_flow()
    await app.consumer.perform_seek()


async def _starts_the_producer_last(self: Any, generation_id: int = 0) -> None:
    """As it was: a rebalance may come while the producer starts."""
    app = self.app
    sources = frozenset(tp for tp in app.consumer.assignment() if not self._is_changelog_tp(tp))
    if sources and app.consumer_generation_id == generation_id:
        await app.consumer.perform_seek()
    await self._ownership.recovered(sources)
    if app.consumer_generation_id != generation_id:
        return
    if not app.flow_control.is_active():
        app.flow_control.resume()
    await app.maybe_start_producer()
    self._ownership.settle()
    app.consumer.resume_partitions(sources)
    app.consumer.resume_flow()


# The soak ------------------------------------------------------------------------------------------------------------


def _same_writer(self: ReconcileStage, *args: Any) -> None:
    _real_begin(self, *args)
    self._writer = "same"


def _same_epoch(self: Saves, *args: Any, **options: Any) -> None:
    _real_saves(self, *args, **options)
    self._epoch = Epoch(1, 0)


def _whatever_is_sealed(self: Saves, records: Any = (), *args: Any, **options: Any) -> None:
    """Every record counts, sealed or not."""
    known = list(records)
    seals = {key: value for key, value in known if key.endswith(b"/seal")}
    high = b'{"format":1,"step":1000000,"value":null}'
    _real_saves(self, [(k, high if k in seals else v) for k, v in known], *args, **options)


def _older_rows_too(known: Any, given: Any) -> Any:
    tables, rows = given
    return tables, rows


def _takes_before_it_has(self: ReconcileStage, event: Any) -> Any:
    """The event is held for the next flush before it is in the ledgers."""

    async def take() -> None:
        self.outbox.hold(event)
        hold, self.outbox.hold = self.outbox.hold, lambda event: None  # type: ignore[method-assign]
        try:
            await _real_stage_take(self, event)
        finally:
            self.outbox.hold = hold  # type: ignore[method-assign]

    return take()


def _acked_at_once(self: NotifyStage, event: Any) -> None:
    event.ack()
    self.outbox.flush_soon()


def _forgets_what_is_due(self: DeliveryTable, found: Any, *args: Any) -> None:
    _real_table(self, {key: value for key, value in found.items() if not key.startswith(b'["chain"')}, *args)


def _newest_first(self: Backlog, fingerprint: str, delivery: Delivery) -> None:
    _real_remove(self, fingerprint, delivery)
    chain = self.chain(fingerprint)
    if len(chain.due) > 1:
        self.set_chain(fingerprint, replace(chain, due=(chain.due[-1], *chain.due[:-1])))


def _hears_the_first_alone(self: Alignment[Any]) -> Iterator[tuple[int, list[Any]]]:
    """A tick is judged as soon as one channel has reached it."""
    while (at := self.waiting) is not None:
        items: list[Any] = []
        for closed in self._closed.values():
            if closed and closed[0][0] == at:
                items += closed.popleft()[1]
        self._taken = at
        yield at, items


def _bulletins_not_saved(self: CompareStage, judged: Any) -> None:
    _real_pass_on(self, replace(judged, admitted=[]))


async def _without_bound(self: ReconcileStage, stream: Any) -> None:
    async for event in stream.noack().events():
        async with self._reading:
            if event.message.generation_id == self._app.consumer_generation_id:
                await self._take(event)


# What others do ------------------------------------------------------------------------------------------------------


def _reads_whatever_comes(self: NotifyStage, content: bytes, headers: Any) -> Notice:
    return Notice.decode(content)


def _loads_whatever_is_there(*args: Any) -> Any:
    for _, error in (unreadable := _real_load(*args)):
        raise error
    return unreadable


def _told_alone(self: SetAside, outbox: Outbox, record: Any, why: object) -> None:
    self.tell(record, why)


_real_load = saved_ledgers.load
_real_places, _real_send_sheets = partition_intake._places, ReconcileStage._send_sheets
_real_parts, _real_init, _real_flush = SealedOutbox._parts, Outbox.__init__, Outbox.flush
_real_read = comparison_state.read
_real_drain = Consumer._drain_messages
_real_saves, _real_stage_take, _real_table = Saves.__init__, ReconcileStage._take, DeliveryTable.__init__
_real_remove, _real_pass_on = Backlog.remove, CompareStage._pass_on
_real_begin = ReconcileStage._begin

PLANTED = (
    Planted("records are not confirmed before the state is sent", "crash order",
            ((outbox, "_send", _send_unconfirmed),), "STATE_SENT"),
    Planted("the seal is not held behind the state", "crash order",
            ((SealedOutbox, "_parts", _seal_first),), "STATE_CONFIRMED"),
    Planted("two flushes at once", "crash order", ((Outbox, "__init__", _no_lock),)),
    Planted("a failed send is not noticed", "crash order", ((Sends, "confirmed", _confirmed_whatever),), "failing"),
    Planted("events are acked before they are saved", "crash order",
            ((Outbox, "flush", _flush_acking_first),), "FLUSH_TAKEN"),
    Planted("the time judged is not restored", "crash order", ((comparison_state, "read", _without(at=0)),)),
    Planted("the time evaluated is not restored", "crash order", ((comparison_state, "read", _without(evaluated=0)),)),
    Planted("the pulse is not restored", "crash order", ((comparison_state, "read", _without(pulse=(0, 0))),)),
    Planted("offsets reached are not restored", "crash order", ((comparison_state, "read", _without(reached={})),)),
    Planted("columns are not restored", "crash order", ((comparison_state, "read", _without(columns=[])),)),
    Planted("alerts are not restored", "crash order", ((comparison_state, "read", _without(alerts=[])),)),
    Planted("bulletins are not restored", "crash order", ((comparison_state, "read", _without(bulletins=[])),)),
    Planted("bulletins are not saved", "crash order", ((CompareStage, "_pass_on", _bulletins_not_saved),)),
    Planted("ticks are left among the reports", "crash order", ((partition_intake, "_places", _but_the_last),)),
    Planted("a tick leaves before its sheets", "crash order", ((ReconcileStage, "_send_sheets", _mark_first),)),
    Planted("no bound on held bytes", "crash order", ((ReconcileStage, "_consume", _without_bound),)),
    Planted("a record counts as sent before its sheets are", "crash order",
            ((ReconcileStage, "_say_sent", _claims_one_more),)),
    Planted("an event is held before it is in the ledgers", "crash order",
            ((ReconcileStage, "_take", _takes_before_it_has),), "COMMITTED"),
    Planted("a tick waits for the first channel alone", "crash order", ((Alignment, "take", _hears_the_first_alone),)),
    Planted("a notice is acked before it is kept", "crash order",
            ((NotifyStage, "_saved_with", _acked_at_once),), "kill+receiver"),
    Planted("what is due is not restored", "crash order",
            ((DeliveryTable, "__init__", _forgets_what_is_due),), "POSTED"),
    Planted("the newest notice overtakes", "crash order", ((Backlog, "remove", _newest_first),), "receiver"),
    Planted("a commit past an unfinished event", "faust", ((Consumer, "_new_offset", driver.Consumer._new_offset),)),
    Planted("a consumer dies quietly", "faust", ((Consumer, "_drain_messages", _dies_quietly),), "broker"),
    Planted("streams resume before they are set back", "faust", ((Recovery, "_resume_streams", _resumes_first),)),
    Planted("writers of ledgers share their keys", "soak, ADR 7",
            ((ReconcileStage, "_begin", _same_writer),)),
    Planted("writers of a sealed state share an epoch", "soak, ADR 7", ((Saves, "__init__", _same_epoch),)),
    Planted("what is not sealed counts", "soak, ADR 7", ((Saves, "__init__", _whatever_is_sealed),), "STATE_SENT"),
    Planted("an older row replaces a newer one", "soak, ADR 8",
            ((area_sums, "_newer", _older_rows_too),), "SENDING_AHEAD"),
    Planted("a rebalance while the producer starts", "simulation",
            ((Recovery, "_resume_streams", _starts_the_producer_last),)),
    Planted("assignments of one generation are taken for one", "simulation",
            ((SimApp, "consumer_generation_id", property(lambda self: self.group_generation, _set_generation)),),
            "forget"),
    Planted("a notice that cannot be read ends the worker", "others",
            ((NotifyStage, "_notice", _reads_whatever_comes),)),
    Planted("a ledger's record that cannot be read ends each start", "others",
            ((saved_ledgers, "load", _loads_whatever_is_there),)),
    Planted("what cannot be read is told and not kept", "others", ((SetAside, "put", _told_alone),)),
    Planted("what is due waits for a clock that was set back", "others",
            ((Delivery, "set_back", lambda self, at: self),), "clock+receiver"),
)  # fmt: skip
"""All of them; docs/simulation.md says after how many seeds each is found."""
