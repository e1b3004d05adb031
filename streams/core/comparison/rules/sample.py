"""Sample: an announced share that the election's random sample leaves no room for (docs/sample.md)."""

from collections.abc import Iterator
from math import log

from streams.core.comparison.findings import Comparison, Finding
from streams.core.comparison.rules.rule import BulletinRule
from streams.core.election.model import Severity
from streams.core.sampling.announced_share import Misfit, Question, misfit, surplus
from streams.core.sampling.missing_sheets import Band
from streams.core.sampling.sample import Contrast, Sample


class SampleMisfit(BulletinRule):
    """One finding for each figure of the whole that lies outside what the sample leaves room for, with an error rate of
    `error` for all figures together. It warns where that rests on `unseen`, and is critical where the figure does not
    fit whatever missing sheets hold.

    It holds until the figure fits with that error rate for it alone. Below `coverage` of the sample it speaks only
    where it does not matter what is missing. It is silent where polling tables exist that the register does not name:
    the sample was not drawn from them.
    """

    name = "sample"
    kind = ("statistical", "critical")

    def find(self, given: Comparison) -> Iterator[Finding]:
        """Figure by figure."""
        sampled, rule = given.sample, given.election.rules.sample
        if sampled is None or not given.valid or (given.area.tables or 0) > len(given.election.tables):
            return
        # Counts of all tables and of some are asked about in different ways, each with half of the error.
        tests = 2 * len(given.election.read_columns)
        enough = sampled.came.sum() >= rule.coverage * len(sampled.came)
        unseen = given.election.sample_unseen
        for column, _, votes in given.official:
            asked = Question(
                contrast=_contrast(given, column),
                share=votes / given.valid,
                valid=None if given.counted == 1 else given.valid,
                alpha=rule.error / tests,
            )
            band: Band = "within-unseen" if enough else "anything"
            beyond = surplus(sampled, asked, band, unseen)
            if beyond >= -log(tests):  # what the correction for their number asks for
                outside = misfit(sampled, asked, unseen)
                severity: Severity | None = ("critical" if outside.whatever else "warning") if beyond >= 0 else None
                yield self._finding(given, sampled, column, asked, outside, severity)

    def _finding(
        self,
        given: Comparison,
        sampled: Sample,
        column: int,
        asked: Question,
        outside: Misfit,
        severity: Severity | None,
    ) -> Finding:
        election, option = given.election, given.election.columns[column]
        drawn, came = len(sampled.came), int(sampled.came.sum())
        figures: dict[str, float | int] = {
            "official_share": 100 * asked.share,
            "low": outside.low,
            "high": outside.high,
            "gap": outside.gap,
            "drawn": drawn,
            "came": came,
            "unseen": election.sample_unseen,
            "error": 100 * election.rules.sample.error,
        }
        missing = "sample-full" if came == drawn else "sample-whatever" if outside.whatever else "sample-turnout"
        if outside.required is not None:
            missing = "sample-required"
            figures["required"] = outside.required
        return self.report(
            given,
            option.id,
            severity,
            (round(outside.gap, 6), "points"),
            {key: round(value, 6) if isinstance(value, float) else value for key, value in figures.items()},
            "sample",
            1,
            option=option.name,
            direction="more" if 100 * asked.share > outside.high else "less",
            why="sample-whole" if asked.valid is None else "sample-order",
            room=missing,
            **figures,
        )


def _contrast(given: Comparison, column: int) -> Contrast:
    """A column's share: an option's, or that of a group's options together."""
    election, options = given.election, len(given.election.options)
    places = [column] if column < options else election.group_indexes[column - options]
    return Contrast.shares(places, options)
