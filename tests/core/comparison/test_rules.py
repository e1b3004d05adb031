"""Each rule, by tables: when it speaks, how loud, and that it says it in both languages."""

from collections.abc import Iterable
from dataclasses import replace
from math import nan
from typing import Any

import msgspec
import pytest
from builders import alike, all_findings, bulletin, compared, election, found_by, named, situation
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from streams.core.comparison.findings import Comparison, Finding
from streams.core.comparison.rules import RULES
from streams.core.comparison.rules.contradiction import Contradiction
from streams.core.comparison.rules.divergence import Divergence
from streams.core.comparison.rules.own_sums import OwnSums
from streams.core.comparison.rules.rounded_shares import RoundedShares
from streams.core.comparison.sentences import LANGUAGES, say
from streams.core.election.model import Election
from streams.core.election.settings import (
    ContradictionRule,
    DivergenceRule,
    FingerprintRule,
    HealthRule,
    MismatchRule,
    Rules,
)
from streams.core.events.codec import to_json
from streams.core.events.model import Bulletin
from streams.text import number


def told(found: Iterable[Finding]) -> list[tuple[str, str | None]]:
    return [(finding.column, finding.severity) for finding in found]


def check_sentences(finding: Finding) -> None:
    assert tuple(finding.sentence) == LANGUAGES
    for sentence in finding.sentence.values():
        assert "{" not in sentence
        assert "}" not in sentence
        assert "None" not in sentence
        assert "fraud" not in sentence.lower()
        assert sentence.endswith(".")


# Contradiction -------------------------------------------------------------------------------------------------------

HUNDRED = election(states=1, tables=100, registered=20, rules=Rules(ContradictionRule(min_sheets=10, min_ratio=0.05)))
"""100 tables; each sheet will hold A 10, B 5: A has 1,000 in all. Ten sheets must be false before it calls."""


@pytest.mark.parametrize(
    ("official", "counted", "severity"),
    [
        pytest.param(1000, 100, "silent", id="all votes there"),
        pytest.param(930, 100, "silent", id="7 sheets: below what clears"),
        pytest.param(921, 100, None, id="8 sheets: holds, does not raise"),
        pytest.param(920, 100, None, id="8 sheets exactly"),
        pytest.param(910, 100, None, id="9 sheets: holds, does not raise"),
        pytest.param(909, 100, "critical", id="9.1 sheets are 10: raises"),
        pytest.param(900, 100, "critical", id="10 sheets: raises"),
        pytest.param(0, 100, "critical", id="nothing announced"),
        pytest.param(900, 90, "silent", id="10 tables are left out: that explains it"),
        pytest.param(800, 90, "critical", id="10 tables are left out, 10 sheets short of that"),
        pytest.param(810, 90, None, id="10 tables are left out, 9 sheets short of that"),
    ],
)
def test_floor_thresholds(official: int, counted: int, severity: str | None) -> None:
    """A floor calls people from `min_sheets` on, and holds a firing alert down to `clear` of it."""
    given_ = compared(HUNDRED, alike(HUNDRED, (10, 5)), bulletin({"A": official}, tables_counted=counted))
    expected = [] if severity == "silent" else [("A", severity)]
    assert told(found_by(Contradiction, given_)) == expected


@pytest.mark.parametrize(
    ("ratio", "sheets", "severity"),
    [
        pytest.param(0.05, 10, "critical", id="the number decides"),
        pytest.param(0.20, 19, None, id="below the ratio"),
        pytest.param(0.20, 20, "critical", id="at the ratio"),
        pytest.param(0.25, 19, "silent", id="below what clears of the ratio"),
        pytest.param(0.105, 10, None, id="10.5 sheets are 11: below"),
        pytest.param(0.105, 11, "critical", id="10.5 sheets are 11: at it"),
    ],
)
def test_ratio(ratio: float, sheets: int, severity: str | None) -> None:
    """Both limits must be reached: the number of sheets and their share of the witnessed ones."""
    known = replace(HUNDRED, rules=Rules(ContradictionRule(min_sheets=10, min_ratio=ratio)))
    given_ = compared(known, alike(known, (10, 5)), bulletin({"A": 1000 - 10 * sheets}, tables_counted=100))
    assert told(found_by(Contradiction, given_)) == ([] if severity == "silent" else [("A", severity)])


