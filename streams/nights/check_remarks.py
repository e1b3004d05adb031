"""What a night's election and events leave open: no errors, but each moves what can be said."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from streams.core.election.model import Election
from streams.core.events.model import Bulletin, TallyReport
from streams.nights import silent_settings

MOST: Final = 20
"""Places that are written out in a line of text; a JSON object has all."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One kind of thing that is left open: a stable code, how often, where, and what follows from it."""

    code: str
    count: int
    places: tuple[str, ...]
    """Ids or lines."""
    text: str

    @property
    def where(self) -> str:
        """The places in brackets, the first `MOST` of them; "" without any."""
        more = ", …" if len(self.places) > MOST else ""
        return f" ({', '.join(self.places[:MOST])}{more})" if self.places else ""

    def __str__(self) -> str:
        return f"remark: {self.code}: {self.text}{self.where}"


class Remarks:
    """Gathers remarks over one night's events; `found` has them."""

    def __init__(self, election: Election) -> None:
        self._election = election
        self._uncounted: list[str] = []
        self._rewritten: list[str] = []
        self._left_out: Counter[str] = Counter()
        self._beside: Counter[str] = Counter()
        self._readers = silent_settings.Readers(election.policy)

    def see_report(self, report: TallyReport) -> None:
        """A report that is admitted."""
        if report.retracted or report.bound is not None:
            return
        self._readers.see(report)
        read = self._election.read_options.keys()
        if read != report.votes.keys():
            self._left_out.update(read - report.votes.keys())
            self._beside.update(report.votes.keys() - read)

    def see_readers(self, some: Iterable[tuple[str, str, bool]]) -> None:
        """Readings that are admitted and leave nothing else open: polling table, who read it, whether from a trusted
        source."""
        for reading in some:
            self._readers.add(*reading)

    def see_bulletin(self, bulletin: Bulletin, place: str) -> None:
        """A bulletin that is admitted, and its place."""
        silent = bulletin.tables_counted is None and bulletin.tables_counted_ratio is None
        if bulletin.status == "final" and silent and bulletin.area in self._election.areas:
            self._uncounted.append(place)

    def see_rewritten(self, place: str) -> None:
        """A bulletin that has the id of another version of it."""
        self._rewritten.append(place)

    def found(self) -> Iterator[Remark]:
        """What the election's files leave open, then what the events do, then which settings keep rules silent."""
        unknown = self._election.policy.registered_zero == "unknown"
        if voterless := self._election.voterless:
            taken = "taken as unknown" if unknown else "so no vote fits there"
            text = f"polling tables with 0 registered voters: {len(voterless):,}, {taken} (reconcile.registered_zero)"
            yield Remark("registered-zero", len(voterless), voterless, text)
        if without := tuple(_without_shape(self._election)):
            text = f"areas without a shape, of a level that the map shows: {len(without):,}. They are in tables only"
            yield Remark("no-shape", len(without), without, f"{text}: add them to the map's file")
        if uncounted := tuple(self._uncounted):
            text = f"final bulletins that do not say how many polling tables they count: {len(uncounted):,}. "
            yield Remark("final-without-count", len(uncounted), uncounted, f"{text}Taken as all; give tables_counted")
        if rewritten := tuple(self._rewritten):
            text = f"bulletins rewritten under their own id: {len(rewritten):,}. The later sequence stands"
            yield Remark("rewritten", len(rewritten), rewritten, text)
        for option in self._election.option_index:
            yield from self._of_option(option)
        for silent in (*silent_settings.remarks(self._election), *self._readers.remarks()):
            yield Remark(*silent)

    def _of_option(self, option: str) -> Iterator[Remark]:
        unknown = self._election.policy.unread == "unknown"
        if count := self._left_out[option]:
            taken = "unknown, and the reading as a part of its sheet" if unknown else "0 votes"
            text = f"reports that say nothing of {option}: {count:,}. It is taken as {taken} "
            text += "(reconcile.unread, option.read)"
            yield Remark("option-left-out", count, (), text)
        if count := self._beside[option]:
            text = f"reports that give votes for {option}, for which sheets are not read: {count:,}. They are left out"
            yield Remark("option-not-read", count, (), text)


def _without_shape(election: Election) -> Iterator[str]:
    """The areas that have no shape though others of their level have one."""
    with_shape = set(election.map.areas if election.map else ())
    levels = {election.areas[area].level for area in with_shape}
    return (area.id for area in election.areas.values() if area.level in levels and area.id not in with_shape)
