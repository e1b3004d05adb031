"""The benchmarks still run, and hold everybody to the same job. How fast anything is, is not asked here."""

import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from benchmarks import contested, imports, java, page, replay, runs
from benchmarks.figures import Figure, table
from benchmarks.kept import CACHE, kept, sources
from benchmarks.live import AIOKAFKA, KAFKA_STREAMS
from benchmarks.nights import Stream, sums_of
from brokers import ROOT, ApacheBroker, lacking
from nights import LiveNight

from streams.core.events.codec import decode_any
from streams.core.events.model import TallyReport
from streams.kafka import topic_reader
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.producer import KafkaSink
from streams.kafka.topic_admin import admin
from streams.nights.feeder import Fed

sys.path.insert(0, str(runs.PEERS))
import job


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Stream:
    return Stream.of(2_000, tmp_path_factory.mktemp("bench"))


def test_the_peers_job_comes_to_the_same_sums_as_the_core(stream: Stream) -> None:
    """Duplicates, corrections and disputes included, the peers' code and Cotejo's agree on every area."""
    ledgers: dict[str, dict[str, object]] = {}
    areas: dict[str, list[int]] = {}
    above = job.areas_of(stream.areas)
    for line in stream.lines():
        if b'"tally-report"' in line:
            report = orjson.loads(line)
            delta = job.take(ledgers.setdefault(report["table"], job.new_ledger()), report)
            for area in above[report["table"]] if delta else ():
                areas[area] = job.add(areas.get(area), delta)
    found = {area: sums_of(job.state(area, sums, None)) for area, sums in areas.items() if any(sums)}
    assert found == stream.expected


def test_the_stream_has_what_the_job_is_about(stream: Stream) -> None:
    """There are reports that come again, and reporters who correct themselves."""
    reports = [event for line in stream.lines() if isinstance(event := decode_any(line), TallyReport)]
    ids = [report.id for report in reports]
    assert len(set(ids)) < len(ids)
    assert len({(report.table, report.reporter) for report in reports}) < len(set(ids))


def test_a_recorded_stream_counts(tmp_path: Path) -> None:
    """The night that is replayed as a recorder found it has the sheets of the night that was fed."""
    made, log = tmp_path / "made", tmp_path / "log"
    replay._cotejo("simulate", "--tables", "600", "--witnessed", "1", "--seed", "5", made)
    log.mkdir()
    replay.record(made, log)
    assert replay.measure(log).events > 600


def _feed(stream: Stream, live: LiveNight) -> Fed:
    path, fed = stream.messages(live.topology.partitions)
    sink = KafkaSink(live.broker.address)
    for line in path.read_bytes().splitlines():
        topic, partition, key, content = line.split(b"\t", 3)
        name = live.topology.tally_reports if topic == b"r" else live.topology.bulletins
        sink.send(name, content, key or None, int(partition))
    sink.close()
    live.until = fed.until
    return fed


def test_published_rows_are_imported(tmp_path: Path) -> None:
    """The made publication is imported whole, and its memory and the bare read are measured with it."""
    rate, memory = imports.run(1, 200, tmp_path)
    assert rate.ours.median > 0
    assert rate.theirs is not None
    assert memory.ours.median > 30