@pytest.mark.parametrize(
    ("fields", "official", "witnessed", "side", "basis", "breakdown"),
    [
        pytest.param({"tables_counted": 90}, {"A": 700}, 100, "floor", "tables", 20, id="floor by tables"),
        pytest.param({"tables_counted_ratio": 0.9}, {"A": 700}, 100, "floor", "tables", 20, id="floor by ratio"),
        pytest.param({"registered": 1950}, {"A": 700}, 100, "floor", "registered", 25, id="floor by voters"),
        pytest.param(
            {"registered": 900, "registered_area": 950},
            {"A": 700},
            100,
            "floor",
            "registered",
            25,
            id="announced voters",
        ),
        # 20 sheets without witness hide at most 400 votes; each false sheet 10 more.
        pytest.param({}, {"A": 1400}, 80, "ceiling", "unwitnessed", 20, id="ceiling by voters nobody witnessed"),
        # 1,500 valid votes, 500 of them witnessed for B: 1,000 are left for A, and 5 for each false sheet.
        pytest.param(
            {"tables_counted": 100, "valid": 1500},
            {"A": 1100},
            100,
            "ceiling",
            "unwitnessed",
            20,
            id="ceiling, all seen",
        ),
        pytest.param(
            {"tables_counted": 100, "valid": 1200}, {"A": 900}, 80, "ceiling", "tables", 20, id="ceiling by valid votes"
        ),
    ],
)
def test_sides(
    fields: dict[str, Any], official: dict[str, int], witnessed: int, side: str, basis: str, breakdown: int
) -> None:
    """Each side and each basis yields a finding with its breakdown count and both sentences."""
    given_ = compared(HUNDRED, alike(HUNDRED, (10, 5), witnessed), bulletin(official, **fields))
    [finding] = found_by(Contradiction, given_)
    assert (finding.inputs["side"], finding.inputs["basis"], finding.value) == (side, basis, breakdown)
    assert finding.rule_class == "arithmetic"
    check_sentences(finding)


@pytest.mark.parametrize(
    ("sheets", "fields"),
    [
        pytest.param(0, {"tables_counted": 100}, id="nothing witnessed"),
        pytest.param(100, {}, id="nobody knows what the bulletin leaves out"),
    ],
)
def test_contradiction_silent(sheets: int, fields: dict[str, Any]) -> None:
    """Where nothing is known there is no contradiction."""
    assert not found_by(Contradiction, compared(HUNDRED, alike(HUNDRED, (10, 5), sheets), bulletin({"A": 0}, **fields)))


def test_no_limit_still_needs_a_sheet() -> None:
    """With both limits at zero a bulletin that fits stays silent: one false sheet is the least."""
    known = replace(HUNDRED, rules=Rules(ContradictionRule(min_sheets=0, min_ratio=0)))
    fits = bulletin({"A": 1000, "B": 500}, tables_counted=100)
    assert not found_by(Contradiction, compared(known, alike(known, (10, 5)), fits))


def test_group_figure() -> None:
    """A group announced as one figure has its own bounds."""
    known = replace(election(states=1, tables=100, registered=50, groups={"BC": "BC"}), rules=HUNDRED.rules)
    given_ = compared(known, alike(known, (10, 5, 5)), bulletin({"A": 1000, "BC": 850}, tables_counted=100, valid=2000))
    [finding] = found_by(Contradiction, given_)
    assert (finding.column, finding.value) == ("BC", 15)


# Divergence ----------------------------------------------------------------------------------------------------------

FORTY = election(states=2, tables=20, registered=100)
ALL: dict[str, Any] = {"tables_counted": 40}


@pytest.mark.parametrize(
    ("official", "severity"),
    [
        pytest.param(50.0, "silent", id="no distance"),
        pytest.param(52.5, "silent", id="below what clears"),
        pytest.param(52.6, None, id="holds, does not raise"),
        pytest.param(52.9, None, id="just below the warning"),
        pytest.param(53.0, "warning", id="at the warning"),
        pytest.param(47.0, "warning", id="at the warning, the other way"),
        pytest.param(55.9, "warning", id="just below critical"),
        pytest.param(56.0, "critical", id="at critical"),
        pytest.param(0.0, "critical", id="nothing announced"),
    ],
)
def test_divergence_thresholds(official: float, severity: str | None) -> None:
    """Beyond what one sheet can make (1 point here) 2 points warn, 5 are critical, and 1.6 keep an alert firing."""
    given_ = compared(FORTY, alike(FORTY, (10, 10)), bulletin({"A": round(official * 10)}, valid=1000, **ALL))
    assert told(found_by(Divergence, given_)) == ([] if severity == "silent" else [("A", severity)])


