"""Intervals from a sample: against a second, plain implementation in fractions, and against every sample there is."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, permutations, product
from math import exp, inf, log, prod, sqrt

import numpy as np
import pytest
from builders import election
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.core.sampling import guaranteed_interval, usual_interval
from streams.core.sampling.estimates import estimates
from streams.core.sampling.missing_sheets import Band, Filled, worst
from streams.core.sampling.sample import Contrast, Sample

SHARE, LEAD = Contrast.share(0, 2), Contrast.lead(0, 1, 2)
BANDS: tuple[Band, ...] = ("within-unseen", "anything")


def sample(
    sizes: list[int],
    stratum: list[int],
    votes: list[tuple[int, int]],
    limits: list[int],
    came: list[bool],
    largest: int,
    cluster: list[int] | None = None,
) -> Sample:
    seen = np.array([v if there else (0, 0) for v, there in zip(votes, came, strict=True)], np.int64).T
    names = [f"S{i}" for i in range(len(sizes))]
    given_ = np.array(sizes), np.array(stratum), np.array(came, bool), seen, np.array(limits, np.int64), largest
    return Sample(names, *given_, None if cluster is None else np.array(cluster))


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    """One or two strata of any size, with two to four sampled tables or clusters each; some tables have not come."""
    drawn = draw(st.lists(st.integers(2, 4), min_size=1, max_size=2))
    sizes = [count + draw(st.integers(0, 40)) for count in drawn]
    units = [i for i, count in enumerate(drawn) for _ in range(count)]
    counts = draw(st.one_of(st.just([1] * len(units)), st.lists(st.integers(1, 3), min_size=8, max_size=8)))
    cluster = [i for i, count in enumerate(counts[: len(units)]) for _ in range(count)]
    stratum = [units[i] for i in cluster]
    limits = [draw(st.integers(1, 300)) for _ in stratum]
    votes = []
    for limit in limits:
        first = draw(st.integers(0, limit))
        votes.append((first, draw(st.integers(0, limit - first))))
    came = [draw(st.booleans()) for _ in stratum]
    most = max(sum(limit for limit, of in zip(limits, cluster, strict=True) if of == i) for i in cluster)
    clustered = cluster if len(cluster) > len(units) else None
    return sample(sizes, stratum, votes, limits, came, most + draw(st.integers(0, 100)), clustered)


def by_unit(given_: Sample, values: list[Fraction]) -> list[Fraction]:
    """Figures of tables added up by unit."""
    if given_.cluster is None:
        return values
    of = given_.cluster.tolist()
    return [sum((value for value, c in zip(values, of, strict=True) if c == i), Fraction(0)) for i in range(of[-1] + 1)]


def strata_of_units(given_: Sample) -> list[int]:
    """The stratum of each unit."""
    strata = given_.stratum.tolist()
    return strata if given_.cluster is None else list(dict(zip(given_.cluster.tolist(), strata, strict=True)).values())


def plain_worst(given_: Sample, contrast: Contrast, band: Band, unseen: int) -> tuple[list[Fraction], list[Fraction]]:
    """What missing sheets hold at worst, table by table, in fractions."""
    weights = [Fraction(int(c)) for c in contrast.coefficients.tolist()]
    columns, came = given_.votes.T.tolist(), given_.came.tolist()
    limits, strata = given_.limits.tolist(), given_.stratum.tolist()
    low, ys, xs = Fraction(int(contrast.low)), [], []
    for i, votes in enumerate(columns):
        if came[i]:
            ys.append(sum(w * v for w, v in zip(weights, votes, strict=True)))
            xs.append(Fraction(sum(votes)))
            continue
        ys.append(low * limits[i])
        xs.append(Fraction(limits[i]))
        if band == "anything":
            continue
        for known, factor in (
            ([j for j in range(len(came)) if came[j] and strata[j] == strata[i]], Fraction(1)),
            ([j for j in range(len(came)) if came[j]], Fraction(3, 2)),
        ):
            valid = sum(sum(columns[j]) for j in known)
            if valid:
                shown = sum(w * v for j in known for w, v in zip(weights, columns[j], strict=True)) / valid
                xs[i] = Fraction(valid, sum(limits[j] for j in known)) * limits[i]
                ys[i] = max(low, shown - factor * Fraction(unseen, 100) * sum(map(abs, weights))) * xs[i]
                break
    return ys, xs


Staked = tuple[Fraction, float, list[tuple[Fraction, Fraction]]]
"""A portion of the capital, the greatest ratio that it bets against, and of each unit what is at risk and carried."""


def plain_stakes(given_: Sample, span: Fraction, alpha: float, low: float | None = None) -> list[Staked]:
    """By row and unit what is at risk and what is carried, in fractions: from the last unit back, what is carried
    past it is what those behind it have at risk, over the units that were left when they were drawn."""
    strata, sizes = strata_of_units(given_), given_.sizes.tolist()
    n, drawn = len(strata), [strata.count(h) for h in range(len(sizes))]
    weight = [Fraction(sizes[h], drawn[h]) * n / sum(sizes) for h in strata]
    carried, past = [Fraction(0)] * n, [Fraction(0)] * len(sizes)
    left = [size - count for size, count in zip(sizes, drawn, strict=True)]
    for i in reversed(range(n)):
        h = strata[i]
        left[h] += 1
        carried[i] = past[h] if drawn[h] < sizes[h] else Fraction(1)
        past[h] += (1 - carried[i]) / left[h]
    amount = max(1e-6, float(sum((w * (1 - c)) ** 2 for w, c in zip(weight, carried, strict=True))))
    most = min((1 / (span * w) for w, c in zip(weight, carried, strict=True) if c < 1), default=Fraction(10**30))
    found = []
    for spread in (0.03, 0.06, 0.12, 0.24):
        best = Fraction(sqrt(2 * log(1 / alpha) / amount) / spread)
        rows = [(Fraction(1, 4), 1e9, min(best, most))]
        if low is not None and best > most:
            rows = [(Fraction(1, 8), 1e9, most)]
            for reach in (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)):
                rows.append((Fraction(1, 24), low + float(reach * span), min(best, most / reach)))
        for portion, until, whole in rows:
            stake = whole / given_.largest
            each = [(stake * w * (1 - c), stake * w * c) for w, c in zip(weight, carried, strict=True)]
            found.append((portion, until, each))
    return found


def plain_log_capital(staked: list[Staked], zs: list[Fraction], theta: float) -> float:
    """The logarithm of the capital that bets against theta; -1000 for one of 0."""
    logs = []
    for portion, until, stakes in staked:
        if theta <= until:
            grown = prod(1 + risked * z for (risked, _), z in zip(stakes, zs, strict=True))
            moved = float(sum(carried * z for (_, carried), z in zip(stakes, zs, strict=True)))
            logs.append(max(-1000, log(portion) + log(grown) + moved if grown > 0 else -1000))
    return max(logs) + log(sum(exp(each - max(logs)) for each in logs))


def plain_lower_end(given_: Sample, contrast: Contrast, band: Band, unseen: int, alpha: float) -> float:
    """The lower end by products of fractions, found by halving."""
    ys, xs = (by_unit(given_, values) for values in plain_worst(given_, contrast, band, unseen))
    staked = plain_stakes(given_, Fraction(contrast.high - contrast.low), alpha, contrast.low)

    def reaches(theta: Fraction) -> bool:
        zs = [y - theta * x for y, x in zip(ys, xs, strict=True)]
        return plain_log_capital(staked, zs, float(theta)) >= log(1 / alpha)

    low, high = Fraction(contrast.low), Fraction(contrast.high)
    if not reaches(low):
        return float(low)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if reaches(middle) else (low, middle)
    return float(low)


@settings(max_examples=40)
@given(samples(), st.sampled_from([SHARE, LEAD, SHARE.mirrored()]), st.sampled_from(BANDS), st.integers(0, 100))
def test_a_second_implementation(given_: Sample, contrast: Contrast, band: Band, unseen: int) -> None:
    """Missing sheets and the guaranteed lower end agree with plain Python in fractions to 1e-9."""
    filled = worst(given_, contrast, band, unseen)
    ys, xs = plain_worst(given_, contrast, band, unseen)
    assert filled.y.tolist() == pytest.approx(list(map(float, ys)), abs=1e-9)
    assert filled.x.tolist() == pytest.approx(list(map(float, xs)), abs=1e-9)
    for alpha in (0.5, 0.025):
        found = guaranteed_interval.lower_end(given_, contrast, band, unseen, alpha)
        assert found == pytest.approx(plain_lower_end(given_, contrast, band, unseen, alpha), abs=1e-9)


def test_each_end_has_half_of_the_error() -> None:
    """An interval of 95 % may be wrong in 2.5 % at each end."""
    given_ = sample([400], [0] * 40, [(60, 40)] * 40, [110] * 40, [True] * 40, 110)
    low, high = guaranteed_interval.interval(given_, SHARE, "anything", 20, 0.05)
    assert 0 < low == guaranteed_interval.lower_end(given_, SHARE, "anything", 20, 0.025)
    assert 1 > high == -guaranteed_interval.lower_end(given_, SHARE.mirrored(), "anything", 20, 0.025)


@settings(max_examples=40)
@given(samples())
def test_usual(given_: Sample) -> None:
    """The usual interval is the textbook's: combined ratio, linearised variance between units, finite population
    correction."""
    for contrast in (SHARE, LEAD):
        worst_ = plain_worst(given_, contrast, "within-unseen", 20)
        ys, xs = (list(map(float, by_unit(given_, part))) for part in worst_)
        sizes, strata = given_.sizes.tolist(), strata_of_units(given_)
        members = [[i for i, s in enumerate(strata) if s == h] for h in range(len(sizes))]
        total_y, total_x = (
            sum(size / len(some) * sum(part[i] for i in some) for size, some in zip(sizes, members, strict=True))
            for part in (ys, xs)
        )
        low, high = usual_interval.interval(given_, contrast, "within-unseen", 20)
        if not total_x:
            assert (low, high) == (contrast.low, contrast.high)
            continue
        ratio, variance = total_y / total_x, 0.0
        for size, some in zip(sizes, members, strict=True):
            rest = [ys[i] - ratio * xs[i] for i in some]
            mean = sum(rest) / len(rest)
            spread = sum((e - mean) ** 2 for e in rest) / (len(rest) - 1)
            variance += size**2 * (1 - len(some) / size) * spread / len(some)
        assert low == pytest.approx(max(contrast.low, ratio - 1.959963984540054 * sqrt(variance) / total_x), abs=1e-9)


@settings(max_examples=30)
@given(samples())
def test_clusters_are_units(given_: Sample) -> None:
    """Once all of its sheets are in, a sample of clusters says what one of tables that hold as much would."""
    if given_.cluster is None:
        return
    votes, of = given_.votes, given_.cluster
    seen = np.stack([np.bincount(of, row) for row in votes]).astype(np.int64)
    came, limits = np.ones(seen.shape[1], bool), np.bincount(of, given_.limits).astype(np.int64)
    full = replace(given_, came=np.ones(len(of), bool))
    alike = Sample(given_.names, given_.sizes, given_.unit_stratum, came, seen, limits, given_.largest)
    for contrast in (SHARE, LEAD):
        for band in BANDS:
            for kind in (usual_interval, guaranteed_interval):
                found = [kind.interval(each, contrast, band, 20) for each in (full, alike)]
                assert found[0] == pytest.approx(found[1])
        shown = [usual_interval.estimate(each, contrast) for each in (full, alike)]
        assert shown[0] == (None if shown[1] is None else pytest.approx(shown[1]))


def test_the_estimate_weighs_what_came() -> None:
    """Where some tables of a cluster are missing, those of its stratum that came stand for them."""
    votes, came = [(60, 40), (0, 0), (20, 80), (50, 50)], [True, False, True, True]
    given_ = sample([10, 4], [0, 0, 0, 1], votes, [100] * 4, came, 300, [0, 0, 1, 2])
    weights = [10 * 3 / (2 * 2)] * 2 + [4.0]
    shares = [0.6, 0.2, 0.5]
    wanted = sum(w * s for w, s in zip(weights, shares, strict=True)) / sum(weights)
    assert usual_interval.estimate(given_, SHARE) == pytest.approx(wanted)


def test_one_sheet_in_a_stratum() -> None:
    """A stratum with one sampled table takes the spread of the whole sample; a sample of one table says nothing, unless
    it is the whole."""
    votes, limits = [(60, 40), (40, 60), (70, 30)], [100] * 3
    low, high = usual_interval.interval(
        sample([10, 5], [0, 0, 1], votes, limits, [True] * 3, 100), SHARE, "anything", 0
    )
    ratio = (10 * 50 + 5 * 70) / 1500
    rest = [v[0] - 100 * ratio for v in votes]
    of_all = sum((e - sum(rest) / 3) ** 2 for e in rest) / 2
    variance = 10**2 * (1 - 2 / 10) * 200 / 2 + 5**2 * (1 - 1 / 5) * of_all
    half = 1.959963984540054 * sqrt(variance) / 1500
    assert (low, high) == pytest.approx((max(0, ratio - half), min(1, ratio + half)))
    one = sample([5], [0], votes[:1], limits[:1], [True], 100)
    assert usual_interval.interval(one, SHARE, "anything", 0) == (0, 1)
    whole = sample([1], [0], votes[:1], limits[:1], [True], 100)
    assert usual_interval.interval(whole, SHARE, "anything", 0) == pytest.approx((0.6, 0.6))


def test_the_lead_is_right_whichever_pair_the_sheets_choose() -> None:
    """The guaranteed interval of the lead divides its error among all pairs of options, since the sheets decide which
    pair is shown; with two options there is nothing to choose."""
    for options, pairs in (("AB", 1), ("ABC", 3), ("ABCD", 6)):
        seen = np.array([[50, 30, 15, 5][: len(options)]] * 40, np.int64).T
        came = np.ones(40, bool)
        given_ = Sample(["S"], np.array([400]), np.zeros(40, np.int64), came, seen, np.full(40, 110, np.int64), 110)
        lead = estimates(election(options=options), given_, 20)[-1]
        assert (lead.option, lead.over) == ("A", "B")
        contrast = Contrast.lead(0, 1, len(options))
        for found, band in ((lead.guaranteed, BANDS[0]), (lead.outer, BANDS[1])):
            wanted = guaranteed_interval.interval(given_, contrast, band, 20, 0.05 / pairs)
            assert found == pytest.approx([100 * end for end in wanted])
        assert lead.guaranteed[0] > -100  # it says something, so the comparison does


def test_within_unseen_needs_each_missing_sheet_to_be_so() -> None:
    """The interval (a) holds for missing sheets that each keep to it. On average is not enough: where the stratum shows
    half and the missing are half all for and half all against, the full sample's interval may reach further."""
    votes = [(50, 50)] * 60 + [(100, 0), (0, 100)] * 20
    full = sample([1000], [0] * 100, votes, [100] * 100, [True] * 100, 100)
    early = sample([1000], [0] * 100, votes, [100] * 100, [True] * 60 + [False] * 40, 100)
    assert guaranteed_interval.lower_end(early, SHARE, "within-unseen", 0, 0.025) > guaranteed_interval.lower_end(
        full, SHARE, "anything", 0, 0.025
    )


