"""The plots of the post-mortem, as SVG to stand in a page: the same input gives the same bytes.

Colours are Okabe and Ito's, which colour-blind people can tell apart; lines also differ in style and mark, and carry
their names. The page's style sheet gives the colours, so that they suit light, dark and paper.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from typing import Any, Final, Literal

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from streams.report.axis import spread_apart, time_ticks
from streams.report.words import Words
from streams.text import shown

Width = Literal["wide", "narrow"]
SIZES: Final[Mapping[Width, tuple[float, float]]] = {"wide": (8.6, 3.5), "narrow": (4.1, 3.6)}
"""Inches."""

COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
INK, FAINT, PAPER = "#010203", "#040506", "#070809"
"""Stand-ins for what the style sheet decides."""
_VARIABLES: Final = {
    **{colour: f"var(--c{i})" for i, colour in enumerate(COLOURS)},
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    PAPER: "var(--paper)",
}
MARKS: Final = ("o", "s", "D", "^", "v", "P")
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 1.0,
    "path.simplify": False,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: (Unix ms, value) pairs, each value holding until the next. `colour` and `mark` are places in
    `COLOURS` and `MARKS`, -1 for the ink. `short` is its name where there is little room."""

    name: str
    short: str
    points: Sequence[tuple[int, float]]
    colour: int
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """An interval over time: (Unix ms, low, high), each holding until the next. `colour` is a place in `COLOURS`."""

    points: Sequence[tuple[int, float, float]]
    colour: int


@dataclass(frozen=True, slots=True)
class Moment:
    """Something at one time, such as a bulletin."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Something that lasted: from, to (Unix ms)."""

    name: str
    spans: Sequence[tuple[int, int]]
    severity: str


