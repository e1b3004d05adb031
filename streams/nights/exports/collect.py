"""One pass over a night that collects the rows of its tables."""

from collections.abc import Callable, Collection
from pathlib import Path

from streams.core.election.model import Election
from streams.core.replay.outcome import Outcome
from streams.nights.exports.alert_rows import STEPS, AlertSteps
from streams.nights.exports.database import collected
from streams.nights.exports.event_rows import EventRows
from streams.nights.exports.final_rows import FinalRows
from streams.nights.exports.row_files import Scratch
from streams.nights.exports.state_rows import FIGURES, STATES, StateRows
from streams.nights.source import Night

Progress = Callable[[int], None]
"""Is told how many bytes of the night have been read."""


def collect(
    night: Night, election: Election, asked: Collection[str], directory: Path, every: int, progress: Progress
) -> tuple[Scratch, Outcome]:
    """Replay a night, and leave the rows of the tables that were `asked` for in a directory.

    `every` is the stretch of event time, in ms, of which an area's state is written once.
    """
    needed = collected(asked)
    with Scratch(directory, needed) as scratch:
        events = EventRows(election, scratch)
        states = StateRows(election, scratch, every) if needed & {STATES, FIGURES} else None
        replay = night.replay(election, states, events.refuse)
        if STEPS in needed:
            replay.comparer.watch_alerts(AlertSteps(scratch))
        for channel, items, arrived in night.messages():
            events.take(items, arrived)
            replay.take(channel, items, arrived)
            progress(night.done)
        outcome = replay.finish()
        if states is not None:
            states.finish(replay.comparer)
        FinalRows(election, replay, outcome).write(scratch)
    return scratch, outcome