@settings(max_examples=60)
@given(samples(), st.sampled_from([SHARE, LEAD]), st.integers(0, 100), st.data())
def test_within_unseen_contains_the_full_sample(
    given_: Sample, contrast: Contrast, unseen: int, data: st.DataObject
) -> None:
    """The interval (a) contains the full sample's whenever each missing sheet has the turnout that its stratum shows
    and a share within `unseen` of the stratum's."""
    ends = [worst(given_, side, "within-unseen", unseen) for side in (contrast, contrast.mirrored())]
    low, high = ends[0].y, -ends[1].y
    part = np.array([data.draw(st.floats(0, 1)) for _ in low])
    truth = low + part * (high - low)
    for side, sign in ((contrast, 1), (contrast.mirrored(), -1)):
        staked = guaranteed_interval.stakes(given_, side.span, 0.5, side.low)
        found = guaranteed_interval.lower_end(given_, side, "within-unseen", unseen, 0.5)
        if found > side.low:
            filled = Filled(sign * truth, ends[0].x).by_unit(given_)
            bet = guaranteed_interval.Bet.on(filled, staked)
            assert bet.log_capital(found) >= log(2) - 1e-9


@settings(max_examples=60)
@given(samples(), st.sampled_from([SHARE, LEAD, SHARE.mirrored()]), st.floats(0, 1))
def test_the_correction_never_widens(given_: Sample, contrast: Contrast, part: float) -> None:
    """The capital against any ratio is at least that with the whole stakes at risk, as for a sample from an endless
    population."""
    filled = worst(given_, contrast, "anything", 0).by_unit(given_)
    staked = guaranteed_interval.stakes(given_, contrast.span, 0.025)
    whole = staked.risked + staked.carried
    at_most = 1 / (contrast.span * given_.largest * given_.weight.max() * len(given_.weight) / given_.sizes.sum())
    shrink = min(1, at_most / whole.max())
    staked = replace(staked, risked=staked.risked * shrink, carried=staked.carried * shrink)
    without = replace(staked, risked=staked.risked + staked.carried, carried=np.zeros_like(whole))
    theta = contrast.low + part * contrast.span
    corrected, plain = (guaranteed_interval.Bet.on(filled, each).log_capital(theta) for each in (staked, without))
    assert corrected >= plain - 1e-9


