"""Bytes in, events or rejections out: never an exception."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from builders import T0, bulletin, report
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.events import codec
from streams.core.events.codec import decode_any, decode_bulletin, decode_lines, decode_reports, encode, plain
from streams.core.events.field_reader import MAX_DEPTH
from streams.core.events.model import LATEST, MAX_COUNT, MAX_TEXT, Bulletin, Event, Rejection, TallyReport, Tick

GONE = object()

texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
counts = st.integers(0, MAX_COUNT)
times = st.integers(0, LATEST)
maybe = st.none() | counts
votes = st.dictionaries(texts, counts, max_size=4)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
anything = st.recursive(
    leaves | st.text(), lambda item: st.lists(item, max_size=3) | st.dictionaries(st.text(), item, max_size=3)
)
extras = st.dictionaries(st.text().map("x_{}".format), anything, max_size=3)

reports = st.builds(
    TallyReport,
    **dict.fromkeys(("id", "table", "reporter", "source"), texts),
    **{name: st.none() | texts for name in ("group", "image_sha256", "url", "supersedes", "signature")},
    **dict.fromkeys(("null", "blank", "registered", "ballots"), maybe),
    at=times,
    votes=votes,
    retracted=st.booleans(),
    extra=extras,
).filter(lambda r: r.retracted or bool(r.votes))

bulletins = st.builds(
    Bulletin,
    **dict.fromkeys(("id", "authority", "area"), texts),
    **{name: st.none() | texts for name in ("url", "supersedes", "signature")},
    **dict.fromkeys(("tables_counted", "registered", "registered_area", "ballots", "valid", "null"), maybe),
    at=times,
    sequence=counts,
    votes=votes.filter(bool),
    status=st.sampled_from(["partial", "final", "correction"]),
    tables_counted_ratio=st.none() | st.floats(0, 1),
    announced_shares=st.dictionaries(texts, st.floats(0, 100), max_size=3),
    extra=extras,
)


@given(reports | bulletins | st.builds(Tick, times))
def test_round_trip(event: Event) -> None:
    """Every event comes back equal from its bytes, unknown fields included, and its bytes are stable."""
    raw = encode(plain(event))
    assert decode_any(raw) == event
    assert encode(plain(decode_any(raw))) == raw  # type: ignore[arg-type]


@given(st.lists(reports, max_size=4))
def test_packs(pack: list[TallyReport]) -> None:
    """An array of reports is read like its elements, one by one."""
    assert decode_reports(encode([plain(r) for r in pack])) == pack


READERS = [
    lambda raw: decode_reports(raw),
    lambda raw: [decode_bulletin(raw)],
    lambda raw: [decode_any(raw)],
]

broken = st.tuples(reports | bulletins, st.integers(0, 400), st.binary(max_size=3)).map(
    lambda case: encode(plain(case[0]))[: case[1]] + case[2] + encode(plain(case[0]))[case[1] + 1 :]
)
fields = st.sampled_from(["id", "at", "votes", "observed_at", "issued_at", "sequence", "status", "type", "retracted"])
shaped = st.dictionaries(fields, anything).map(encode)


@given(st.none() | st.binary() | broken | shaped | anything.map(encode), st.sampled_from(READERS))
def test_any_bytes(raw: bytes | None, reader: Callable[[bytes | None], list[Any]]) -> None:
    """Arbitrary, broken and misshapen bytes never raise; what they give can be written down."""
    for result in reader(raw):
        if isinstance(result, Rejection):
            encode(str(result))
        else:
            encode(plain(result))


def careful(raw: bytes) -> Event | Rejection:
    """An event file's line by the careful reader alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "_is_plain", lambda raw: False)
        return decode_any(raw)


