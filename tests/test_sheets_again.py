"""What a comparison reads again when it takes over: the sheets that its alerts were judged by, and no others."""

from typing import Any, NamedTuple

import orjson
import pytest

from streams.agents.compare import SheetsLostError, taken_in


class Sent(NamedTuple):
    offset: int
    value: bytes


def topic(*partitions: int | None) -> list[Sent]:
    """One message for each: sheets of a partition, or a mark."""
    found: list[dict[str, Any]] = [{"partition": 0, "at": 7} if p is None else {"partition": p} for p in partitions]
    return [Sent(offset, orjson.dumps({**data, "n": offset})) for offset, data in enumerate(found)]


@pytest.mark.parametrize(
    ("partitions", "reached", "expected"),
    [
        pytest.param([0, 1, 0], {}, [], id="nothing was judged"),
        pytest.param([0, 1, 0], {0: 2, 1: 1}, [0, 1, 2], id="all was"),
        pytest.param([0, 1, 0, 1], {0: 0, 1: 3}, [0, 1, 3], id="one partition was ahead of the other"),
        pytest.param([0, None, 1, None], {0: 0}, [0], id="marks are no sheets, and another partition had none"),
    ],
)
def test_taken_in(partitions: list[int | None], reached: dict[int, int], expected: list[int]) -> None:
    """Each partition's sheets come again up to where they were judged."""
    assert [data["n"] for data in taken_in(lambda: topic(*partitions), reached)] == expected


def test_lost() -> None:
    """A topic that ends before what was judged is an error that says what to do."""
    with pytest.raises(SheetsLostError, match=r"ends at offset 1, and what was judged goes to 5.*another --prefix"):
        list(taken_in(lambda: topic(0, 0), {0: 5}))
