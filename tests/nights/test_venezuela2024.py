"""The bundled night: invented tables, but every state's sums are the published ones."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.events.admission import check_bulletin, check_report
from streams.core.events.model import Bulletin, TallyReport
from streams.nights.scenarios import venezuela2024_facts, venezuela2024_night
from streams.nights.scenarios.venezuela2024_night import apportion


@given(st.integers(0, 10**7), st.lists(st.floats(0, 1000), min_size=1, max_size=60).filter(lambda w: sum(w) > 1))
def test_apportion(total: int, weights: list[float]) -> None:
    """Whole numbers that add up to the total, each less than one away from its exact share."""
    shares = apportion(total, weights)
    assert sum(shares) == total
    assert all(abs(s - total * w / sum(weights)) < 1 + 1e-6 for s, w in zip(shares, weights, strict=True))


def test_apportion_among_nobody() -> None:
    """Nothing can be shared among nobody; something cannot."""
    assert apportion(0, [0, 0]) == [0, 0]
    with pytest.raises(ValueError, match="5 among nobody"):
        apportion(5, [])


def test_each_state_adds_up() -> None:
    """Tables, registered voters, sheets, null votes and votes of every option: each state's are the facts'."""
    election, events = venezuela2024_night.night()
    tables = Counter(table.area for table in election.tables.values())
    registered: Counter[str] = Counter()
    for table in election.tables.values():
        registered[table.area] += table.registered or 0
    sums: dict[str, Counter[str]] = {state.id: Counter() for state in venezuela2024_facts.states()}
    for event in events:
        if isinstance(event, TallyReport):
            sums[election.tables[event.table].area].update({"sheets": 1, "null": event.null or 0, **event.votes})
    for state in venezuela2024_facts.states():
        assert (tables[state.id], registered[state.id]) == (state.tables, state.registered)
        assert (sums[state.id]["sheets"], sums[state.id]["null"]) == (state.sheets, state.null)
        assert tuple(sums[state.id][option.id] for option in venezuela2024_facts.OPTIONS) == state.votes


def test_the_night_is_one_that_passes() -> None:
    """Every event is admitted and plausible, in order of time, and says what the night is."""
    election, events = venezuela2024_night.night()
    assert election.notice == "reconstruction from state totals"
    assert [e.at for e in events] == sorted(e.at for e in events)
    for event in events:
        match event:
            case TallyReport():
                assert check_report(election, event) is None
                assert (event.ballots or 0) <= 1.02 * (election.tables[event.table].registered or 0)
            case Bulletin():
                assert check_bulletin(election, event) is None


def test_a_seed_is_a_night() -> None:
    """The same seed gives the same night, another one another."""
    assert venezuela2024_night.night(1) == venezuela2024_night.night(1)
    assert venezuela2024_night.night(1)[1] != venezuela2024_night.night(2)[1]
