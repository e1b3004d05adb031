"""The results of a night in the common data format of NIST SP 1500-100, version 2 (XML).

One report has one issuer, so there are two: what was witnessed, and what was announced. The format's schema is
https://github.com/usnistgov/ElectionResultsReporting. What it has no element for is left out: readings, findings,
bounds. The order of elements is the schema's.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape

from streams.core.election.model import Area, Election, Group
from streams.text import shown
from streams.times import rfc3339

NAMESPACE: Final = "http://itl.nist.gov/ns/voting/1500-100/v2"

Status = Literal["unofficial-partial", "unofficial-complete", "correction"]
_UNIT_TYPES: Final = {
    "nation": "country",
    "centre": "polling-place",
    "center": "polling-place",
    **{
        name: name
        for name in ("country", "state", "county", "municipality", "city", "town", "township", "village", "ward")
    },
    **{name: name for name in ("borough", "precinct", "polling-place", "vote-center")},
}
"""The format's type of a reporting unit for a level of the election; any other level is of type "other"."""


@dataclass(frozen=True, slots=True)
class Report:
    """One issuer's figures. Units are areas and polling tables, by the ids of this file (`area_unit`, `table_unit`)."""

    issuer: str
    short: str
    """The issuer's abbreviation."""
    at: int
    """When the figures were as they are (Unix ms)."""
    held_at: int
    """Of the election: the time of its first event (Unix ms)."""
    status: Status
    votes: Mapping[str, Iterable[tuple[str, int]]]
    """By option or group: units and their votes."""
    counted: Mapping[str, int]
    """Polling tables that are counted, by area unit; of the others nobody knows."""
    ballots: Iterable[tuple[str, int]] = ()
    """Units and the ballots cast there."""
    notes: str = ""


def area_unit(number: int) -> str:
    """The id of an area, by its number in `Election.layout`."""
    return f"a{number}"


def table_unit(number: int) -> str:
    """The id of a polling table, by its number in `Election.layout`."""
    return f"t{number}"


def report(election: Election, given: Report, version: str) -> Iterator[str]:
    """The document, in pieces. It needs memory for a piece of an option's votes only."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<ElectionReport xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
    yield from _election(election, given)
    yield _leaf("Format", "precinct-level" if election.tables else "summary-contest")
    yield _leaf("GeneratedDate", rfc3339(given.at, "seconds"))
    yield from _areas(election, given)
    yield from _tables(election)
    yield _leaf("Issuer", given.issuer)
    yield _leaf("IssuerAbbreviation", given.short)
    if notes := " ".join([given.notes, election.notice]).strip():
        yield _leaf("Notes", notes)
    yield _leaf("SequenceStart", 1) + _leaf("SequenceEnd", 1)
    yield _leaf("Status", given.status)
    yield _leaf("VendorApplicationId", f"cotejo {version}")
    yield "</ElectionReport>\n"


def _election(election: Election, given: Report) -> Iterator[str]:
    root, day = area_unit(0), rfc3339(given.held_at)[:10]
    yield "<Election>\n"
    for unit, ballots in given.ballots:
        yield f"<BallotCounts>{_count_of(unit)}<BallotsCast>{ballots}</BallotsCast></BallotCounts>\n"
    for number, option in enumerate(election.options):
        yield f'<Candidate ObjectId="c{number}">{_named("BallotName", option.name)}{_id(option.id)}</Candidate>\n'
    yield '<Contest ObjectId="contest" xsi:type="CandidateContest">\n'
    for number, column in enumerate(election.columns):
        votes = given.votes.get(column.id)
        if votes is None and isinstance(column, Group):
            continue
        members = column.options if isinstance(column, Group) else (column.id,)
        yield f'<ContestSelection ObjectId="s{number}" xsi:type="CandidateSelection">\n'
        yield from (
            f"<VoteCounts>{_count_of(unit)}<Count>{count}</Count></VoteCounts>\n" for unit, count in votes or ()
        )
        yield _leaf("CandidateIds", " ".join(f"c{election.option_index[option]}" for option in members))
        yield "</ContestSelection>\n"
    yield _leaf("ElectionDistrictId", root) + _id(election.id) + _leaf("Name", election.name)
    yield from _progress(given, root, election.root)
    yield "<VotesAllowed>1</VotesAllowed>\n</Contest>\n"
    yield _leaf("ElectionScopeId", root) + _named("Name", election.name)
    yield _leaf("StartDate", day) + _leaf("EndDate", day)
    yield "<Type>other</Type><OtherType>not stated</OtherType>\n</Election>\n"


def _areas(election: Election, given: Report) -> Iterator[str]:
    layout = election.layout
    for number, id in enumerate(layout.areas):
        area, unit = election.areas[id], area_unit(number)
        first, behind = layout.inside(number)
        own = map(table_unit, range(first, behind)) if layout.leaf[number] else ()
        parts = " ".join([*map(area_unit, layout.below[number].tolist()), *own])
        yield f'<GpUnit ObjectId="{unit}" xsi:type="ReportingUnit">'
        yield _leaf("ComposingGpUnitIds", parts) if parts else ""
        yield _id(id) + _named("Name", area.name)
        yield from _progress(given, unit, area)
        yield _unit_type(area.level)
        yield "" if area.registered is None else _leaf("VotersRegistered", area.registered)
        yield "</GpUnit>\n"


def _tables(election: Election) -> Iterator[str]:
    for number, id in enumerate(election.layout.tables):
        registered = election.tables[id].registered
        voters = "" if registered is None else _leaf("VotersRegistered", registered)
        yield f'<GpUnit ObjectId="{table_unit(number)}" xsi:type="ReportingUnit">{_id(id)}{_named("Name", id)}'
        yield f"<Type>precinct</Type>{voters}</GpUnit>\n"


def _progress(given: Report, unit: str, area: Area) -> Iterator[str]:
    """How many polling tables of an area are counted, and how many there are."""
    if unit in given.counted:
        yield _leaf("SubUnitsReported", given.counted[unit])
    if area.tables is not None:
        yield _leaf("TotalSubUnits", area.tables)


def _unit_type(level: str) -> str:
    if (unit_type := _UNIT_TYPES.get(level.casefold())) is not None:
        return _leaf("Type", unit_type)
    return "<Type>other</Type>" + _leaf("OtherType", level)


def _count_of(unit: str) -> str:
    return f"<GpUnitId>{unit}</GpUnitId><Type>total</Type>"


def _id(id: str) -> str:
    """An id as the election's own files have it."""
    return (
        f"<ExternalIdentifier><Type>other</Type><OtherType>cotejo</OtherType>{_leaf('Value', id)}</ExternalIdentifier>"
    )


def _named(tag: str, name: str) -> str:
    return f'<{tag}><Text Language="und">{escape(shown(name))}</Text></{tag}>'


def _leaf(tag: str, content: object) -> str:
    return f"<{tag}>{escape(shown(str(content)))}</{tag}>"
