"""The board over HTTP: a few files, the night as server-sent events, one moment of it as JSON. Only GET and HEAD.

Every stream begins with the whole of what its page shows; a browser that lost its connection gets just that again,
from whichever process answers. What changes follows, at most every `UPDATE` seconds and always the newest: a slow
reader misses states in between, and nothing is kept waiting for it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from importlib.resources import files
from time import time
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from streams.board import PATH
from streams.board.night import Night
from streams.board.topic_follower import Follower
from streams.core.election.area_map import Drawing
from streams.core.election.model import Election
from streams.kafka.topology import Topology
from streams.support.health import Readiness
from streams.support.web_server import allow_frames

UPDATE: Final = 0.5
"""Seconds between two updates of a page, at least."""
BEAT: Final = 5.0
"""Seconds between two signs of life, at most."""
SLOW: Final = 10.0
"""Seconds a reader may take to accept what it is sent, then it is dropped."""
EMBED: Final = "embed/area/"
"""Path of an area's page for frames, below `PATH`; the area's id follows."""
EMBED_MAP: Final = "embed/map"
"""Path of a map's page for frames, below `PATH`; a query may name its area."""
STREAMS: Final = 64
"""Pages that one process feeds at a time."""
LATEST: Final = 253_402_300_799_999
"""The last moment of the year 9999, in Unix milliseconds."""

_TYPES: Final = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}


class Board:
    """One election's board. Who may ask is its server's concern (`web_server`).

    The topics are read from the first page on, not before: a worker whose board nobody opens has no work with it.
    """

    def __init__(self, broker: str, election: Election, topology: Topology, embedders: Sequence[str] = ()) -> None:
        """`embedders` are the origins whose pages may show an area's page in a frame (`embed_origin`)."""
        self._embedders = embedders
        self._night = Night(election)
        self._follower = Follower(broker, topology, self._night)
        self._drawings = _drawings(election)
        self._closing = asyncio.Event()
        self.streams = 0
        """Pages that are being fed now."""

    def serve(self, app: web.Application) -> None:
        """Put the board below `PATH` of a web application, and lead there from its root."""
        app.router.add_get(f"{PATH}stream", self._stream, allow_head=False)
        app.router.add_get(f"{PATH}moment", self._moment)
        app.router.add_get(f"{PATH}map", self._map)
        for name, (content, kind) in _static().items():
            app.router.add_get(PATH + name, _file(content, kind))
        app.router.add_get(PATH + EMBED + "{area:.+}", self._embed)
        app.router.add_get(PATH + EMBED_MAP, self._embed_map)
        app.on_shutdown.append(self._close)
        for place in ("/", PATH.rstrip("/")):
            app.router.add_get(place, _elsewhere)

    @property
    def election(self) -> Election:
        """The election whose night it shows."""
        return self._night.election

    def readiness(self) -> Readiness:
        """Ready at the topics' ends, or while they wait to be made. To be asked begins the reading."""
        self._follower.start()
        place, age = self._follower.place, self._follower.age
        facts = {"place": place, "read": round(self._follower.progress, 2), "age": age, "pages": self.streams}
        return Readiness(place in ("live", "waiting"), facts)

    async def _close(self, _: web.Application) -> None:
        self._closing.set()
        await self._follower.stop()

    def _area(self, request: web.Request) -> str:
        election = self._night.election
        area = request.query.get("area") or election.root.id
        if area not in election.areas:
            raise web.HTTPNotFound(text="no such area\n")
        return area

    async def _embed(self, request: web.Request) -> web.Response:
        """The page of one area, for a frame on a page of others."""
        if request.match_info["area"] not in self._night.election.areas:
            raise web.HTTPNotFound(text="no such area\n")
        return self._frame(_INDEX_TWO_DEEPER)

    async def _embed_map(self, request: web.Request) -> web.Response:
        """The page of the map of one area, for a frame on a page of others."""
        self._drawing(request)
        return self._frame(_INDEX_ONE_DEEPER)

    def _frame(self, page: bytes) -> web.Response:
        response = web.Response(body=page, content_type="text/html", charset="utf-8")
        if self._embedders:
            allow_frames(response, self._embedders)
        return response

    async def _map(self, request: web.Request) -> web.Response:
        """The shapes of a map, and which areas they are."""
        area, drawing = self._drawing(request)
        shapes = [{**each, "path": drawing.paths[each["id"]]} for each in self._night.on_map(area)]
        body = orjson.dumps({"width": drawing.width, "height": drawing.height, "shapes": shapes})
        return web.Response(body=body, content_type="application/json")

    def _drawing(self, request: web.Request) -> tuple[str, Drawing]:
        area = self._area(request)
        if area not in self._drawings:
            raise web.HTTPNotFound(text="no map of that area\n")
        return area, self._drawings[area]

    async def _moment(self, request: web.Request) -> web.Response:
        area = self._area(request)
        text = request.query.get("at", "")
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(LATEST)) and int(text) <= LATEST):
            raise web.HTTPBadRequest(text="say at=, in Unix milliseconds\n")
        at = int(text)
        return web.Response(body=self._night.moment(area, at), content_type="application/json")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        area = self._area(request)
        if self.streams >= STREAMS:
            raise web.HTTPServiceUnavailable(text="too many pages are open\n", headers={"Retry-After": "5"})
        self._follower.start()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
        self.streams += 1
        try:
            await response.prepare(request)
            async for message in self._messages(area):
                await asyncio.wait_for(response.write(message), SLOW)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass
        finally:
            self.streams -= 1
        return response

    async def _messages(self, area: str) -> AsyncIterator[bytes]:
        """What a page of this area is told, as long as the server runs."""
        night, follower, loop = self._night, self._follower, asyncio.get_running_loop()
        begun, version, step, last = 0, 0, 0, 0
        told: dict[str, Any] = {}
        beaten = 0.0
        while not self._closing.is_set():
            state: dict[str, Any] = {"place": follower.place, "read": round(follower.progress, 2)}
            state |= {"unreadable": night.unreadable, "turnedAway": night.turned_away.plain()}
            news = follower.place not in ("connecting", "reading") and night.version != version
            if news or state != told or loop.time() - beaten >= BEAT:
                told, beaten = state, loop.time()
                clock = {"age": follower.age, "now": night.now(round(1000 * time()))}
                yield _event("state", orjson.dumps({**state, **clock}))
            if news:
                history = night.history(area)
                if begun != night.began_with or step != history.step:
                    content, name = night.whole(area), "whole"
                else:
                    content, name = night.change(area, version, last), "change"
                begun, version, step, last = night.began_with, night.version, history.step, history.last
                yield _event(name, content)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), UPDATE)


