"""The benchmarks still run, and hold everybody to the same job. How fast anything is, is not asked here."""

import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from benchmarks import runs
from benchmarks.figures import Figure, table
from benchmarks.kept import kept, sources
from benchmarks.live import AIOKAFKA
from benchmarks.nights import Stream, sums_of
from brokers import ROOT

from streams.broker import EmbeddedBroker
from streams.codec import decode_any
from streams.events import TallyReport
from streams.feed import KafkaSink

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


def test_a_worker_and_a_bare_loop_run_over_one_night(stream: Stream, embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """Every report is counted, the areas' sums are the core's, and the figures make a table."""
    path, fed = stream.messages(2)
    with runs.empty(stream, embedded, 2) as live:
        sink = KafkaSink(embedded.address)
        for line in path.read_bytes().splitlines():
            topic, partition, key, content = line.split(b"\t", 3)
            name = live.topology.tally_reports if topic == b"r" else live.topology.bulletins
            sink.send(name, content, key or None, int(partition))
        sink.close()
        live.until = fed.until
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


def test_a_section_that_is_not_there_is_refused_with_those_that_are() -> None:
    """The command names its sections."""
    command = [sys.executable, "-m", "benchmarks", "nonsense"]
    paths = ":".join(str(ROOT / part) for part in ("", "scripts", "tests"))
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": paths}, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert "no section nonsense" in done.stderr
    assert "peers" in done.stderr
