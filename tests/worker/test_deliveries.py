"""Deliveries through workers on real brokers: nothing missed, nothing under two ids, nobody delayed by another."""

import signal
from base64 import b64decode
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import orjson
from brokers import Broker
from builders import T0, bulletin, election, lines, report
from nights import LiveNight, direct, until
from receivers import Got, Say, Scripted, by_fingerprint
from test_posting import NEW
from test_webhook_cli import webhook

from streams.core.alerting import delivery_records
from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Chain, Delivery
from streams.core.election.model import Election, Receiver
from streams.core.election.settings import AlertPolicy
from streams.core.events.codec import encode
from streams.delivery import admin, message_text
from streams.delivery.standard_webhook import verify
from streams.kafka.atomic_state import Saves
from streams.kafka.embedded_broker import free_port
from streams.kafka.producer import KafkaSink
from streams.worker.courier import AT_ONCE

CALM = AlertPolicy(tick=10, hold=0, cooldown=60)
NATION = election(states=2, tables=20, registered=300, alerts=CALM)
SHEETS = [report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(NATION.tables)]
LOCAL = bulletin((700, 2200, 200), area="S1", at=T0 + 60_000, tables_counted=20)
"""It shows what the nation's shows, so the nation's alerts speak for it until they are over."""
FIRST = lines([*SHEETS, bulletin((1500, 4000, 400), at=T0 + 60_000, tables_counted=40), LOCAL])
MORE = lines(
    [
        bulletin((1400, 4100, 400), at=T0 + 300_000, sequence=2),
        bulletin((1300, 4200, 400), at=T0 + 600_000, sequence=3),
        bulletin((6000, 2400, 400), at=T0 + 900_000, sequence=4),
    ]
)
NIGHT = [*FIRST, *MORE]
"""Several alerts; each fires, is told of again with each bulletin, and is resolved. Those of a state are left to the
nation's, and are told once these are over."""


def expected(night: list[bytes] = NIGHT) -> list[str]:
    """The ids that each receiver must get, in order."""
    return [notice["id"] for notice in direct(NATION, night).notices if not notice["muted_by"]]


def test_some_are_muted() -> None:
    """The night of these tests has notices that nobody may be sent, and alerts that are told late."""
    notices = direct(NATION, NIGHT).notices
    assert any(notice["muted_by"] for notice in direct(NATION, FIRST).notices)
    muted = {notice["fingerprint"] for notice in notices if notice["muted_by"]}
    assert muted & {notice["fingerprint"] for notice in notices if not notice["muted_by"]}


def with_receivers(**urls: str) -> Election:
    return replace(
        NATION, receivers=tuple(Receiver(name, url, "SECRET", allow_loopback=True) for name, url in urls.items())
    )


def live(known: Election, broker: Broker, directory: Path, names: str) -> LiveNight:
    night = LiveNight(known, broker, directory, names)
    night.environment = {"SECRET": NEW}
    return night


def told(taken: list[Got]) -> dict[str, list[str]]:
    """The ids that were taken, by fingerprint, each verified."""
    assert all(verify(NEW, got.body, got.headers)["data"]["id"] == got.id for got in taken)
    return by_fingerprint([got.id for got in taken])


def saved(night: LiveNight, receiver: str) -> list[dict[str, Chain]]:
    """Every state of a receiver's chains that the changelog holds, by fingerprint, in order."""
    records = night.read(night.topology.changelog("deliveries"))
    told = [(r.key.partition(b"/")[2], orjson.loads(r.value)["value"]) for r in records if r.value is not None]
    known = [(key, encode(value)) for key, value in told if value is not None]
    states = (delivery_records.read([pair]).chains.get(receiver) for pair in known)
    return [state for state in states if state]


def held(night: LiveNight, receiver: str) -> dict[str, Chain]:
    """A receiver's chains as the next worker finds them: what was not saved to its end does not count."""
    records = night.read(night.topology.changelog("deliveries"))
    kept = {record.key: record.value for record in records}
    state = Saves((key, value) for key, value in kept.items() if value is not None).state
    return delivery_records.read((key.encode(), encode(value)) for key, value in state.items()).chains.get(receiver, {})


def newest(states: list[dict[str, Chain]]) -> dict[str, Chain]:
    return {fingerprint: chain for state in states for fingerprint, chain in state.items()}


def heads(states: list[dict[str, Chain]]) -> dict[str, Delivery]:
    """What is attempted next of each fingerprint."""
    return {fingerprint: chain.due[0] for fingerprint, chain in newest(states).items() if chain.due}