@pytest.mark.parametrize(
    ("sheets", "speaks"),
    [
        pytest.param(0, False, id="nothing witnessed"),
        pytest.param(29, False, id="29 sheets: only arithmetic speaks"),
        pytest.param(30, True, id="30 sheets"),
        pytest.param(40, True, id="all tables"),
    ],
)
def test_enough_sheets(sheets: int, speaks: bool) -> None:
    """Below the sheets asked for the rule is silent, whatever is announced."""
    given_ = compared(FORTY, alike(FORTY, (10, 10), sheets), bulletin({"A": 0}, valid=800, **ALL))
    assert bool(found_by(Divergence, given_)) == speaks


@pytest.mark.parametrize(
    ("official", "fields", "gap", "required"),
    [
        # Ten tables of forty are unseen: 200 of 800 votes, of which A has 100, give or take 40.
        pytest.param(45.0, ALL, 0, 20, id="just what the unseen can hold"),
        pytest.param(42.5, ALL, 2.5, 30, id="beyond that"),
        pytest.param(57.5, ALL, 2.5, 30, id="beyond that, the other way"),
        pytest.param(37.5, ALL, 7.5, 50, id="no vote for A among the unseen"),
        pytest.param(37.25, ALL, 7.75, None, id="what not even that explains"),
        # Half of the votes can be the 200 unseen and 200 witnessed: 60 + 100 of 400.
        pytest.param(40.0, {"tables_counted": 20, "valid": 400}, 0, 20, id="half counted, the unseen first"),
        pytest.param(35.0, {"tables_counted": 20, "valid": 400}, 5, 30, id="half counted, beyond that"),
        pytest.param(30.0, {"valid": 200}, 0, 20, id="it does not say how many: as many votes as it has"),
    ],
)
def test_divergence_of_the_unseen(official: float, fields: dict[str, Any], gap: float, required: float | None) -> None:
    """What tables nobody witnessed can hold is no gap; beyond it, by how much they would have to differ is told."""
    said = {"valid": 800, **fields}
    figures = {"A": round(said["valid"] * official / 100)}
    given_ = compared(FORTY, alike(FORTY, (10, 10), 30), bulletin(figures, **said))
    found = given_.projected
    assert found is not None
    assert abs(found.gap[0]) == pytest.approx(gap, abs=0.01)
    assert found.required[0] == (pytest.approx(nan if required is None else required, abs=0.1, nan_ok=True))
    for finding in found_by(Divergence, given_):
        check_sentences(finding)
        assert ("would have to be wrong" in finding.sentence["en"]) == (required is None)


CITIES = {f"S1-{t}": (80, 20) for t in range(1, 21)} | {f"S2-{t}": (20, 80) for t in range(1, 21)}
"""A leads in the city, B in the country; both have as many voters."""


@pytest.mark.parametrize(
    ("official", "fields", "speaks"),
    [
        pytest.param((1600, 400, 0), {"tables_counted": 20}, False, id="cities first"),
        pytest.param((400, 1600, 0), {"tables_counted": 20}, False, id="the country first"),
        pytest.param((1600, 400, 0), {"tables_counted": 40}, True, id="all of them"),
        pytest.param((1800, 1200, 0), {"tables_counted": 30}, False, id="three quarters, cities first"),
        pytest.param((1900, 1100, 0), {"tables_counted": 30}, False, id="more than the cities have, by one sheet"),
        pytest.param((2000, 1000, 0), {"tables_counted": 30}, True, id="by more than one sheet"),
        pytest.param((20, 80, 0), {"tables_counted_ratio": 0.025}, False, id="a single table"),
    ],
)
def test_any_order(official: tuple[int, ...], fields: dict[str, Any], speaks: bool) -> None:
    """All is witnessed: whatever can have been counted first is silent, what no order gives speaks."""
    assert bool(found_by(Divergence, compared(FORTY, CITIES, bulletin(official, **fields)))) == speaks