def test_it_shrinks_to_a_point() -> None:
    """The more of all tables is drawn, the narrower the interval, down to a point; only missing sheets leave room then.
    Strata that were drawn whole leave the room of the others."""
    votes, widths = [(74, 26), (26, 74)] * 200, []
    for size in (40_000, 4_000, 1_600, 800, 533, 401, 400):
        full = sample([size], [0] * 400, votes, [100] * 400, [True] * 400, 100)
        low, high = guaranteed_interval.interval(full, SHARE, "anything", 0)
        assert low <= 0.5 <= high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    for width, part in zip(widths[1:5], (0.1, 0.25, 0.5, 0.75), strict=True):
        assert width == pytest.approx(widths[0] * sqrt(1 - part), rel=0.1)
    assert widths[-1] < 1e-5
    votes = [(60 + 20 * (i % 2), 20) for i in range(100)]
    away = sample([100], [0] * 100, votes, [100] * 100, [True] * 90 + [False] * 10, 100)
    ends = guaranteed_interval.interval(away, SHARE, "anything", 0)
    assert ends == pytest.approx((90 * 70 / 9_100, (90 * 70 + 1_000) / 9_100), abs=1e-5)
    both = [sample([rest, 50], [0] * 50 + [1] * 50, votes, [100] * 100, [True] * 100, 100) for rest in (1_000, 60, 50)]
    narrow = [high - low for low, high in (guaranteed_interval.interval(each, SHARE, "anything", 0) for each in both)]
    assert narrow == sorted(narrow, reverse=True)
    assert narrow[-1] < 1e-5


