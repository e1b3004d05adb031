"""All that the board tells its pages, of a contested night and of a quiet one."""

import re
import urllib.request
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import orjson
import pytest
from boards import Records, served, tell, turn_away
from builders import T0, present
from monitor import Monitor
from msgspec import UNSET
from shown_nights import MINUTE, contested, contested_events, quiet, quiet_events
from snapshots import hold, pretty

from streams.board.night import Night
from streams.core.election.model import Election
from streams.core.events.area_states import DatedState
from streams.core.events.codec import encode
from streams.core.events.model import Event, Rejection
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.topic_admin import ensure
from streams.kafka.topology import Topology

LOOKS = (12, 30, 54, 63.5, 70, 78, 84)
"""Minutes at which a worker writes every area's state, and once more at the end."""


def told(known: Election, events: Sequence[Event], looks: Sequence[float] = LOOKS) -> Records:
    """What a worker writes of a night."""
    monitor = Monitor(known)
    states, notices, left = list[bytes](), list[bytes](), list(looks)

    def look(at: int) -> None:
        states.extend(encode(DatedState.of(state, at, UNSET)) for state in monitor.states().values())

    for event in events:
        while left and event.at > T0 + left[0] * MINUTE:
            look(round(T0 + left.pop(0) * MINUTE))
        notices += map(encode, monitor.handle(event).notices)
    notices += map(encode, monitor.finish())
    look(present(monitor.comparer.clock))
    return states, notices


def lived(known: Election, events: Sequence[Event]) -> Night:
    """A board's night that has read all of it."""
    night = Night(known)
    states, notices = told(known, events)
    for content in states:
        night.add_state(content, DatedState.decode(content).at + 3_000)
    for content in notices:
        night.add_notice(content)
    return night


@pytest.fixture(scope="module")
def night() -> Night:
    """The contested night, at its end."""
    return lived(contested(), contested_events())


WHOLE = 4
"""Open alerts of a page that are held in whole, where any are."""


def shown(content: bytes, *, whole_alerts: bool = False) -> str:
    """JSON to read. Of alerts that stand elsewhere in whole, what they are and how they stand."""
    value = orjson.loads(content)
    for state in value.get("states", ()):
        state["alerts"] = [
            f"{each['fingerprint']}: {each['severity']}, {each['value']} {each['unit']}" for each in state["alerts"]
        ]
    if alerts := value.get("alerts"):
        for part, whole in (("open", WHOLE if whole_alerts else 0), ("recent", 0)):
            alerts[part][whole:] = [
                f"{(each['at'] - T0) / MINUTE:.2f} min: {each['status']}, {each['severity']}, {each['id']}"
                for each in alerts[part][whole:]
            ]
    return pretty(value) + "\n"


@pytest.mark.parametrize("area", ["N", "S2", "S2.1"])
def test_a_page(area: str, night: Night) -> None:
    """All that the page of an area begins with."""
    hold(f"board-{area}.txt", shown(night.whole(area), whole_alerts=area == "N"))


def test_a_moment(night: Night) -> None:
    """The state in the middle of the night, with what was open then; and before anything came."""
    before, then = (shown(night.moment("N", T0 + minute * MINUTE)) for minute in (0, 64))
    hold("board-moment.txt", f"{before}\n{then}")


def test_what_is_new(night: Night) -> None:
    """What a page is told that has everything up to a minute of the night, and what one is told that has all."""
    since, last = 1 + 10 * len(LOOKS) + 5, T0 + 70 * MINUTE
    nothing = night.change("S3", night.version, night.history("S3").last)
    hold("board-change.txt", f"{shown(night.change('S3', since, last))}\n{shown(nothing)}")


def test_a_quiet_page() -> None:
    """All of a night in which everything agrees."""
    hold("board-quiet.txt", shown(lived(quiet(), quiet_events()).whole("N"), whole_alerts=True))


REJECTED = [
    (
        ("contested.tally-reports", 3, 17),
        Rejection("unknown-table", "table", "add S9-1 to the register, or mend the id"),
    ),
    (("contested.tally-reports", 3, 18), Rejection("too-many-ballots", "votes", "read the sheet again")),
    (("contested.bulletins", 0, 2), Rejection("unknown-table", "table", "add S9-2 to the register, or mend the id")),
]
"""Messages that were turned away: their places, and why."""
ROUTES = (
    "moment?area=S3&at=1722216000000", "moment?at=soon", "moment?area=X&at=0", "map", "map?area=S1", "embed/area/S1",
    "embed/area/X", "embed/map", "embed/map?area=S2", "", "nowhere", "icon.svg",
)  # fmt: skip


def heads_of(response: Any) -> list[str]:
    """The headers of an answer, as lines, but for the server's name and the date; a page may have any length."""
    return [
        f"{name}: {'any' if name == 'Content-Length' and response.headers.get_content_type() == 'text/html' else value}"
        for name, value in response.headers.items()
        if name not in ("Date", "Server")
    ]


def answer(url: str, known: Sequence[str]) -> str:
    """A route's status, its headers but those that are `known`, and its body; of a page, where it leads."""
    try:
        response: Any = urllib.request.urlopen(url, timeout=10)
    except HTTPError as error:
        response = error
    body, kind = response.read(), response.headers.get_content_type()
    text = shown(body) if kind == "application/json" else body.decode()
    if kind == "text/html":
        text = "".join(f"{found}\n" for found in re.findall(r'(?:href|src)="[^"]*"', text))
    heads = [line for line in heads_of(response) if line not in known]
    return "\n".join([str(response.status), *heads, "", text])


def streamed(url: str) -> tuple[list[str], str]:
    """The headers of a stream, and what a page is sent at once: the state of the reading when it is done, and the
    night."""
    events = list[str]()
    with urllib.request.urlopen(url, timeout=20) as response:
        heads = heads_of(response)
        while not events or not events[-1].startswith("event: whole"):
            events.append(b"".join(iter(response.readline, b"\n")).decode())
    state = orjson.loads(events[-2].partition("data: ")[2])
    state["age"] = state["now"] = "varies"
    return heads, f"{pretty(state)}\n{shown(events[-1].partition('data: ')[2].encode())}"


def test_over_http(embedded: EmbeddedBroker, names: str) -> None:
    """Every route of the board: status, headers, JSON; what it says of unknown areas and times."""
    known, topology = contested(), Topology(names)
    ensure(embedded.address, topology.specs())
    tell(embedded, topology, told(known, contested_events(), (63.5,)))
    turn_away(embedded, topology, [(SimpleNamespace(topic=t, partition=p, offset=o, value=b"{}", key=None), [why])
                                   for (t, p, o), why in REJECTED])  # fmt: skip
    with served(embedded, known, topology, embedders=["https://paper.example"]) as board:
        heads, said = streamed(f"{board.url}stream?area=S3.2")
        pages = [f"=== {route}\n{answer(board.url + route, heads)}" for route in ROUTES]
    hold("board-http.txt", "\n".join([*heads, said, *pages]))
