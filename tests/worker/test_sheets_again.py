"""What a comparison reads again when it takes over: the sheets that its alerts were judged by, and no others."""

import re
from typing import Any, NamedTuple

import pytest
from builders import election, report

from streams.core.events.codec import encode
from streams.core.events.own_records import MarkRecord
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.sheet_rows import Sheets, read_message
from streams.worker.comparison_state import SheetsLostError, judged

KNOWN = election()


class Sent(NamedTuple):
    offset: int
    value: bytes


def sheets(partition: int) -> bytes:
    """A message of sheets."""
    reconciler = Reconciler(KNOWN, partition)
    reconciler.apply(report())
    (content,) = reconciler.take_sheets().messages(KNOWN)
    return content


def topic(*partitions: int | bytes | None) -> list[Sent]:
    """One message for each: sheets of a partition, a mark, or what is neither."""
    mark = encode({"partition": 0, "at": 7})
    contents = [mark if p is None else p if isinstance(p, bytes) else sheets(p) for p in partitions]
    return [*map(Sent, range(len(contents)), contents)]


def again(sent: list[Sent], reached: dict[int, int]) -> tuple[list[int], list[int]]:
    """The partitions whose sheets come again, in order, and the offsets of what could not be read."""
    bad = list[Any]()
    found = judged(
        lambda: sent, reached, lambda r: read_message(KNOWN, 2, r.value), lambda r, why: bad.append(r.offset)
    )
    return [part.partition for part in found], bad


@pytest.mark.parametrize(
    ("partitions", "reached", "expected"),
    [
        pytest.param([0, 1, 0], {}, [], id="nothing was judged"),
        pytest.param([0, 1, 0], {0: 2, 1: 1}, [0, 1, 0], id="all was"),
        pytest.param([0, 1, 0, 1], {0: 0, 1: 3}, [0, 1, 1], id="one partition was ahead of the other"),
        pytest.param([0, None, 1, None], {0: 0}, [0], id="marks are no sheets, and another partition had none"),
    ],
)
def test_judged(partitions: list[int | None], reached: dict[int, int], expected: list[int]) -> None:
    """Each partition's sheets come again up to where they were judged."""
    assert again(topic(*partitions), reached) == (expected, [])


def test_lost() -> None:
    """A topic that ends before what was judged is an error that says what to do."""
    with pytest.raises(SheetsLostError, match=r"ends at offset 1, and what was judged goes to 5.*another --prefix"):
        again(topic(0, 0), {0: 5})


def test_what_is_no_message_is_told() -> None:
    """A record that is neither sheets nor a mark is left out and told; what lies around it comes again."""
    assert again(topic(0, b"{", 1), {0: 2, 1: 2}) == ([0, 1], [1])


GOOD = sheets(1)
BAD = {
    "nothing": b"",
    "a tombstone": None,
    "no JSON": b"\xff\x00",
    "no object": b"[1]",
    "an unknown partition": b'{"partition":9,"at":5}',
    "a partition that is no number": b'{"partition":"0","at":5}',
    "a time that is no number": b'{"partition":0,"at":"now"}',
    "no rows": b'{"partition":0}',
    "rows of another width": GOOD.replace(b'"rows":[[', b'"rows":[[1,'),
    "a row too few": GOOD.replace(b'"tables":["', b'"tables":["S1-2","'),
    "a number too few": re.sub(rb'"numbers":\[[0-9]+', b'"numbers":[', GOOD, count=1),
    "a number that the register does not have": re.sub(rb'"numbers":\[[0-9]+', b'"numbers":[99999', GOOD, count=1),
    "a number that is none": re.sub(rb'"numbers":\[[0-9]+', b'"numbers":["x"', GOOD, count=1),
    "a figure that no integer holds": GOOD.replace(b'"rows":[[1,', b'"rows":[[99999999999999999999,'),
    "a figure that no sheet has": GOOD.replace(b'"rows":[[1,', b'"rows":[[1000000000001,'),
    "less than nothing": GOOD.replace(b'"rows":[[1,', b'"rows":[[-1,'),
    "a verdict that there is not": GOOD.replace(b'"rows":[[1,', b'"rows":[[1,9').replace(b"[[1,92", b"[[1,9"),
    "a version that is none": GOOD.replace(b'"version":1', b'"version":null'),
    "a busiest group that sent nothing": GOOD.replace(b'"busiest":{', b'"busiest":{"x":"y",'),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_broken_message(content: bytes | None) -> None:
    """Whatever is no message is a ValueError that says why, and nothing else."""
    assert content != GOOD
    with pytest.raises(ValueError, match=r"\w"):
        read_message(KNOWN, 2, content)


def test_a_whole_message() -> None:
    """What was written is read."""
    assert isinstance(read_message(KNOWN, 2, GOOD), Sheets)
    largest = GOOD.replace(b'"rows":[[1,', b'"rows":[[1000000000000,')
    assert largest != GOOD
    assert isinstance(read_message(KNOWN, 2, largest), Sheets)
    assert read_message(KNOWN, 2, encode({"partition": 1, "at": 9})) == MarkRecord(1, 9)
