"""Rows of what came: reports, bulletins, and what was turned away."""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any, Final

from streams.core.election.model import Election
from streams.core.engine.channel_items import Item, Items, Unread, Unreadable
from streams.core.events.codec import encode, plain
from streams.core.events.model import NO_ARRIVAL, Bulletin, Rejection, TallyReport, Tick, table_of
from streams.core.reconciliation.reading import Reading, reading_of
from streams.nights.exports.row_files import Scratch
from streams.nights.exports.table import suffixes

RAW_READINGS: Final = "raw_readings"
RAW_BULLETINS: Final = "raw_bulletins"
REJECTIONS: Final = "rejections"
"""Rows that `database` joins: events by their `event_key`, and the code of each that was turned away."""

_KINDS: Final = {TallyReport: "report", Bulletin: "bulletin", Tick: "tick", Unreadable: "unreadable"}


def event_key(event: TallyReport | Bulletin) -> int:
    """A number for an event's content; two events share one by chance alone, at about 1 in 10^19."""
    who = event.reporter if isinstance(event, TallyReport) else (event.authority, event.sequence)
    return hash((table_of(event), event.id, event.at, who, *event.votes.items()))


def reading_key(table: str, reading: Reading) -> int:
    """The same of a reading in the ledger of a polling table."""
    return hash((table, *reading))


def bulletin_key(area: str, id: str, authority: str, sequence: int, at: int) -> int:
    """The same of a bulletin, wherever it is kept."""
    return hash((area, id, authority, sequence, at))


class EventRows:
    """Writes rows for each event that comes, and for each that is turned away."""

    def __init__(self, election: Election, scratch: Scratch) -> None:
        self._election, self._scratch = election, scratch
        self._options = suffixes(option.id for option in election.options)
        self._figures = suffixes(column.id for column in election.columns)
        self._seq = self._turned_away = 0

    def take(self, items: Items, arrived: Sequence[int]) -> None:
        """Take down events; `arrived` (Unix ms) is when the message of each came, empty where nobody knows."""
        if not self._scratch.asked & {RAW_READINGS, RAW_BULLETINS}:
            return
        items = items.read() if isinstance(items, Unread) else items
        for item, at in zip(items, arrived or repeat(NO_ARRIVAL), strict=False):
            self._seq += 1
            if isinstance(item, TallyReport) and RAW_READINGS in self._scratch.asked:
                self._scratch.add(RAW_READINGS, self._reading(item, at))
            elif isinstance(item, Bulletin) and RAW_BULLETINS in self._scratch.asked:
                self._scratch.add(RAW_BULLETINS, self._bulletin(item, at))

    def refuse(self, item: Item, rejection: Rejection) -> None:
        """Take down what was turned away, and why (`replay.RejectionWatcher`)."""
        self._turned_away += 1
        if "rejected" in self._scratch.asked:
            self._scratch.add("rejected", self._rejected(item, rejection))
        if REJECTIONS in self._scratch.asked and isinstance(item, TallyReport | Bulletin):
            self._scratch.add(REJECTIONS, {"event_key": event_key(item), "code": rejection.code})

    def _reading(self, report: TallyReport, arrived: int) -> dict[str, Any]:
        reading = reading_of(self._election, report)
        return {
            "seq": self._seq,
            "event_key": event_key(report),
            "reading_key": reading_key(report.table, reading),
            "reading_id": report.id,
            "table_id": report.table,
            "reporter": report.reporter,
            "reporter_group": report.group,
            "source": report.source,
            "observed_at": report.at,
            "arrived_at": None if arrived == NO_ARRIVAL else arrived,
            "bound": report.bound,
            "retracted": report.retracted,
            "supersedes": report.supersedes,
            **_figures(report.votes, self._options, "votes_"),
            "null_votes": report.null,
            "blank_votes": report.blank,
            "registered": report.registered,
            "ballots": report.ballots,
            "image_sha256": report.image_sha256,
            "url": report.url,
            "signature": report.signature,
            "extra": _json(report.extra),
        }

    def _bulletin(self, bulletin: Bulletin, arrived: int) -> dict[str, Any]:
        shares = {
            f"share_{self._figures[name]}": share
            for name, share in bulletin.announced_shares.items()
            if name in self._figures
        }
        return {
            "seq": self._seq,
            "event_key": event_key(bulletin),
            "bulletin_key": bulletin_key(
                bulletin.area, bulletin.id, bulletin.authority, bulletin.sequence, bulletin.at
            ),
            "bulletin_id": bulletin.id,
            "authority": bulletin.authority,
            "area_id": bulletin.area,
            "issued_at": bulletin.at,
            "arrived_at": None if arrived == NO_ARRIVAL else arrived,
            "sequence": bulletin.sequence,
            "status": bulletin.status,
            "supersedes": bulletin.supersedes,
            "tables_counted": bulletin.tables_counted,
            "tables_counted_ratio": bulletin.tables_counted_ratio,
            "registered": bulletin.registered,
            "registered_area": bulletin.registered_area,
            "ballots": bulletin.ballots,
            "valid": bulletin.valid,
            "null_votes": bulletin.null,
            **_figures(bulletin.votes, self._figures, "votes_"),
            **shares,
            "url": bulletin.url,
            "signature": bulletin.signature,
            "extra": _json(bulletin.extra),
        }

    def _rejected(self, item: Item, why: Rejection) -> dict[str, Any]:
        row = {
            "number": self._turned_away,
            "kind": _KINDS[type(item)],
            "code": why.code,
            "field": why.place,
            "cure": why.cure,
        }
        if isinstance(item, Unreadable):
            content = item.excerpt.decode(errors="backslashreplace")
            return {**row, "about": why.table or None, "place": item.place, "content": content}
        row |= {"event_at": item.at, "content": encode(plain(item)).decode()}
        return row if isinstance(item, Tick) else {**row, "event_id": item.id, "about": table_of(item)}


def _figures(votes: Mapping[str, int], suffix: Mapping[str, str], prefix: str) -> dict[str, Any]:
    """A column for each figure with a known id; the others together."""
    row: dict[str, Any] = {prefix + suffix[id]: count for id, count in votes.items() if id in suffix}
    if len(row) < len(votes):
        row["unknown_votes"] = _json({id: count for id, count in votes.items() if id not in suffix})
    return row


def _json(fields: Mapping[str, Any]) -> str | None:
    return encode(dict(fields)).decode() if fields else None
