"""One partition's ledgers: sums that follow every verdict, state that survives a crash."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import msgspec
import pytest
from builders import T0, apply_all, bulletin, election, named, report
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from streams.core.aggregation.histograms import HEADROOM, REST, VOTES
from streams.core.election.model import Election
from streams.core.election.settings import Policy
from streams.core.engine.comparer import Comparer
from streams.core.events.model import Bulletin, TallyReport
from streams.core.reconciliation import flood_limits, ledger_intake, ledger_journal, ledger_store
from streams.core.reconciliation import report_columns as bulk
from streams.core.reconciliation import row_builder as rows
from streams.core.reconciliation.consensus import Verdict
from streams.core.reconciliation.ledger_recovery import Recovered
from streams.core.reconciliation.ledger_store import LedgerStore
from streams.core.reconciliation.reading import Reading
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.reconciliation.reporters import NameTable
from streams.core.reconciliation.sheet_rows import Sheets
from streams.core.reconciliation.verdict_cache import READER
from streams.core.replay.verdicts import NightVerdicts
from streams.errors import ElectionChangedError

NIGHT: dict[str, Any] = {
    "states": 2,
    "tables": 3,
    "registered": [60, None, 90],
    "trusted_sources": frozenset({"press"}),
}
KNOWN = election(**NIGHT, quorum=2)
STRICT = election(**NIGHT, quorum=3, majority=0.7)


def reports_of(tables: list[str]) -> st.SearchStrategy[list[TallyReport]]:
    """Reports that agree, disagree, are replaced, superseded and retracted."""
    ids = st.sampled_from(["r1", "r2", "r3", "r4", "r5"])
    return st.lists(
        st.builds(
            TallyReport,
            id=ids,
            table=st.sampled_from(tables),
            reporter=st.sampled_from("abc"),
            group=st.none() | st.just("g"),
            source=st.sampled_from(["web", "press"]),
            at=st.integers(T0, T0 + 5),
            votes=st.sampled_from([(5, 3, 1), (4, 4, 1), (0, 0, 9)]).map(named),
            null=st.none() | st.integers(0, 2),
            retracted=st.booleans(),
            supersedes=st.none() | ids,
        ),
        max_size=14,
    )


def naive(election: Election, reconciler: Reconciler) -> dict[str, dict[str, Any]]:
    """Every area's partial from scratch: the verdicts as they are now, added up one by one."""
    tables = {t: election.tables[t] for t in reconciler.verdicts}
    columns = range(len(election.columns))
    largest = max(t.registered or 0 for t in election.tables.values())
    partials = {}
    for area in {a for t in tables.values() for a in election.lineage[t.area]}:
        inside = {t: reconciler.verdicts[t] for t, place in tables.items() if area in election.lineage[place.area]}
        sheets = {t: election.by_column(v.votes) for t, v in inside.items() if v.accepted and v.votes is not None}
        valid = {t: sum(inside[t].votes or ()) for t in sheets}
        most = {t: tables[t].registered or largest for t in sheets}
        partials[area] = {
            "area": area,
            "tables": len(sheets),
            "registered": sum(tables[t].registered or 0 for t in sheets),
            "valid": sum(valid.values()),
            "null": sum(inside[t].null for t in sheets),
            "votes": [sum(votes[i] for votes in sheets.values()) for i in columns],
            "spread": [
                [histogram(votes[i] for votes in sheets.values()) for i in columns],
                [histogram(valid[t] - votes[i] for t, votes in sheets.items()) for i in columns],
                [histogram(max(0, most[t] - votes[i]) for t, votes in sheets.items()) for i in columns],
            ],
            "levels": dict(Counter(v.level.value for v in inside.values())),
        }
    return partials


def histogram(values: Iterable[int]) -> dict[int, int]:
    return dict(Counter(values))