def test_a_worker_and_a_bare_loop_run_over_one_night(stream: Stream, embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """Every report is counted, the areas' sums are the core's, and the figures make a table."""
    with runs.empty(stream, embedded, 2) as live:
        fed = _feed(stream, live)
        ours = runs.of_worker(live, fed, stream.expected)
        theirs = runs.of_peer(AIOKAFKA, live, fed, stream, tmp_path)
    assert ours.reports == theirs.reports == fed.reports
    shown = table([Figure.paired("live", "reports/s", [ours.rate], AIOKAFKA.name, [theirs.rate])])
    assert AIOKAFKA.name in shown.splitlines()[-1]


def test_a_figure_keeps_what_each_run_had() -> None:
    """The table has the middle and the ends; the file has all, in the order of the runs."""
    figure = Figure.paired("live", "reports/s", [30.0, 10.0, 20.0], "peer", [10.0, 10.0, 10.0])
    assert figure.ours.values == (30.0, 10.0, 20.0)
    assert figure.ratio is not None
    assert figure.ratio.values == (3.0, 1.0, 2.0)
    assert "| 20.0 reports/s [10.0–30.0] |" in table([figure])


@pytest.mark.parametrize("peer", KAFKA_STREAMS, ids=lambda peer: peer.name)
def test_kafka_streams_comes_to_the_same_states(stream: Stream, apache: ApacheBroker, peer: runs.Peer) -> None:
    """Its sums are the core's in every area, and it lays them beside the bulletins as the other peers do."""
    if reason := java.lacking():
        lacking(reason)
    try:
        runs.program(peer, CACHE)
    except java.JavaError as error:
        lacking(str(error))
    with runs.empty(stream, apache, 2) as live:
        fed = _feed(stream, live)
        assert runs.of_peer(peer, live, fed, stream, CACHE).reports == fed.reports
        with admin(apache.address) as client:
            names = [name.removeprefix(live.topology.prefix) for name in client.list_topics()]
        (output,) = (name for name in names if re.fullmatch(r"OnKafkaStreams-\d+", name))
        states = [
            orjson.loads(record.value) for record in topic_reader.read(apache.address, live.topology.prefix + output)
        ]
    for state in states:
        bulletin = state["official"] and {"votes": state["official"]}
        assert state == job.state(state["area"], sums_of(state), bulletin)
    assert any(state["official"] for state in states)


def test_wrong_sums_do_not_count(stream: Stream, embedded: EmbeddedBroker) -> None:
    """A run whose states are not there, or wrong, is refused."""
    with runs.empty(stream, embedded, 1) as live, pytest.raises(runs.BenchError, match="areas are wrong"):
        runs.check("nobody", live, live.topology.area_state, 1, stream.expected)


def test_what_is_kept_is_made_anew_when_its_recipe_changes(tmp_path: Path) -> None:
    """Once for each recipe, a file's content included; what the old recipe gave is not left lying about."""
    source, place = tmp_path / "source", tmp_path / "place"
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        path.mkdir()
        (path / "copy").write_text(source.read_text())

    source.write_text("one")
    first = kept(place, "night-2", ("seed 6", source), make)
    other = kept(place, "night-20", ("seed 6", source), make)
    assert kept(place, "night-2", ("seed 6", source), make) == first
    assert len(made) == 2
    source.write_text("two")
    second = kept(place, "night-2", ("seed 6", source), make)
    third = kept(place, "night-2", ("seed 7", source), make)
    assert len({first, second, third}) == 3
    assert (third / "copy").read_text() == "two"
    assert sorted(place.iterdir()) == sorted([other, third])


def test_a_recipe_whose_code_has_moved_is_refused() -> None:
    """Else a night would be kept whatever happens to the code."""
    with pytest.raises(ValueError, match=r"no streams/nights/gone\.py"):
        sources("nights/gone.py")


def test_without_a_jdk_the_peer_in_java_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A JRE alone has no compiler."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert "openjdk-17-jdk-headless" in java.lacking()


def test_a_section_that_is_not_there_is_refused_with_those_that_are() -> None:
    """The command names its sections."""
    command = [sys.executable, "-m", "benchmarks", "nonsense"]
    paths = ":".join(str(ROOT / part) for part in ("", "scripts", "tests/helpers"))
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": paths}, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "no section nonsense" in done.stderr
    assert "peers" in done.stderr


@pytest.mark.parametrize("fraction", [1.0, 0.96])
def test_everything_is_contested(fraction: float) -> None:
    """Every announced area of the contested night is called, or the benchmark itself fails."""
    assert len(list(contested.ticks(tables=20_000, provinces=2, fraction=fraction, count=2))) == 2


def test_the_page_has_the_figures_of_the_file() -> None:
    """docs/benchmarks.md has the table that `scripts/bench page` makes of docs/benchmarks.json, with every section."""
    report, text = orjson.loads(page.KEPT.read_bytes()), page.PAGE.read_text(encoding="utf-8")
    assert page.written(text, report) == text
    assert page.table(report) in text
    assert set(report["figures"]) == set(page.TITLES) - {"live"}