@pytest.mark.parametrize(("first", "narrower"), [(10, 0.45), (45, 0.75), (90, 1.2)])
def test_small_shares_bear_larger_stakes(first: int, narrower: float) -> None:
    """Where stakes had to be cut, those that reach part of the way bring the lower end of a small share much nearer,
    and cost less than they gain where the share is large."""
    full = sample([16_000], [0] * 400, [(first, 100 - first)] * 400, [300] * 400, [True] * 400, 300)
    staked = guaranteed_interval.stakes(full, 1, 0.025, 0)
    whole_way = guaranteed_interval.stakes(full, 1, 0.025)
    assert set(staked.until.tolist()) == {0.25, 0.5, 0.75, inf}
    assert staked.portion.sum() == pytest.approx(1)
    filled, goal = worst(full, SHARE, "anything", 0), log(40)
    ends = [guaranteed_interval.Bet.on(filled, each).end(0, 1, goal) for each in (staked, whole_way)]
    room = [first / 100 - end for end in ends]
    assert room[0] < narrower * room[1]


SHEET = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(lambda sheet: sum(sheet) <= 6)
Unit = list[tuple[int, int]]
Strata = tuple[list[Unit], ...]


def population(most: int) -> st.SearchStrategy[Strata]:
    """Two strata of two to four units each, of one sheet to so many."""
    stratum = st.lists(st.lists(SHEET, min_size=1, max_size=most), min_size=2, max_size=4)
    return st.tuples(stratum, stratum)