def killed(night: LiveNight) -> None:
    night.kill()
    night.start()


def moved(night: LiveNight) -> None:
    night.start(member="two")
    night.ready()
    first = night.workers[0]
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0, night.told()


def test_killed_while_a_receiver_is_down(broker: Broker, tmp_path: Path, names: str) -> None:
    """After kill -9 the next worker goes on where the first was."""
    _goes_on(killed, broker, tmp_path, names)


def test_moved_while_a_receiver_is_down(apache: Broker, tmp_path: Path, names: str) -> None:
    """When a worker gives its partitions to another, that one goes on."""
    _goes_on(moved, apache, tmp_path, names)


def _goes_on(change: Callable[[LiveNight], None], broker: Broker, tmp_path: Path, names: str) -> None:
    """The receiver gets exactly what it missed, in order per fingerprint, each under its one id; attempts and the day's
    limit go on where they were. Who was up is not delayed and gets nothing twice."""
    steady, down, port = Scripted(), Scripted(), free_port()
    with ExitStack() as stack:
        url = stack.enter_context(steady.listening())
        known = with_receivers(steady=url, down=f"http://127.0.0.1:{port}/")
        night = stack.enter_context(live(known, broker, tmp_path, names))
        night.start()
        night.feed(NIGHT)
        until(lambda: len(steady.taken) == len(expected()), night.told)
        until(lambda: not any(chain.due for chain in newest(saved(night, "steady")).values()), night.told)
        until(lambda: any(head.attempts >= 3 for head in heads([held(night, "down")]).values()), night.told)
        change(night)
        left = heads([held(night, "down")])
        assert not down.seen
        until(lambda: heads([held(night, "down")]) != left, night.told)  # an attempt of the second worker
        found = heads([held(night, "down")])
        stack.enter_context(down.listening(port))
        night.wait(delivered=True)
        night.stop()
    assert told(down.taken) == told(steady.taken) == by_fingerprint(expected())
    assert len(down.seen) == len(steady.seen) == len(expected())
    assert left
    assert left.keys() == found.keys()
    for fingerprint, then in left.items():
        head = found[fingerprint]
        again = replace(then, attempts=then.attempts + 1)
        assert head == then or (replace(head, due=then.due, words=then.words) == again and then.attempts >= 1)


CHAT = Receiver(
    "chat", secret_env="CHAT", format="apprise", allow_loopback=True, rules=("falling-figure",), language="es"
)


class Busy(Scripted):
    """Says 429 to whoever comes within two seconds of the first, and when to come again."""

    refused = 0

    def answer(self, got: Got) -> Say:
        if got.at < self.seen[0].at + 1.9:
            self.refused += 1
            return Say(429, {"retry-after": "2"})
        return Say(204)


def test_receivers_of_every_temper(embedded: Broker, tmp_path: Path, names: str) -> None:
    """One is slow, one fails at first, one says 429 with a time, one says 410, one is a chat that wants one rule's
    alerts in Spanish: each gets what it should, and the steady one waits for none of them."""
    steady, slow, shaky = Scripted(), Scripted(), Scripted(500, 302, 200)
    busy, gone, chat = Busy(), Scripted(410), Scripted(500, 200)
    slow.gate.clear()
    with ExitStack() as stack:
        tempers = {"steady": steady, "slow": slow, "shaky": shaky, "busy": busy, "gone": gone}
        known = with_receivers(**{name: stack.enter_context(each.listening()) for name, each in tempers.items()})
        known = replace(known, receivers=(*known.receivers, CHAT))
        night = stack.enter_context(live(known, embedded, tmp_path, names))
        night.environment["CHAT"] = stack.enter_context(chat.listening()).replace("http://", "json://user:hunter2@")
        night.start()
        night.feed(NIGHT)
        until(lambda: len(steady.taken) == len(expected()), night.told)
        assert slow.seen  # it has the first ones, answers none, and delayed nobody
        assert not slow.taken
        slow.gate.set()
        night.wait(delivered=True)
        found = night.metrics()
        standing = {s.receiver: s for s in admin.standings(embedded.address, known, night.topology)}
        night.stop()
        night.start()
        night.feed(lines([bulletin((1300, 4200, 400), at=T0 + 1_500_000, sequence=5)]))
        night.wait(delivered=True)
        night.stop()
    again = [*NIGHT, *lines([bulletin((1300, 4200, 400), at=T0 + 1_500_000, sequence=5)])]
    for each in (steady, shaky, busy):
        assert told(each.taken) == by_fingerprint(expected(again))
    told_of = [msgspec.convert(n, Notice) for n in direct(NATION, again).notices if n["finding"]["rule"] in CHAT.rules]
    texts = [message_text.of_notice(NATION, "es", notice).text for notice in told_of]
    assert sorted(texts) == sorted(orjson.loads(got.body)["message"] for got in chat.taken) != []
    assert "hunter2" not in night.log.read_text()
    assert "receiver chat: takes no alerts (500 Internal Server Error)" in night.log.read_text()
    assert by_fingerprint(list(dict.fromkeys(got.id for got in slow.taken))) == by_fingerprint(expected(again))
    assert max(each.busiest for each in (steady, shaky, busy)) <= AT_ONCE
    assert found["cotejo_deliveries_total[failed][shaky]"] == 2
    assert len({got.body for got in shaky.seen if got.id == shaky.seen[0].id}) == 1
    assert 1 <= busy.refused <= AT_ONCE  # then it was left alone, for every fingerprint
    assert len(gone.seen) <= AT_ONCE  # those that were under way together
    assert found["cotejo_receiver_disabled[gone]"] == 1
    assert found["cotejo_receiver_disabled[steady]"] == 0
    assert found["cotejo_deliveries_total[missed][gone]"] == len(expected())
    assert standing["gone"].state == "disabled: it said 410"
    assert standing["gone"].counts.missed == len(expected())
    assert standing["steady"].counts.delivered == len(expected())
    assert "receiver gone: wants no more (410 Gone)" in night.log.read_text()
    assert "receiver shaky: takes no alerts (" in night.log.read_text()
    assert "receiver shaky: takes alerts again" in night.log.read_text()


