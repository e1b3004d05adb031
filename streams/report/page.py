"""The post-mortem of a night as one HTML page: no scripts, no network, everything from outside escaped.

The same night under the same configuration gives the same bytes: every date in it is event time.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from importlib.resources import files
from math import floor, log10
from pathlib import Path
from typing import Any, Final, Protocol

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from msgspec import UNSET

from streams.core.alerting.alert import Notice
from streams.core.comparison.findings import CLASSES, SEVERITIES
from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.comparison.sentences import TERM_PLACES, term
from streams.core.election.model import Election
from streams.core.election.thresholds import changed, defaults, thresholds
from streams.core.events.model import Bulletin
from streams.core.reconciliation.consensus import Level
from streams.core.replay.alert_history import Contrast, History, histories
from streams.core.replay.area_ranking import Row, ranked
from streams.core.replay.outcome import Outcome
from streams.core.replay.timeline import Series
from streams.report import sample_table
from streams.report.plot_selection import Drawings
from streams.report.settled_leads import told_apart
from streams.report.spanish_cures import cure
from streams.report.words import Words
from streams.text import shown

HEADLINES: Final = 6
ALERTS: Final = 20
"""Alerts that are told in full, at most."""
AREAS: Final = 40
DISPUTES: Final = 40
BULLETINS: Final = 60
NOTICES: Final = 30
"""Notices that are told of one alert, at most."""


_COLUMNS: Final = ("bulletin", "single", "breakdown", "apart", "differing", "outside", "disputed")
"""Columns of the table of areas that are left out where they are empty."""


class InputFile(Protocol):
    """A file that the night was read from: its name, its bytes, and their SHA-256 in hexadecimal digits."""

    @property
    def name(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Night:
    """Everything that the page is made of. `made_by` has the versions that wrote the input, where it says so."""

    election: Election
    outcome: Outcome
    series: Mapping[str, Series]
    bulletins: Sequence[Bulletin]
    inputs: Sequence[InputFile]
    made_by: Mapping[str, str]
    edited: Sequence[Path] = ()
    """Files of the election that are not as they were when the log was begun."""


@dataclass(frozen=True, slots=True)
class Other:
    """The same night under another configuration."""

    name: str
    election: Election
    outcome: Outcome
    contrast: Contrast


def render(night: Night, language: str, other: Other | None = None) -> str:
    """The page."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value).replace(" %", "\N{NO-BREAK SPACE}%") if type(value) is str else value,
    )
    source = files("streams.report").joinpath("page.html.j2").read_text(encoding="utf-8")
    style = files("streams.report").joinpath("page.css").read_text(encoding="utf-8")
    say, night = Words(language), replace(night, election=night.election.localized(language))
    return environment.from_string(source).render(
        style=Markup(style), say=say, cure=cure, **_context(night, say, other)
    )