POPULATION = st.one_of(population(1), population(2))
"""Tables that are drawn one by one, or in clusters."""


def sheets_of(strata: Strata) -> Unit:
    """All sheets of a population."""
    return [sheet for stratum in strata for unit in stratum for sheet in unit]


def draws(strata: Strata, counts: list[int]) -> Iterator[Sample]:
    """Every sample that can be drawn, in every order, all of it in."""
    most = max(len(unit) for stratum in strata for unit in stratum)
    for drawn in product(*(permutations(stratum, count) for stratum, count in zip(strata, counts, strict=True))):
        units = [(h, unit) for h, some in enumerate(drawn) for unit in some]
        of = [h for h, unit in units for _ in unit]
        cluster = [i for i, (_, unit) in enumerate(units) for _ in unit] if most > 1 else None
        sheets, there = [sheet for _, unit in units for sheet in unit], [True] * len(of)
        yield sample(list(map(len, strata)), of, sheets, [6] * len(of), there, 6 * most, cluster)


@settings(max_examples=60)
@given(POPULATION, st.sampled_from([SHARE, LEAD, SHARE.mirrored()]), st.data())
def test_the_capital_against_the_truth_cannot_be_expected_to_grow(
    strata: Strata, contrast: Contrast, data: st.DataObject
) -> None:
    """What the proof rests on, without the slack of Markov's inequality: the mean of the capital against the true ratio
    over every sample that can be drawn in every order, of equal fractions or not, is at most 1, at the largest stakes
    there are."""
    whole = sheets_of(strata)
    valid = sum(map(sum, whole))
    if not valid:
        return
    truth = sum(float(contrast.coefficients @ np.array(sheet)) for sheet in whole) / valid
    counts = [data.draw(st.integers(1, len(stratum))) for stratum in strata]
    capitals = []
    for one in draws(strata, counts):
        filled = worst(one, contrast, "anything", 0).by_unit(one)
        staked = guaranteed_interval.stakes(one, contrast.span, 1e-9, contrast.low)
        capitals.append(exp(guaranteed_interval.Bet.on(filled, staked).log_capital(truth)))
    assert sum(capitals) / len(capitals) <= 1 + 1e-9