def latest(reconciler: Reconciler, seen: Comparer | None = None) -> dict[str, dict[str, Any]]:
    """The sums of each area with a sheet, figure by figure; `seen` has what was taken before."""
    comparer = Comparer(KNOWN) if seen is None else seen
    comparer.add_sheets(reconciler.take_sheets())
    found = {}
    for area in ("N", "S1", "S2"):
        total = comparer.situation(area).witnessed
        if total.readings:
            found[area] = {
                "area": area,
                "tables": total.tables,
                "registered": total.registered,
                "valid": total.valid,
                "null": total.null,
                "votes": total.votes,
                "levels": total.levels,
                "spread": [
                    [total.spread.histogram(kind, i) for i in range(len(total.votes))]
                    for kind in (VOTES, REST, HEADROOM)
                ],
            }
    return found


@given(reports_of(list(KNOWN.tables)))
def test_incremental_equals_from_scratch(events: list[TallyReport]) -> None:
    """After every report the running sums are those recomputed from scratch, whatever the verdicts went through."""
    reconciler, seen = Reconciler(KNOWN), Comparer(KNOWN)
    for event in events:
        assert reconciler.apply(event) is None
        assert latest(reconciler, seen) == naive(KNOWN, reconciler)


def test_accepted_disputed_accepted_retracted() -> None:
    """A sheet enters the sums, leaves them when disputed, comes back with a majority, and leaves again."""
    reconciler, seen, counted = Reconciler(election()), Comparer(election()), []
    for event in (
        report(reporter="ana"),
        report(reporter="ben", votes=(9, 0, 0)),
        report(reporter="cat"),
        report(reporter="cat", id="x", at=T0 + 1, votes=(9, 0, 0)),
        report(reporter="ana", id="y", at=T0 + 1, votes={}, retracted=True),
        report(reporter="ben", id="z", at=T0 + 1, votes={}, retracted=True),
        report(reporter="cat", id="t", at=T0 + 2, votes={}, retracted=True),
    ):
        assert reconciler.apply(event) is None
        nation = latest(reconciler, seen)["N"]
        counted.append((nation["votes"][0], nation["tables"], *nation["levels"]))
    assert counted == [
        (5, 1, "reported"),
        (0, 0, "disputed"),
        (5, 1, "corroborated"),
        (9, 1, "corroborated"),
        (9, 1, "corroborated"),
        (9, 1, "reported"),
        (0, 0, "none"),
    ]


@given(reports_of(list(KNOWN.tables)), st.data())
def test_order_and_repetition(events: list[TallyReport], data: st.DataObject) -> None:
    """Reports in another order, some of them twice, give the same verdicts and sums."""
    again = data.draw(st.permutations(events + [data.draw(st.sampled_from(events)) for _ in events]))
    one, other = Reconciler(KNOWN), Reconciler(KNOWN)
    for event in events:
        one.apply(event)
    for event in again:
        other.apply(event)
    assert one.verdicts == other.verdicts
    assert latest(one) == latest(other)


@given(reports_of(list(KNOWN.tables)), st.data())
def test_worked_out_in_parts(events: list[TallyReport], data: st.DataObject) -> None:
    """How often somebody asks for the sheets makes no difference."""
    whole, parts, seen = Reconciler(KNOWN), Reconciler(KNOWN), Comparer(KNOWN)
    for event in events:
        whole.apply(event), parts.apply(event)
        if data.draw(st.booleans()):
            seen.add_sheets(parts.take_sheets())
    assert latest(parts, seen) == latest(whole)


@given(reports_of(list(KNOWN.tables)))
def test_again_changes_nothing(events: list[TallyReport]) -> None:
    """Taking everything in a second time leaves nothing to send and nothing to save."""
    reconciler = Reconciler(KNOWN, saves=True)
    for event in events:
        reconciler.apply(event)
    reconciler.take_sheets(), list(reconciler.take_records())
    for event in events:
        reconciler.apply(event)
    assert not reconciler.take_sheets()
    assert not list(reconciler.take_records())


@given(reports_of(list(KNOWN.tables)))
def test_rows_grow(events: list[TallyReport]) -> None:
    """A polling table's row that changed rests on more readings than the last one."""
    reconciler, seen = Reconciler(KNOWN), dict[int, int]()
    for event in events:
        reconciler.apply(event)
        for table, row in zip(*(part.tolist() for part in reconciler.take_sheets().read), strict=True):
            assert seen.get(table, 0) < row[0]
            seen[table] = row[0]


