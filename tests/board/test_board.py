"""The board without a browser: its past at a bounded size, what a page is told, and who may ask for it."""

import asyncio
import hashlib
import http.client
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from boards import Records, Served, records, served, tell
from brokers import ROOT, Broker
from builders import T0, alike, bulletin, election, report
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer
from nights import listening, until

from streams.board import night as nights
from streams.board import server, topic_follower
from streams.board.night import Night
from streams.board.rejected_messages import REASONS
from streams.board.thinned_history import History, Point
from streams.board.topic_follower import Follower
from streams.config import election_writer
from streams.core.election.model import Area
from streams.core.election.settings import ContradictionRule, Rules
from streams.core.events.codec import encode
from streams.core.events.model import Event, Rejection
from streams.kafka import topic_admin
from streams.kafka.embedded_broker import EmbeddedBroker, free_port, is_free
from streams.kafka.topic_admin import admin, delete, ensure
from streams.kafka.topology import Topology
from streams.support.web_server import EmbedError, embed_origin
from streams.worker.rejected_records import rejected

STATIC = Path(server.__file__).parent / "static"
KNOWN = election(states=2, tables=3, rules=Rules(contradiction=ContradictionRule(min_sheets=1)))
TICK = 10_000


def events() -> list[Event]:
    """Every sheet says A 5, B 3, C 1; the nation's bulletin, which counts every table, says the reverse."""
    reports: list[Event] = [report(table, at=T0 + i * TICK) for i, table in enumerate(alike(KNOWN, ()))]
    return [*reports, bulletin((6, 18, 30), tables_counted=6, registered=600, at=T0 + 7 * TICK)]


def filled(told: Records | None = None) -> Night:
    night = Night(KNOWN)
    states, notices = told or records(KNOWN, events())
    for content in states:
        night.add_state(content, T0)
    for content in notices:
        night.add_notice(content)
    return night


def points(times: list[int]) -> list[Point]:
    return [Point(at, str(at).encode()) for at in times]


times = st.lists(st.integers(0, 10**7), unique=True, max_size=200).map(sorted)


