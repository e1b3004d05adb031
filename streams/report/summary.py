"""What a night came to, for a reader at a terminal: `cotejo replay`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import UNSET
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from streams.core.comparison.findings import SEVERITIES
from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.election.model import Election
from streams.core.replay.alert_history import Contrast, History, histories
from streams.core.replay.area_ranking import ranked
from streams.core.replay.outcome import Outcome
from streams.report import sample_table
from streams.report.settled_leads import told_apart
from streams.report.terminal_phrases import SUMMARY
from streams.report.terms import STYLES
from streams.report.words import Words
from streams.text import number, shown
from streams.times import to_minute

AREAS: Final = 12
"""Areas in the table, at most."""


def say(key: str, language: str, **figures: Any) -> str:
    """A phrase of the summary."""
    return Words(language, SUMMARY)(key, **figures)


def by_weight(alerts: Iterable[History]) -> list[History]:
    """The gravest first, then in the order in which they fired."""
    return sorted(alerts, key=lambda alert: (SEVERITIES.index(alert.shown.severity), alert.first.at, alert.fingerprint))


def tell(console: Console, election: Election, outcome: Outcome, language: str) -> None:
    """The night's summary: what came, what fired, where the counts are furthest apart."""
    election = election.localized(language)
    plain(console, election.name, "bold")
    if election.notice:
        plain(console, election.notice)
    came = {kind: say(kind, language, count=outcome.counts.get(kind, 0)) for kind in ("reports", "bulletins")}
    unreadable = outcome.counts.get("unreadable", 0)
    plain(console, say("counts", language, until=to_minute(outcome.at), unreadable=unreadable, **came))
    if outcome.rejected:
        codes = (f"{code} {number(r.count, language)}" for code, r in sorted(outcome.rejected.items()))
        plain(console, say("rejected", language, codes=", ".join(codes)))
    if outcome.unjudged:
        plain(console, say("unjudged", language, count=outcome.unjudged))
    histories_by_alert = histories(outcome.notices, outcome.alerts, outcome.at)
    plain(console, "")
    heard = by_weight(alert for alert in histories_by_alert.values() if alert.heard)
    plain(console, say("alerts" if histories_by_alert else "none", language), "bold")
    one_by_one, leads = told_apart(heard, election)
    for alert in one_by_one:
        _alert(console, alert, language)
    if leads:
        areas = ", ".join(election.labels[alert.last.finding.area] for alert in leads)
        plain(console, say("settled", language, count=len(leads), areas=areas))
    if len(histories_by_alert) > len(heard):
        plain(console, say("muted", language, count=len(histories_by_alert) - len(heard)))
    state = outcome.states[election.root.id]
    if state.sample is not UNSET:
        plain(console, "")
        for line in sample_table.lines(state.sample, election.labels, language):
            plain(console, line)
        console.print(sample_table.table(election, state, language))
    if sentences := list(lead_sentences(election, state, language)):
        plain(console, "")
        for sentence in sentences:
            plain(console, sentence)
    plain(console, "")
    console.print(_areas(election, outcome, language))
    plain(console, "")
    plain(console, say("hash", language, hash=outcome.sha256))


def compare(
    console: Console, contrast: Contrast, names: tuple[str, str], changed: Mapping[str, tuple[Any, Any]], language: str
) -> None:
    """Two configurations side by side."""
    plain(console, f"A: {names[0]}\nB: {names[1]}\n")
    plain(console, say("changed" if changed else "same settings", language), "bold")
    for place, (a, b) in changed.items():
        plain(console, f"  {place}: {a} -> {b}")
    for key, alerts in (("only A", contrast.only_a), ("only B", contrast.only_b)):
        plain(console, "\n" + say(key, language, count=len(alerts)), "bold")
        for alert in by_weight(alerts):
            _alert(console, alert, language)
    plain(console, "\n" + say("both", language, count=len(contrast.differing)), "bold")
    for a, b in contrast.differing:
        plain(console, f"{a.fingerprint}")
        for name, alert in (("A", a), ("B", b)):
            plain(console, f"  {name}: {_when(alert, language)}")
    plain(console, "\n" + say("alike", language, count=len(contrast.both) - len(contrast.differing)))


def plain(console: Console, text: str, style: str = "") -> None:
    """A line as it is: nothing in it is markup, and no control character gets through."""
    console.print(*(Text(shown(line), style=style) for line in text.split("\n")), sep="\n")


def _alert(console: Console, alert: History, language: str) -> None:
    """When it was first called, when it was worst and how it stands; then its sentence of that moment, and the worst
    one where it was worse."""
    plain(console, _when(alert, language), STYLES[alert.shown.severity])
    _indented(console, alert.shown.finding.sentence[language])
    if alert.was_worse:
        _indented(console, say("worst then", language, sentence=alert.worst.finding.sentence[language]))


def _indented(console: Console, text: str) -> None:
    line = Text(shown(text))
    console.print(Padding(line, (0, 0, 0, 2)) if console.is_terminal else Text("  ") + line)


def _when(alert: History, language: str) -> str:
    """One line: severity and rule, and the three moments."""
    term, moments = Words(language).term, [("first called", alert.first), ("worst", alert.worst)]
    if alert.ended is None:
        moments.append(("open", alert.last))
    said = [say(name, language, time=to_minute(m.at), severity=term(m.severity)) for name, m in moments]
    if alert.ended is not None:
        said.append(say("over", language, time=to_minute(alert.ended)))
    return f"{term(alert.shown.severity)}, {term(alert.first.finding.rule)}: {'; '.join(said)}"


def _areas(election: Election, outcome: Outcome, language: str) -> Table:
    table = Table(title=say("areas", language), box=None, padding=(0, 1, 0, 0), title_justify="left", pad_edge=False)
    rows = ranked(election, outcome)
    outside = any(row.outside for row in rows)
    heads = ("area", "sheets", "coverage", "bulletin", "apart", "wrong", "disputed", "firing")
    for name in (*heads[:6], *(["outside"] if outside else []), *heads[6:]):
        table.add_column(say(name, language), justify="left" if name in ("area", "bulletin") else "right")
    for row in _first(rows):
        table.add_row(
            *(
                Text(shown(cell))
                for cell in (
                    row.name,
                    number(row.tables, language),
                    "" if row.coverage is None else f"{number(100 * row.coverage, language, 1)} %",
                    say("single", language, tables=row.single) if row.single else row.bulletin or "",
                    "" if row.apart is None else number(row.apart, language, 1),
                    number(row.breakdown, language) if row.breakdown else "",
                    *([number(row.outside, language) if row.outside else ""] if outside else []),
                    number(row.disputed, language) if row.disputed else "",
                    number(row.firing, language) if row.firing else "",
                )
            )
        )
    return table


def _first(rows: Iterable[Any]) -> Iterator[Any]:
    return (row for i, row in enumerate(rows) if i < AREAS)