def _context(night: Night, say: Words, other: Other | None) -> dict[str, Any]:
    election, outcome = night.election, night.outcome
    drawings = Drawings(election, night.series, night.bulletins, outcome.at, say)
    histories_by_alert = histories(outcome.notices, outcome.alerts, outcome.at)
    heard = sorted(
        (alert for alert in histories_by_alert.values() if alert.heard), key=lambda alert: _weight(alert, election)
    )
    muted = sorted(
        (alert for alert in histories_by_alert.values() if not alert.heard), key=lambda alert: _weight(alert, election)
    )
    one_by_one, settled = told_apart(heard, election)
    told: dict[str, list[Notice]] = {}
    for notice in outcome.notices:
        told.setdefault(notice.fingerprint, []).append(notice)
    rows = [r for r in ranked(election, outcome) if r.area in night.series or r.bulletin or r.disputed or r.outside]
    return {
        "election": election,
        "outcome": outcome,
        "names": {column.id: column.name for column in election.columns},
        "period": (drawings.begin, drawings.end),
        "lead": _lead(night, heard, say),
        "open_sheets": _open_sheets(night, say),
        "headlines": _headlines(one_by_one),
        "tiles": _tiles(outcome, rows, heard, say),
        "timeline": drawings.timeline(one_by_one),
        "shares": drawings.shares(),
        "sample": _sample(night, drawings, say),
        "coverage": drawings.coverage(),
        "breakdown": drawings.breakdown(),
        "alerts": [(alert, _evidence(alert, say), told[alert.fingerprint][:NOTICES]) for alert in one_by_one[:ALERTS]],
        "further": one_by_one[ALERTS:],
        "settled": settled,
        "muted": muted,
        "areas": rows[:AREAS],
        "any_bounded": outcome.states[election.root.id].bounds is not None,
        "columns": {name for name in _COLUMNS for row in rows[:AREAS] if getattr(row, name)},
        "areas_left": len(rows) - AREAS,
        "disputes": _disputes(election, outcome),
        "bulletins": _first(night.bulletins, election.root.id),
        "bulletins_left": len(night.bulletins) - BULLETINS,
        "other": other,
        "changed": {} if other is None else changed(election, other.election),
        "inputs": night.inputs,
        "edited": [path.name for path in night.edited],
        "thresholds": _thresholds(election),
        "versions": {"cotejo": version("cotejo"), "matplotlib": version("matplotlib"), **night.made_by},
    }


def _weight(alert: History, election: Election) -> tuple[Any, ...]:
    """The gravest first; then what needs the fewest assumptions, the upper areas, the larger figures."""
    finding = alert.shown.finding
    depth = len(election.lineage[finding.area])
    return (
        alert.ended is not None, SEVERITIES.index(alert.shown.severity), CLASSES.index(finding.rule_class), depth,
        -finding.value, alert.fingerprint,
    )  # fmt: skip


def _lead(night: Night, heard: Sequence[History], say: Words) -> list[str]:
    """The state in the end, in a few plain sentences."""
    election, outcome = night.election, night.outcome
    state, root = outcome.states[election.root.id], election.root
    seen = state.witnessed
    if root.tables:
        sentences = [say("lead", tables=seen.tables, exist=root.tables, coverage=say.per_cent(seen.coverage))]
    else:
        sentences = [say("lead-bare", tables=seen.tables)]
    single = state.tables_announced
    if state.official is None and single is not None:
        names = {column.id: column.name for column in election.columns}
        votes = ", ".join(f"{names[name]} {say.number(count)}" for name, count in single.votes.items())
        sentences.append(say("lead-tables", area=root.name, tables=single.announced, votes=votes))
    elif state.official is None:
        sentences.append(say("lead-none", area=root.name))
    else:
        time = f"{say.time(state.official.at)} UTC"
        sentences.append(say("lead-bulletin", area=root.name, bulletin=state.official.bulletin, time=time))
    if heard:
        critical = sum(alert.worst.severity == "critical" for alert in heard)
        firing = sum(alert.ended is None for alert in heard)
        sentences.append(say("lead-alerts", count=len(heard), critical=critical, firing=firing))
    else:
        sentences.append(say("quiet"))
    return sentences


def _open_sheets(night: Night, say: Words) -> list[str]:
    """Whether sheets that do not count yet can change who leads in the whole."""
    return list(lead_sentences(night.election, night.outcome.states[night.election.root.id], say.language))


def _sample(night: Night, drawings: Drawings, say: Words) -> dict[str, Any] | None:
    """What the election's random sample shows of the whole: sentences, the three counts side by side, over time."""
    state = night.outcome.states[night.election.root.id]
    if state.sample is UNSET:
        return None
    return {
        "lines": list(sample_table.lines(state.sample, night.election.labels, say.language)),
        "heads": sample_table.heads(say.language),
        "rows": list(sample_table.rows(night.election, state, say.language)),
        "drawn": drawings.sample(),
    }


