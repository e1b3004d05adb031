"""The demo: a whole night on this machine, from Kafka to a verified webhook, and nothing left running."""

import os
import secrets
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from time import monotonic, sleep
from typing import Any, Final, cast

import orjson
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streams.board import PATH
from streams.config import election_writer
from streams.core.election.model import Election, Receiver
from streams.core.events.model import Event
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
from streams.text import number, shown
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
        _tell(console, webhook["data"], language)

    receiver = stack.enter_context(AlertReceiver(secret, got))
    election, events = venezuela2024_night.night()
    mine = Receiver("demo", receiver.url, SECRET_ENV, allow_loopback=True, remarks=True)
    election = replace(election, receivers=(mine,))
    made.write(directory, election, events, "cotejo demo")
    arrivals = Arrivals([directory])

    if broker:
        topology = Topology(f"cotejo-demo-{secrets.token_hex(4)}.")
        stack.callback(topics.delete, broker, [spec.name for spec in topology.specs()])
    else:
        broker, topology = stack.enter_context(EmbeddedBroker()).address, Topology.of(election)
    say.print(f"{election.name}\n{election.notice}: {len(events):,} events over {_days(events)} in {seconds:g} s\n")
    port = free_port()
    process = _worker(directory, broker, topology, port, secret, language)
    stack.callback(end, process)
    metrics = f"http://127.0.0.1:{port}/metrics"
    log = directory / "worker.log"
    _until(process, log, "start", metrics, lambda scraped: scraped.get("cotejo_owned_partitions", 0) > 0)
    board = f"http://127.0.0.1:{port}{PATH}?lang={language}"
    say.print(f"broker {broker}, worker {process.pid}, {metrics}")
    say.print(f"{_WORDS[language]['watch']} [bold]{board}[/]\n")

    span = max(1.0, (events[-1].at - events[0].at) / 1000)
    feeder = Feeder(KafkaSink(broker), election, topology, Pace(speed=span / seconds, pack=100))
    progress = Progress("the night", arrivals.size, console, quiet=headless)

    def watch(fed: Fed) -> None:
        _heed()
        progress.show(arrivals.done, to_minute(fed.at))
        if process.poll() is not None:
            raise _ended(log)

    with progress:
        fed = feeder.feed(arrivals, watch)
    _until(
        process,
        log,
        "finish",
        metrics,
        lambda scraped: (
            scraped.get("cotejo_clock_seconds", 0) * 1000 >= fed.until
            and topics.lag(broker, topology.app, topology.alerts) == 0
            and scrape(metrics).get("cotejo_deliveries_pending") == 0  # what lagged until now is due
        ),
    )
    state = _newest(broker, topology.area_state, election.root.id)
    if headless:
        result = {"fed": fed, "state": state, "alerts": [a["data"] for a in alerts], "verified": receiver.verified}
        show_json({**result, "refused": receiver.refused, "notice": election.notice})
    else:
        _summary(say, election, state, receiver, fed, directory, language)
    if keep:
        with suppress(KeyboardInterrupt):
            say.print(f"\n{_WORDS[language]['kept']} [bold]{board}[/]")
            process.wait()
            raise _ended(log)


_STYLE = {"critical": "bold red", "warning": "bold yellow", "info": "bold cyan", "resolved": "bold green"}


def _tell(console: Console, alert: dict[str, Any], language: str) -> None:
    """One alert: a line of its own where a machine may read, a heading and a paragraph on a terminal."""
    word = alert["status"] if alert["status"] == "resolved" else alert["severity"]
    head, sentence = (
        f"{alert['at'][:10]} {alert['at'][11:16]} UTC  {word.upper():<8}",
        shown(alert["sentence"][language]),
    )
    if console.is_terminal:
        console.print(head, style=_STYLE.get(word))
        console.print(Padding(Text(sentence), (0, 0, 0, 2)))
    else:
        console.print(Text(f"{head}  {sentence}"))


