"""What `explain` says of evidence that is only a bound: as JSON objects, and as lines to read."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.core.comparison.sentences import number
from streams.core.election.model import Election
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.table_bounds import table_bounds

TEXT: Final[Mapping[str, Mapping[str, str]]] = {
    "at least": {"en": "at least {votes}", "es": "al menos {votes}"},
    "at most": {"en": "at most {ballots} ballots", "es": "como mucho {ballots} papeletas"},
    "bounds possible": {"en": "believed of its figures: {bounds}", "es": "lo que se cree de sus cifras: {bounds}"},
    "bounds impossible": {
        "en": "these cannot both be true, so neither counts: {bounds}",
        "es": "no pueden ser ciertas ambas cosas, así que ninguna cuenta: {bounds}",
    },
    "bounds against sheet": {
        "en": "the witnessed sheet contradicts these, and the sheet counts: {bounds}",
        "es": "el acta atestiguada las contradice, y es el acta la que cuenta: {bounds}",
    },
    "bounds unknown": {
        "en": "not enough independent readers vouch for any bound: the policy asks for {quorum}",
        "es": "ningún límite tiene bastantes lectores independientes: la norma pide {quorum}",
    },
    "bounds": {
        "en": "{tables} polling tables have bounds, {unwitnessed} of them without a witnessed sheet",
        "es": "{tables} mesas tienen límites, {unwitnessed} de ellas sin acta atestiguada",
    },
    "conflicting": {
        "en": "{count} polling tables have bounds that contradict each other; none of these counts",
        "es": "{count} mesas tienen límites que se contradicen; ninguno de ellos cuenta",
    },
    "against_sheets": {
        "en": "{count} polling tables have a witnessed sheet outside their bounds; the sheet counts",
        "es": "{count} mesas tienen un acta atestiguada fuera de sus límites; cuenta el acta",
    },
    "outside tables": {
        "en": "{count} polling tables announced outside what was seen there:",
        "es": "{count} mesas anunciadas fuera de lo que se vio allí:",
    },
    "outside": {"en": "  {table}: {bounds}; official {official}", "es": "  {table}: {bounds}; oficial {official}"},
    "only bounds": {"en": "what is known of it is only a bound", "es": "lo que se sabe de ella es solo un límite"},
}
"""By key, then by language."""


def of_ledger(election: Election, ledger: Ledger | None) -> dict[str, Any] | None:
    """What is believed of a polling table's bounds, and why; None where no reading is one."""
    if ledger is None or not any(reading.bound for reading in ledger):
        return None
    found, verdict = table_bounds(ledger, len(election.options), election.policy), ledger.verdict(election.policy)
    why = "bounds possible" if found.are_possible else "bounds impossible"
    read = election.read_options.values()
    if verdict.accepted and verdict.votes is not None and not found.allow(verdict.votes, verdict.null, read):
        why = "bounds against sheet"
    known = zip(election.options, found.at_least, strict=True)
    return {
        "at_least": {option.id: votes for option, votes in known if votes} or None,
        "at_most": found.at_most,
        "why": why if found.are_known else "bounds unknown",
    }


def table_lines(bounds: Mapping[str, Any] | None, quorum: int, say: Any, language: str) -> Iterator[str]:
    """A polling table's bounds, to read."""
    if bounds is not None:
        yield say(bounds["why"], bounds=_bounded(bounds, say, language), quorum=quorum)


def area_lines(bounds: Mapping[str, Any] | None, say: Any) -> Iterator[str]:
    """How many polling tables of an area have bounds, to read."""
    if bounds is None:
        return
    yield say("bounds", tables=bounds["tables"], unwitnessed=bounds["unwitnessed"])
    for name in ("conflicting", "against_sheets"):
        if bounds[name]:
            yield say(name, count=bounds[name])


def outside_lines(outside: Mapping[str, Any], most: int, say: Any, language: str) -> Iterator[str]:
    """The polling tables of an area that are announced outside their own bounds, `most` of them at most, to read."""
    if not outside["count"]:
        return
    yield say("outside tables", count=outside["count"])
    for row in outside["tables"]:
        bounds = _bounded(row["bounds"], say, language)
        yield say("outside", table=row["table"], bounds=bounds, official=listed(row["official"], language))
    if outside["count"] > most:
        yield "  …"


def said(reading: Mapping[str, Any], say: Any, language: str) -> str:
    """What a reading says: the figures of a sheet, or a bound."""
    if reading["ballots"] is not None:
        return str(say("at most", ballots=reading["ballots"]))
    votes = reading["votes"] or {}
    if reading["bound"]:
        seen = {name: count for name, count in votes.items() if count}
        return str(say("at least", votes=listed(seen, language))) if seen else ""
    return listed(votes, language)


def listed(votes: Mapping[str, int], language: str) -> str:
    """Votes by option, to read."""
    return ", ".join(f"{name} {number(count, language)}" for name, count in votes.items())


def _bounded(bounds: Mapping[str, Any], say: Any, language: str) -> str:
    parts = []
    if bounds["at_least"] is not None:
        parts.append(say("at least", votes=listed(bounds["at_least"], language)))
    if bounds["at_most"] is not None:
        parts.append(say("at most", ballots=bounds["at_most"]))
    return ", ".join(parts)
