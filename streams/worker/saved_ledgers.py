"""The records in which a night's ledgers are saved, and how far their sheets have been sent.

A record's key is PARTITION/WRITER/NUMBER. Under PARTITION/WRITER/sent, each writer says up to which of its records the
rows of all sheets stand in the topic of sheets. Ledgers from those records are recovered as they are. All other sheets
are sent again, since they may never have left (docs/adr/0014).
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Final

import orjson

from streams import __version__
from streams.core.election.model import Election
from streams.core.events.signatures import precedence
from streams.core.events.unreadable_message import Withheld
from streams.core.reconciliation.ledger_journal import decode_sent
from streams.core.reconciliation.ledger_recovery import Recovered
from streams.core.reconciliation.reconciler import Reconciler
from streams.worker.faust_patches import JournalRecord

_SENT: Final = b"sent"

Unreadable = tuple[JournalRecord, Exception]


def record_key(partition: int, writer: str, number: int) -> bytes:
    """The key of a writer's record; numbers rise from 1."""
    return f"{partition}/{writer}/{number}".encode()


def sent_key(partition: int, writer: str) -> bytes:
    """The key under which a writer says up to which of its records the sheets have been sent."""
    return f"{partition}/{writer}/".encode() + _SENT


def judged_by(election: Election) -> str:
    """A digest of everything besides the ledger that decides a sheet. Where it differs, the sheets that were sent are
    of no use."""
    decisive = (
        __version__,
        asdict(election.policy),
        *(asdict(column) for column in election.columns),
        list(precedence(election).items()),
        election.layout.digest,
    )
    content = orjson.dumps(decisive, default=sorted, option=orjson.OPT_SORT_KEYS)  # sorted: of sets
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def load(
    records: Sequence[JournalRecord], judged: str, election: Election, reconcilers: Mapping[int, Reconciler]
) -> list[Unreadable]:
    """Give each reconciler, by partition, the records of its ledgers. Returns the records that cannot be read, with the
    reason. `judged` is `judged_by` today, or empty if the sheets that were sent are no longer there. Raises
    `ElectionChangedError` and `UnknownFormatError`."""
    sent, unreadable = _sent(records, judged), list[Unreadable]()
    recovered, left = {partition: Recovered(election) for partition in reconcilers}, list[JournalRecord]()
    for record in _readable(records, unreadable):
        try:
            partition, writer, number = _place(record.key)
            if partition in reconcilers and number != _SENT:
                covered = number.isdigit() and int(number) <= sent.get((partition, writer), 0)
                if not (covered and recovered[partition].add(record.value)):
                    left.append(record)
        except (ValueError, OverflowError) as error:
            unreadable.append((record, error))
    for partition, reconciler in reconcilers.items():
        reconciler.recover(recovered[partition])
    for record in left:
        try:
            reconcilers[_place(record.key)[0]].load([record.value])
        except (ValueError, OverflowError) as error:
            unreadable.append((record, error))
    return unreadable


def _readable(records: Iterable[JournalRecord], unreadable: list[Unreadable]) -> Iterable[JournalRecord]:
    for record in records:
        if isinstance(record.value, Withheld):
            unreadable.append((record, ValueError(record.value.cure)))
        elif record.value is not None:
            yield record


def _sent(records: Iterable[JournalRecord], judged: str) -> dict[tuple[int, bytes], int]:
    """By partition and writer, the last record whose sheets have been sent."""
    sent = {}
    for record in records:
        try:
            partition, writer, number = _place(record.key)
            if number == _SENT and (told := decode_sent(record.value)).judged_by == judged:
                sent[partition, writer] = told.records
        except ValueError:
            continue  # then they are sent again
    return sent


def _place(key: bytes | None) -> tuple[int, bytes, bytes]:
    """The partition, the writer, and the record's number in a key. Raises ValueError."""
    partition, _, rest = (key or b"").partition(b"/")
    writer, _, number = rest.partition(b"/")
    return int(partition), writer, number