def _worker(directory: Path, broker: str, topology: Topology, port: int, secret: str, language: str) -> Popen[bytes]:
    os.environ[SECRET_ENV] = secret
    arguments = f"--broker {broker} --prefix {topology.prefix} --port {port} --lang {language}".split()
    arguments += ["--clock", "feed", "--member", "demo"]
    command = [sys.executable, "-m", "streams", "worker", str(directory / election_writer.ELECTION), *arguments]
    return spawn(command, directory / "worker.log")


def _until(process: Popen[bytes], log: Path, what: str, metrics: str, done: Callable[[dict[str, float]], bool]) -> None:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        _heed()
        if process.poll() is not None:
            raise _ended(log)
        if done(scrape(metrics)):
            return
        sleep(0.1)
    raise DemoError(f"the worker did not {what} within {PATIENCE:g} s; its log is {log}")


def _ended(log: Path) -> DemoError:
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
    return DemoError(f"the worker has ended; its log {log} ends:\n{tail}")


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


_WORDS: Final = {
    "en": {
        "title": "{area}: bulletin {bulletin} beside the witnessed sheets",
        "columns": ("", "announced", "%", "witnessed", "%", "at least", "at most", "must be\nwrong*"),
        "star": "* witnessed sheets that would have to be wrong for the bulletin to be right",
        "counts": "{witnessed} of {tables} polling tables witnessed ({coverage} %). {reports} reports and {bulletins} "
        "bulletins in {messages} messages; {webhooks} webhooks, each with a good signature.",
        "next": "Next:",
        "watch": "Watch it here:",
        "kept": "The night is over; look around until Ctrl-C:",
    },
    "es": {
        "title": "{area}: el boletín {bulletin} junto a las actas atestiguadas",
        "columns": ("", "anunciado", "%", "atestiguado", "%", "al menos", "a lo sumo", "erradas*"),
        "star": "* actas atestiguadas que tendrían que ser erróneas para que el boletín fuera cierto",
        "counts": "{witnessed} de {tables} mesas atestiguadas ({coverage} %). {reports} reportes y {bulletins} "
        "boletines en {messages} mensajes; {webhooks} webhooks, cada uno con firma válida.",
        "next": "Para seguir:",
        "watch": "Mírela aquí:",
        "kept": "La noche ha terminado; mire con calma, hasta Ctrl-C:",
    },
}


def _summary(
    say: Console,
    election: Election,
    state: dict[str, Any],
    receiver: AlertReceiver,
    fed: Fed,
    directory: Path,
    language: str,
) -> None:
    words: Any = _WORDS[language]

    def figure(value: float | None, decimals: int = 0) -> str:
        return "" if value is None else number(value, language, decimals)

    title = words["title"].format(area=state["name"], bulletin=state["official"]["bulletin"])
    table = Table(title=title, box=None, padding=(0, 1, 0, 0), title_justify="left", pad_edge=False)
    for name in words["columns"]:
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    names = {column.id: column.name for column in election.columns}
    witnessed = state["witnessed"]
    for option, row in sorted(state["official"]["figures"].items(), key=lambda item: -witnessed["votes"][item[0]]):
        table.add_row(
            names[option],
            figure(row["votes"]),
            figure(row["share"], 2),
            figure(witnessed["votes"][option]),
            figure(row["witnessed_share"], 2),
            figure(row["floor"]),
            figure(row["ceiling"]),
            figure(row["breakdown"] or None),
        )
    counts = words["counts"].format(
        witnessed=figure(witnessed["tables"]),
        tables=figure(state["tables"]),
        coverage=figure(100 * witnessed["coverage"], 1),
        reports=figure(fed.reports),
        bulletins=fed.bulletins,
        messages=figure(fed.messages),
        webhooks=receiver.verified,
    )
    say.print("", table, words["star"], "", counts, election.notice, "", words["next"], sep="\n")
    for command in (
        "demo --keep",
        f"check {directory}",
        "demo --seconds 120 --lang " + ("en" if language == "es" else "es"),
        f"worker {directory} --broker HOST:PORT --clock feed",
        f"feed {directory} --broker HOST:PORT --speed 3600",
    ):
        say.print(f"  cotejo {command}", soft_wrap=True)


def _days(events: Sequence[Event]) -> str:
    return f"{(events[-1].at - events[0].at) / 86_400_000:.1f} days"
