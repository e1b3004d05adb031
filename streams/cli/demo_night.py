"""The demo: a whole night on this machine, from Kafka to a verified webhook, and nothing left running."""

import os
import secrets
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.text import Text

from streams.board import PATH
from streams.cli import demo_source
from streams.cli.demo_text import WORDS, summary, tell
from streams.config import election_writer
from streams.core.election.model import Election, Receiver
from streams.core.events.area_states import DatedState
from streams.delivery.loopback_receiver import AlertReceiver
from streams.errors import CotejoError
from streams.kafka import topic_admin, topic_reader
from streams.kafka.embedded_broker import EmbeddedBroker, end, free_port, spawn
from streams.kafka.producer import KafkaSink
from streams.kafka.topology import Topology
from streams.nights.feeder import Fed, Feeder, Pace
from streams.nights.paths import Arrivals
from streams.support.progress import Progress
from streams.support.scrape import scrape
from streams.support.terminal import aside, show_json
from streams.text import number, shown
from streams.times import to_minute

SECRET_ENV: Final = "COTEJO_DEMO_SECRET"
PATIENCE: Final = 60.0
"""Seconds for the worker to start, and to come on at the end of the night, which it is behind."""


class DemoError(CotejoError):
    """The demo did not come to its end; the text says where to look."""


def run(
    broker: str,
    seconds: float,
    directory: Path,
    night: Sequence[Path] = (),
    *,
    headless: bool,
    language: str,
    keep: bool = False,
) -> int:
    """Run the demo of a night, or without one of the bundled night, which is written into `directory`. Return an exit
    code: 0, or 130 after Ctrl-C. Raises `DemoError` and the brokers' errors.

    With `keep` the board is served until Ctrl-C, which then is the usual end.
    """
    with ExitStack() as stack:
        stack.enter_context(_interruptible())
        try:
            _Demo(stack, headless, language).show(broker, seconds, directory, night, keep)
        except KeyboardInterrupt:
            aside("")  # behind the ^C
            aside(WORDS[language]["stopped"])
            return 130
    return 0


class _Demo:
    """One run of the demo. What it starts ends with `stack`."""

    def __init__(self, stack: ExitStack, headless: bool, language: str) -> None:
        self._stack, self._headless, self._language = stack, headless, language
        self._words: Any = WORDS[language]
        self._say = _console(headless, stderr=headless)
        self._progress = _console(headless, stderr=True)
        self._alerts: list[dict[str, Any]] = []

    def show(self, broker: str, seconds: float, directory: Path, night: Sequence[Path], keep: bool) -> None:
        """Run the night, then say what it came to."""
        secret = "whsec_" + b64encode(secrets.token_bytes(32)).decode()
        receiver = self._stack.enter_context(AlertReceiver(secret, self._got))
        mine = Receiver("demo", receiver.url, SECRET_ENV, allow_loopback=True, severity="info")
        source = (
            demo_source.on_disk(self._stack, night, mine, quiet=self._headless)
            if night
            else demo_source.bundled(directory, mine)
        )
        broker, topology = _broker(self._stack, broker, source.election)
        span = max(1.0, (source.end - source.begin) / 1000)
        self._introduce(source, span, seconds)
        worker = Worker.start(self._stack, source.directory, broker, topology, secret, self._language)
        self._say.print(f"broker {broker}, worker {worker.process.pid}, {worker.metrics}")
        self._say.print(f"{self._words['watch']} [bold]{worker.board}[/]\n")
        feeder = Feeder(KafkaSink(broker), source.election, topology, Pace(speed=span / seconds, pack=100))
        progress = Progress(self._words["night"], source.arrivals.size, self._progress, quiet=self._headless)
        fed = _feed(feeder, source.arrivals, worker, progress)
        worker.finish(broker, topology, fed)
        state = _state(broker, topology.area_state, source.election.root.id)
        if self._headless:
            told = [alert["data"] for alert in self._alerts]
            result = {"fed": fed, "state": state, "alerts": told, "verified": receiver.verified}
            show_json({**result, "refused": receiver.refused, "notice": source.election.notice})
        else:
            summary(self._say, source, state, receiver.verified, fed, self._language)
        if keep:
            with suppress(KeyboardInterrupt):
                self._say.print(f"\n{self._words['kept']} [bold]{worker.board}[/]")
                worker.process.wait()
                raise worker.ended()

    def _introduce(self, source: demo_source.Source, span: float, seconds: float) -> None:
        about = self._words["about"].format(
            events=number(source.events, self._language),
            days=number(span / 86_400, self._language, 1),
            seconds=f"{seconds:g}",
        )
        election = source.election.localized(self._language)
        said = (election.name, election.notice, about)
        self._say.print(*(Text(shown(line)) for line in said if line), "", sep="\n")

    def _got(self, webhook: dict[str, Any]) -> None:
        self._alerts.append(webhook)
        tell(self._progress, webhook["data"], self._language)


def _console(headless: bool, *, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, no_color=headless)
    console.soft_wrap = not console.is_terminal
    return console


def _broker(stack: ExitStack, address: str, election: Election) -> tuple[str, Topology]:
    """The broker at an address, with topics that go when the demo ends; without one, a broker of its own."""
    if not address:
        return stack.enter_context(EmbeddedBroker()).address, Topology.of(election)
    topology = Topology(f"cotejo-demo-{secrets.token_hex(4)}.")
    stack.callback(topic_admin.delete, address, [spec.name for spec in topology.specs()])
    return address, topology


def _feed(feeder: Feeder, arrivals: Arrivals, worker: "Worker", progress: Progress) -> Fed:
    """Feed the night, as long as the worker lives."""

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
                and topic_admin.lag(broker, topology.app, topology.alerts) == 0
                and scrape(self.metrics).get("cotejo_deliveries_pending") == 0  # what lagged until now is due
            ),
        )

    def ended(self) -> DemoError:
        """What to say of a worker that has ended."""
        return DemoError(f"the worker has ended; its log ends:\n{self._tail()}")

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])

    def until(self, what: str, done: Callable[[dict[str, float]], bool]) -> None:
        """Wait until its metrics say so, for `PATIENCE` after event time last moved; `what` it is to do. Raises
        `DemoError`."""
        deadline, reached = monotonic() + PATIENCE, 0.0
        while monotonic() < deadline:
            _heed()
            if self.process.poll() is not None:
                raise self.ended()
            scraped = scrape(self.metrics)
            if done(scraped):
                return
            if (clock := scraped.get("cotejo_clock_seconds", 0.0)) != reached:
                deadline, reached = monotonic() + PATIENCE, clock
            sleep(0.1)
        raise DemoError(f"the worker did not {what} within {PATIENCE:g} s; its log ends:\n{self._tail()}")


def _state(broker: str, topic: str, area: str) -> DatedState:
    """The newest state of an area. Raises `DemoError` where there is none."""
    values = [record.value for record in topic_reader.read(broker, topic) if record.key == area.encode()]
    if not values:
        raise DemoError(f"{topic} has no state of {area}: the night has no event that can be judged")
    return DatedState.decode(values[-1])


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