@given(reports_of(list(KNOWN.tables)), st.data())
def test_crash(events: list[TallyReport], data: st.DataObject) -> None:
    """A worker that comes back with any of what was saved, and replays all, ends as if nothing had happened."""
    clean, doomed = Reconciler(KNOWN), Reconciler(KNOWN, saves=True)
    saved: list[bytes] = []
    for event in events:
        clean.apply(event)
        doomed.apply(event)
        saved += [record for record in doomed.take_records() if data.draw(st.booleans())]
    reborn = Reconciler(KNOWN)
    reborn.load(data.draw(st.permutations(saved)))
    for event in events:
        reborn.apply(event)
    assert reborn.verdicts == clean.verdicts
    assert latest(reborn) == latest(clean)


@given(reports_of(list(KNOWN.tables)))
def test_load(events: list[TallyReport]) -> None:
    """From what it saved a reconciler has the same verdicts, sends every sheet again, and saves nothing again."""
    before = Reconciler(KNOWN, saves=True)
    for event in events:
        before.apply(event)
    after = Reconciler(KNOWN, saves=True)
    after.load(before.take_records())
    assert after.verdicts == before.verdicts
    assert latest(after) == latest(before)
    assert not list(after.take_records())


def recovered(election: Election, records: Iterable[bytes]) -> tuple[Reconciler, list[bytes]]:
    """A reconciler that has recovered these records, and those of them that it must load."""
    reconciler, saved = Reconciler(election, saves=True), Recovered(election)
    left = [record for record in records if not saved.add(record)]
    reconciler.recover(saved)
    return reconciler, left


@given(reports_of(list(KNOWN.tables)), st.data())
def test_recovered(events: list[TallyReport], data: st.DataObject) -> None:
    """A worker that recovers the records whose sheets were sent, and loads the others, ends as if nothing had happened,
    whatever comes again: records twice, and all reports."""
    clean, doomed, seen = Reconciler(KNOWN), Reconciler(KNOWN, saves=True), Comparer(KNOWN)
    sent, unsent = list[bytes](), list[bytes]()
    for event in events:
        clean.apply(event), doomed.apply(event)
        match data.draw(st.sampled_from(["nothing", "a flush", "a tick"])):
            case "a flush":
                unsent += doomed.take_records()
            case "a tick":
                seen.add_sheets(doomed.take_sheets())
                sent, unsent = sent + unsent, []
    twice = [record for record in sent if data.draw(st.booleans())]
    reborn, left = recovered(KNOWN, data.draw(st.permutations(sent + twice)))
    assert not reborn.take_sheets()
    reborn.load(data.draw(st.permutations(unsent + left)))
    for event in events:
        reborn.apply(event)
    assert reborn.verdicts == clean.verdicts
    assert latest(reborn, seen) == latest(clean)
    assert (reborn.take_sheets().version, clean.take_sheets().version) == (len(entries_of(clean)),) * 2
    assert reborn.take_sheets().busiest == clean.take_sheets().busiest


def entries_of(reconciler: Reconciler) -> list[Reading]:
    """All readings in its ledgers."""
    return [reading for table in KNOWN.tables if (ledger := reconciler.ledger(table)) for reading in ledger]


def saved(reconciler: Reconciler) -> set[tuple[str, bytes]]:
    """Polling tables and entries, of all that it saves; without an entry where a reading was turned away."""
    records = map(ledger_journal.decode, reconciler.take_records())
    packed = ((r.ids(), [b""] * len(r.ids()) if r.turned_away else r.entries()) for r in records)
    return {pair for tables, entries in packed for pair in zip(tables, entries, strict=True)}


