"""What an orchestrator or a load balancer asks of a process: `/healthz` and `/readyz`."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import orjson
from aiohttp import web

LIVE, READY = "/healthz", "/readyz"


class Readiness(NamedTuple):
    """Whether a process does its work now, and the figures behind that."""

    is_ready: bool
    facts: Mapping[str, object]


def serve(app: web.Application, readiness: Callable[[], Readiness]) -> None:
    """Answer `/healthz` with 200 as long as the event loop turns, and `/readyz` with 200 or 503. The body of `/readyz`
    is one JSON object: `ready`, and the facts."""

    async def live(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        is_ready, facts = readiness()
        body = orjson.dumps({"ready": is_ready, **facts}, option=orjson.OPT_APPEND_NEWLINE)
        return web.Response(body=body, status=200 if is_ready else 503, content_type="application/json")

    app.router.add_get(LIVE, live)
    app.router.add_get(READY, ready)
