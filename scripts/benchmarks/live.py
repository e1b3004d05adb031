"""One worker beside its peers: the same topics, the same job, turn after turn."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import java
from benchmarks.figures import Figure
from benchmarks.kept import say
from benchmarks.nights import Stream
from benchmarks.runs import Peer, Run, apache, log_bytes, night, of_peer, of_worker

LIVE: Final = "live"
SINGLE: Final = "each its own message"
REPORTS: Final = "disk: reports"
AIOKAFKA: Final = Peer("aiokafka, fetching and decoding only", "on_aiokafka.py", states=False)
QUIXSTREAMS: Final = (
    Peer("quixstreams, as documented", "on_quixstreams.py", "quixstreams.txt"),
    Peer("quixstreams, sums in memory", "on_quixstreams.py", "quixstreams.txt", ("--combine",)),
)
BYTEWAX: Final = Peer("bytewax, without recovery", "on_bytewax.py", "bytewax.txt")
KAFKA_STREAMS: Final = (
    Peer("Kafka Streams, as documented", "kafka_streams/OnKafkaStreams.java"),
    Peer("Kafka Streams, sums in memory", "kafka_streams/OnKafkaStreams.java", options=("--combine",)),
)


def run_live(repeats: int, reports: int, place: Path) -> list[Figure]:
    """Every report its own message, beside quixstreams."""
    return _beside(QUIXSTREAMS, repeats, reports, place)


def run_peers(repeats: int, reports: int, place: Path) -> list[Figure]:
    """The same beside every peer that can run here."""
    in_java: tuple[Peer, ...] = KAFKA_STREAMS
    if reason := java.lacking():
        say(f"Kafka Streams is left out: {reason}")
        in_java = ()
    return _beside((*QUIXSTREAMS, BYTEWAX, *in_java, AIOKAFKA), repeats, reports, place)


def run_packed(repeats: int, reports: int, place: Path) -> list[Figure]:
    """Reports packed in messages, beside a loop that only fetches and decodes them."""
    return [figure for pack in (100, 500) for figure in _beside((AIOKAFKA,), repeats, reports, place, pack)]


def _beside(peers: Sequence[Peer], repeats: int, reports: int, place: Path, pack: int = 1) -> list[Figure]:
    stream = Stream.of(reports, place)
    ours: list[Run] = []
    sizes: list[float] = []
    theirs: dict[str, list[Run]] = {peer.name: [] for peer in peers}
    with apache() as broker:
        for number in range(repeats):
            with night(stream, broker, place, pack) as (live, fed):
                sizes.append(log_bytes(broker, live.topology.tally_reports) / fed.reports)
                turns: list[Peer | None] = [None, *peers]
                for peer in turns if number % 2 == 0 else reversed(turns):
                    run = (
                        of_worker(live, fed, stream.expected)
                        if peer is None
                        else of_peer(peer, live, fed, stream, place)
                    )
                    (ours if peer is None else theirs[peer.name]).append(run)
                    say(f"run {number + 1}: {peer.name if peer else 'cotejo'}: {run.rate:,.0f} reports/s, "
                        f"{run.cpu_rate:,.0f} per second of processor time")  # fmt: skip
    note = SINGLE if pack == 1 else f"{pack} in a message"
    figures = [Figure.alone(f"{REPORTS}, {note}", "bytes/report", sizes)]
    for peer in peers:
        name = peer.name
        wall = [run.rate for run in ours], name, [run.rate for run in theirs[name]]
        cpu = [run.cpu_rate for run in ours], name, [run.cpu_rate for run in theirs[name]]
        figures.append(Figure.paired(LIVE, "reports/s", *wall, note))
        figures.append(Figure.paired(f"{LIVE}, processor time", "reports/CPU s", *cpu, note))
    return figures