class Plots:
    """Draws in one language, for nights from `begin` to `end` (Unix ms)."""

    def __init__(self, words: Words, begin: int, end: int) -> None:
        self._words = words
        self._begin, self._end = begin, max(end, begin + 1000)

    def lines(
        self,
        name: str,
        alt: str,
        lines: Sequence[Line],
        moments: Sequence[Moment] = (),
        *,
        faint: Sequence[Sequence[tuple[int, float]]] = (),
        bands: Sequence[Band] = (),
        limit: Line | None = None,
        unit: str = "",
        top: float | None = None,
    ) -> Markup:
        """Stepped lines with their names at their ends, over bands and thin lines without names, in both widths. What
        is above `top` is not seen: one absurd figure must not flatten all others."""

        def draw(axes: Axes, width: Width) -> None:
            for points in faint:
                axes.step(*self._until_end(points), where="post", color=INK, alpha=0.28, linewidth=0.7)
            for band in bands:
                held = [*band.points, (self._end, *band.points[-1][1:])]
                times, lows, highs = zip(*held, strict=True)
                colour = COLOURS[band.colour]
                axes.fill_between(times, lows, highs, step="post", color=colour, alpha=0.22, linewidth=0)
            if limit is not None:
                axes.step(*self._until_end(limit.points), where="post", color=INK, linewidth=1.1, linestyle=":")
            everything = (*faint, *(line.points for line in lines))
            highest = 1.12 * max((v for points in everything for _, v in points), default=1.0)
            axes.set_ylim(0, max(1.0, highest if top is None else min(highest, top)))
            for line in lines:
                self._line(axes, line)
            axes.yaxis.set_major_locator(MaxNLocator(5, integer=unit == ""))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: self._words.number(v, 0) + unit))
            self._times(axes, width)
            self._moments(axes, moments, width)
            ends = [(line, line.points[-1][1]) for line in lines if line.points]
            if limit is not None and limit.points:
                ends.append((limit, limit.points[-1][1]))
            self._names(axes, ends, unit, width)

        return self._both(name, alt, draw)

    def bars(self, name: str, alt: str, bars: Sequence[Bar], moments: Sequence[Moment]) -> Markup:
        """Bars below one another, over them the moments."""

        def draw(axes: Axes, width: Width) -> None:
            colours = {"critical": COLOURS[1], "warning": COLOURS[4], "info": COLOURS[0]}
            for row, bar in enumerate(bars):
                spans = [(a, max(b - a, (self._end - self._begin) / 300)) for a, b in bar.spans]
                colour = colours[bar.severity]
                axes.broken_barh(
                    spans,
                    (row - 0.3, 0.6),
                    facecolor=colour if bar.severity == "critical" else PAPER,
                    edgecolor=colour,
                    hatch="////" if bar.severity == "warning" else None,
                    linewidth=1.2,
                )
            labels = [_cut(bar.name, 46 if width == "wide" else 60) for bar in bars]
            if width == "wide":
                axes.set_yticks(range(len(bars)), labels)
            else:  # the names stand above their bars: there is no room beside them
                axes.set_yticks([])
                for row, label in enumerate(labels):
                    axes.text(self._begin, row - 0.36, label, fontsize=8, va="bottom", ha="left")
            axes.set_ylim(len(bars) - 0.4, -1.6)
            axes.grid(visible=False, axis="y")
            axes.spines["left"].set_visible(False)
            axes.tick_params(axis="y", length=0)
            self._times(axes, width)
            for moment in moments:
                axes.plot([moment.at], [-0.95], marker="v", color=INK, markersize=6, linestyle="none")
                axes.axvline(moment.at, color=INK, linewidth=0.6, linestyle=":", alpha=0.6, zorder=0)
            for moment in _apart(moments, (self._end - self._begin) / (9 if width == "wide" else 4)):
                axes.text(moment.at, -1.2, _cut(moment.name, 14), fontsize=8, va="bottom")

        rows = len(bars) + 2
        return self._both(name, alt, draw, {"wide": 0.27 * rows + 0.6, "narrow": 0.36 * rows + 0.6})

    def _both(self, name: str, alt: str, draw: Any, heights: Mapping[Width, float] | None = None) -> Markup:
        drawing = Markup("")
        for width, (across, high) in SIZES.items():
            high = heights[width] if heights is not None else high
            with _style(f"{name}-{width}"):
                figure = Figure(figsize=(across, high), layout="constrained")
                figure.patch.set_alpha(0)
                axes = figure.subplots()
                axes.patch.set_alpha(0)
                draw(axes, width)
                drawing += Markup('<div class="{}">{}</div>').format(width, _svg(figure, alt))
        return drawing

    def _line(self, axes: Axes, line: Line) -> None:
        times, values = self._until_end(line.points)
        changes = [i for i, (a, b) in enumerate(pairwise(line.points), 1) if a[1] != b[1]]
        marked = [0, *changes] if line.dashed and len(changes) <= 12 else []
        axes.step(
            times,
            values,
            where="post",
            color=COLOURS[line.colour],
            linewidth=1.8,
            linestyle=(0, (4, 2)) if line.dashed else "-",
            marker=MARKS[line.colour],
            markersize=5,
            markevery=marked,
            clip_on=max(values) > axes.get_ylim()[1],  # else a mark at the edge is cut in half
        )

    def _until_end(self, points: Sequence[tuple[int, float]]) -> tuple[list[float], list[float]]:
        """Times and values; the last value holds to the night's end."""
        held = [*points, (self._end, points[-1][1])] if points else []
        return [at for at, _ in held], [value for _, value in held]

    def _times(self, axes: Axes, width: Width) -> None:
        margin = (self._end - self._begin) / 60
        axes.set_xlim(self._begin - margin, self._end + margin)
        places, labels, whole = time_ticks(self._begin, self._end, 9 if width == "wide" else 4)
        axes.set_xticks(places, labels)
        axes.set_xlabel(whole, loc="right", fontsize=8)

    def _moments(self, axes: Axes, moments: Sequence[Moment], width: Width) -> None:
        for moment in moments:
            axes.axvline(moment.at, color=INK, linewidth=0.7, linestyle=":", alpha=0.7, zorder=0)
        for moment in _apart(moments, (self._end - self._begin) / (9 if width == "wide" else 4)):
            axes.annotate(
                _cut(moment.name, 14),
                (moment.at, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(2, 2),
                textcoords="offset points",
                fontsize=8,
                va="bottom",
            )

    def _names(self, axes: Axes, ends: Sequence[tuple[Line, float]], unit: str, width: Width) -> None:
        """Each line's name and last value beside its end, moved apart where they would cover one another."""
        low, high = axes.get_ylim()
        space = (high - low) / (17 if width == "wide" else 15)
        ordered = sorted(ends, key=lambda end: end[1])
        places = spread_apart([value for _, value in ordered], space, low, high)
        for (line, value), place in zip(ordered, places, strict=True):
            text = _cut(line.name if width == "wide" else line.short, 30 if width == "wide" else 17)
            axes.annotate(
                f"{text} {self._words.number(value, 1 if unit else 0)}{unit}",
                (1.0, place),
                xycoords=("axes fraction", "data"),
                xytext=(6, 0),
                textcoords="offset points",
                fontsize=8.5,
                va="center",
                color=COLOURS[line.colour] if line.colour >= 0 else INK,
                annotation_clip=False,
            )


@contextmanager
def _style(salt: str) -> Iterator[None]:
    with mpl.rc_context({**_STYLE, "svg.hashsalt": salt}):
        yield


def _svg(figure: Figure, alt: str) -> Markup:
    """The drawing alone: no header, no metadata, no ids but those that it refers to itself."""
    out = StringIO()
    figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", text, flags=re.DOTALL)  # the page's style sheet has it
    used = set(re.findall(r'#([\w-]+)[)"]', text))
    text = re.sub(r' id="([\w.-]+)"', lambda id: id[0] if id[1] in used else "", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    text = re.sub(r"'DejaVu Sans'", "system-ui, 'DejaVu Sans'", text)
    box = re.search(r'viewBox="[^"]+"', text)
    assert box is not None
    head = Markup('<svg role="img" aria-label="{}" {}>').format(alt, Markup(box[0]))
    return head + Markup(text[text.index(">") + 1 :])


def _cut(text: str, most: int) -> str:
    text = shown(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _apart(moments: Sequence[Moment], least: float) -> Iterator[Moment]:
    """Those moments that are far enough from the last one for a name."""
    last = None
    for moment in sorted(moments, key=lambda m: m.at):
        if last is None or moment.at - last >= least:
            last = moment.at
            yield moment
