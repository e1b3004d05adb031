"""Fixtures: brokers, names that don't meet, and the shared election data."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from brokers import ROOT, ApacheBroker, Broker, lacking, scripts_kafka
from playwright.sync_api import Browser, sync_playwright

from streams.kafka.clients import BrokerUnreachable
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.topic_admin import TopicError, admin, ensure
from streams.kafka.topology import Topology


def pytest_configure() -> None:
    """Heed Ctrl-C, here and in what the tests start: a shell that runs the tests in its background has it ignored."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for `apache` carries the marker, so that -m "not apache" leaves it out."""
    for item in items:
        if "apache" in getattr(item, "fixturenames", ()):
            item.add_marker("apache")


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedBroker]:
    """The embedded broker, one for the session."""
    with EmbeddedBroker() as running:
        yield running


@pytest.fixture(scope="session")
def apache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheBroker]:
    """Apache Kafka, one for the session; skipped without Java or Maven, but on CI that is a failure."""
    if reason := scripts_kafka("check") or scripts_kafka("install"):
        lacking(reason)
    running = ApacheBroker(tmp_path_factory.mktemp("apache"))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(params=["embedded", pytest.param("apache", marks=pytest.mark.apache)])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Run the test on either broker. It runs when the test begins, even if the last test killed it.

    The topics that a test named with `names` are deleted behind it.
    """
    running: Broker = request.getfixturevalue(request.param)
    prefix: str | None = request.getfixturevalue("names") if "names" in request.fixturenames else None
    yield running.start()
    if prefix:
        with suppress(BrokerUnreachable, TopicError), admin(running.address) as client:
            if mine := [topic for topic in client.list_topics() if topic.startswith(prefix)]:
                client.delete_topics(mine, raise_errors=False)


@pytest.fixture
def names(request: pytest.FixtureRequest) -> str:
    """A prefix for the names of topics and groups that no other test has; it ends with a dot."""
    test = re.sub(r"\W+", "-", request.node.name)[:60].strip("-")
    return f"{test}-{uuid4().hex[:8]}."


@pytest.fixture
def topology(names: str, embedded: EmbeddedBroker) -> Topology:
    """All topics of an election on the embedded broker."""
    topology = Topology(names)
    ensure(embedded.start().address, topology.specs())
    return topology


@pytest.fixture(scope="session")
def election_data() -> Path:
    """The real election data: COTEJO_DATA, else ../shared/data; skipped without, but on CI a failure."""
    place = Path(os.environ.get("COTEJO_DATA") or ROOT.parent / "shared" / "data")
    if not place.is_dir():
        lacking(f"no election data in {place}: set COTEJO_DATA to its directory")
    return place


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless, one for a module: its driver's event loop must not outlive the module's tests.

    Skipped without it, but on CI a failure. It may only talk to loopback.
    """
    program = shutil.which("chromium")
    if program is None:
        lacking("no Chromium: install Debian's package chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program,
            args=[
                *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
                *("--disable-background-networking", "--disable-component-update"),
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser
        browser.close()