NUMBERS = ["0", "-0", "-1", "1.0", "1e3", "0.5", "100", "101", "01", "true", "null", str(MAX_COUNT), str(MAX_COUNT + 1)]
NUMBERS += [str(2**63), str(2**64), "1e400", "NaN", "{}", "[]", '{"A": 1}', '{"A":1.5}', '{"":1}', '{" ":1}']
NUMBERS += ['{"A":1,"A":-1}', "\ud800", '"2024-07-29T00:00:00Z"', '"x"', '""', '" "', '" x"', '"\\u0041"', '"\x7f"']
NUMBERS += ['"\x01"', '"é"', '"tick"', '"tally-report"', '"final"']
NAMES = ["type", "id", "table", "area", "at", "votes", "null", "extra", "retracted", "status", "registered", "sequence"]
NAMES += ["observed_at", "reporter_group", "announced_shares", "tables_counted_ratio", "\x7f", "x y"]


def spoilt(event: Event, more: list[tuple[str, str]], less: list[str], behind: str) -> bytes:
    """An event's JSON with fields left out, fields written once more in any spelling, and something behind it."""
    kept = {name: value for name, value in plain(event).items() if name not in less}
    head = encode(kept).decode()[:-1]
    text = head + "".join(f'{"" if i == 0 and not kept else ","}"{n}":{v}' for i, (n, v) in enumerate(more)) + "}"
    return (text + behind).encode("utf-8", "surrogatepass")


more_fields = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NUMBERS)), max_size=3)
fewer_fields = st.lists(st.sampled_from(NAMES), max_size=1)
behind = st.sampled_from(["", " ", "\n", "x"])


@settings(max_examples=400)
@given(
    reports | bulletins | st.builds(Tick, times),
    more_fields,
    fewer_fields,
    behind,
)
def test_quick_equals_careful(event: Event, more: list[tuple[str, str]], less: list[str], behind: str) -> None:
    """What is read in one go is what the careful reader makes of it: fields spoilt, repeated, unknown or left out,
    numbers and texts spelt in every way."""
    raw = spoilt(event, more, less, behind)
    assert decode_any(raw) == careful(raw)
    assert decode_lines([raw, b"{}", raw]) == [careful(raw), careful(b"{}"), careful(raw)]
    assert decode_lines([raw]) == [careful(raw)]


@given(st.text(max_size=40) | st.datetimes().map(str) | st.datetimes(timezones=st.timezones()).map(str))
def test_any_time(text: str) -> None:
    """Whatever stands where a time should, it is read or turned away."""
    result = decode_any(encode({"type": "tick", "at": text}))
    assert isinstance(result, Tick) or (isinstance(result, Rejection) and result.place == "at")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        pytest.param("2024-07-29T00:00:00Z", T0, id="UTC"),
        pytest.param("2024-07-28T20:00:00-04:00", T0, id="Caracas"),
        pytest.param("2024-07-29T00:00:00.250+00:00", T0 + 250, id="milliseconds"),
        pytest.param(T0, T0, id="Unix milliseconds"),
    ],
)
def test_times(text: str | int, at: int) -> None:
    """A time is RFC 3339 with its zone, or Unix milliseconds."""
    assert decode_any(encode({"type": "tick", "at": text})) == Tick(at)


def changed(event: Event, **changes: Any) -> bytes:
    """The event's bytes with some fields put in another way, or taken out."""
    data = {name: value for name, value in {**plain(event), **changes}.items() if value is not GONE}
    return json.dumps(data).encode()


def bad(title: str, raw: bytes | None, code: str, place: str) -> Any:
    return pytest.param(raw, code, place, id=title)


R, B = report(), bulletin()

ANY_KIND = [
    bad("tombstone", None, "empty", ""),
    bad("no bytes", b"", "not-json", "line 1 column 1"),
    bad("not JSON", b"hello", "not-json", "line 1 column 1"),
    bad("torn", b'{"id": "r1", ', "not-json", "line 1 column 14"),
    bad("bad UTF-8", b'{"id": "\xff"}', "not-json", "line 1 column 1"),
    bad("half a surrogate pair", b'{"id": "\\ud800"}', "not-json", "line 1 column 9"),
    bad("a bomb of brackets", b"[" * 100_000, "not-json", "line 1 column 1026"),
    bad("larger than a message may be", b" " * 5_000_000, "too-large", ""),
    bad("NaN", b'{"sequence": NaN}', "not-json", "line 1 column 14"),
    bad("infinity", b'{"sequence": Infinity}', "not-json", "line 1 column 14"),
    bad("a number", b"5", "not-an-object", ""),
    bad("a text", b'"x"', "not-an-object", ""),
    bad("null", b"null", "not-an-object", ""),
]

