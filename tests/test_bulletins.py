"""What bulletins say, and what they leave unsaid."""

from typing import Any

import pytest
from builders import bulletin, compared, election


@pytest.mark.parametrize(
    ("said", "counted", "left"),
    [
        ({"status": "final"}, 1.0, 0),  # a final bulletin that tells no count has counted all
        ({"status": "final", "tables_counted": 3}, 0.5, 3),  # one that tells a count is believed
        ({"status": "final", "tables_counted_ratio": 0.5}, 0.5, 3),
        ({"status": "partial"}, None, None),
        ({"status": "partial", "tables_counted": 3, "tables_counted_ratio": 0.9}, 0.5, 3),
        ({"status": "partial", "tables_counted_ratio": 0.5}, 0.5, 3),
    ],
)
def test_counted_tables(said: dict[str, Any], counted: float | None, left: int | None) -> None:
    """How much a bulletin has counted: what it says; all where it is final and does not say; else unknown."""
    found = compared(election(), {}, bulletin(**said))
    assert (found.counted, found.left.tables) == (counted, left)


def test_ratio_where_tables_are_unknown() -> None:
    """Where nobody knows how many tables exist, the announced ratio tells what the number of tables cannot."""
    known = election(areas={"N": {"tables": None}})
    assert compared(known, {}, bulletin(tables_counted=3, tables_counted_ratio=0.5)).counted == 0.5
    assert compared(known, {}, bulletin(tables_counted=3, status="final")).counted is None
