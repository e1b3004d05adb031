"""Points in the code at which a crash, a delay or a rare path is worth trying. In a worker they do nothing.

The simulation (docs/simulation.md) replaces `reached` by a function of its own. As its seed says, that kills the
process at the point, freezes it, or takes the rare path. It also counts, so that a path which no seed takes is noticed.
"""

from enum import Enum


class Point(Enum):
    """A point in a worker's code, named after what has just happened there."""

    FLUSH_TAKEN = "a flush has taken what it sends, and has sent nothing"
    RECORDS_CONFIRMED = "the records of a flush are confirmed, its state is not sent"
    STATE_SENT = "a part of the state is sent, not confirmed"
    STATE_CONFIRMED = "a part of the state is confirmed, the next is not sent"
    FLUSH_CONFIRMED = "all of a flush is confirmed, nothing is acked"
    COMMITTED = "offsets are committed"
    SENDING_AHEAD = "records are to go ahead of their flush, none is sent"
    SENT_AHEAD = "records have gone ahead of their flush"
    SLICE_FULL = "rare path: what waits for the broker is as much as may"
    PIECE_FULL = "rare path: reports are taken in one message at a time"
    MOST_HELD = "rare path: as many bytes are held as may be"
    TICK_JUDGED = "a tick is judged, nothing of it is sent"
    COMPARISON_LOADED = "a comparison is loaded, its stage has not begun"
    LEDGERS_LOADED = "ledgers are loaded, their stage has not begun"
    POSTED = "a receiver has answered, the table does not know"
    NOTICE_TAKEN = "a notice is taken on, its text and its turn are not written"


def reached(point: Point) -> bool:
    """Say that the code has come to a point. If it returns True, the caller takes its rare path; in a worker it never
    does."""
    return False
