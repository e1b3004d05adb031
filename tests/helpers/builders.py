"""Small elections, reports and bulletins for tests: say only what the test is about."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from hypothesis import settings
from msgspec import UNSET, UnsetType

from streams.core.aggregation import bulletin_figures
from streams.core.aggregation.bulletin_figures import UNKNOWN
from streams.core.aggregation.honest_shares import Figures
from streams.core.aggregation.tally import Tally, width
from streams.core.comparison.findings import Comparison, Finding, Pulse, Situation
from streams.core.comparison.rule_inputs import AreasNow
from streams.core.comparison.rules import RULES
from streams.core.comparison.rules.rule import BulletinRule, FeedRule, Rule, SumsRule
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Area, Election, Group, Option
from streams.core.election.numbering import Numbers
from streams.core.election.register import PollingTable
from streams.core.election.settings import AlertPolicy, Policy, Rules, Switches
from streams.core.engine.comparer import Comparer
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, Event, Rejection, TallyReport
from streams.core.reconciliation.reconciler import Reconciler

_T = TypeVar("_T")

settings.register_profile("cotejo", deadline=None)
settings.load_profile("cotejo")  # a slow core is no failure


def apply_all(
    reconciler: Reconciler, events: Sequence[Event], arrived: Sequence[int] = ()
) -> list[tuple[int, Rejection]]:
    """Take in many at once: the places of those that are turned away, and why."""
    return reconciler.take_in(reconciler.enter(reconciler.prepare(events)), range(len(events)), arrived)


def present(value: _T | UnsetType | None) -> _T:
    """A value that must be there."""
    assert value is not None
    assert value is not UNSET
    return value


T0 = 1_722_211_200_000
"""Midnight of 29 July 2024 (UTC) in Unix milliseconds: a tick boundary."""


UNREMARKED = Rules(switch=Switches(lead="off"))
"""The rules of an election unless told: without the remark that sheets on their way cannot change who leads, which most
nights of tests would end with."""


def election(
    states: int = 2,
    tables: int = 3,
    registered: int | Sequence[int | None] | None = 100,
    options: str = "ABC",
    groups: Mapping[str, str] | None = None,
    areas: Mapping[str, Mapping[str, Any]] | None = None,
    rules: Rules | None = None,
    alerts: AlertPolicy | None = None,
    districts: int = 0,
    **policy: Any,
) -> Election:
    """A nation "N" over states "S1", "S2"…, each with tables "S1-1", "S1-2"…; quorum 1 unless told.

    `registered` is one number for every table, or is dealt out in turn; `areas` overrides fields of an area. With
    `districts` each state has so many, "S1.1", "S1.2"…, and its tables are dealt out to them in turn.
    """
    deal = registered if isinstance(registered, Sequence) else [registered]

    def home(state: int, table: int) -> str:
        return f"S{state}.{1 + (table - 1) % districts}" if districts else f"S{state}"

    register = {
        f"S{s}-{t}": PollingTable(home(s, t), deal[((s - 1) * tables + t - 1) % len(deal)])
        for s in range(1, states + 1)
        for t in range(1, tables + 1)
    }

    def area(id: str, level: str, parent: str | None, inside: list[int | None]) -> Area:
        voters = None if None in inside else sum(v or 0 for v in inside)
        fields = {"id": id, "name": f"Area {id}", "level": level, "parent": parent, "tables": len(inside)}
        return Area(**{**fields, "registered": voters, **(areas or {}).get(id, {})})

    nodes = [area("N", "nation", None, [t.registered for t in register.values()])]
    for s in range(1, states + 1):
        state = {id: t for id, t in register.items() if id.startswith(f"S{s}-")}
        nodes.append(area(f"S{s}", "state", "N", [t.registered for t in state.values()]))
        for district in sorted({t.area for t in state.values()}) if districts else ():
            own = [t.registered for t in state.values() if t.area == district]
            nodes.append(area(district, "district", f"S{s}", own))
    return Election(
        id="test",
        name="Test",
        options=tuple(Option(o, f"Option {o}") for o in options),
        groups=tuple(Group(g, f"Group {g}", tuple(members)) for g, members in (groups or {}).items()),
        areas={node.id: node for node in nodes},
        tables=register,
        levels=("nation", "state", "district")[: 3 if districts else 2],
        policy=Policy(**{"quorum": 1, **policy}),
        rules=rules or UNREMARKED,
        alerts=alerts or AlertPolicy(),
    )


def drawn_sample(strata: Mapping[str, Iterable[str]], **fields: Any) -> DrawnSample:
    """A sample of these tables of each stratum, with its file."""
    given = {stratum: tuple(tables) for stratum, tables in strata.items()}
    rows = [f"{table},{stratum}" for stratum, tables in given.items() for table in tables]
    return DrawnSample(given, "\n".join(["table,stratum", *rows, ""]).encode(), **fields)


def clustered_sample(known: Election, clusters: Mapping[str, Iterable[str]], **fields: Any) -> DrawnSample:
    """A sample of these areas of each stratum, with all their tables."""
    given, layout = {stratum: tuple(some) for stratum, some in clusters.items()}, known.layout
    inside = {a: layout.tables[slice(*layout.inside(layout.area[a]))] for some in given.values() for a in some}
    rows = [f"{t},{stratum},{area}" for stratum, some in given.items() for area in some for t in inside[area]]
    strata = {stratum: tuple(t for area in some for t in inside[area]) for stratum, some in given.items()}
    return DrawnSample(strata, "\n".join(["table,stratum,cluster", *rows, ""]).encode(), clusters=given, **fields)


def named(votes: Iterable[int] | Mapping[str, int], names: str = "ABCDEFGH") -> dict[str, int]:
    """Votes by option id: (5, 3) is A 5, B 3."""
    return dict(votes) if isinstance(votes, Mapping) else dict(zip(names, votes, strict=False))


def report(table: str = "S1-1", votes: Iterable[int] | Mapping[str, int] = (5, 3, 1), **fields: Any) -> TallyReport:
    """A tally report; its id is its table and reporter unless told."""
    reporter = fields.get("reporter", "ana")
    given = {"id": f"{table}/{reporter}", "reporter": reporter, "source": "web", "at": T0, **fields}
    return TallyReport(table=table, votes=named(votes), **given)


def bulletin(votes: Iterable[int] | Mapping[str, int] = (5, 3, 1), area: str = "N", **fields: Any) -> Bulletin:
    """A bulletin; its id is its area and sequence unless told."""
    sequence = fields.get("sequence", 1)
    given = {"id": f"{area}-{sequence}", "authority": "board", "at": T0, "sequence": sequence, **fields}
    return Bulletin(area=area, votes=named(votes), **given)


def lines(events: Iterable[Event]) -> list[bytes]:
    """The lines of an event file."""
    return [encode(plain(event)) for event in events]


def tally(known: Election, sheets: Mapping[str, Iterable[int]], area: str = "N", *bulletins: Bulletin) -> Tally:
    """The sums of one area over these sheets, one report each, beside these bulletins; options that a sheet
    leaves out have 0 votes."""
    reconciler = Reconciler(known)
    for table, given in sheets.items():
        votes = dict.fromkeys(known.option_index, 0) | named(given)
        assert reconciler.apply(report(table, votes)) is None
    comparer = Comparer(known)
    comparer.add_sheets(reconciler.take_sheets())
    for official in bulletins:
        comparer.add_bulletin(official)
    return comparer.situation(area).witnessed


def tally_of(known: Election, figures: Mapping[int, int]) -> Tally:
    """Sums that were never added up: figures by their place in a row; nothing can be projected from them."""
    row = [0] * width(len(known.columns))
    for place, figure in figures.items():
        row[place] = figure
    return Tally(row)


def compared(
    known: Election,
    sheets: Mapping[str, Iterable[int]],
    official: Bulletin,
    before: Bulletin | None = None,
    parts: Mapping[str, Sequence[Bulletin]] | None = None,
) -> Comparison:
    """What a rule is given: the bulletin beside the sums of these sheets."""
    witnessed = tally(known, sheets, official.area, official)
    return Comparison(known, known.areas[official.area], official, witnessed, before, parts or {})


def situation(
    known: Election,
    sheets: Mapping[str, Iterable[int]],
    *bulletins: Bulletin,
    area: str = "N",
    at: int = T0,
    pulse: Pulse | None = None,
) -> Situation:
    """What a watch is told: an area with these sheets and bulletins at `at`."""
    return Situation(
        known, known.areas[area], tally(known, sheets, area, *bulletins), at, pulse or Pulse(T0, T0), bulletins
    )


def places_of(situations: Sequence[Situation]) -> AreasNow:
    """What the rules on sums are given: these areas side by side."""
    nothing = np.full(bulletin_figures.width(len(situations[0].election.columns)), -1, np.int64)
    claimed = [nothing if given.comparison is None else given.comparison.claim for given in situations]

    def gaps(places: Numbers, least: float) -> Figures:
        honest = [situations[place].witnessed.project() for place in places.tolist()]
        return np.array([np.abs(each.gap) for each in honest if each is not None])

    bounds = [given.witnessed.bounds for given in situations]
    return AreasNow(
        np.array([given.election.layout.area[given.area.id] for given in situations]),
        np.array([given.witnessed.row for given in situations]),
        np.array(claimed),
        np.array([each.row for each in bounds if each is not None]) if all(bounds) else None,
        np.array([given.area.tables or 0 for given in situations]),
        situations.__getitem__,
        gaps,
        lambda places: np.full(len(places), UNKNOWN),  # nothing is known of sheets that do not count
    )


def found_by(kind: type[Rule], given: Situation | Comparison) -> list[Finding]:
    """What one rule says of an area."""
    rule = kind(given.election)
    if isinstance(rule, BulletinRule):
        comparison = given if isinstance(given, Comparison) else given.comparison
        return [] if comparison is None else list(rule.find(comparison))
    if isinstance(given, Comparison):
        bulletins = (given.bulletin, *([given.before] if given.before else ()))
        given = Situation(given.election, given.area, given.witnessed, T0, Pulse(), bulletins, given.parts)
    if isinstance(rule, FeedRule):
        return list(rule.find(given))
    assert isinstance(rule, SumsRule)
    return [finding for _, finding in rule.find(places_of([given]))]


def all_findings(given: Situation) -> list[Finding]:
    """What all rules say of an area."""
    return [finding for kind in RULES for finding in found_by(kind, given)]


def alike(known: Election, votes: Iterable[int], count: int | None = None) -> dict[str, Iterable[int]]:
    """The same votes on the first `count` tables (all of them unless told)."""
    kept = tuple(votes)
    return dict.fromkeys(list(known.tables)[:count], kept)