@pytest.mark.parametrize("most", [1, 300, 10**6])
def test_records(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However small the records must be, together they hold every entry once."""
    monkeypatch.setattr(ledger_journal, "RECORD_BYTES", most)
    reconciler = Reconciler(KNOWN, saves=True)
    for i in range(20):
        reconciler.apply(report(id=f"r{i}", reporter=f"x{i}"))
    records = list(reconciler.take_records())
    assert all(len(record) < most + 300 for record in records)
    entries = [entry for record in records for entry in ledger_journal.decode(record).entries()]
    assert len(entries) == len(set(entries)) == 20


def test_another_register() -> None:
    """Ledgers that were saved under another register, or before numbers were saved, find their polling tables."""
    before = Reconciler(KNOWN, saves=True)
    for table in KNOWN.tables:
        before.apply(report(table, (1, 2, 3)))
    records = list(before.take_records())
    grown = election(states=3, tables=7)
    old = []
    for record in records:
        entries = ledger_journal.decode(record)
        entries.numbers, entries.register = b"", ""
        old.append(msgspec.msgpack.encode(entries))
    for known, saved_ in ((grown, records), (grown, old), (KNOWN, old)):
        after = Reconciler(known)
        after.load(saved_)
        assert set(after.verdicts) == set(KNOWN.tables)
        tables, rows = after.take_sheets().read
        assert [known.layout.tables[table] for table in tables.tolist()] == sorted(KNOWN.tables)
        assert set(rows[:, -1].tolist()) == {3}


@pytest.mark.parametrize("numbers", [b"", b"xyz", b"\xff\xff\xff\xff", b"\0\0\1\0"])
def test_numbers_that_are_none(numbers: bytes) -> None:
    """A record whose numbers are not one for each polling table, or none of the register, is no record."""
    reconciler = Reconciler(KNOWN, saves=True)
    reconciler.apply(report())
    (record,) = reconciler.take_records()
    entries = ledger_journal.decode(record)
    entries.numbers = numbers
    after = Reconciler(KNOWN)
    with pytest.raises(ValueError, match=r"number|buffer"):
        after.load([msgspec.msgpack.encode(entries)])
    assert not after.verdicts


def test_rejected() -> None:
    """A report that is turned away leaves nothing but a mark of its polling table, if the register has it."""
    reconciler = Reconciler(KNOWN)
    assert reconciler.apply(report("S9-9")) is not None
    assert reconciler.apply(report(votes=(500,))) is not None
    assert not reconciler.verdicts
    sheets = reconciler.take_sheets()
    assert (sheets.rows, sheets.turned_away.tolist()) == (0, [KNOWN.layout.table["S1-1"]])
    assert not reconciler.take_sheets()
    assert reconciler.ledger("S1-1") is None


some_votes: list[Any] = [(5, 3, 1), (70, 0, 0), (5, 3), {"X": 1}, {"A": 1, "B": 2, "X": 3}]
figures = st.sampled_from(some_votes).map(named)
odd = st.fixed_dictionaries(
    {},
    optional={
        "table": st.sampled_from(["S1-1", "S2-3", "S9-9", "S1"]),
        "votes": figures,
        "registered": st.integers(0, 90),
        "ballots": st.integers(0, 12),
        "blank": st.integers(0, 60),
        "null": st.integers(0, 60),
    },
)
bulletins = st.lists(
    st.builds(
        Bulletin,
        id=st.sampled_from(["b1", "b2", "b3"]),
        authority=st.just("board"),
        area=st.sampled_from(["S1-1", "S1-2", "S2-3", "S9-9", "S1"]),
        at=st.integers(T0, T0 + 3),
        sequence=st.integers(1, 3),
        votes=figures,
        supersedes=st.none() | st.sampled_from(["b1", "b2"]),
        announced_shares=st.sampled_from([{}, {"A": 50.0}, {"X": 50.0}]),
    ),
    max_size=14,
)


@contextmanager
def always_many(few: int = 1) -> Iterator[None]:
    """However few there are, from so many on they are taken in as many are."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (bulk, ledger_intake, rows):
            patch.setattr(module, "FEW", few)
        yield


@pytest.mark.parametrize("table", [*KNOWN.tables, "unknown"])
def test_too_many_ballots(table: str) -> None:
    """What has too many ballots is refused from its columns as by itself, whether or not its register is known."""
    votes = [(30, 30, 0), (30, 30, 31), (4_000, 1_000, 0), (4_000, 1_001, 0)]
    events = [report(table, id=f"r{i}", votes=figures, blank=1) for i, figures in enumerate(votes)]
    one, all_ = Reconciler(KNOWN), Reconciler(KNOWN)
    single = [(i, why) for i, event in enumerate(events) if (why := one.apply(event)) is not None]
    with always_many():
        assert apply_all(all_, events) == single
    assert {i for i, _ in single} >= {2, 3}
    assert all_.verdicts == one.verdicts


def test_stated_ballots() -> None:
    """A sheet that states other ballots than add up is refused among many as by itself."""
    stated: list[dict[str, Any]] = [
        {"ballots": 9, "null": 0, "blank": 0},
        {"ballots": 8, "null": 0, "blank": 0},
        {"ballots": 10, "null": 0, "blank": 0},
        {"ballots": 10, "blank": 0},
        {"ballots": 10, "null": 0},
        {"ballots": 8},
        {"ballots": 60, "null": 60, "blank": 0},
        {},
    ]
    events = [report(id=f"r{i}", reporter=f"x{i}", votes=(5, 3, 1), **more) for i, more in enumerate(stated)]
    one, all_ = Reconciler(KNOWN), Reconciler(KNOWN)
    single = [(i, why) for i, event in enumerate(events) if (why := one.apply(event)) is not None]
    with always_many():
        prepared = all_.prepare(events)
        assert not prepared.single
        assert all_.take_in(all_.enter(prepared), range(len(events))) == single
    assert [i for i, _ in single] == [1, 2, 5, 6]
    assert all_.verdicts == one.verdicts


@given(reports_of(list(KNOWN.tables)), st.lists(st.integers(0, 13)), st.data(), bulletins, st.booleans())
def test_all_at_once(
    events: list[TallyReport], plainly: list[int], data: st.DataObject, official: list[Bulletin], spoilt: bool
) -> None:
    """Many at once enter and are turned away as one by one: some plain, some retracted, odd, or repeated."""
    if not spoilt:
        events = [structs.replace(event, retracted=False) for event in events]
    events = [structs.replace(e, **data.draw(odd)) if spoilt and i in plainly else e for i, e in enumerate(events)]
    one, all_ = Reconciler(KNOWN, saves=True), Reconciler(KNOWN, saves=True)
    kinds: list[list[Any]] = [events, official]
    for kind in kinds:
        single = [(i, why) for i, event in enumerate(kind) if (why := one.apply(event)) is not None]
        half = len(kind) // 2
        with always_many():
            found = apply_all(all_, kind[:half]) + [(half + i, why) for i, why in apply_all(all_, kind[half:])]
        assert found == single
    assert all_.verdicts == one.verdicts
    slow, quick = Comparer(KNOWN), Comparer(KNOWN)
    assert latest(all_, quick) == latest(one, slow)
    assert quick.view.differing() == slow.view.differing()
    assert saved(all_) == saved(one)


usual = st.lists(
    st.builds(
        TallyReport,
        id=st.integers(0, 30).map("r{}".format),
        table=st.sampled_from(["S1-1", "S1-2"]),
        reporter=st.sampled_from("abcd"),
        group=st.sampled_from([None] * 5 + ["g", "a"]),
        source=st.sampled_from(["web", "press"]),
        at=st.integers(T0, T0 + 30),
        votes=st.sampled_from([(5, 3, 1)] * 5 + [(4, 4, 1)]).map(named),
        null=st.sampled_from([None] * 5 + [1]),
        retracted=st.sampled_from([False] * 9 + [True]),
        supersedes=st.sampled_from([None] * 9 + ["r1"]),
    ),
    max_size=6,
)


some_stretches = st.lists(st.tuples(usual, bulletins.map(lambda given: given[:4])), max_size=5)


@given(some_stretches, st.data(), st.booleans(), st.sampled_from([KNOWN, STRICT]))
def test_entered_ahead(
    stretches: list[tuple[list[TallyReport], list[Bulletin]]], data: st.DataObject, spoilt: bool, known: Election
) -> None:
    """Where events are entered ahead and taken in part by part, the rows, counts and busiest groups of each part are
    those of one by one, whatever of the same polling tables comes later, and however often; so are the verdicts that a
    night's outcome has of them."""
    lived = list[tuple[list[Any], list[int]]]()
    for reports, official in stretches:
        odd_ones = [structs.replace(reports[0], **data.draw(odd))] if spoilt and reports else []
        of_tables = [event for event in official if event.area not in known.areas]
        events = data.draw(st.permutations([*reports, *odd_ones, *of_tables]))
        lived.append((events, data.draw(st.lists(st.integers(0, len(events)), max_size=4))))
    assert_ahead_is_one_by_one(lived, known)


@given(st.randoms(use_true_random=True))
def test_entered_ahead_at_the_limit(chance: Random) -> None:
    """The same where polling tables are flooded: which entry finds its ledger full does not hang on what it comes
    together with."""
    lived = [(crowd(chance), [chance.randrange(30) for _ in range(chance.randrange(4))]) for _ in range(4)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_store, "LARGE", 40)
        patch.setattr(flood_limits, "LEDGER_BYTES", 200)  # two chains of forty bytes, and room for some entries more
        assert_ahead_is_one_by_one(lived, KNOWN)


def crowd(chance: Random) -> list[TallyReport | Bulletin]:
    """Thirty readings and official figures of few polling tables, some of them again and again."""
    official = chance.choice([0.1, 0.5, 0.9])

    def one() -> TallyReport | Bulletin:
        known: dict[str, Any] = {"id": f"e{chance.randrange(40)}", "at": T0 + chance.randrange(3), "votes": (5, 3, 1)}
        table = chance.choice(["S1-1", "S1-1", "S1-2", "S2-3"])
        if chance.random() < official:
            return bulletin(**known, area=table, sequence=chance.randrange(20))
        return report(table, **known, reporter=chance.choice("abcdefgh"))

    return [one() for _ in range(30)]


def test_another_election() -> None:
    """What was saved of other options is not taken for these."""
    before = Reconciler(KNOWN, saves=True)
    before.apply(report())
    for options in ("AB", "ABCD", "ACB"):
        now = Reconciler(election(options=options))
        with pytest.raises(ElectionChangedError, match="were A, B, C and are"):
            now.load(before.take_records())
        before.apply(report(id=options))


def test_who_is_turned_away_has_no_number() -> None:
    """However many names come with what is turned away, readers who come later are known."""
    reconciler = Reconciler(KNOWN)
    with always_many():
        for table, votes in (("S9-9", (5, 3, 1)), ("S1-1", (500, 0, 0))):
            apply_all(
                reconciler, [report(table, votes, id=f"f{i}", reporter=f"{table}{i}") for i in range(NameTable.MOST)]
            )
        prepared = reconciler.prepare([report(id=f"r{i}", reporter=f"x{i}") for i in range(9)])
    assert prepared.readings is not None
    assert prepared.readings.looks[:, READER].all()


def assert_ahead_is_one_by_one(stretches: list[tuple[list[Any], list[int]]], known: Election) -> None:
    """Of stretches of events, and the places in them behind which somebody asks for rows."""
    one, ahead, seen = Reconciler(known, saves=True), Reconciler(known, saves=True), Comparer(known)
    for events, cuts in stretches:
        with always_many():
            entered = ahead.enter(ahead.prepare(events))
            ends = sorted({*cuts, len(events)})
            for first, end in zip([0, *ends], ends, strict=False):
                with always_many(few=10**6):
                    refused = [i for i in range(first, end) if one.apply(events[i]) is not None]
                found = ahead.take_in(entered, range(first, end))
                assert [i for i, _ in found] == refused
                taken = ahead.take_sheets()
                assert plain(taken) == plain(one.take_sheets())
                seen.add_sheets(taken)
    assert saved(ahead) == saved(one)
    assert night(known, ahead, seen) == one.verdicts


def night(known: Election, reconciler: Reconciler, seen: Comparer) -> dict[str, Verdict]:
    """The verdicts as an outcome has them."""
    verdicts = NightVerdicts(known, [reconciler.verdicts], seen.read)
    return dict(zip(verdicts, verdicts.several([*verdicts]), strict=True))


def read(at: int, reporter: str = "a", **other: Any) -> TallyReport:
    """Of one polling table."""
    return report(**{"id": f"r{at}", "at": T0 + at, "reporter": reporter, **other})


@pytest.mark.parametrize(
    "stretches",
    [
        pytest.param([([read(i, f"x{i}")], []) for i in range(9)], id="readers agree, one by one"),
        pytest.param([([read(i, f"x{i}") for i in range(9)], [3, 6])], id="readers agree, all at once"),
        pytest.param([([read(i) for i in range(9)], [2, 4])], id="one reader again and again"),
        pytest.param([([read(1)], []), ([read(2, "b", ballots=9), read(3, "c")], [1])], id="one in between says more"),
        pytest.param([([read(1)], []), ([read(3, "b"), read(2, retracted=True)], [1])], id="taken back afterwards"),
        pytest.param(
            [
                ([read(1)], []),
                ([read(2, "b", votes=(4, 4, 1), ballots=9), read(3, "c", votes=(4, 4, 1), ballots=9)], []),
                ([read(4, "d")], []),
            ],
            id="others disagreed",
        ),
        pytest.param([([read(1, "a"), read(2, "b")], []), ([read(2, "b"), read(3, "c")], [])], id="one comes again"),
        pytest.param([([read(i, source="press")], []) for i in range(3)], id="one who is trusted, again and again"),
        pytest.param(
            [([read(i, f"x{i}", votes=(5, 3, 1) if i < 3 else (4, 4, 1))], []) for i in range(5)],
            id="fewer and fewer agree",
        ),
    ],
)
@pytest.mark.parametrize("known", [KNOWN, STRICT], ids=["half", "seven of ten"])
def test_ahead(stretches: list[tuple[list[Any], list[int]]], known: Election) -> None:
    """The same where each is known to matter."""
    assert_ahead_is_one_by_one(stretches, known)


def test_verdicts_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a night's outcome only sheets in doubt are read again, and those with a reading that nobody has judged."""
    reconciler, seen, asked = Reconciler(KNOWN), Comparer(KNOWN), list[int]()
    agree = [report(table, id=f"{table}-{who}", reporter=who) for table in ("S1-1", "S1-2") for who in "abcd"]
    doubt = [report("S2-1", id=who, reporter=who, votes=(5, 3, i)) for i, who in enumerate("abc")]
    with always_many():
        for event in [*agree[:7], *doubt]:
            apply_all(reconciler, [event])
        seen.add_sheets(reconciler.take_sheets())
        apply_all(reconciler, agree[7:])
    look = LedgerStore.verdict

    def verdict(self: LedgerStore, table: int, policy: Policy) -> Verdict:
        asked.append(table)
        return look(self, table, policy)

    monkeypatch.setattr(LedgerStore, "verdict", verdict)
    assert night(KNOWN, reconciler, seen)["S1-2"].readers == 4
    ids = KNOWN.layout.tables
    assert [ids[table] for table in asked] == ["S1-2", "S2-1"]


@pytest.mark.parametrize("known", [KNOWN, STRICT], ids=["half", "seven of ten"])
def test_few_are_asked_of(known: Election) -> None:
    """What had to be looked at by itself counts for the next stretch too, where so few were asked of that they stay in
    doubt."""
    events = [read(1), read(2, "b", votes=(4, 4, 1)), read(3, "c", votes=(4, 4, 1)), read(4, "d", votes=(4, 4, 1))]
    one, many = Reconciler(known), Reconciler(known)
    for stretch in (events[:2], events[2:3], events[3:]):
        with always_many():
            assert not apply_all(many, stretch)
        assert not apply_all(one, stretch)
        assert plain(many.take_sheets()) == plain(one.take_sheets())


def plain(sheets: Sheets) -> list[Any]:
    figures = [column.tolist() for rows in (sheets.read, sheets.announced) for column in rows]
    return [sheets.version, sheets.busiest, *figures]