@pytest.mark.parametrize(
    ("wrong", "speaks"),
    [
        pytest.param({}, False, id="all sheets are right"),
        pytest.param({"S1-1": (700, 200)}, False, id="a digit wrong: 2 for 7"),
        pytest.param({"S1-1": (20, 200)}, False, id="a digit lost"),
        pytest.param({"S1-1": (200, 800)}, False, id="a digit wrong: 2 for 8, the other one"),
        pytest.param({f"S1-{t}": (700, 200) for t in range(1, 6)}, True, id="five such sheets"),
    ],
)
@pytest.mark.parametrize("counted", [5, 40])
def test_one_sheet(wrong: dict[str, tuple[int, int]], speaks: bool, counted: int) -> None:
    """One misread sheet calls nobody, in a complete count of few tables or in one that has just begun."""
    known = election(states=2, tables=20, registered=1000)
    figures = (200 * counted, 200 * counted, 0)
    given_ = compared(known, alike(known, (200, 200)) | wrong, bulletin(figures, tables_counted=counted))
    assert bool(found_by(Divergence, given_)) == (speaks and counted == 40)


@pytest.mark.parametrize(("sheets", "severity"), [(30, "warning"), (49, "warning"), (50, "critical"), (90, "critical")])
def test_critical_from_half_of_the_tables(sheets: int, severity: str) -> None:
    """Where less than half of the tables are witnessed the rule only warns, however large the gap."""
    given_ = compared(HUNDRED, alike(HUNDRED, (0, 20), sheets), bulletin((2000, 0, 0), tables_counted=100))
    assert {finding.severity for finding in found_by(Divergence, given_)} == {severity}


def test_turnout_is_no_difference() -> None:
    """Where everything agrees nothing speaks, however much turnout differs: the plain difference is 0."""
    sheets = alike(FORTY, (90, 10)) | {f"S2-{t}": (2, 8) for t in range(1, 21)}
    given_ = compared(FORTY, sheets, bulletin((1840, 360, 0), **ALL))
    assert not found_by(Divergence, given_)
    assert given_.projected is not None
    assert not given_.projected.gap.any()


# Own sums ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "fields", "expected"),
    [
        pytest.param((50, 30, 20), {"valid": 100}, [], id="adds up"),
        pytest.param((50, 30, 20), {"valid": 101}, [("options", "warning", 1)], id="one vote missing"),
        pytest.param((50, 30, 21), {"valid": 100}, [("options", "warning", 1)], id="one vote too many"),
        pytest.param((50, 30), {"valid": 100}, [], id="an option is missing: nothing to add up"),
        pytest.param({"A": 50, "BC": 50}, {"valid": 100}, [], id="a group stands for its options"),
        pytest.param({"A": 50, "BC": 49}, {"valid": 100}, [("options", "warning", 1)], id="a group, one missing"),
        pytest.param({"A": 50, "B": 30, "BC": 50}, {"valid": 100}, [], id="an option twice: not to be added"),
        pytest.param((50, 30, 20), {"valid": 100, "null": 5, "ballots": 105}, [], id="ballots add up"),
        pytest.param(
            (50, 30, 20), {"valid": 100, "null": 5, "ballots": 110}, [("ballots", "warning", 5)], id="ballots do not"
        ),
        pytest.param((50, 30, 20), {"valid": 100, "ballots": 110}, [], id="null votes unknown: nothing to add up"),
        pytest.param((50, 30, 20), {"ballots": 100, "registered": 100}, [], id="everybody voted"),
        pytest.param(
            (50, 30, 20),
            {"ballots": 101, "registered": 100},
            [("ballots-cast", "critical", 1)],
            id="one too many voted",
        ),
        pytest.param((50, 30, 20), {"tables_counted": 6}, [], id="all tables counted"),
        pytest.param(
            (50, 30, 20), {"tables_counted": 7}, [("tables-counted", "critical", 1)], id="more tables than exist"
        ),
        pytest.param((512, 300, 188), {"announced_shares": {"A": 51.2}}, [], id="share rounded"),
        pytest.param((5129, 3000, 1871), {"announced_shares": {"A": 51.2}}, [], id="share cut"),
        pytest.param((5121, 3000, 1879), {"announced_shares": {"A": 51.3}}, [], id="share rounded up"),
        pytest.param(
            (513, 300, 187), {"announced_shares": {"A": 51.1}}, [("share-A", "warning", 0.2)], id="share two steps off"
        ),
        pytest.param(
            (5120, 3000, 1880), {"announced_shares": {"A": 51.23}}, [("share-A", "warning", 0.03)], id="two decimals"
        ),
        pytest.param((5, 3, 2), {"announced_shares": {"A": 50}}, [], id="a whole share"),
        pytest.param((5, 3), {"announced_shares": {"A": 99}}, [], id="valid votes unknown: no share to check"),
        pytest.param((0, 0, 0), {"announced_shares": {"A": 0}}, [], id="no votes at all"),
    ],
)
def test_own_sums(votes: Any, fields: dict[str, Any], expected: list[tuple[str, str, float]]) -> None:
    """Each sum, share and limit that a bulletin breaks is one finding, and none that it keeps."""
    known = election(groups={"BC": "BC"})
    found = found_by(OwnSums, compared(known, {}, bulletin(votes, **fields)))
    assert [(f.column, f.severity, f.value) for f in found] == expected
    for finding in found:
        assert finding.rule_class == "consistency"
        check_sentences(finding)


