"""Which plots the post-mortem has, made from a night's chronicle."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final, NamedTuple

from markupsafe import Markup

from streams.core.election.model import Election
from streams.core.events.model import Bulletin
from streams.core.replay.alert_history import History
from streams.core.replay.timeline import Series, thinned
from streams.report.plots import Band, Bar, Line, Moment, Plots
from streams.report.words import Words

COLUMNS: Final = 4
"""Options or groups that the shares are drawn of, at most: those with the largest."""
BARS: Final = 14
"""Alerts in the timeline, at most."""
TOLD: Final = 60
"""Alerts in the table beside it, at most."""
ROWS: Final = 24
"""Rows of the table beside a plot, at most."""
MOMENTS: Final = 24
"""Bulletins that are marked in a plot, at most."""


class Drawn(NamedTuple):
    """A plot (None: there is nothing to draw) and its figures: heads, and rows of cells."""

    plot: Markup | None
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


class Drawings:
    """The plots of one night."""

    def __init__(
        self, election: Election, series: Mapping[str, Series], bulletins: Sequence[Bulletin], end: int, words: Words
    ) -> None:
        self._election, self._series, self._words = election, series, words
        self._names = {column.id: column.name for column in election.columns}
        self._root = series[election.root.id].points
        standing = [b for b in bulletins if b.area == election.root.id]
        self._moments = [Moment(b.id, b.at) for b in standing[:MOMENTS]]
        times = [p.at for p in self._root] + [m.at for m in self._moments]
        self.begin, self.end = min(times, default=end), max([end, *times])
        self._plots = Plots(words, self.begin, self.end)

    def shares(self) -> Drawn:
        """Official and witnessed shares of the largest options."""
        say, lines, heads = self._words, list[Line](), [self._words("time")]
        columns = self._largest()
        for place, column in enumerate(columns):
            for kind in ("official", "witnessed"):
                points = [(p.at, getattr(p, kind)[column]) for p in self._root if column in getattr(p, kind)]
                heads.append(f"{self._names[column]}, {say(kind)} %")
                if points:
                    short = _surname(self._names[column])
                    lines.append(Line(f"{short}, {say(kind)}", short, points, place, kind == "official"))
        rows = [
            [say.time(p.at)]
            + [say.number(getattr(p, kind).get(c), 1) for c in columns for kind in ("official", "witnessed")]
            for p in thinned(self._root, ROWS)
        ]
        if not lines:
            return Drawn(None, heads, rows)
        return Drawn(self._plots.lines("shares", say("shares"), lines, self._moments, unit=" %", top=104), heads, rows)

    def sample(self) -> Drawn:
        """What the random sample shows of the largest options, with its interval, beside what is announced."""
        say, lines, bands, heads = self._words, list[Line](), list[Band](), [self._words("time")]
        columns = [column for column in self._largest() if any(column in p.sampled for p in self._root)]
        for place, column in enumerate(columns):
            short, points = _surname(self._names[column]), [p for p in self._root if column in p.sampled]
            announced = [(p.at, p.official[column]) for p in self._root if column in p.official]
            if announced:
                lines.append(Line(f"{short}, {say('official')}", short, announced, place, dashed=True))
            lines.append(
                Line(f"{short}, {say('sampled')}", short, [(p.at, p.sampled[column][1]) for p in points], place)
            )
            bands.append(Band([(p.at, p.sampled[column][0], p.sampled[column][2]) for p in points], place))
            heads += [f"{self._names[column]}, {say(kind)} %" for kind in ("sampled", "from", "to")]
        rows = []
        for p in thinned([point for point in self._root if point.sampled], ROWS):
            intervals = [p.sampled.get(column) for column in columns]
            cells = [say.number(one and one[i], 1) for one in intervals for i in (1, 0, 2)]
            rows.append([say.time(p.at), *cells])
        if not lines:
            return Drawn(None, heads, rows)
        plot = self._plots.lines("sample", say("sample"), lines, self._moments, bands=bands, unit=" %", top=104)
        return Drawn(plot, heads, rows)

    def coverage(self) -> Drawn:
        """The witnessed share of the polling tables, of the whole and of each area below."""
        say, root = self._words, self._election.root
        heads = [say("time"), say("sheets"), f"{say('coverage')} %"]
        rows = [[say.time(p.at), say.number(p.tables), say.per_cent(p.coverage)] for p in thinned(self._root, ROWS)]
        points = [(p.at, 100 * p.coverage) for p in self._root if p.coverage is not None]
        if not points:
            return Drawn(None, heads, rows)
        parts = [series.points for area, series in self._series.items() if area != root.id]
        faint = [[(p.at, 100 * p.coverage) for p in part if p.coverage is not None] for part in parts]
        line = Line(root.name, root.name, points, 0)
        plot = self._plots.lines(
            "coverage", say("coverage"), [line], self._moments, faint=[f for f in faint if f], unit=" %", top=104
        )
        return Drawn(plot, heads, rows)

    def breakdown(self) -> Drawn:
        """Sheets that would have to be wrong, for each figure of the bulletins."""
        say, rule = self._words, self._election.rules.contradiction
        columns = sorted({c for p in self._root for c, k in p.breakdown.items() if k})
        order = list(self._election.column_index)
        columns.sort(key=lambda c: (-max(p.breakdown.get(c, 0) for p in self._root), order.index(c)))
        columns = columns[:COLUMNS]
        heads = [say("time"), *(self._names[c] for c in columns)]
        rows = [[say.time(p.at), *(say.number(p.breakdown.get(c)) for c in columns)] for p in thinned(self._root, ROWS)]
        if not columns:
            return Drawn(None, heads, rows)
        shown = self._largest()
        lines: list[Line] = []
        for c in columns:
            points = [(p.at, float(p.breakdown[c])) for p in self._root if c in p.breakdown]
            colour = shown.index(c) if c in shown else len(shown) + len(lines)
            name = _surname(self._names[c])
            lines.append(Line(name, name, points, colour % 6))
        limit = [
            (p.at, float(max(1, rule.min_sheets, ceil(rule.min_ratio * p.tables)))) for p in self._root if p.bulletin
        ]
        limited = Line(say("limit"), say.term("limit"), limit, -1)
        plot = self._plots.lines("breakdown", say("breakdown"), lines, self._moments, limit=limited)
        return Drawn(plot, heads, rows)

    def timeline(self, alerts: Sequence[History]) -> Drawn:
        """How long each alert fired, between the bulletins."""
        say = self._words
        drawn = sorted(alerts[:BARS], key=lambda alert: (alert.first.at, alert.fingerprint))
        bars = [
            Bar(self._label(alert), [(a, self.end if b is None else b) for a, b in alert.spans], alert.worst.severity)
            for alert in drawn
        ]
        happened: list[tuple[int, str, str]] = [(m.at, say("bulletin"), m.name) for m in self._moments]
        for alert in alerts[:TOLD]:
            for began, ended in alert.spans:
                happened.append((began, say("fired"), self._label(alert)))
                if ended is not None:
                    happened.append((ended, say("resolved"), self._label(alert)))
        rows = [[say.time(at), what, label] for at, what, label in sorted(happened)]
        heads = [say("time"), say("what"), say("figure")]
        if not bars and not self._moments:
            return Drawn(None, heads, rows)
        return Drawn(self._plots.bars("timeline", say("timeline"), bars, self._moments), heads, rows)

    def _label(self, alert: History) -> str:
        finding = alert.first.finding
        area = self._election.labels[finding.area]
        column = self._names.get(finding.column)
        rule = self._words.term(finding.rule)
        return f"{rule}: {_surname(column)}, {area}" if column else f"{rule}: {area}"

    def _largest(self) -> list[str]:
        """The options and groups with the largest share in either count, by the last point that has any."""
        best: dict[str, float] = {}
        official = {column for p in self._root for column in p.official}
        for p in self._root[-1:]:
            for shares in (p.official, p.witnessed):
                for column, share in shares.items():
                    if not official or column in official:
                        best[column] = max(best.get(column, 0.0), share)
        order = self._election.column_index
        options = {option.id for option in self._election.options}
        if not official:
            best = {column: share for column, share in best.items() if column in options}
        kept = [column for column in sorted(best, key=lambda c: (-best[c], order[c])) if best[column] >= 1]
        return kept[:COLUMNS]


def _surname(name: str) -> str:
    """The last word of a name that is long: what a line can carry."""
    return name if len(name) <= 12 else name.rsplit(maxsplit=1)[-1]