def _headlines(heard: Sequence[History]) -> list[History]:
    """The strongest findings: no more than two of a rule, and none that a newer bulletin made obsolete while others
    stand."""
    kept: list[History] = []
    of_rule: Counter[str] = Counter()
    for alert in [k for k in heard if k.ended is None] or heard:
        of_rule[alert.shown.finding.rule] += 1
        if of_rule[alert.shown.finding.rule] <= 2:
            kept.append(alert)
    return kept[:HEADLINES]


def _tiles(outcome: Outcome, rows: Sequence[Row], heard: Sequence[History], say: Words) -> list[tuple[str, str]]:
    """The few figures above all: each with what it is."""
    whole = rows[0] if rows else None
    worst = max((row for row in rows if row.bulletin), key=lambda row: row.breakdown, default=None)
    refused = sum(refusals.count for refusals in outcome.rejected.values())
    return [
        (f"{say.per_cent(whole.coverage)} %" if whole and whole.coverage is not None else "–", say("witnessed tables")),
        (say.number(worst.breakdown), f"{say('must be wrong')}, {worst.name}")
        if worst
        else ("–", say("must be wrong")),
        (say.number(whole.apart, 1) if whole and whole.apart is not None else "–", say("points apart")),
        (say.number(sum(alert.worst.severity == "critical" for alert in heard)), say("critical alerts")),
        (say.number(whole.disputed if whole else 0), say("disputed")),
        (say.number(refused), say("turned away")),
    ]


def _evidence(alert: History, say: Words) -> list[tuple[str, str]]:
    """The figures behind a finding, in words."""
    finding = alert.shown.finding
    figures: dict[str, Any] = {"bulletin": finding.bulletin or None, **finding.inputs}
    if finding.value not in finding.inputs.values():
        figures[finding.unit] = finding.value
    if "tables" in finding.inputs:
        figures["witnessed sheets"] = figures.pop("tables")
    return [(say.term(name), _value(name, value, say)) for name, value in figures.items() if value is not None]


def _value(name: str, value: Any, say: Words) -> str:
    """A figure's value in words. A string is a name, and stays as it is, where the figure is not one of terms."""
    match value:
        case str() if name in TERM_PLACES:
            return term(value, say.language)
        case str() if name in ("side", "basis"):
            return say.term(value)
        case str():
            return value
        case int():
            return say.number(value)
        case float() if name == "chance" and value:
            return say("once in", count=round(1 / value))
        case float():
            return say.number(value) if value == 0 or abs(value) >= 0.01 else say.number(value, _decimals(value))
        case Mapping():
            return ", ".join(f"{key} {_value('', item, say)}" for key, item in value.items())
    return str(value)


def _decimals(value: float) -> int:
    """Decimals that show two figures of a small number, at most nine."""
    return min(9, 1 - floor(log10(abs(value))))


def _first(bulletins: Sequence[Bulletin], root: str) -> list[Bulletin]:
    """As many bulletins as there is room for, the whole's before those of its parts; in their order."""
    kept = sorted(range(len(bulletins)), key=lambda i: (bulletins[i].area != root, i))[:BULLETINS]
    return [bulletins[i] for i in sorted(kept)]


def _disputes(election: Election, outcome: Outcome) -> dict[str, Any]:
    """Disputed sheets: how many, in which lowest areas most, and the first of them."""
    tables = sorted(table for table, verdict in outcome.verdicts.items() if verdict.level is Level.DISPUTED)
    areas = Counter(election.tables[table].area for table in tables)
    return {
        "count": len(tables),
        "areas": sorted(areas.items(), key=lambda item: (-item[1], item[0]))[:10],
        "tables": [(table, election.tables[table].area, outcome.verdicts[table]) for table in tables[:DISPUTES]],
        "left": len(tables) - DISPUTES,
    }


def _thresholds(election: Election) -> list[tuple[str, Any, Any]]:
    """Every threshold: its place in the file, its value, its default."""
    usual = defaults()
    return [(place, value, usual[place]) for place, value in thresholds(election).items()]
