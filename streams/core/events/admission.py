"""Whether the election knows what an event speaks of, and whether its figures can be at all."""

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
    """Turn away a report of an unknown table or option, one that breaks its sheet's arithmetic, or one that is not
    from whom it says.

    A retraction carries no figures and is only asked for its table, and who it is from.
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
    """Turn away a bound without its figure, or with one that it does not bound: nobody could tell what is meant."""
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
    """Turn away a sheet, or a bound, with more than can have been cast. `registered` voters are None where they are not
    known."""
    voters = "" if registered is None else f" for {registered:,} registered voters"
    again = "count the ballots again" if bound else "read the sheet again"
    return Rejection("too-many-ballots", "votes", f"{again}: {ballots:,} ballots{voters}, limit {limit:,}")


def table_of_reading(item: Event | Rejection) -> str:
    """The polling table of whose sheet this is a reading, or was to be; empty where it is none, or names none.

    What names no table leaves none with a reading turned away.
    """
    if isinstance(item, Rejection):
        return item.table
    return item.table if isinstance(item, TallyReport) and is_reading(item.retracted, item.bound) else ""


def check_tick(election: Election, tick: Tick, arrived: int) -> Rejection | None:
    """Turn away a tick that is further ahead of its arrival (Unix ms, or `NO_ARRIVAL`) than the policy lets it be: it
    would keep all that follows it in its partition, or among the bulletins, from being judged until then."""
    lead = election.policy.max_lead
    if lead and arrived > NO_ARRIVAL and tick.at > arrived + round(1000 * lead):
        return Rejection("tick-ahead", "at", f"set the clock right: ticks may be {lead:g} s ahead of the broker's")
    return None


def check_date(election: Election, event: Event, now: int) -> Rejection | None:
    """Turn away a bulletin or report that is dated more than `max_lead` ahead of event time, `now` (Unix ms). Taken in,
    a bulletin of another century would end the rule on silence, and a reading could never be corrected by a newer one.
    """
    lead = election.policy.max_lead
    if not lead or event.at <= now + round(1000 * lead):
        return None
    place = "issued_at" if isinstance(event, Bulletin) else "observed_at"
    ahead = f"{rfc3339(event.at, 'seconds')}, but it is {rfc3339(now, 'seconds')} in this night"
    return Rejection("dated-ahead", place, f"mend the date ({ahead}), or raise reconcile.max_lead above {lead:g} s")


def dated_ahead(election: Election, events: Sequence[Event], arrived: Sequence[int]) -> dict[int, Rejection]:
    """The places of the events that `check_date` turns away, and why; each came at its own time (Unix ms). Where
    that is `NO_ARRIVAL`, nothing is checked. Nearly always there are none, which two passes tell."""
    lead = round(1000 * election.policy.max_lead)
    if not (lead and events) or max(map(_AT, as_read(events))) <= min(arrived) + lead:
        return {}
    judged = ((i, check_date(election, events[i], now)) for i, now in enumerate(arrived) if now != NO_ARRIVAL)
    return {i: why for i, why in judged if why is not None}


def check_bulletin(election: Election, bulletin: Bulletin) -> Rejection | None:
    """Turn away a bulletin for an unknown area or polling table, with a figure for an unknown option or group, or from
    somebody who is no authority there.

    What merely does not add up is kept: that is a finding, not a reading error.
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