BAD_REPORTS = [
    bad("no id", changed(R, id=GONE), "missing", "id"),
    bad("id null", changed(R, id=None), "missing", "id"),
    bad("id a number", changed(R, id=7), "wrong-type", "id"),
    bad("id empty", changed(R, id="  "), "wrong-type", "id"),
    bad("id too long", changed(R, id="x" * (MAX_TEXT + 1)), "too-long", "id"),
    bad("control character", changed(R, table="S1\x00"), "control-character", "table"),
    bad("line break", changed(R, reporter="a\nb"), "control-character", "reporter"),
    bad("text turned around", changed(R, source="a\u202eb"), "control-character", "source"),
    bad("group an object", changed(R, reporter_group={}), "wrong-type", "reporter_group"),
    bad("no time", changed(R, observed_at=GONE), "missing", "observed_at"),
    bad("time without zone", changed(R, observed_at="2024-07-29T00:06:00"), "wrong-type", "observed_at"),
    bad("not a time", changed(R, observed_at="yesterday"), "wrong-type", "observed_at"),
    bad("time a fraction", changed(R, observed_at=1.5), "wrong-type", "observed_at"),
    bad("time a boolean", changed(R, observed_at=True), "wrong-type", "observed_at"),
    bad("before 1970", changed(R, observed_at=-1), "out-of-range", "observed_at"),
    bad("after 2100", changed(R, observed_at=LATEST + 1), "out-of-range", "observed_at"),
    bad("far future, as text", changed(R, observed_at="9999-12-31T23:59:59-14:00"), "out-of-range", "observed_at"),
    bad("no votes", changed(R, votes=GONE), "missing", "votes"),
    bad("votes empty", changed(R, votes={}), "missing", "votes"),
    bad("votes a list", changed(R, votes=[1, 2]), "wrong-type", "votes"),
    bad("votes negative", changed(R, votes={"A": -1}), "negative", "votes.A"),
    bad("votes a fraction", changed(R, votes={"A": 1.5}), "wrong-type", "votes.A"),
    bad("votes a text", changed(R, votes={"A": "5"}), "wrong-type", "votes.A"),
    bad("votes a boolean", changed(R, votes={"A": True}), "wrong-type", "votes.A"),
    bad("votes null", changed(R, votes={"A": None}), "wrong-type", "votes.A"),
    bad("votes absurd", changed(R, votes={"A": MAX_COUNT + 1}), "absurd", "votes.A"),
    bad("votes beyond 64 bits", changed(R, votes={"A": 10**30}), "wrong-type", "votes.A"),
    bad("option with a control character", changed(R, votes={"A\x07": 1}), "control-character", "votes"),
    bad("option's name too long", changed(R, votes={"A" * 600: 1}), "too-long", "votes"),
    bad("option without a name", changed(R, votes={"": 1}), "wrong-type", "votes"),
    bad("null negative", changed(R, null=-3), "negative", "null"),
    bad("registered absurd", changed(R, registered=2**62), "absurd", "registered"),
    bad("ballots a text", changed(R, ballots="9"), "wrong-type", "ballots"),
    bad("retracted a text", changed(R, retracted="yes"), "wrong-type", "retracted"),
    bad("unknown field nested too deep", changed(R, x=json.loads("[" * 60 + "]" * 60)), "too-deep", "x"),
]