# Rounded shares ------------------------------------------------------------------------------------------------------

FIRST = {"EG": 4_445_978, "NM": 5_150_092, "others": 462_704}
"""Venezuela, 28 July 2024, first bulletin."""

SECOND = {
    "NM": 6_408_844,
    "EG": 5_326_104,
    "LM": 152_360,
    "AE": 116_421,
    "BERA": 92_903,
    "JOBR": 84_231,
    "JABE": 64_452,
    "CF": 40_902,
    "EM": 29_611,
    "DC": 20_056,
}
"""Venezuela, second bulletin: 12,335,884 valid votes."""


def venezuela() -> Election:
    known = election()
    names = [replace(known.options[0], id=name, name=name) for name in SECOND]
    others = tuple(name for name in SECOND if name not in FIRST)
    groups = election(groups={"others": "A"}).groups
    return replace(known, options=tuple(names), groups=(replace(groups[0], options=others),))


@pytest.mark.parametrize(
    ("votes", "fires"),
    [
        pytest.param(FIRST, True, id="first bulletin"),
        pytest.param(SECOND, False, id="second bulletin"),
        pytest.param({**FIRST, "EG": 4_445_979, "NM": 5_150_091}, False, id="first bulletin, one vote moved"),
        pytest.param({"EG": 442, "NM": 512, "others": 46}, False, id="small totals prove nothing"),
        pytest.param({"EG": 4_445_978, "NM": 5_150_092}, False, id="an incomplete bulletin has no total"),
        pytest.param(dict.fromkeys(SECOND, 0) | {"NM": 5000}, False, id="zeros are no coincidence"),
        pytest.param(dict.fromkeys(SECOND, 0) | {"NM": 2500, "EG": 2500}, False, id="a tie among zeros is hardly one"),
        pytest.param(dict.fromkeys(SECOND, 0), False, id="no votes"),
    ],
)
def test_rounded_shares(votes: dict[str, int], fires: bool) -> None:
    """The fingerprint speaks where every figure is a rounded share and chance can be ruled out."""
    found = found_by(RoundedShares, compared(venezuela(), {}, bulletin(votes)))
    assert told(found) == ([("all", "info")] if fires else [])


def test_first_bulletin() -> None:
    """Venezuela's first bulletin has one decimal; the chance of it is about one in a hundred million."""
    [finding] = found_by(RoundedShares, compared(venezuela(), {}, bulletin(FIRST)))
    assert finding.value == finding.inputs["decimals"] == 1
    assert finding.inputs["valid"] == 10_058_774
    assert finding.inputs["chance"] == pytest.approx(1e-8, rel=0.05)
    check_sentences(finding)


def test_second_bulletin_adds_up() -> None:
    """Venezuela's second bulletin keeps every sum, so neither of the two rules has anything to say."""
    given_ = compared(venezuela(), {}, bulletin(SECOND, valid=12_335_884))
    assert not [finding for rule in RULES for finding in found_by(rule, given_)]


