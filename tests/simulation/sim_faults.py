"""What goes wrong in a night, and when: drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from sim_receivers import MODES

from streams.worker.fault_points import Point

KINDS: Final = {
    "kill": 4, "freeze": 2, "suspend": 2, "blink": 2, "term": 2, "add": 2, "broker": 1, "forget": 1, "rewind": 1,
    "failing": 2, "clock": 1, "receiver": 4,
}  # fmt: skip
"""How often each is drawn, beside the others: a worker is killed, frozen for longer or for less than a session, or
suspended with its machine, whose clock stands still meanwhile; it is ended cleanly, or joined by another; the broker is
away, forgets its groups, or the committed offsets too; sends fail; a worker's clock jumps, by up to 25 minutes; a
receiver is not itself."""
FORGETS: Final = ("forget", "rewind")
"""The broker loses its groups: once a night at most, which is what epochs can bear (ADR 7)."""
POINTS: Final = [point.name for point in Point if not point.value.startswith("rare path")]


@dataclass(frozen=True, slots=True)
class Fault:
    """At `at` (virtual seconds) this happens, and is mended `lasts` later. `target` chooses whom it hits."""

    at: float
    kind: str
    target: int
    lasts: float
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a night goes. Times are virtual seconds."""

    workers: int
    feeding: float
    """How long events come in."""
    delay: float
    """The longest that a message travels."""
    session: float
    fair: bool
    """Whether steps that are ready at once run in asyncio's order."""
    faults: tuple[Fault, ...]
    at_points: int
    """Workers that a fault point may kill or freeze, at most."""
    points_from: float
    """Before this nothing happens at fault points."""
    point: str
    """The one fault point at which something happens; "" for all."""
    point_chance: float
    rare_chance: float
    """How often a rare path is taken."""
    pace: float
    """Virtual seconds that the machine takes for a round of steps."""
    commit_every: float
    slow: str
    """A topic whose partitions take records ten times later; "" where none does."""
    most_held: int
    """Bytes that a worker may hold before it flushes."""
    release: float
    """Seconds that a worker waits for what it has sent before it gives partitions up."""


def plan(chance: Random) -> Plan:
    """A plan, drawn anew. One night in ten has no fault at all."""
    feeding, session = chance.uniform(1.0, 2.5), chance.choice((0.6, 1.0))
    calm = chance.random() < 0.1
    kinds = chance.choices(list(KINDS), list(KINDS.values()), k=0 if calm else chance.choice((1, 2, 2, 3, 4)))
    return Plan(
        workers=chance.choice((1, 2, 2, 3)),
        feeding=feeding,
        delay=chance.choice((0.002, 0.02, 0.1)),
        session=session,
        fair=chance.random() < 0.3,
        faults=_in_order([_fault(kind, feeding, session, chance) for kind in kinds]),
        at_points=0 if calm else chance.choice((0, 1, 2, 4)),
        points_from=chance.uniform(0.0, 1.2 * feeding),
        point=chance.choice(POINTS) if chance.random() < 0.7 else "",
        point_chance=chance.choice((0.02, 0.1, 0.5)),
        rare_chance=chance.choice((0.0, 0.0, 0.1, 0.5)),
        pace=chance.choice((20e-6, 20e-6, 200e-6, 1e-3)),
        commit_every=chance.choice((0.05, 0.2, 1.0)),
        slow=chance.choice(("", "", "alerts", "table-sheets", "comparison", "deliveries", "ledgers", "area-state")),
        most_held=chance.choice((1000, 5000, 2**25)),
        release=chance.choice((10.0, 10.0, 1.0, 0.1)),
    )


def focused(plan: Plan, focus: str, chance: Random) -> Plan:
    """The plan with more of what a focus names, joined by `+`: kinds of faults, or a fault point at which workers die
    and freeze."""
    more = list[Fault]()
    for name in focus.split("+"):
        if name in POINTS:
            plan = replace(plan, point=name, at_points=4, point_chance=0.3)
        else:
            more += [_fault(name, plan.feeding, plan.session, chance) for _ in range(2)]
    return replace(plan, faults=_in_order([*more, *plan.faults]))


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    """Sorted by time; of those by which the broker loses its groups the first alone."""
    later = [fault for fault in faults if fault.kind in FORGETS][1:]
    return tuple(sorted((fault for fault in faults if fault not in later), key=lambda fault: fault.at))


def _fault(kind: str, feeding: float, session: float, chance: Random) -> Fault:
    lasts = chance.uniform(0.05, 1.0)
    if kind in ("freeze", "suspend"):
        lasts = session * chance.uniform(1.2, 3.0)
    if kind == "blink":
        lasts = session * chance.uniform(0.1, 0.9)
    return Fault(chance.uniform(0.2, 1.3 * feeding), kind, chance.randrange(8), lasts, chance.choice(MODES))