@given(times, st.integers(2, 20))
def test_history_is_bounded_and_whole(at: list[int], limit: int) -> None:
    """Never more points than the limit, each of them one that was told, in order, the newest always there; and no
    step of time that had a point is left without one."""
    history = History(limit)
    for point in points(at):
        history.add(point)
        assert history.last == point.at
    kept = [point.at for point in history.after(-1)]
    assert len(kept) <= limit
    assert kept == sorted(set(kept) & set(at))
    assert {point // history.step for point in kept} == {point // history.step for point in at}


@given(times, st.integers(2, 20), st.data())
def test_history_repeated(at: list[int], limit: int, data: st.DataObject) -> None:
    """Told again from any point on, as after a worker's crash, the history is the same."""
    once, again = History(limit), History(limit)
    begin = data.draw(st.integers(0, len(at)))
    for point in points(at):
        once.add(point)
    for point in points(at + at[begin:]):
        again.add(point)
    assert (once.after(-1), once.step) == (again.after(-1), again.step)


@given(times, st.integers(0, 10**10))
def test_history_looks_back(at: list[int], asked: int) -> None:
    """The state at a time is the last that was told by then; what comes after it is the rest."""
    history, at = History(10**9), [1000 * t for t in at]
    for point in points(at):
        history.add(point)
    before = history.upto(asked)
    assert (before and before.at) == max((t for t in at if t <= asked), default=None)
    kept = [point.at for point in history.after(asked)]
    assert kept == [point.at for point in history.after(-1) if point.at > asked]


def test_whole_and_change() -> None:
    """A page begins with its area, the areas below, every point and every alert; then it is told only what is new."""
    night = filled()
    whole = orjson.loads(night.whole("N"))
    assert [state["area"] for state in whole["states"]] == ["N", "S1", "S2"]
    assert whole["states"][0]["witnessed"]["tables"] == 6
    assert whole["series"]["at"] == sorted(whole["series"]["at"])
    assert whole["series"]["breakdown"][-1] == whole["states"][0]["official"]["figures"]["A"]["breakdown"] > 0
    assert whole["series"]["official"]["C"][-1] == pytest.approx(100 * 30 / 54)
    assert whole["series"]["witnessed"]["C"][0] == pytest.approx(100 / 9)
    assert whole["series"]["official"]["C"][0] is None
    assert whole["alerts"]["count"] == len(whole["alerts"]["open"]) > 0
    since, last = night.version, night.history("N").last
    assert orjson.loads(night.change("N", since, last))["states"] == []
    newer = {**orjson.loads(night.whole("S1"))["states"][0], "at": last + TICK}
    night.add_state(encode(newer), T0)
    change = orjson.loads(night.change("N", since, last))
    assert change["states"] == [newer]
    assert change["series"]["at"] == []
    assert "alerts" not in change
    assert change["clock"] == last + TICK
    assert orjson.loads(night.change("S1", since, last))["series"]["at"] == [last + TICK]


def test_moment() -> None:
    """Looking back gives the sums, the bulletin and the open alerts of that time, and not of later."""
    night = filled()
    early = orjson.loads(night.moment("N", T0 + 2 * TICK))
    nation = early["states"][0]
    assert (nation["witnessed"]["tables"], nation["official"], early["alerts"]["count"]) == (3, None, 0)
    late = orjson.loads(night.moment("N", night.clock))
    assert late["states"] == orjson.loads(night.whole("N"))["states"]
    assert late["alerts"] == orjson.loads(night.whole("N"))["alerts"]
    assert orjson.loads(night.moment("N", 0))["states"] == []


def test_told_twice() -> None:
    """At-least-once is enough: the same records twice are the same night."""
    states, notices = records(KNOWN, events())
    once, twice = filled((states, notices)), filled((states + states, notices + notices))
    assert orjson.loads(once.whole("N")) == orjson.loads(twice.whole("N"))


@pytest.mark.parametrize(("written", "now"), [(300, 5_000), (59_999, 5_000), (60_000, None), (-60_000, None)])
def test_the_time_it_is(written: int, now: int | None) -> None:
    """On a night that runs by the wall clock it is now, though nothing comes; on a fed one time stands still."""
    night, (content, *_) = Night(KNOWN), records(KNOWN, events()[:1])[0]
    assert night.now(T0 + 5_000) is None
    night.add_state(content, orjson.loads(content)["at"] + written)
    assert night.now(T0 + 5_000) == (None if now is None else T0 + now)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"null", b"[]", b"{}", b'{"area":"N"}', b'{"area":"Z","at":1,"official":null,"witnessed":{}}'],
    ids=["nothing", "no text", "null", "a list", "an empty object", "a part", "an area the election lacks"],
)
def test_rubbish(content: bytes) -> None:
    """What is no record of the night is counted and changes nothing."""
    night = Night(KNOWN)
    before = night.version
    night.add_state(content, T0)
    night.add_notice(content)
    assert (night.version, night.unreadable) == (before, 2)


def notice(area: str, severity: str, rule_class: str = "arithmetic", **fields: Any) -> dict[str, Any]:
    finding = {"rule": "r", "class": rule_class, "area": area, "column": "A", "severity": severity, "value": 1.0}
    finding |= {"unit": "sheets", "bulletin": "B", "inputs": {}, "sentence": {"en": "e", "es": "s"}}
    fingerprint = f"{area}{severity}{rule_class}"
    told = {
        "id": f"{fingerprint}:1:1",
        "fingerprint": fingerprint,
        "status": "firing",
        "reason": "",
        "at": T0,
        "since": T0,
    }
    return {**told, "severity": severity, "finding": finding, "muted_by": None, **fields}