@given(st.integers(10**6, 10**8), st.integers(1, 998), st.integers(1, 998))
def test_rounded_shares_found(valid: int, a: int, b: int) -> None:
    """Figures made from one-decimal shares are found, if rounding kept the total."""
    c = 1000 - a - b
    if c <= 0:
        return
    votes = [(2 * valid * share + 1000) // 2000 for share in (a, b, c)]
    if sum(votes) == valid:
        known = replace(election(), rules=Rules(fingerprint=FingerprintRule(max_chance=1e-5)))
        assert found_by(RoundedShares, compared(known, {}, bulletin(votes)))


# Every rule ----------------------------------------------------------------------------------------------------------


def loud() -> Election:
    rules = Rules(
        ContradictionRule(1, 0.0),
        DivergenceRule(10, 1, 2, min_sheets=5),
        MismatchRule(1, 0.0, 0.0),
        HealthRule(1, 1, 0.1, 1, 0.1, 1),
        FingerprintRule(max_chance=1),
    )
    return election(registered=[100, None, 50], groups={"BC": "BC"}, rules=rules)


counts = st.integers(0, 300)
some = st.none() | counts
bulletins = st.builds(
    bulletin,
    votes=st.dictionaries(st.sampled_from(["A", "B", "C", "BC"]), counts, min_size=1),
    area=st.sampled_from(["N", "S1"]),
    tables_counted_ratio=st.none() | st.floats(0, 1),
    announced_shares=st.dictionaries(st.sampled_from("ABC"), st.floats(0, 100)),
    **dict.fromkeys(("tables_counted", "registered", "registered_area", "ballots", "valid", "null"), some),
)
sheets = st.dictionaries(st.sampled_from(list(loud().tables)), st.tuples(*[st.integers(0, 15)] * 3))


@given(bulletins, sheets)
def test_every_sentence(official: Bulletin, night: dict[str, tuple[int, ...]]) -> None:
    """Whatever is announced and witnessed, the rules speak in whole sentences, in both languages, or not at all."""
    found = all_findings(situation(loud(), night, official, area=official.area))
    assert len({f.fingerprint for f in found}) == len(found)
    for finding in found:
        check_sentences(finding)
        assert msgspec.convert(to_json(finding), Finding) == finding
        assert finding.bulletin in (official.id, "")


@given(bulletins, sheets)
def test_the_truth_is_silent(official: Bulletin, night: dict[str, tuple[int, ...]]) -> None:
    """A bulletin that announces exactly what was witnessed everywhere contradicts nothing and diverges from nothing."""
    full = {table: tuple(votes) for table, votes in (alike(loud(), (0, 0, 0)) | night).items()}
    sums = [sum(votes[i] for votes in full.values()) for i in range(3)]
    honest = structs.replace(official, area="N", votes=named(sums), valid=sum(sums), registered=None, tables_counted=6)
    given_ = compared(loud(), full, honest)
    assert not found_by(Contradiction, given_)
    assert not found_by(Divergence, given_)


def test_all_rules_are_tested() -> None:
    """The rules here are all there are: a new one needs its table."""
    assert [rule.__name__ for rule in RULES] == [
        *("Contradiction", "Divergence", "SampleMisfit", "OwnSums", "Falling", "Rewritten", "Parts", "RoundedShares"),
        *("Mismatch", "BelowFloor", "AboveCeiling", "Disputes", "Flood", "Silence", "SettledLead"),
    ]


@pytest.mark.parametrize(
    ("value", "language", "decimals", "text"),
    [
        pytest.param(5_326_104, "en", 0, "5,326,104", id="English"),
        pytest.param(5_326_104, "es", 0, "5.326.104", id="Spanish"),
        pytest.param(1234.56, "en", 1, "1,234.6", id="English with a decimal"),
        pytest.param(1234.56, "es", 1, "1.234,6", id="Spanish with a decimal"),
    ],
)
def test_number(value: float, language: str, decimals: int, text: str) -> None:
    """Numbers are printed as each language's press prints them."""
    assert number(value, language, decimals) == text


def test_names_are_kept() -> None:
    """Braces in a name are printed as they are: names are data, not sentences."""
    said = say("more", area="{x}", bulletin="b{}", what="ballots-cast", limit="registered-voters", added=2, stated=1)
    assert said["en"] == "{x}, bulletin b{}: 2 ballots, but there are only 1 registered voters."


def test_nothing_limits() -> None:
    """Without tables counted, registers or valid votes a comparison knows what it does not know."""
    known = election(registered=None)
    given_ = compared(known, {}, bulletin({"A": 5}))
    assert (given_.valid, given_.unwitnessed, given_.left.known) == (None, None, False)
    assert isinstance(given_, Comparison)
