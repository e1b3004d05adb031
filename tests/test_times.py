"""Unix milliseconds and what people write for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events.model import LATEST
from streams.times import from_rfc3339, from_text, rfc3339, to_minute, to_second, utc

AT = 1_722_225_960_123


def test_a_time_is_shown_in_utc() -> None:
    """Each form of one moment; what a form has no room for is cut off."""
    assert rfc3339(AT) == "2024-07-29T04:06:00.123Z"
    assert rfc3339(AT + 800, "seconds") == "2024-07-29T04:06:00Z"
    assert to_second(AT + 800) == "2024-07-29 04:06:00 UTC"
    assert to_minute(AT + 59_800) == "2024-07-29 04:06 UTC"
    assert utc(AT).tzinfo is not None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-07-29T00:06:00.123-04:00", AT),
        ("2024-07-29T04:06:00.123Z", AT),
        ("1970-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000),
    ],
)
def test_a_time_is_read_with_its_zone(text: str, at: int) -> None:
    """RFC 3339 of any zone, as far back as it goes."""
    assert from_rfc3339(text) == from_text(text) == at


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("yesterday", "give RFC 3339 such as 2024-07-29T00:06:00-04:00"),
        ("", "give RFC 3339 such as 2024-07-29T00:06:00-04:00"),
        ("2024-07-29T04:06:00", "give the time zone too, such as -04:00 or Z"),
        ("9" * 19, "give RFC 3339 such as 2024-07-29T00:06:00-04:00"),
    ],
)
def test_what_is_no_time_names_the_cure(text: str, cure: str) -> None:
    """One error for each way to be wrong; a number that does not fit 64 bits is no time either."""
    with pytest.raises(ValueError, match=f"^{cure}$"):
        from_text(text)


@given(st.integers(0, LATEST))
def test_every_time_comes_back(at: int) -> None:
    """Writing and reading lose no millisecond."""
    assert from_rfc3339(rfc3339(at)) == from_text(str(at)) == at