def test_the_strongest_first() -> None:
    """Open alerts by severity, then by how little they assume, then from the nation down; muted ones last; resolved
    ones not at all; a state's page has its own only."""
    last = "Nwarninghealth:1:2"
    told = [
        notice("S1", "critical", "statistical"),
        notice("N", "info"),
        notice("S1", "critical"),
        notice("S2", "critical", "health", muted_by="N"),
        notice("N", "critical"),
        notice("N", "warning"),
        notice("N", "warning", "health"),
        notice(
            "N",
            "warning",
            "health",
            id=last,
            fingerprint="Nwarninghealth",
            status="resolved",
            at=T0 + 1,
        ),
    ]
    night = filled(([], [encode(one) for one in told]))
    alerts = orjson.loads(night.whole("N"))["alerts"]
    order = ["Ncriticalarithmetic", "S1criticalarithmetic", "S1criticalstatistical", "Nwarningarithmetic"]
    assert [one["fingerprint"] for one in alerts["open"]] == [*order, "Ninfoarithmetic", "S2criticalhealth"]
    assert (alerts["count"], alerts["below"], alerts["recent"][0]["id"]) == (
        6,
        {"S1": 2, "S2": 1},
        last,
    )
    assert [one["fingerprint"] for one in orjson.loads(night.whole("S1"))["alerts"]["open"]] == order[1:3]


