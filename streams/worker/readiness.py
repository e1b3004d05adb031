"""Whether a worker does its work: it holds its partitions, and where it judges by the wall clock, time goes on."""

from typing import Final

from streams.support.health import Readiness
from streams.times import rfc3339
from streams.worker.app import Stages
from streams.worker.faust_patches import App

STALE: Final = 60_000
"""Milliseconds by which judged time may be behind the wall clock."""


def readiness(app: App, stages: Stages) -> Readiness:
    """Ready once its partitions are confirmed and their state is read; a worker may own none, and waits then. The owner
    of the comparison is not ready while judged time is `STALE` behind its clock. A fed night has another time, so that
    it is only told there."""
    settled, compare = app.is_settled, stages.compare
    owns_comparison = settled and compare.owned
    ticked = compare.outbox.confirmed if owns_comparison else None
    is_stale = stages.wall_clock and ticked is not None and ticked < app.clock.now() - STALE
    return Readiness(
        settled and not is_stale,
        {
            "partitions": len(stages.reconcile.reconcilers) if settled else 0,
            "comparison": owns_comparison,
            "lag": sum(app.lag().values()),
            "last_tick": None if ticked is None else rfc3339(ticked),
        },
    )
