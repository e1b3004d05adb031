"""Decides whether an event is admitted: whether the election knows what it names, and whether its figures and its date
are possible."""

from collections.abc import Container, Iterable, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final

from streams.core.election.model import Election
from streams.core.events import signatures
from streams.core.events.model import NO_ARRIVAL, Bulletin, Event, Rejection, TallyReport, Tick, is_reading
from streams.core.events.quick_decoder import as_read
from streams.times import rfc3339

_AT: Final = attrgetter("at")


def check_report(election: Election, report: TallyReport) -> Rejection | None:
    """Return why a report is turned away; None if it is admitted. It must name a table and options that the election
    has, keep within the arithmetic of its sheet, and come from whom it says.

    Of a retraction, which carries no figures, only the table and the sender are checked.
    """
    if report.table not in election.tables:
        return Rejection("unknown-table", "table", f"add {report.table} to the register, or mend the id")
    if (reason := signatures.check_report(election, report)) is not None or report.retracted:
        return reason
    return _check_bound(report) or _check_figures(election, report)


_OF_BOUNDS: Final = {"at-least": "votes", "at-most": "ballots"}
"""The one figure that each kind of bound gives."""
_OF_SHEETS: Final = ("votes", "ballots", "null", "blank")


def _check_bound(report: TallyReport) -> Rejection | None:
    """Return why a bound is turned away: it lacks the one figure that its kind gives, or gives another figure too. Then
    nobody could tell what is meant."""
    if report.bound is None:
        return None
    wanted = _OF_BOUNDS[report.bound]
    if not report.votes if wanted == "votes" else report.ballots is None:
        return Rejection("missing", wanted, f"give {wanted}: that is what an {report.bound} bound is of")
    for name in _OF_SHEETS:
        if name != wanted and getattr(report, name) not in (None, {}):
            cure = f"leave out {name}: an {report.bound} bound is of {wanted}; send the rest in another report"
            return Rejection("unclear-bound", name, cure)
    return None


def _check_figures(election: Election, report: TallyReport) -> Rejection | None:
    """Return why the figures of a report are turned away: it names an option that there is not, has more ballots than
    can have been cast, or states another sum than its own."""
    table = election.tables[report.table]
    unknown = _unknown(report.votes, election.option_index)
    if unknown is not None:
        return Rejection("unknown-option", f"votes.{unknown}", f"use one of {_some(election.option_index)}")
    if report.bound == "at-most":
        return None  # more than there are voters limits nothing, and is no error
    ballots = sum(report.votes.values()) + (report.null or 0) + (report.blank or 0)
    registered = table.registered if table.registered is not None else report.registered
    limit = election.policy.max_ballots if registered is None else int(registered * election.policy.max_turnout)
    if table.registered is None:
        # The sheet's own word lowers the limit; it cannot lift it.
        limit = min(limit, election.policy.max_ballots)
    if ballots > limit:
        return too_many_ballots(ballots, registered, limit, bound=report.bound is not None)
    # Null or blank votes or options that the report leaves out may be what is missing.
    every = len(election.read_options) == len(election.options)
    named = every and (election.policy.unread == "zero" or report.votes.keys() >= election.option_index.keys())
    whole = report.null is not None and report.blank is not None and named
    if report.ballots is not None and (ballots > report.ballots or (whole and ballots < report.ballots)):
        return Rejection(
            "sum-differs", "ballots", f"read the sheet again: {report.ballots:,} stated, {ballots:,} added up"
        )
    return None


def too_many_ballots(ballots: int, registered: int | None, limit: int, *, bound: bool = False) -> Rejection:
    """The rejection of a sheet, or of a bound, with more ballots than can have been cast. `registered` is the number of
    registered voters, None where it is not known; `limit` is the most ballots that are admitted."""
    voters = "" if registered is None else f" for {registered:,} registered voters"
    again = "count the ballots again" if bound else "read the sheet again"
    return Rejection("too-many-ballots", "votes", f"{again}: {ballots:,} ballots{voters}, limit {limit:,}")


def table_of_reading(item: Event | Rejection) -> str | None:
    """The id of the polling table that a report reads the sheet of, or was meant to read; None if it is no reading of
    a sheet, or names no table.

    A rejection that names no table marks no table as one with a reading that was turned away.
    """
    if isinstance(item, Rejection):
        return item.table
    return item.table if isinstance(item, TallyReport) and is_reading(item.retracted, item.bound) else None


def check_tick(election: Election, tick: Tick, arrived: int) -> Rejection | None:
    """Return why a tick is turned away: it is more than `max_lead` ahead of its arrival (Unix ms, or `NO_ARRIVAL`). It
    would keep everything that follows it in its partition from being judged until that time comes."""
    lead = election.policy.max_lead
    if lead and arrived > NO_ARRIVAL and tick.at > arrived + round(1000 * lead):
        return Rejection("tick-ahead", "at", f"set the clock right: ticks may be {lead:g} s ahead of the broker's")
    return None


def check_date(election: Election, event: Event, now: int) -> Rejection | None:
    """Return why a bulletin or a report is turned away: it is dated more than `max_lead` ahead of event time, `now`
    (Unix ms). A bulletin of the next century would end the rule on silence, and such a reading could never be corrected
    by a newer one."""
    lead = election.policy.max_lead
    if not lead or event.at <= now + round(1000 * lead):
        return None
    place = "issued_at" if isinstance(event, Bulletin) else "observed_at"
    ahead = f"{rfc3339(event.at, 'seconds')}, but it is {rfc3339(now, 'seconds')} in this night"
    return Rejection("dated-ahead", place, f"mend the date ({ahead}), or raise reconcile.max_lead above {lead:g} s")


def dated_ahead(election: Election, events: Sequence[Event], arrived: Sequence[int]) -> dict[int, Rejection]:
    """The events that `check_date` turns away: their places, and why. `arrived` is when each came (Unix ms); an event
    with `NO_ARRIVAL` is not checked.

    Nearly always there are none. Two passes over the times find that out.
    """
    lead = round(1000 * election.policy.max_lead)
    if not (lead and events) or max(map(_AT, as_read(events))) <= min(arrived) + lead:
        return {}
    judged = ((i, check_date(election, events[i], now)) for i, now in enumerate(arrived) if now != NO_ARRIVAL)
    return {i: why for i, why in judged if why is not None}


def check_bulletin(election: Election, bulletin: Bulletin) -> Rejection | None:
    """Return why a bulletin is turned away; None if it is admitted. It must name an area or a polling table, options
    and groups that the election has, and come from an authority for that area.

    A bulletin whose figures do not add up is admitted: that is a finding of the rules, not an error of reading.
    """
    if bulletin.area not in election.areas and bulletin.area not in election.tables:
        return Rejection("unknown-area", "area", f"add {bulletin.area} to the areas or the register, or mend the id")
    for name in ("votes", "announced_shares"):
        unknown = _unknown(getattr(bulletin, name), election.column_index)
        if unknown is not None:
            return Rejection("unknown-option", f"{name}.{unknown}", f"use one of {_some(election.column_index)}")
    return signatures.check_bulletin(election, bulletin)


def _unknown(figures: Iterable[str], names: Container[str]) -> str | None:
    return next((name for name in figures if name not in names), None)


def _some(names: Iterable[str]) -> str:
    first = list(islice(names, 13))
    return ", ".join(first[:12]) + (", …" if len(first) > 12 else "")