def test_depths_with_a_history() -> None:
    """Every area has a newest state; a past is kept of the upper levels only, as many as fit the budget."""
    villages = {f"V{i}": Area(f"V{i}", f"V{i}", "village", "S1", 1, 1) for i in range(nights.BUDGET // nights.FEWEST)}
    known = election(states=2)
    object.__setattr__(known, "areas", {**known.areas, **villages})
    night = Night(known)
    (content, *_), _ = records(known, events()[:1])
    for area in ("N", "S1", "V1"):
        night.add_state(encode({**orjson.loads(content), "area": area, "at": T0}), T0)
    assert [night.history(area).step > 0 and night.history(area).last for area in ("N", "S1", "V1")] == [T0, T0, 0]
    assert [one["area"] for one in orjson.loads(night.whole("S1"))["states"]] == ["S1", "V1"]


# The server


@pytest.fixture
def board(topology: Topology, embedded: EmbeddedBroker) -> Iterator[Served]:
    with served(embedded, KNOWN, topology, ["board.example.org"]) as running:
        yield running


def answer(board: Served, path: str, method: str = "GET", host: str = "") -> tuple[int, dict[str, str], bytes]:
    """One exchange, in bytes: no client adds a header of its own. A stream is read up to its first event."""
    with socket.create_connection(("127.0.0.1", board.port), timeout=20) as wire:
        wire.sendall(f"{method} {path} HTTP/1.1\r\nHost: {host or wire.getpeername()[0]}\r\n\r\n".encode())
        found = b""
        while b"\r\n\r\n" not in found:
            found += wire.recv(65536)
        head, _, body = found.partition(b"\r\n\r\n")
        status, *fields = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        while "chunked" not in headers.get("transfer-encoding", "") and method != "HEAD":
            if len(body) >= int(headers["content-length"]):
                break
            body += wire.recv(65536)
    return int(status.split()[1]), headers, body


@pytest.mark.parametrize(
    ("path", "method", "host", "status"),
    [
        ("/board/", "GET", "", 200),
        ("/board/", "HEAD", "localhost:1", 200),
        ("/board/main.js", "GET", "[::1]", 200),
        ("/board/", "GET", "board.example.org", 200),
        ("/board/stream", "GET", "", 200),
        ("/board/stream?area=Z", "GET", "", 404),
        ("/board/moment?area=N&at=1", "GET", "", 200),
        ("/board/moment?at=never", "GET", "", 400),
        ("/board/moment?at=" + "9" * 30, "GET", "", 400),
        ("/board/moment?at=" + "9" * 5000, "GET", "", 400),
        ("/board/moment?at=253402300799999", "GET", "", 200),
        ("/board/moment?at=253402300800000", "GET", "", 400),
        ("/board/moment?at=-1", "GET", "", 400),
        ("/board/", "POST", "", 405),
        ("/board/stream", "DELETE", "", 405),
        ("/board/none", "GET", "", 404),
        ("/board/../server.py", "GET", "", 404),
        ("/board/embed/area/N", "GET", "", 200),
        ("/board/embed/area/Z", "GET", "", 404),
        ("/healthz", "GET", "", 200),
        ("/healthz", "HEAD", "10.1.2.3:6070", 200),
        ("/readyz", "GET", "rebound.example.com", 403),
        ("/board/", "GET", "rebound.example.com", 403),
        ("/board/stream", "GET", "127.0.0.1.example.com", 403),
        ("/board/", "GET", "][", 403),
        ("/board/moment?at=1", "GET", "rebound.example.com:80", 403),
    ],
)
def test_answers(board: Served, path: str, method: str, host: str, status: int) -> None:
    """Only GET and HEAD, only under names that are loopback's or were given; each answer forbids the browser
    everything that the page does not need."""
    found, headers, _ = answer(board, path, method, host)
    assert found == status
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_frames(topology: Topology, embedded: EmbeddedBroker) -> None:
    """Only an area's own page may stand in a frame, and only on pages of the origins that were named."""
    with served(embedded, KNOWN, topology, embedders=["https://news.example.org", "https://b.example.org"]) as board:
        policies = {
            path: answer(board, path)[1]["content-security-policy"] for path in ("/board/embed/area/N", "/board/")
        }
    assert "frame-ancestors https://news.example.org https://b.example.org;" in policies["/board/embed/area/N"]
    assert "frame-ancestors 'none'" in policies["/board/"]
    with served(embedded, KNOWN, topology) as board:
        assert "frame-ancestors 'none'" in answer(board, "/board/embed/area/N")[1]["content-security-policy"]


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://news.example.org", "https://news.example.org"),
        ("https://news.example.org:8443/", "https://news.example.org:8443"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("news.example.org", None),
        ("*", None),
        ("https://*.example.org", None),
        ("https://a.example.org/page", None),
        ("https://a.example.org;script-src *", None),
        ("https://a.example.org 'self'", None),
        ("javascript:alert(1)", None),
        ("https://[", None),
    ],
)
def test_origins(text: str, origin: str | None) -> None:
    """An origin is taken as it is; what is none, or would be a rule of its own in the header, is refused."""
    if origin is not None:
        assert embed_origin(text) == origin
    else:
        with pytest.raises(EmbedError, match="is no origin"):
            embed_origin(text)


def test_readiness(board: Served, topology: Topology, embedded: EmbeddedBroker) -> None:
    """A board is ready once it has read what there is; asked for that it begins to read, without any page."""
    tell(embedded, topology, records(KNOWN, events()))
    until(lambda: answer(board, "/readyz")[0] == 200, lambda: str(answer(board, "/readyz")))
    told = orjson.loads(answer(board, "/readyz")[2])
    assert (told["ready"], told["place"], told["read"], told["pages"]) == (True, "live", 1.0, 0)


def test_no_connection_is_left_behind(topology: Topology, embedded: EmbeddedBroker) -> None:
    """A board that has ended is connected to the broker no more."""

    def connected() -> int:
        rows = [row.split() for row in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
        return sum(int(row[2].partition(":")[2], 16) == port and row[3] == "01" for row in rows)

    port = int(embedded.address.rpartition(":")[2])
    before = connected()
    with served(embedded, KNOWN, topology) as board:
        until(lambda: answer(board, "/readyz")[0] == 200, lambda: str(answer(board, "/readyz")))
        assert connected() > before
    until(lambda: connected() == before, lambda: f"{connected()} connections, {before} before", 10)


def test_not_ready(embedded: EmbeddedBroker, names: str) -> None:
    """Without a broker a board lives, and is not ready."""
    with served("127.0.0.1:1", KNOWN, Topology(names)) as board:
        assert answer(board, "/healthz")[0] == 200
        status, _, body = answer(board, "/readyz")
        assert (status, orjson.loads(body)["ready"]) == (503, False)


def test_the_root_leads_to_the_board(board: Served) -> None:
    """Whoever types only the address and port gets there."""
    assert {answer(board, path)[1]["location"] for path in ("/", "/board")} == {"/board/"}


class Stream:
    """A page's stream, event by event."""

    def __init__(self, port: int, **headers: str) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._wire.request("GET", "/board/stream", headers=headers)
        self.answer = self._wire.getresponse()

    def until(self, names: str, wanted: Callable[[Any], object] = lambda data: True) -> Any:
        """The next event of one of these names whose data is as wanted."""
        found = ""
        while True:
            line = self.answer.readline().decode()
            assert line, "the stream has ended"
            if line.startswith("event: "):
                found = line[7:-1]
            elif line.startswith("data: ") and found in names.split() and wanted(data := orjson.loads(line[6:])):
                return data

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.answer.close()
        self._wire.close()


def test_stream(board: Served, topology: Topology, embedded: EmbeddedBroker) -> None:
    """The whole at first, then each change; who comes again gets the whole again, and the newest."""
    tell(embedded, topology, records(KNOWN, events()))
    with Stream(board.port) as stream:
        assert stream.answer.headers["content-type"] == "text/event-stream"
        whole = stream.until("whole", lambda whole: whole["alerts"]["count"])
        assert whole["states"][0]["witnessed"]["tables"] == 6
        newer = {**whole["states"][0], "at": whole["clock"] + TICK, "name": "later"}
        tell(embedded, topology, ([encode(newer)], []))
        change = stream.until("change", lambda change: change["states"])
        assert [state["name"] for state in change["states"]] == ["later"]
    with Stream(board.port, **{"Last-Event-ID": "1"}) as stream:
        assert stream.until("whole")["states"][0]["name"] == "later"


def test_either_broker(broker: Broker, names: str) -> None:
    """The topics are read alike on Apache Kafka; records that are none of this election are counted."""
    topology = Topology(names)
    ensure(broker.address, topology.specs())
    states, notices = records(KNOWN, events())
    tell(broker, topology, ([b"{}", *states], notices))
    with served(broker, KNOWN, topology) as board, Stream(board.port) as stream:
        assert stream.until("state", lambda state: state["place"] == "live")["unreadable"] == 1
        whole = stream.until("whole")
        assert len(whole["series"]["at"]) == len({orjson.loads(state)["at"] for state in states})
        assert whole["alerts"]["count"]


def test_an_old_notice_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice that comes once more behind any number of newer ones opens no alert again, and is not shown as news."""
    monkeypatch.setattr(nights, "NOTICES", 10)
    resolved: dict[str, Any] = {"status": "resolved", "at": T0 + 1}
    first = notice("N", "warning", id="f:1:1", fingerprint="f")
    told = [first, notice("N", "warning", id="f:1:2", fingerprint="f", **resolved)]
    told += [notice("N", "info", id=f"{n}:1:1", fingerprint=f"{n}", at=T0 + 2, status="resolved") for n in range(50)]
    night = filled(([], [encode(one) for one in told]))
    before = night.whole("N")
    night.add_notice(encode(first))
    assert night.whole("N") == before
    assert orjson.loads(before)["alerts"]["count"] == 0
    again = notice("N", "warning", id="f:2:1", fingerprint="f", at=T0 + 3)
    night.add_notice(encode(again))  # a new episode of it is news
    assert [one["id"] for one in orjson.loads(night.whole("N"))["alerts"]["open"]] == ["f:2:1"]


def test_turned_away() -> None:
    """Each message that was turned away is counted once, by its first reason, however often it comes again; what is no
    such record is none of the night's; and what is remembered of them is bounded."""
    night = Night(KNOWN)
    for offset, code in enumerate(["unknown-table", "not-json", "unknown-table", "unknown-table"]):
        message = SimpleNamespace(topic="tally-reports", partition=1, offset=offset, value=b"x")
        record = rejected("rejected", message, [Rejection(code, "table", f"mend {offset}"), Rejection("empty", "", "")])
        for _ in range(2):
            night.add_rejected(record.key, list((record.headers or {}).items()))
    night.add_rejected(None, [])
    night.add_rejected(b"k", [("reasons", b"[]")])
    told = night.turned_away.plain()
    assert (told["messages"], night.unreadable) == (4, 2)
    first = {"code": "unknown-table", "count": 3, "source": "tally-reports/1/3", "place": "table", "cure": "mend 3"}
    assert told["reasons"][0] == first
    assert [reason["code"] for reason in told["reasons"]] == ["unknown-table", "not-json"]
    for number in range(100):
        night.add_rejected(
            str(number).encode(), [("reasons", encode([{"code": str(number), "place": "", "cure": ""}]))]
        )
    assert (night.turned_away.plain()["messages"], len(night.turned_away.plain()["reasons"])) == (104, REASONS + 1)


def test_long_texts_are_cut() -> None:
    """Of what a message is turned away for, 200 characters of each text are shown."""
    night = Night(KNOWN)
    texts = {name: 300 * mark for name, mark in (("code", "a"), ("place", "ñ"), ("cure", "€"))}
    night.add_rejected(b"b" * 300, [("reasons", encode([texts]))])
    (reason,) = night.turned_away.plain()["reasons"]
    assert reason == {"count": 1, "source": 200 * "b", "code": 200 * "a", "place": 200 * "ñ", "cure": 200 * "€"}


def test_streams_are_bounded(board: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """One page too many is told to come later, and gets in when another has left."""
    monkeypatch.setattr(server, "STREAMS", 1)
    monkeypatch.setattr(server, "BEAT", 0.1)
    with Stream(board.port) as first, Stream(board.port) as second:
        first.until("state")
        assert (second.answer.status, second.answer.headers["retry-after"]) == (503, "5")
    until(lambda: board.board.streams == 0, lambda: f"{board.board.streams} streams", 20)
    with Stream(board.port) as third:
        assert third.answer.status == 200


def test_a_slow_reader_is_dropped(
    board: Served, topology: Topology, embedded: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that accepts nothing costs the server one full buffer, and soon nothing."""
    monkeypatch.setattr(server, "SLOW", 0.5)
    monkeypatch.setattr(server, "UPDATE", 0.05)
    state = orjson.loads(records(KNOWN, events())[0][-3])
    with socket.socket() as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", board.port))
        wire.sendall(b"GET /board/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: board.board.streams == 1, lambda: "not served")
        producer, at = KafkaProducer(bootstrap_servers=embedded.address), T0

        def gone() -> bool:
            nonlocal at
            at += TICK
            content = encode({**state, "at": at, "padding": "x" * 200_000})
            producer.send(topology.area_state, content, key=b"N", partition=0)
            producer.flush()
            return board.board.streams == 0

        until(gone, lambda: f"{board.board.streams} streams after {at}", 30, pause=0.1)
        producer.close()


def test_topics_that_are_not_there(names: str, embedded: EmbeddedBroker) -> None:
    """A board that is up before the night waits, and makes no topic: it would have the wrong settings."""
    topology = Topology(names)
    with served(embedded.start(), KNOWN, topology) as board, Stream(board.port) as stream:
        stream.until("state", lambda state: state["place"] == "waiting")
        with admin(embedded.address) as client:
            assert topology.area_state not in client.list_topics()
        ensure(embedded.address, topology.specs())
        tell(embedded, topology, records(KNOWN, events()[:1]))
        told = stream.until("whole change", lambda told: told["states"])
        assert told["states"][0]["witnessed"]["tables"] == 1


def test_the_broker_goes_and_comes(names: str, tmp_path: Path) -> None:
    """While the broker is away the page is told so; when it is back the night goes on, also one that began anew."""
    topology = Topology(names)
    with EmbeddedBroker(tmp_path) as broker, served(broker, KNOWN, topology) as board:
        ensure(broker.address, topology.specs())
        tell(broker, topology, records(KNOWN, events()))
        with Stream(board.port) as stream:
            stream.until("whole", lambda whole: whole["alerts"]["count"])
            broker.stop()
            stream.until("state", lambda state: state["place"] == "away")
            broker.start()
            delete(broker.address, [spec.name for spec in topology.specs()])
            ensure(broker.address, topology.specs())
            tell(broker, topology, records(KNOWN, events()[:1]))
            told = stream.until("whole")
            assert told["alerts"]["recent"] == []
            told = told if told["states"] else stream.until("change", lambda told: told["states"])
            assert told["states"][0]["witnessed"]["tables"] == 1


def test_a_broker_that_is_away_is_told_once(
    topology: Topology, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever started a board is told why it reads nothing: in one line, however often it tries again."""
    address, tries, ask = f"127.0.0.1:{free_port()}", list[object](), topic_admin.describe
    thrice = threading.Event()

    def describe(*given: Any) -> Any:
        tries.append(given)
        if len(tries) == 3:
            thrice.set()
        return ask(*given)

    async def follow() -> None:
        follower = Follower(address, topology, Night(KNOWN))
        follower.start()
        assert await asyncio.to_thread(thrice.wait, 60)
        await follower.stop()

    monkeypatch.setattr(topic_follower, "RETRY", 0.01)
    monkeypatch.setattr(topic_admin, "describe", describe)
    asyncio.run(follow())
    told = capsys.readouterr().err
    assert told.count("the board cannot read its topics") == 1
    assert f"no Kafka broker answers at {address}" in told


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_it_waits_for_every_topic(missing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read while any of its topics is missing, whichever that is."""
    asked, looks = threading.Event(), 0

    def describe(*_: Any) -> list[SimpleNamespace]:
        nonlocal looks
        looks += 1
        if looks == 3:
            asked.set()
        return [SimpleNamespace(state="missing" if place == missing else "there") for place in range(3)]

    async def follow() -> None:
        follower = Follower("127.0.0.1:1", Topology("t."), Night(KNOWN))
        follower.start()
        assert await asyncio.to_thread(asked.wait, 60)
        assert follower.place == "waiting"
        await follower.stop()

    monkeypatch.setattr(topic_follower, "RETRY", 0.01)
    monkeypatch.setattr(topic_admin, "describe", describe)
    asyncio.run(follow())


def test_command(topology: Topology, embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """`cotejo board` serves the page on loopback alone and says where, names a port that is taken, and ends by a
    signal."""
    port = free_port()
    file = election_writer.write(KNOWN, tmp_path)
    command = [sys.executable, "-m", "streams", "board", str(file), "--broker", embedded.address, "--port", str(port)]
    command += ["--prefix", topology.prefix]
    tell(embedded, topology, records(KNOWN, events()))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as board:
        assert board.stderr is not None
        assert board.stderr.readline() == f"cotejo: Test: http://127.0.0.1:{port}/board/\n"
        until(lambda: not is_free(port), lambda: "nobody listens")
        assert listening(port) == {"127.0.0.1"}
        with Stream(port) as stream:
            assert stream.until("whole")["alerts"]["count"]
        other = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert (other.returncode, other.stderr) == (1, f"cotejo: port {port} is in use: choose another with --port\n")
        board.terminate()
        assert board.wait(20) == 0


def test_vendored() -> None:
    """The chart library is as published, with its licence: the files of uplot 1.6.32 on npm, whose tarball has the
    integrity sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==."""
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in STATIC.glob("uPlot.*")}
    assert found == {
        "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
        "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        "uPlot.LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    }