class Poisoned(Scripted):
    """Refuses one fingerprint until told otherwise."""

    refuses = ""

    def answer(self, got: Got) -> Say:
        return Say(500) if self.refuses and got.id.startswith(self.refuses) else Say(204)


def test_no_fingerprint_waits_for_another(embedded: Broker, tmp_path: Path, names: str) -> None:
    """What a receiver refuses holds up its own fingerprint only; once taken, the rest of it follows in order."""
    picky = Poisoned()
    ids = by_fingerprint(expected())
    picky.refuses = next(iter(ids))
    others = sum(len(found) for fingerprint, found in ids.items() if fingerprint != picky.refuses)
    with picky.listening() as url, live(with_receivers(picky=url), embedded, tmp_path, names) as night:
        night.start()
        night.feed(NIGHT)
        until(lambda: len(picky.taken) == others, night.told)
        refused = {got.id for got in picky.seen} - {got.id for got in picky.taken}
        assert refused == {ids[picky.refuses][0]}
        picky.refuses = ""
        night.wait(delivered=True)
        night.stop()
    assert told(picky.taken) == ids


def test_enabled_and_delivered_again(embedded: Broker, tmp_path: Path, names: str) -> None:
    """A receiver that said 410 gets nothing, also from the next worker; enabled, it gets what comes; what it missed it
    gets by `redeliver`, under the ids it had, in order."""
    desk = Scripted(410)
    with desk.listening() as url, live(with_receivers(desk=url), embedded, tmp_path, names) as night:
        options = ["--broker", embedded.address, "--prefix", night.topology.prefix]
        night.start()
        night.feed(FIRST)
        night.wait(delivered=True)
        assert "disabled: it said 410" in webhook("list", night.file, *options).stdout
        night.stop()
        desk.answers, seen = [Say(204)], len(desk.seen)
        night.start()
        night.feed(MORE[:1])
        night.wait(delivered=True)
        assert len(desk.seen) == seen
        early = [n["id"] for n in night.outcome().notices if not n["muted_by"]]
        assert webhook("enable", night.file, "--receiver", "desk", *options).returncode == 0
        until(lambda: night.metrics().get("cotejo_receiver_disabled[desk]") == 0, night.told)
        night.feed(MORE[1:])
        night.wait(delivered=True)
        assert told(desk.taken) == by_fingerprint([id for id in expected() if id not in early])
        desk.taken.clear()
        done = webhook(
            "redeliver", night.file, "--receiver", "desk", "--until", "2024-07-29T00:06:00Z", "--json", *options
        )
        missed = [orjson.loads(line)["id"] for line in done.stdout.splitlines()]
        until(lambda: len(desk.taken) == len(missed), night.told)
        night.stop()
    assert told(desk.taken) == by_fingerprint(missed)
    assert set(missed) == set(early)


