"""Events in their usual form are the very events, in fields of their own."""

from collections import Counter

import numpy as np
import pytest
from builders import T0, apply_all, bulletin, election, report
from hypothesis import given, settings
from hypothesis import strategies as st
from replays import of_events, of_stretches
from test_codec import behind, careful, fewer_fields, more_fields, spoilt
from test_pipeline import KNOWN, nights

from streams.core.election.model import Election
from streams.core.events.codec import MAX_PACK, decode_reports, encode, plain
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport, Tick, table_of
from streams.core.events.quick_decoder import UsualBulletin, UsualEvents, UsualReader, UsualReport
from streams.core.reconciliation import report_columns as columns
from streams.core.reconciliation.reconciler import Reconciler

USUAL: list[Event] = [
    report(),
    report(votes=(0, 0, 0), group="g", null=2, blank=0, supersedes="r1", url="u", image_sha256="x", signature="s"),
    report(ballots=9),
    bulletin(area="S1-1"),
    bulletin(valid=9, null=0, status="final", tables_counted=3, tables_counted_ratio=0.5, supersedes="b1"),
]
ODD: list[Event] = [
    report(votes=(5, 3)),
    report(registered=90),
    report(retracted=True),
    bulletin(announced_shares={"A": 1.0}),
    Tick(T0),
]
KINDS = (UsualReport, UsualBulletin)


def elections() -> list[Election]:
    """The usual one, one whose options no struct can name, and one that asks who reports are from."""
    return [KNOWN, election(options='"BC'), election(unsigned="hold")]


@settings(max_examples=400)
@given(st.sampled_from([*USUAL, *ODD]), more_fields, fewer_fields, behind, st.sampled_from(elections()))
def test_equals_careful(event: Event, more: list[tuple[str, str]], less: list[str], end: str, known: Election) -> None:
    """What is read is what the careful reader makes of it, however it is spelt; what that refuses is not read."""
    raw = spoilt(event, more, less, end)
    found, expected = UsualReader(known).read([raw, encode(plain(USUAL[0])), raw]), careful(raw)
    if found is None:
        takes_back = isinstance(expected, TallyReport) and expected.retracted and "votes" in less
        assert isinstance(expected, Rejection) or more or end or takes_back
    else:
        assert [*found] == [expected, USUAL[0], expected]
        assert [*found[1:]] == [USUAL[0], expected]


packs = st.lists(st.lists(st.sampled_from([*USUAL, *ODD]), max_size=3) | st.sampled_from([*USUAL, *ODD]), max_size=4)


@given(packs, st.sampled_from(elections()))
def test_packs(given: list[list[Event] | Event], known: Election) -> None:
    """Messages that hold one event or an array are read as the careful reader of messages does, or left to that."""
    contents = [encode([*map(plain, one)] if isinstance(one, list) else plain(one)) for one in given]
    expected = [decode_reports(content) for content in contents]
    if (found := UsualReader(known).read_packs(contents)) is not None:
        events, sizes = found
        assert [*events] == [event for message in expected for event in message]
        assert sizes == [*map(len, expected)]


def test_packs_are_usual() -> None:
    """Arrays of usual events are read in their usual form; an array of too many is left to who turns it away."""
    many = encode([plain(USUAL[0])] * MAX_PACK)
    found = UsualReader(KNOWN).read_packs([encode([*map(plain, USUAL)]), encode(plain(Tick(T0))), many])
    assert found is not None
    assert found[1] == [len(USUAL), 1, MAX_PACK]
    assert isinstance(found[0].as_decoded[0], UsualReport)
    assert UsualReader(KNOWN).read_packs([many[:-1] + b"," + many[1:]]) is None


NIGHT: list[TallyReport | Bulletin] = [event for event in [*USUAL, *ODD] if not isinstance(event, Tick)]


@given(st.lists(st.sampled_from(NIGHT)), st.lists(st.sampled_from(NIGHT), max_size=1), st.integers(0, 1))
def test_astray(events: list[TallyReport | Bulletin], before: list[TallyReport | Bulletin], home: int) -> None:
    """Whatever form events are in, the same ones belong to another partition: those of tables without a ledger here."""
    reconciler, found = Reconciler(KNOWN, 1), UsualReader(KNOWN).read([encode(plain(event)) for event in events])
    assert found is not None
    apply_all(reconciler, before)
    expected = [i for i, event in enumerate(events) if not home and is_new(reconciler, table_of(event))]
    homes = np.full(len(KNOWN.tables), home)
    assert [i for i, event in enumerate(events) if reconciler.is_misrouted(event, homes)] == expected
    for form in (events, found):
        assert reconciler.misrouted(reconciler.prepare(form), homes) == expected


def is_new(reconciler: Reconciler, table: str) -> bool:
    return table in KNOWN.tables and reconciler.ledger(table) is None


def test_which_are_usual() -> None:
    """The usual ones have a form of their own; the others are left as they are, beside them."""
    found = UsualReader(KNOWN).read([encode(plain(event)) for event in [*USUAL, *ODD]])
    assert isinstance(found, UsualEvents)
    assert [isinstance(event, KINDS) for event in found.as_decoded] == [True] * len(USUAL) + [False] * len(ODD)
    assert [*found] == [*USUAL, *ODD]


@pytest.mark.parametrize("known", elections()[1:])
def test_no_form_of_their_own(known: Election) -> None:
    """Where an election can have no such form, or asks for more than votes, events are read all the same."""
    assert UsualReader(known).read([encode(plain(event)) for event in USUAL]) == USUAL


@settings(max_examples=100)
@given(nights(), st.lists(st.integers(0, 40), max_size=3))
def test_nights_read_in_stretches(night: list[bytes], cuts: list[int]) -> None:
    """A night that is read in stretches, by who knows the election, is the night that is read event by event."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "FEW", 1)
        found = of_stretches(KNOWN, night, cuts)
    assert b"".join(found.json()) == b"".join(of_events(KNOWN, night).json())


def test_stretches_are_read_once() -> None:
    """Usual events are counted by what they are."""
    found = of_stretches(KNOWN, [encode(plain(event)) for event in [*USUAL, *ODD]], [])
    assert found.counts == Counter(reports=6, bulletins=3, ticks=1)
