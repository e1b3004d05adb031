"""The demo: a whole night on this machine, from Kafka to a verified webhook, and nothing left running."""

import os
import secrets
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from typing import Any, Final, NamedTuple, cast

import orjson
from rich.console import Console

from streams.board import PATH
from streams.cli.demo_text import WORDS, days, summary, tell
from streams.config import election_writer
from streams.core.election.model import Election, Receiver
from streams.delivery.loopback_receiver import AlertReceiver
from streams.errors import CotejoError
from streams.kafka import topic_reader, topics
from streams.kafka.embedded_broker import EmbeddedBroker, end, free_port, spawn
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import Topology
from streams.nights.eventlog import made
from streams.nights.feeder import Fed, Feeder, Pace
from streams.nights.paths import Arrivals
from streams.nights.scenarios import venezuela2024_night
from streams.support.progress import Progress
from streams.support.scrape import scrape
from streams.support.terminal import aside, show_json
from streams.times import to_minute

SECRET_ENV: Final = "COTEJO_DEMO_SECRET"
PATIENCE: Final = 60.0
"""Seconds for the worker to start, and to finish after the last event."""


class DemoError(CotejoError):
    """The demo did not come to its end; the text says where to look."""


def run(broker: str, seconds: float, directory: Path, *, headless: bool, language: str, keep: bool = False) -> int:
    """Run the demo; return an exit code: 0, or 130 after Ctrl-C. Raises `DemoError` and the brokers' errors.

    With `keep` the board is served until Ctrl-C, which then is the usual end.
    """
    say = Console(stderr=headless, highlight=False, no_color=headless)
    say.soft_wrap = not say.is_terminal
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        try:
            _night(stack, broker, seconds, directory, headless, language, keep, say)
        except KeyboardInterrupt:
            aside("")  # behind the ^C
            aside("stopped; nothing is left running")
            return 130
    return 0


def _night(
    stack: ExitStack,
    broker: str,
    seconds: float,
    directory: Path,
    headless: bool,
    language: str,
    keep: bool,
    say: Console,
) -> None:
    secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
    alerts: list[dict[str, Any]] = []
    console = Console(stderr=True, highlight=False, no_color=headless)
    console.soft_wrap = not console.is_terminal

    def got(webhook: dict[str, Any]) -> None:
        alerts.append(webhook)
        tell(console, webhook["data"], language)

    receiver = stack.enter_context(AlertReceiver(secret, got))
    election, events = venezuela2024_night.night()
    mine = Receiver("demo", receiver.url, SECRET_ENV, allow_loopback=True, remarks=True)
    election = replace(election, receivers=(mine,))
    made.write(directory, election, events, "cotejo demo")
    broker, topology = _broker(stack, broker, election)
    say.print(f"{election.name}\n{election.notice}: {len(events):,} events over {days(events)} in {seconds:g} s\n")
    worker = Worker.start(stack, directory, broker, topology, secret, language)
    say.print(f"broker {broker}, worker {worker.process.pid}, {worker.metrics}")
    say.print(f"{WORDS[language]['watch']} [bold]{worker.board}[/]\n")

    span = max(1.0, (events[-1].at - events[0].at) / 1000)
    feeder = Feeder(KafkaSink(broker), election, topology, Pace(speed=span / seconds, pack=100))
    fed = _feed(feeder, Arrivals([directory]), worker, console, quiet=headless)
    worker.finish(broker, topology, fed)
    state = _newest(broker, topology.area_state, election.root.id)
    if headless:
        result = {"fed": fed, "state": state, "alerts": [a["data"] for a in alerts], "verified": receiver.verified}
        show_json({**result, "refused": receiver.refused, "notice": election.notice})
    else:
        summary(say, election, state, receiver, fed, directory, language)
    if keep:
        with suppress(KeyboardInterrupt):
            say.print(f"\n{WORDS[language]['kept']} [bold]{worker.board}[/]")
            worker.process.wait()
            raise worker.ended()


def _broker(stack: ExitStack, address: str, election: Election) -> tuple[str, Topology]:
    """The broker at an address, with topics that go when the demo ends; without one, a broker of its own."""
    if not address:
        return stack.enter_context(EmbeddedBroker()).address, Topology.of(election)
    topology = Topology(f"cotejo-demo-{secrets.token_hex(4)}.")
    stack.callback(topics.delete, address, [spec.name for spec in topology.specs()])
    return address, topology


def _feed(feeder: Feeder, arrivals: Arrivals, worker: "Worker", console: Console, *, quiet: bool) -> Fed:
    """Feed the night, as long as the worker lives."""
    progress = Progress("the night", arrivals.size, console, quiet=quiet)

    def watch(fed: Fed) -> None:
        _heed()
        progress.show(arrivals.done, to_minute(fed.at))
        if worker.process.poll() is not None:
            raise worker.ended()

    with progress:
        return feeder.feed(arrivals, watch)


class Worker(NamedTuple):
    """The worker of the demo, a process of its own."""

    process: Popen[bytes]
    log: Path
    metrics: str
    board: str

    @classmethod
    def start(
        cls, stack: ExitStack, directory: Path, broker: str, topology: Topology, secret: str, language: str
    ) -> "Worker":
        """Start it, and wait until it has its partitions. It ends with the demo."""
        os.environ[SECRET_ENV], port = secret, free_port()
        arguments = f"--broker {broker} --prefix {topology.prefix} --port {port} --lang {language}".split()
        arguments += ["--clock", "feed", "--member", "demo"]
        command = [sys.executable, "-m", "streams", "worker", str(directory / election_writer.ELECTION), *arguments]
        log, root = directory / "worker.log", f"http://127.0.0.1:{port}"
        worker = cls(spawn(command, log), log, f"{root}/metrics", f"{root}{PATH}?lang={language}")
        stack.callback(end, worker.process)
        worker.until("start", lambda scraped: scraped.get("cotejo_owned_partitions", 0) > 0)
        return worker

    def finish(self, broker: str, topology: Topology, fed: Fed) -> None:
        """Wait until all that was fed is judged and delivered."""
        self.until(
            "finish",
            lambda scraped: (
                scraped.get("cotejo_clock_seconds", 0) * 1000 >= fed.until
                and topics.lag(broker, topology.app, topology.alerts) == 0
                and scrape(self.metrics).get("cotejo_deliveries_pending") == 0  # what lagged until now is due
            ),
        )

    def ended(self) -> DemoError:
        """What to say of a worker that has ended."""
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        return DemoError(f"the worker has ended; its log {self.log} ends:\n{tail}")

    def until(self, what: str, done: Callable[[dict[str, float]], bool]) -> None:
        """Wait until its metrics say so, for `PATIENCE` at most; `what` it is to do. Raises `DemoError`."""
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline:
            _heed()
            if self.process.poll() is not None:
                raise self.ended()
            if done(scrape(self.metrics)):
                return
            sleep(0.1)
        raise DemoError(f"the worker did not {what} within {PATIENCE:g} s; its log is {self.log}")


def _newest(broker: str, topic: str, key: str) -> dict[str, Any]:
    """The newest value of a key, decoded from JSON; empty where there is none."""
    values = [record.value for record in topic_reader.read(broker, topic) if record.key == key.encode()]
    return cast(dict[str, Any], orjson.loads(values[-1])) if values else {}


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: with everything it has started."""

    def interrupt(*_: object) -> None:
        _asked.set()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        _asked.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


_asked: Final = threading.Event()
"""Set once the demo is to end: Python drops what is raised while a process is being started."""


def _heed() -> None:
    if _asked.is_set():
        raise KeyboardInterrupt
