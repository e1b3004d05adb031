"""What goes wrong in one round of the soak: drawn from the seed and the round's number alone."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

SESSION: Final = 6.0
"""Seconds after which the group takes a silent worker's partitions away; Apache Kafka allows no less."""

WORKER: Final = ("kill", "term", "freeze", "blink", "emptied", "add", "remove")
BROKER: Final = ("broker-stop", "broker-kill")
RECEIVER: Final = ("receiver-down", "receiver-slow", "receiver-500", "receiver-forgets")
KINDS: Final = {**dict.fromkeys(WORKER, 3), "freeze": 5, **dict.fromkeys(BROKER, 1), **dict.fromkeys(RECEIVER, 2)}
"""How often each is drawn, beside the others."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`at` seconds into the round this happens to worker or receiver number `target`, and is mended `lasts` later."""

    at: float
    kind: str
    target: int
    lasts: float

    def __str__(self) -> str:
        return f"{self.at:.1f} s: {self.kind} {self.target} for {self.lasts:.1f} s"


def plan(
    seed: int, number: int, *, workers: int, receivers: int, seconds: float, kinds: tuple[str, ...]
) -> list[Fault]:
    """The faults of one round, in the order of time: two to four of them."""
    chance = Random(f"{seed}/{number}")
    weights = [KINDS[kind] for kind in kinds]

    def fault(kind: str) -> Fault:
        lasts = chance.uniform(0.2, 4.0)
        if kind == "freeze":
            lasts = SESSION + chance.uniform(1.5, 5.0)
        if kind == "broker-kill":
            lasts = chance.uniform(0.2, 2.0)
        among = receivers if kind in RECEIVER else workers
        return Fault(chance.uniform(0.5, 0.8 * seconds), kind, chance.randrange(among), lasts)

    return sorted(map(fault, chance.choices(kinds, weights, k=chance.randint(2, 4))), key=lambda fault: fault.at)