def test_a_secret_shows_nowhere(embedded: Broker, tmp_path: Path, names: str) -> None:
    """Whatever a receiver answers, its secret and the token in its address stand in no log, at its most talkative, in
    no topic, and not in `webhook list`; also when it repeats its address, or its answer cannot be read."""
    token = "T0ken-0f-the-d3sk"
    desk = Scripted(
        Say(500, body=f"Cannot POST /{token}".encode()),
        Say(503, {"retry-after": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, token.encode()),
        Say(401, {"x y": token}),
        204,
    )
    with desk.listening() as url, live(with_receivers(desk=url + token), embedded, tmp_path, names) as night:
        night.start(log="DEBUG")
        night.feed(FIRST)
        night.wait(delivered=True)
        listed = webhook("list", night.file, "--broker", embedded.address, "--prefix", night.topology.prefix)
        night.stop()
        told = [night.log.read_bytes(), listed.stdout.encode()]
        for spec in night.topology.specs():
            told += [part for r in night.read(spec.name, spec.partitions) for part in (r.key, r.value) if part]
    assert desk.taken
    assert told[0]
    secret = NEW.removeprefix("whsec_").encode()
    assert not any(part in text for text in told for part in (secret, b64decode(secret), token.encode()))
    assert b"last error" in told[1]


def log_beside(night: LiveNight, messages: list[tuple[str, bytes]]) -> str:
    """The worker's log of the first night, before which these messages stood in these topics."""
    sink = KafkaSink(night.broker.address)
    for topic, content in messages:
        sink.send(topic, content, None, 0)
    sink.close()
    night.start()
    night.feed(FIRST)
    night.wait(delivered=True)
    night.stop()
    return night.log.read_text()


def set_aside(night: LiveNight, topic: str) -> int:
    """How many records of the topic lie in `rejected`."""
    return sum(dict(record.headers)["topic"] == topic.encode() for record in night.read(night.topology.rejected))


def test_what_is_turned_away_is_said(embedded: Broker, tmp_path: Path, names: str) -> None:
    """Messages that were turned away are counted on stderr by their reasons, with the topic in which they lie."""
    desk = Scripted()
    with desk.listening() as url, live(with_receivers(desk=url), embedded, tmp_path, names) as night:
        topic = night.topology.tally_reports
        log = log_beside(night, [(topic, b"no JSON"), (topic, b"[5]"), (topic, b"nor this")])
        assert "turned away, 3 in all: not-an-object 1, not-json 2" in log
        assert f"Each lies in {night.topology.rejected}, with its reasons" in log


def test_forged_alerts(embedded: Broker, tmp_path: Path, names: str) -> None:
    """An alert that is almost one, in a topic where nobody would write it, stops no worker, also where there is no
    receiver to be told; what one says reaches the terminal without its control characters."""
    (real, *_) = direct(NATION, FIRST).notices
    sentence = {"en": "\x1b[2Jcleared \x9b1m\u202e\x07", "es": "x"}
    spoilt: list[dict[str, object]] = [
        *({**real, "finding": {**real["finding"], "sentence": text}} for text in ("x", {}, {"es": "x"}, {"en": 7})),
        *({**real, field: value} for field, value in (("at", "x"), ("severity", None), ("id", 5), ("finding", []))),
        {**real, "id": "forged:N:A:1:1", "finding": {**real["finding"], "sentence": sentence}},
    ]
    with live(NATION, embedded, tmp_path, names) as night:
        log = log_beside(night, [(night.topology.alerts, encode(alert)) for alert in spoilt])
        assert set_aside(night, night.topology.alerts) == 8
    assert r"\x1b[2Jcleared \x9b1m\u202e\x07" in log
    assert all(line.isprintable() for line in log.split("\n"))


def test_rubbish_among_the_alerts(embedded: Broker, tmp_path: Path, names: str) -> None:
    """What is no alert and no command is left out with a line in the log; the rest goes on."""
    desk = Scripted()
    with desk.listening() as url, live(with_receivers(desk=url), embedded, tmp_path, names) as night:
        rubbish = (b"", b"[]", b"\xff", b"{}", b'{"receiver":"desk"}', b'{"receiver":"nobody","redeliver":null}')
        topics = night.topology.alerts, night.topology.webhook_commands
        messages = [(topic, content) for content in rubbish for topic in topics]
        messages.append((night.topology.webhook_commands, b'{"receiver":"desk","redeliver":"{}"}'))
        log = log_beside(night, messages)
        assert [set_aside(night, topic) for topic in topics] == [6, 7]
    assert told(desk.taken) == by_fingerprint(expected(FIRST))
    assert NEW not in log
