"""Records say their format; one that this version does not know is refused with a cure, and damage is no format."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from builders import election

from streams.core.events.formats import ALERTS, DELIVERIES, LEDGERS, Format, UnknownFormatError
from streams.core.reconciliation.ledger_journal import Journal, LedgerRecord, decode
from streams.kafka.atomic_state import Saves

CURE = "run the version that wrote them, or begin anew with another --prefix"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(None, id="no headers: written before formats were numbered"),
        pytest.param([("other", b"9")], id="another header"),
        pytest.param([("format", b"1")], id="as kafka-python has them"),
        pytest.param({"format": b"1"}, id="as Faust may have them"),
        pytest.param(ALERTS.headers(), id="our own"),
    ],
)
def test_headers_that_are_read(headers: Any) -> None:
    """A record of this version's format, or of none, is read."""
    ALERTS.check_headers(headers)


def test_headers_that_are_refused() -> None:
    """An unknown version is refused in words that name the topic, both versions and the cure."""
    with pytest.raises(UnknownFormatError, match=f"^alerts holds records of format 2, .* reads format 1: {CURE}"):
        ALERTS.check_headers([("format", b"2")])


@pytest.mark.parametrize("value", [b"", b"x", b"1.0", None])
def test_a_format_that_is_no_number(value: bytes | None) -> None:
    """Such a record is damaged, not another version's: its reader sets it aside."""
    headers: Any = {"format": value}  # Kafka's header values may be null
    with pytest.raises(ValueError, match="invalid literal"):
        ALERTS.check_headers(headers)


def test_ledgers() -> None:
    """A record of the ledgers says its format; one without is of the first, and another's is refused."""
    journal = Journal(election().layout, ["A"])
    journal.readings.add(0, b"\x00", None)
    (record,) = journal.take()
    assert decode(record).ids() == decode(record[2:]).ids() == ["S1-1"]
    with pytest.raises(UnknownFormatError, match=f"^ledgers holds records of format {LEDGERS.version + 1}"):
        decode(record[:1] + bytes([LEDGERS.version + 1]) + record[2:])
    with pytest.raises(msgspec.MsgspecError):
        decode(b"no record")
    assert isinstance(decode(record), LedgerRecord)
    first = record[:1] + b"\x01" + record[2:]
    assert decode(first) == decode(record)
    with pytest.raises(
        UnknownFormatError, match=f"^ledgers holds records of format 0, .* reads formats 1 to 2: {CURE}"
    ):
        decode(record[:1] + b"\x00" + record[2:])


def test_sealed_state() -> None:
    """Sealed state says its format; what was saved without is read, and another version's ends the start."""
    saves = Saves(format=DELIVERIES)
    saves.put("a", 1)
    records = [(write.key, write.value or b"") for write in saves.step()]
    assert all(b'"format":1' in value for _, value in records)
    before = [(key, value.replace(b'"format":1,', b"")) for key, value in records]
    assert Saves(before, format=DELIVERIES).state == Saves(records, format=DELIVERIES).state == {"a": 1}
    with pytest.raises(UnknownFormatError, match=r"^deliveries holds records of format 1, .* reads format 2"):
        Saves(records, format=Format("deliveries", 2))
    odd = [(records[0][0], b'{"format":"2","step":1,"value":1}')]
    assert Saves(odd).unreadable[0][2] == "its format is no number"
