"""Whether a worker is ready: it holds its partitions, and with the wall clock, judged time goes on."""

from typing import Final

from streams.support.health import Readiness
from streams.times import rfc3339
from streams.worker.app import Stages
from streams.worker.faust_patches import App

STALE: Final = 60_000
"""Milliseconds by which judged time may be behind the wall clock."""


def readiness(app: App, stages: Stages) -> Readiness:
    """A worker is ready once its partitions are confirmed and their state is read; it may own none, and wait. The owner
    of the comparison is not ready while judged time is `STALE` behind its clock. In a fed night that is shown, but does
    not count, since its time is another."""
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
