"""A random sample with sheets missing, looked at ten times while they come in the worst order."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import log
from statistics import median
from typing import Final

import numpy as np

from evidence_tables.common import header, interval, row
from streams.core.election.numbering import Flags
from streams.core.sampling import guaranteed_interval, usual_interval
from streams.core.sampling.announced_share import Question, misfit, surplus
from streams.core.sampling.missing_sheets import Band, worst
from streams.core.sampling.sample import Contrast, Sample
from streams.support.progress import Progress

TABLES: Final = 6_000
STRATA: Final = 12
LOOKS: Final = 10
UNSEEN: Final = 20.0
ALPHA: Final = 0.025
"""Of each end."""
ONCE: Final = "usual, missing left out, last look alone"
PARTS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Parts of all tables that are counted."""
FRACTIONS: Final = (0.05, 0.25, 0.5, 0.9)
"""Parts of all tables that are sampled."""
CENTRE: Final = 5
"""Polling tables of a centre, where samples are of whole centres."""
ENDS: Final = (Contrast.share(0, 2), Contrast.share(0, 2).mirrored())
BANDS: Final[Sequence[Band]] = ("within-unseen", "anything")


class Night:
    """An honest night: a nation of polling tables, and a stratified sample of `size` of them, or of so many centres.
    With `centre` tables in each centre, those of one vote alike."""

    def __init__(self, seed: int, size: int = 500, centre: int = 1) -> None:
        self.random = random = np.random.default_rng(seed)
        stratum = np.sort(random.integers(0, STRATA, TABLES))
        lean = random.uniform(0.25, 0.75, STRATA)
        place = np.arange(TABLES) - np.searchsorted(stratum, stratum)
        _, start, unit, counts = np.unique(stratum * TABLES + place // centre, True, True, True)
        apart = random.normal(0, 0.08, TABLES)
        if centre > 1:
            apart = apart[start][unit] * 0.9 + random.normal(0, 0.035, TABLES)  # together as far as before
        share = np.clip(lean[stratum] + apart, 0.01, 0.99)
        registered = random.integers(200, 900, TABLES)
        # Turnout goes with the vote, one way or the other.
        turnout = np.clip(0.6 + random.uniform(-0.4, 0.4) * (share - 0.5) + random.normal(0, 0.06, TABLES), 0.1, 0.98)
        valid = np.round(registered * turnout).astype(np.int64)
        first = random.binomial(valid, share)
        self.truth = float(first.sum() / valid.sum())
        self.first, self.valid = first, valid
        self.sizes = np.bincount(stratum[start], minlength=STRATA)
        drawn = np.concatenate(
            [
                random.choice(
                    np.flatnonzero(stratum[start] == h), max(2, round(size * some / len(start))), replace=False
                )
                for h, some in enumerate(self.sizes.tolist())
            ]
        )
        self.tables = np.concatenate([np.arange(start[u], start[u] + counts[u]) for u in drawn.tolist()])
        self.cluster = np.repeat(np.arange(len(drawn)), counts[drawn]) if centre > 1 else None
        self.stratum = stratum[self.tables]
        self.votes = np.stack([first, valid - first])[:, self.tables]
        limits = np.floor(registered * 1.02).astype(np.int64)
        self.limits, self.largest = limits[self.tables], int(np.bincount(unit, limits).max())

    def partial(self, part: float) -> tuple[float, int]:
        """The share, and the valid votes it is of, of an honest count of this part of all tables: those with the
        highest shares."""
        order = np.argsort(-self.first / self.valid, kind="stable")[: round(part * TABLES)]
        valid = int(self.valid[order].sum())
        return float(self.first[order].sum() / valid), valid

    def sample(self, came: Flags) -> Sample:
        """What is known when these of the sample have come."""
        names = [str(h) for h in range(STRATA)]
        votes = self.votes * came
        return Sample(names, self.sizes, self.stratum, came, votes, self.limits, self.largest, self.cluster)

    @property
    def full(self) -> Sample:
        """What is known when all of the sample has come."""
        return self.sample(np.ones(len(self.tables), bool))

    def looks(self, missing: float) -> Iterator[Sample]:
        """Ten looks at the sample. Within each stratum the sheets come in the order of the vote, from one side or the
        other, and the last ones, this share of all, never do: so what is missing always votes otherwise."""
        shares = self.votes[0] / np.maximum(1, self.votes.sum(axis=0))
        order = np.argsort(shares if self.random.random() < 0.5 else -shares, kind="stable")
        place = np.empty(len(order))
        for h in range(STRATA):
            some = order[self.stratum[order] == h]
            place[some] = (np.arange(len(some)) + 0.5) / len(some)
        for look in range(1, LOOKS + 1):
            yield self.sample(place <= (1 - missing) * look / LOOKS)


def excluded(night: Night, missing: float) -> dict[str, bool]:
    """Whether any look excludes the truth: by the two bands, and by the usual interval of those that came alone; of
    this also whether the last look does."""
    found = {"within-unseen": False, "anything": False, "left out": False, ONCE: False}
    for sample in night.looks(missing):
        for contrast, truth in zip(ENDS, (night.truth, -night.truth), strict=True):
            staked = guaranteed_interval.stakes(sample, contrast.span, ALPHA, contrast.low)
            for band in BANDS:  # the lower end lies above the truth where the capital against it is enough
                filled = worst(sample, contrast, band, UNSEEN)
                found[band] |= guaranteed_interval.Bet.on(filled, staked).log_capital(truth) >= log(1 / ALPHA)
        if sample.came.sum() >= 2 * STRATA:
            low, high = usual_interval.interval(_alone(sample), ENDS[0], "anything", UNSEEN)
            found[ONCE] = not low <= night.truth <= high
            found["left out"] |= found[ONCE]
    return found


def _alone(sample: Sample) -> Sample:
    """The sheets that came, as if they had been the sample."""
    came = sample.came
    return Sample(
        sample.names,
        sample.sizes,
        sample.stratum[came],
        came[came],
        sample.votes[:, came],
        sample.limits[came],
        sample.largest,
    )


def show(count: int = 10_000) -> None:
    """Print how often any look excludes the truth, and what shift is seen."""
    header(
        "Missing at the end",
        "guaranteed (a), any look",
        "guaranteed (b), any look",
        "usual, missing left out, any look",
        ONCE,
    )
    for missing in (0.0, 0.1, 0.33):
        hits, nights = dict.fromkeys(("within-unseen", "anything", "left out", ONCE), 0), max(1, count // 3)
        with Progress(f"{missing:.0%} missing", nights) as progress:
            for seed in range(1, nights + 1):
                for name, wrong in excluded(Night(seed), missing).items():
                    hits[name] += wrong
                progress.show(seed)
        row(f"{missing:.0%}", *(interval(hits[name], nights) for name in hits))
    print()
    show_widths(max(1, count // 3))
    print()
    show_clusters(max(1, count // 10))
    print()
    show_rule(max(1, count // 10))
    print()
    header("Sampled", "missing", "shift seen in half of the nights, points", "in nine of ten")
    for size in (500, 1_000, 1_500):
        for missing in (0.0, 0.1, 0.33):
            seen = sorted(shift(Night(seed, size), missing) for seed in range(1, max(2, count // 100) + 1))
            row(f"{size:,}", f"{missing:.0%}", f"{median(seen):.1f}", f"{seen[round(0.9 * (len(seen) - 1))]:.1f}")


def show_widths(count: int) -> None:
    """Print how wide the guaranteed interval of a whole sample is, with and without the correction for a finite
    population, and how often it is wrong."""
    header("Sampled", "usual", "guaranteed, not corrected", "guaranteed", "guaranteed, nights wrong")
    for part in FRACTIONS:
        halves, wrong = list[tuple[float, ...]](), 0
        with Progress(f"{part:.0%} sampled", count) as progress:
            for seed in range(1, count + 1):
                night = Night(seed, round(part * TABLES))
                found = widths(night)
                wrong += not found[-1][0] <= night.truth <= found[-1][1]
                halves.append(tuple(50 * (high - low) for low, high in found))
                progress.show(seed)
        row(f"{part:.0%}", *(f"± {median(column):.2f}" for column in zip(*halves, strict=True)), interval(wrong, count))


def show_clusters(count: int) -> None:
    """Print the same of samples of whole centres, beside as many tables drawn one by one."""
    header(
        "Centres",
        "tables",
        "usual",
        "guaranteed",
        "nights wrong, usual",
        "guaranteed",
        "one by one: usual",
        "guaranteed",
    )
    for centres in (100, 200, 300):
        halves, wrong = list[tuple[float, ...]](), [0, 0]
        for seed in range(1, count + 1):
            night = Night(seed, centres, CENTRE)
            usual, _, guaranteed = widths(night)
            wrong = [
                n + (not low <= night.truth <= high) for n, (low, high) in zip(wrong, (usual, guaranteed), strict=True)
            ]
            alone = widths(Night(seed, centres * CENTRE))[::2]
            halves.append((len(night.tables), *(50 * (high - low) for low, high in (usual, guaranteed, *alone))))
        tables, *found = (median(column) for column in zip(*halves, strict=True))
        cells = [f"± {half:.2f}" for half in found]
        row(centres, f"{tables:,.0f}", *cells[:2], *(interval(n, count) for n in wrong), *cells[2:])


def widths(night: Night) -> list[tuple[float, float]]:
    """Intervals of the whole sample: the usual one, the guaranteed one without the correction for a finite population,
    and with it."""
    sample = night.full
    endless = replace(sample, sizes=sample.sizes * 1_000_000)  # the sample is no part of so many tables
    ends = [usual_interval.interval(sample, ENDS[0], "anything", UNSEEN)]
    return ends + [guaranteed_interval.interval(each, ENDS[0], "anything", UNSEEN) for each in (endless, sample)]


def show_rule(count: int) -> None:
    """Print how often the rule calls people about honest counts, all tables or the worst choice of some, and what it
    leaves room for."""
    header(
        "Tables counted", "nights called, any look", "highest honest share", "highest that fits, 500 sampled", "1,500"
    )
    for part in PARTS:
        called, tops = 0, list[tuple[float, ...]]()
        for seed in range(1, count + 1):
            night = Night(seed)
            share, valid = night.partial(part)
            asked = [_asked(contrast, share, valid, part) for contrast in (Contrast.share(0, 2), Contrast.share(1, 2))]
            looks = list(night.looks(0.1))[LOOKS // 2 - 1 :]
            called += any(surplus(look, one, BANDS[0], UNSEEN) >= 0 for look in looks for one in asked)
            if seed <= max(1, count // 10):
                highs = (misfit(Night(seed, size).full, asked[0], UNSEEN).high for size in (500, 1_500))
                tops.append((100 * share, *highs))
        figures = (f"{median(column):.1f}" for column in zip(*tops, strict=True))
        row(f"{part:.0%}", interval(called, count), *figures)


def _asked(contrast: Contrast, share: float, valid: int, part: float) -> Question:
    """As the rule asks about one of two options, with its error of 5 %."""
    own = share if contrast.coefficients[0] else 1 - share
    return Question(contrast, own, None if part == 1 else valid, 0.05 / 4)


def shift(night: Night, missing: float) -> float:
    """Points by which an announced share must be above the truth to lie outside the guaranteed interval (a), where this
    part of the sample is missing at random."""
    came = night.random.random(len(night.tables)) >= missing
    _, high = guaranteed_interval.interval(night.sample(came), ENDS[0], "within-unseen", UNSEEN)
    return 100 * (high - night.truth)
