"""An announced share beside the sample: a false word has the promised chance at most, whatever was counted first."""

from fractions import Fraction
from math import exp, log
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_intervals import (
    BANDS,
    POPULATION,
    SHARE,
    Strata,
    by_unit,
    draws,
    plain_log_capital,
    plain_stakes,
    plain_worst,
    sample,
    samples,
    sheets_of,
)

from streams.core.sampling import announced_share
from streams.core.sampling.announced_share import CUTS, Question, misfit, surplus
from streams.core.sampling.missing_sheets import Band
from streams.core.sampling.sample import Contrast, Sample


@settings(max_examples=25)
@given(POPULATION, st.sampled_from([SHARE, SHARE.mirrored()]), st.data())
def test_the_capital_against_an_honest_partial_count_cannot_be_expected_to_grow(
    strata: Strata, contrast: Contrast, data: st.DataObject
) -> None:
    """Whichever tables were counted, over every sample that can be drawn in every order the mean of the capital against
    their share is at most 1, at each cut."""
    whole = sheets_of(strata)
    counted = data.draw(st.lists(st.sampled_from(range(len(whole))), min_size=1, unique=True))
    valid = sum(sum(whole[i]) for i in counted)
    if not valid:
        return
    share = sum(float(contrast.coefficients @ np.array(whole[i])) for i in counted) / valid
    asked = Question(contrast, share, valid, 1e-6)
    counts = [data.draw(st.integers(1, len(stratum))) for stratum in strata]
    capitals = np.array(
        [
            [exp(side.bet(cut, "anything", 0).log_capital(share)) for cut in side.telling]
            for one in draws(strata, counts)
            for side in [announced_share._Side(one, asked, mirrored=False)]
        ]
    )
    assert capitals.shape[1] > 0 or share == contrast.high
    assert (capitals.mean(axis=0) <= 1 + 1e-9).all()


@settings(max_examples=25)
@given(POPULATION, st.sampled_from([0.2, 0.6]), st.booleans(), st.data())
def test_an_honest_share_is_seldom_called(strata: Strata, alpha: float, partial: bool, data: st.DataObject) -> None:
    """Over every sample that can be drawn in every order, an honest share of all tables, or of some of them, lies
    outside in no more than alpha of them."""
    whole = sheets_of(strata)
    some = st.lists(st.sampled_from(range(len(whole))), min_size=1, unique=True)
    counted = [whole[i] for i in data.draw(some)] if partial else whole
    valid = sum(map(sum, counted))
    if not valid:
        return
    asked = Question(SHARE, sum(first for first, _ in counted) / valid, valid if partial else None, alpha)
    counts = [data.draw(st.integers(1, len(stratum))) for stratum in strata]
    called = [surplus(one, asked, "anything", 0) >= 0 for one in draws(strata, counts)]
    assert sum(called) <= alpha * len(called)


def plain_surplus(given_: Sample, contrast: Contrast, share: float, valid: int, alpha: float, *of: Any) -> float:
    """That of a partial count's share, by products of fractions: the best of all cuts, on one side."""
    ys, xs = plain_worst(given_, contrast, *of)
    mean, best = Fraction(valid, int(given_.sizes.sum())), []
    for step in range(1, CUTS + 1):
        span = Fraction(contrast.high - contrast.low) * step / CUTS
        cut, reach = Fraction(contrast.low) + span, 2 * CUTS / alpha
        short = by_unit(given_, [max(Fraction(0), cut * x - y) for y, x in zip(ys, xs, strict=True)])
        zs = [(cut - Fraction(share)) * mean - each for each in short]
        if cut > share:
            best.append(plain_log_capital(plain_stakes(given_, span, 1 / reach), zs, 0.0) - log(reach))
    return max(best, default=-log(2 * CUTS / alpha))


@settings(max_examples=40)
@given(samples(), st.sampled_from(BANDS), st.integers(0, 100), st.integers(0, 7), st.integers(1, 50_000))
def test_a_second_implementation(given_: Sample, band: Band, unseen: int, sevenths: int, valid: int) -> None:
    """Of partial counts it agrees with plain Python in fractions to 1e-9, on the side that it looks at."""
    share = sevenths / 7  # at a cut itself the last digit would decide whether that is looked at
    nothing_left = -100.0  # a capital of 0 has no logarithm
    found = max(nothing_left, surplus(given_, Question(SHARE, share, valid, 0.1), band, unseen))
    sides = [
        plain_surplus(given_, side, sign * share, valid, 0.1, band, unseen)
        for side, sign in ((SHARE, 1), (SHARE.mirrored(), -1))
    ]
    assert any(found == pytest.approx(max(nothing_left, side), abs=1e-9, rel=1e-9) for side in sides)


def one_stratum(missing: int) -> Sample:
    """100 of 1,000 tables, each with 60 of 100 for the first; so many of them are missing."""
    came = [True] * (100 - missing) + [False] * missing
    return sample([1000], [0] * 100, [(60, 40)] * 100, [100] * 100, came, 100)


@pytest.mark.parametrize("valid", [None, 80_000])
@pytest.mark.parametrize("missing", [0, 10])
def test_misfit(missing: int, valid: int | None) -> None:
    """What fits has its ends where the surplus is 0. Where sheets are missing, `required` is the least `unseen` with
    which the share fits."""
    given_ = one_stratum(missing)

    def of(share: float) -> Question:
        return Question(SHARE, share, valid, 0.01)

    found = misfit(given_, of(0.3), 10)
    for end in (found.low, found.high):
        assert surplus(given_, of(end / 100), "within-unseen", 10) == pytest.approx(0, abs=1e-6)
    assert found.gap == pytest.approx(found.low - 30)
    assert (found.low > 30, found.high < 95) == (True, True)
    near = misfit(given_, of(found.low / 100 - 0.01), 10)
    assert (near.required is None) == (missing == 0)
    if near.required is not None:
        assert 10 < near.required < 60
        asked = of(found.low / 100 - 0.01)
        assert surplus(given_, asked, "within-unseen", near.required) < 0
        assert surplus(given_, asked, "within-unseen", near.required - 0.01) >= 0


def test_partial_counts_have_more_room() -> None:
    """Where all sheets are alike, any count of them has their share. Where they differ, a part of them can hold one
    side only, the more so the smaller it is."""
    alike = one_stratum(0)
    mixed = sample([1000], [0] * 100, [(100, 0)] * 50 + [(0, 100)] * 50, [100] * 100, [True] * 100, 100)
    widths = {}
    for name, given_ in (("alike", alike), ("mixed", mixed)):
        for valid in (90_000, 50_000):
            found = misfit(given_, Question(SHARE, 0.01, valid, 0.05), 20)
            widths[name, valid] = found.high - found.low
    assert widths["alike", 90_000] < widths["mixed", 90_000] < widths["mixed", 50_000]
    assert widths["mixed", 50_000] > 99
    assert widths["mixed", 90_000] < 55
