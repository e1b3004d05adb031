"""What `scripts/fuzz` runs: fuzz.py TARGET CORPUS [libFuzzer's options]."""

import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import atheris
from msgspec import structs

with atheris.instrument_imports(include=["streams"]):
    from streams.core.election.model import Area, Authority, Election, Option, Reporter
    from streams.core.election.register import PollingTable
    from streams.core.events.codec import decode_any, decode_bulletin, decode_reports, encode, plain
    from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick
    from streams.core.events.quick_decoder import UsualReader
    from streams.core.replay.replay import Replay
    from streams.nights import arrival as arrivals
    from streams.nights.eventlog import format
    from streams.nights.eventlog.errors import LogDamage
    from streams.nights.eventlog.generated_night import write
    from streams.nights.eventlog.reader import EventLog

ELECTION = Election(
    "fuzz",
    "Fuzz",
    (Option("A", "A"), Option("B", "B")),
    {"N": Area("N", "Nation", "nation", None, 1)},
    {"T": PollingTable("N", 100)},
    reporters={"ana": Reporter(bytes(32))},
    authorities={"board": Authority(bytes(32)), "town": Authority()},
)
USUAL = UsualReader(replace(ELECTION, reporters={}))
REPORT = TallyReport(id="r", table="T", reporter="bea", source="web", at=1, votes={"A": 1, "B": 2}, group="g")
OFFICIAL = Bulletin(id="b", authority="town", area="N", at=1, sequence=1, votes={"A": 1}, announced_shares={"A": 50.0})
SEEDS: list[Event] = [
    REPORT,
    structs.replace(REPORT, reporter="ana", signature="AAAA"),
    OFFICIAL,
    structs.replace(OFFICIAL, area="T"),
    Tick(1),
]


def codec(data: bytes) -> None:
    """Whatever is read is within bounds, is written as it was read, and the core takes it or says why not. What is read
    in its usual form is the same event."""
    replay = Replay.of_events(ELECTION)
    for event in [*decode_reports(data), decode_bulletin(data), decode_any(data)]:
        if isinstance(event, Rejection):
            encode([event.code, event.place, event.cure])
        else:
            assert decode_any(encode(plain(event))) == event
            replay.take(0, [event])
    b"".join(replay.finish().json())
    usual = USUAL.read([data])
    assert usual is None or [*usual] == [decode_any(data)]


def told(damage: LogDamage) -> None:
    assert str(damage)


class Log:
    """A log of one segment, whose content is what the fuzzer says: its bytes as they are, or the content of blocks with
    good checksums, as somebody would write them who knows the format."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        directory = Path(self._place.name)
        write(directory, ELECTION, SEEDS, "fuzz")
        self._log = EventLog.open(directory)
        self._id = bytes.fromhex(self._log.manifest.id)
        (_, self._segment), *_ = self._log.files
        self.seed = b"\x00" + self._segment.read_bytes()[format.SEGMENT_BYTES :]
        self.block = b"\x11" + b"".join(block.raw for block in self._log.blocks(lambda damage: None))

    def __call__(self, data: bytes) -> None:
        kind, content = (data[0], data[1:]) if data else (0, b"")
        if kind & 3:
            content = format.block(self._id, kind & 3, 0, kind >> 4, content)
        self._segment.write_bytes(format.segment_head(self._id, 1) + content)
        log = EventLog.open(self._log.directory)
        for record in log.records(True, told):
            for arrival in arrivals.of_record(record, "log"):
                assert arrival.raw is None or isinstance(arrival.raw, bytes)


def main() -> None:
    name, corpus = sys.argv[1:3]
    if name == "codec":
        target, seeds = codec, [encode(plain(event)) for event in SEEDS]
        seeds.append(b"[" + b",".join(seeds) + b"]")
    else:
        target = Log()
        seeds = [target.seed, target.block]
    for number, seed in enumerate(seeds):
        (Path(corpus) / f"seed-{number}").write_bytes(seed)
    words = {name for event in SEEDS for name in plain(event)} | {"ana", "board", "town", "tally-report", "bulletin"}
    Path("words").write_text("".join(f'"\\"{word}\\""\n' for word in sorted(words)))
    atheris.Setup([sys.argv[0], *sys.argv[2:], "-dict=words"], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