@settings(max_examples=30)
@given(POPULATION, st.sampled_from([0.1, 0.3, 0.6]), st.sampled_from([SHARE, LEAD]), st.data())
def test_right_with_the_promised_probability(
    strata: Strata, alpha: float, contrast: Contrast, data: st.DataObject
) -> None:
    """Over every sample that can be drawn from two strata in every order, of equal fractions or not, each end of the
    guaranteed interval excludes the truth in no more than alpha of them: exactly, in small populations."""
    whole = sheets_of(strata)
    valid = sum(map(sum, whole))
    if not valid:
        return
    truth = sum(float(contrast.coefficients @ np.array(sheet)) for sheet in whole) / valid
    counts = [data.draw(st.integers(1, min(3, len(stratum)))) for stratum in strata]
    wrong, every = [0, 0], list(draws(strata, counts))
    for one in every:
        wrong[0] += guaranteed_interval.lower_end(one, contrast, "anything", 0, alpha) > truth + 1e-9
        wrong[1] += -guaranteed_interval.lower_end(one, contrast.mirrored(), "anything", 0, alpha) < truth - 1e-9
    assert max(wrong) <= alpha * len(every)


@settings(max_examples=60)
@given(samples(), st.sampled_from([SHARE, LEAD]), st.data())
def test_earlier_looks_contain_the_last(given_: Sample, contrast: Contrast, data: st.DataObject) -> None:
    """Whatever comes first: with fewer sheets the outer interval contains the one with more, and so that of all."""
    looks = [given_.came]
    while looks[-1].any():
        gone = data.draw(st.sampled_from(np.flatnonzero(looks[-1]).tolist()))
        looks.append(looks[-1] & (np.arange(len(given_.came)) != gone))
    ends = []
    for came in looks:
        one = replace(given_, came=came, votes=given_.votes * came)
        ends.append(guaranteed_interval.interval(one, contrast, "anything", 20))
    for (low, high), (lower, higher) in pairwise(ends):
        assert lower <= low + 1e-11
        assert higher >= high - 1e-11
