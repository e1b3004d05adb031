"""What `explain` says of evidence that is only a bound, as JSON objects."""

from typing import Any

from streams.core.election.model import Election
from streams.core.reconciliation.ledger import Ledger
from streams.core.reconciliation.table_bounds import table_bounds


def of_ledger(election: Election, ledger: Ledger | None) -> dict[str, Any] | None:
    """What is believed of a polling table's bounds, and why; None where no reading is one."""
    if ledger is None or not any(reading.bound for reading in ledger):
        return None
    bounds, verdict = table_bounds(ledger, len(election.options), election.policy), ledger.verdict(election.policy)
    why = "bounds possible" if bounds.are_possible else "bounds impossible"
    read = election.read_options.values()
    if verdict.accepted and verdict.votes is not None and not bounds.allow(verdict.votes, verdict.null, read):
        why = "bounds against sheet"
    by_option = zip(election.options, bounds.at_least, strict=True)
    return {
        "at_least": {option.id: votes for option, votes in by_option if votes} or None,
        "at_most": bounds.at_most,
        "why": why if bounds.are_known else "bounds unknown",
    }