def _event(name: str, data: bytes) -> bytes:
    """One server-sent event; JSON has no line breaks."""
    return f"event: {name}\ndata: ".encode() + data + b"\n\n"


async def _elsewhere(_: web.Request) -> web.Response:
    raise web.HTTPFound(PATH)


def _static() -> dict[str, tuple[bytes, str]]:
    """The page's files by name, with their types; `index.html` is the empty name."""
    pages = {}
    for file in files("streams.board").joinpath("static").iterdir():
        kind = _TYPES.get(file.name.rpartition(".")[2])
        if kind:
            pages["" if file.name == "index.html" else file.name] = file.read_bytes(), kind
    return pages


def _deeper(way: bytes) -> bytes:
    """The page as it lies deeper, whence this is the way back; its scripts find the rest beside themselves."""
    page = (files("streams.board") / "static" / "index.html").read_bytes()
    return re.sub(rb'(href|src)="(?=[\w.]+")', rb'\1="' + way, page)


_INDEX_ONE_DEEPER: Final = _deeper(b"../")
_INDEX_TWO_DEEPER: Final = _deeper(b"../../")


def _drawings(election: Election) -> Mapping[str, Drawing]:
    """The election's maps, if it has any: only then the library that draws them is loaded."""
    if election.map is None:
        return {}
    from streams.core.election.map_drawing import draw

    return draw(election)


def _file(content: bytes, kind: str) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=kind, charset="utf-8")

    return answer