BAD_BULLETINS = [
    bad("an array", b"[]", "not-an-object", ""),
    bad("no area", changed(B, area=GONE), "missing", "area"),
    bad("no sequence", changed(B, sequence=GONE), "missing", "sequence"),
    bad("sequence negative", changed(B, sequence=-1), "negative", "sequence"),
    bad("unknown status", changed(B, status="secret"), "wrong-type", "status"),
    bad("status a list", changed(B, status=[]), "wrong-type", "status"),
    bad("ratio in per cent", changed(B, tables_counted_ratio=80), "out-of-range", "tables_counted_ratio"),
    bad("ratio a text", changed(B, tables_counted_ratio="0.8"), "wrong-type", "tables_counted_ratio"),
    bad("ratio a boolean", changed(B, tables_counted_ratio=True), "wrong-type", "tables_counted_ratio"),
    bad("share above 100", changed(B, announced_shares={"A": 100.1}), "out-of-range", "announced_shares.A"),
    bad("share huge", changed(B, announced_shares={"A": 10**40}), "out-of-range", "announced_shares.A"),
    bad("share a text", changed(B, announced_shares={"A": "51,2"}), "wrong-type", "announced_shares.A"),
    bad("no figure", changed(B, votes={}), "missing", "votes"),
    bad("figure negative", changed(B, votes={"A": -1}), "negative", "votes.A"),
    bad("naive time", changed(B, issued_at="2024-07-29 00:06"), "wrong-type", "issued_at"),
    bad("unknown field nested too deep", changed(B, x=json.loads("[" * 300 + "]" * 300)), "too-deep", "x"),
]


@pytest.mark.parametrize(("raw", "code", "place"), ANY_KIND + BAD_REPORTS)
def test_bad_reports(raw: bytes | None, code: str, place: str) -> None:
    """Each kind of bad report is turned away with its code, its place and a cure."""
    [rejection] = decode_reports(raw)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.place) == (code, place)
    assert rejection.cure


@pytest.mark.parametrize(("raw", "code", "place"), ANY_KIND + BAD_BULLETINS)
def test_bad_bulletins(raw: bytes | None, code: str, place: str) -> None:
    """Each kind of bad bulletin is turned away with its code, its place and a cure."""
    rejection = decode_bulletin(raw)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.place) == (code, place)
    assert rejection.cure


def test_bad_element() -> None:
    """A bad element of an array is turned away with its place; its neighbours are read."""
    pack = [plain(R), {**plain(R), "votes": {"A": -1}}, 5, plain(R)]
    first, second, third, fourth = decode_reports(encode(pack))
    assert (first, fourth) == (R, R)
    assert isinstance(second, Rejection)
    assert (second.code, second.place) == ("negative", "[1].votes.A")
    assert isinstance(third, Rejection)
    assert (third.code, third.place) == ("not-an-object", "[2]")


@pytest.mark.parametrize("raw", [b"{}", b'{"type": "letter"}', b'{"type": 5}', b'{"type": []}'])
def test_unknown_type(raw: bytes) -> None:
    """A line of an event file must say what it is."""
    rejection = decode_any(raw)
    assert isinstance(rejection, Rejection)
    assert (rejection.code, rejection.place) == ("unknown-type", "type")


def test_deep_enough() -> None:
    """Unknown fields may nest as deep as the limit says, and are written again."""
    deep = json.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    event = decode_bulletin(changed(B, x=deep[0]))
    assert isinstance(event, Bulletin)
    assert decode_bulletin(encode(plain(event))) == event


def test_retraction_needs_no_votes() -> None:
    """A retraction is read without votes."""
    [event] = decode_reports(changed(R, votes=GONE, retracted=True))
    assert isinstance(event, TallyReport)
    assert event.retracted
    assert not event.votes


def test_ticks_among_the_rest() -> None:
    """A tick may stand in either topic, between reports or bulletins: there it marks how far time has come."""
    tick = plain(Tick(T0))
    assert decode_reports(encode([plain(R), tick])) == [R, Tick(T0)]
    assert decode_bulletin(encode(tick)) == Tick(T0)


def test_wrong_topic() -> None:
    """A report among the bulletins is turned away by its type; a bulletin among the reports may be of a table."""
    assert decode_reports(encode(plain(B))) == [B]
    for rejection in (decode_bulletin(encode(plain(R))),):
        assert isinstance(rejection, Rejection)
        assert rejection.code == "unknown-type"
