"""The live night's parts without a broker: reconcilers, alignment and comparer, fed from logs read in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import orjson
from nights import Outcome, finished, plainly, shown

from streams.core.election.model import Election
from streams.core.engine.comparer import Comparer
from streams.core.engine.partition_intake import Misrouted, PartitionIntake, Rejected, SheetsDue
from streams.core.engine.tick_judge import Announcement, judge_tick
from streams.core.engine.watermarks import Alignment
from streams.core.events.codec import decode_bulletin, decode_reports, encode, plain, to_json
from streams.core.events.model import Bulletin, Rejection, Tick
from streams.core.reconciliation.sheet_rows import Sheets
from streams.kafka.topology import Topology
from streams.nights.arrival import of_lines
from streams.nights.feeder import Feeder, Pace

BULLETINS = "bulletins"


class Logs:
    """A sink that keeps what is fed, as a broker's partitions would."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.reports: list[list[bytes]] = [[] for _ in range(topology.partitions)]
        self.bulletins: list[bytes] = []
        self.closed = False

    def send(self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        assert content is not None
        if topic == self.topology.bulletins:
            self.bulletins.append(content)
        else:
            self.reports[partition or 0].append(content)

    def close(self) -> None:
        self.closed = True


def feed(election: Election, lines: Iterable[bytes], topology: Topology, pace: Pace) -> Logs:
    logs = Logs(topology)
    Feeder(logs, election, topology, pace).feed(of_lines(lines))
    return logs


class Pipeline:
    """One election's stages over these logs; `step` says which of them is read next."""

    def __init__(self, election: Election, logs: Logs) -> None:
        self._election, self._logs, self._count = election, logs, len(logs.reports)
        self._homes = logs.topology.homes(election.layout.tables)
        self._intakes = [self._intake(p) for p in range(self._count)]
        self._read = dict.fromkeys([*range(self._count), BULLETINS], 0)
        self._channels = Alignment[Sheets | Bulletin | Rejection]([*range(self._count), BULLETINS])
        self._comparer = Comparer(election)
        self._saved: list[tuple[int, list[bytes]]] = [(0, []) for _ in range(self._count)]
        self._outcome = Outcome()

    def run(self, choose: Callable[[int], int]) -> Outcome:
        """Read every log to its end, `choose(n)` saying which of n logs is next."""
        while left := [c for c, at in self._read.items() if at < len(self._log(c))]:
            self._step(left[choose(len(left))])
        self._outcome.notices = [plainly(notice) for notice in self._outcome.notices]
        self._outcome.states = {area: plainly(self._comparer.state(area)) for area in self._election.areas}
        for intake in self._intakes:
            self._outcome.verdicts |= {t: plainly(shown(v)) for t, v in intake.reconciler.verdicts.items()}
        return finished(self._outcome)

    def save(self, partition: int) -> None:
        """Save what a reconciler has taken in, and its place, as a flush does."""
        _, records = self._saved[partition]
        self._saved[partition] = self._read[partition], [*records, *self._intakes[partition].reconciler.take_records()]

    def crash(self, partition: int) -> None:
        """Begin again from what was saved; what was read since comes again."""
        self._read[partition], records = self._saved[partition]
        self._intakes[partition] = self._intake(partition)
        self._intakes[partition].reconciler.load(records)

    def _intake(self, partition: int) -> PartitionIntake:
        return PartitionIntake(self._election, partition, self._homes, saves=True)

    def _log(self, channel: int | str) -> list[bytes]:
        return self._logs.reports[channel] if isinstance(channel, int) else self._logs.bulletins

    def _step(self, channel: int | str) -> None:
        content = self._log(channel)[self._read[channel]]
        self._read[channel] += 1
        if isinstance(channel, int):
            self._reports(channel, content)
        else:
            match decode_bulletin(content):
                case Tick(at):
                    self._mark(channel, at)
                case other:
                    self._channels.add(channel, other)

    def _reports(self, partition: int, content: bytes) -> None:
        items = decode_reports(content)
        for effect in self._intakes[partition].take(items, [0] * len(items)):
            match effect:
                case Rejected(_, reason):
                    self._outcome.rejected.append(reason.code)
                case Misrouted(place, _, home):
                    event = items[place]
                    assert not isinstance(event, Rejection)
                    self._logs.reports[home].append(encode(plain(event)))
                case SheetsDue(_, at, sheets):
                    for message in sheets.messages(self._election):
                        self._channels.add(partition, Sheets.from_plain(self._election, orjson.loads(message)))
                    self._mark(partition, at)

    def _mark(self, channel: int | str, at: int) -> None:
        self._channels.mark(channel, at)
        for reached, arrivals in self._channels.take():
            announced = [Announcement(what, what) for what in arrivals if not isinstance(what, Sheets)]
            sheets = [what for what in arrivals if isinstance(what, Sheets)]
            judged = judge_tick(self._comparer, self._election, reached, announced, sheets)
            self._outcome.notices += [to_json(notice) for notice in judged.notices]
            self._outcome.rejected += [reason.code for _, reason in judged.rejected]
            for _, official in judged.for_tables:
                home = int(self._homes[self._election.layout.table[official.area]])
                self._logs.reports[home].append(encode(plain(official)))
