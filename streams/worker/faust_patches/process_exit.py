"""The worker as a process: it ends when it is told to, with an exit code that says how."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, NoReturn, cast

import faust

from streams.errors import CotejoError
from streams.support.logs import JsonLines, is_json
from streams.support.terminal import note
from streams.worker.faust_patches.app import App

STOP_SECONDS = 30.0
"""Seconds that a worker takes to end, at most."""


class NothingToSaveError(CotejoError):
    """The worker can neither commit nor send any more, so it ends without waiting for either."""


class Worker(faust.Worker):
    """Shows no spinner, logs no traceback for an error that is reported in one line, and ends when it is told to."""

    def _schedule_shutdown(self, signal: Any) -> None:
        _end_in_any_case(cast(App, self.app))
        super()._schedule_shutdown(signal)

    def stop_and_shutdown(self) -> None:
        _end_in_any_case(cast(App, self.app))
        super().stop_and_shutdown()

    async def _sentinel_task(self) -> None:
        """Wait for tasks that were cancelled, for a second at most. Mode waits for a second in any case."""
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(left, timeout=1)

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        self.spinner = None  # its escape codes go to files too
        for handler in logger.handlers:
            handler.addFilter(_is_news)
            handler.addFilter(Seldom())
            if is_json():
                handler.setFormatter(JsonLines())


def _end_in_any_case(app: App) -> None:
    """End the process if it does not end by itself. Without a broker, Faust and aiokafka wait for ever to send what
    they still have; that comes again, as after any crash. The reason for the end is printed all the same."""

    def end() -> None:
        if (cause := _told(app)) is not None:
            note(cause, logging.ERROR)
        if not isinstance(cause, NothingToSaveError):
            note(f"did not come to an end within {STOP_SECONDS:g} s: ended without", logging.ERROR)
        os._exit(1)

    if isinstance(_told(app), NothingToSaveError):
        end()

    timer = threading.Timer(STOP_SECONDS, end)
    timer.daemon = True
    timer.start()


def _told(app: App) -> CotejoError | None:
    """The error with which the app failed, if a user can mend it."""
    return next((cause for cause in (app.cause, app.crash_reason) if isinstance(cause, CotejoError)), None)


class Seldom:
    """A log filter: it lets a message pass once in so many seconds, whatever figures it has. Clients repeat what fails,
    and log it thousands of times a second."""

    SECONDS = 10.0

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now, self._said = now, dict[tuple[str, str], float]()

    def __call__(self, record: logging.LogRecord) -> bool:
        kind, now = (record.name, str(record.msg)[:200]), self._now()
        if record.levelno < logging.WARNING:
            return True
        if now - self._said.get(kind, -self.SECONDS) < self.SECONDS:
            return False
        if len(self._said) > 1000:
            self._said.clear()
        self._said[kind] = now
        return True


def _is_news(record: logging.LogRecord) -> bool:
    told = [*(record.args or ()), *(record.exc_info or ())]
    return not any(isinstance(item, CotejoError) for item in told)


def run(app: App, *, loglevel: str = "WARNING", **options: Any) -> NoReturn:
    """Run a worker of the app until a signal stops it. A failure gives a non-zero exit code, or is raised if a user can
    mend it."""
    try:
        import uvloop
    except ImportError:  # Windows
        loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        Worker(app, loop=loop, loglevel=loglevel, quiet=True, **options).execute_from_commandline()
    except SystemExit:
        if (cause := _told(app)) is not None:
            raise cause from None
        raise
    raise AssertionError  # it does not return
