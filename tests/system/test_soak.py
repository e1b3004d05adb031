"""A handful of rounds of the soak, with a fixed seed; `scripts/soak` runs as many as you like."""

from __future__ import annotations

from pathlib import Path

import pytest
import soak_plan
from brokers import Broker
from soak_rounds import Soak, kinds_for


@pytest.mark.parametrize("kind", ["embedded", pytest.param("apache", marks=pytest.mark.apache)])
def test_a_few_rounds(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Whatever dies, freezes or comes back, after each round all is as the core says, and every receiver has every
    webhook, in order, under one id each. Workers keep nothing on disk."""
    broker: Broker = request.getfixturevalue(kind).start()
    workers, rounds = (1, 2) if kind == "embedded" else (3, 2)
    with Soak(broker, tmp_path, seed=16, rounds=rounds, workers=workers, seconds=4) as soak:
        for this in soak.run():
            assert not this.missed, f"{this}\nkept in {soak.keep(this)}"
        assert not soak.local_files


def test_a_plan_follows_from_its_seed() -> None:
    """A round can be run again by itself: its faults depend on the seed and on its number alone; over many rounds
    everything happens that can."""

    def plan(number: int) -> list[soak_plan.Fault]:
        every = tuple(soak_plan.KINDS)
        return soak_plan.plan(5, number, workers=3, receivers=2, seconds=8, kinds=every)

    assert plan(7) == plan(7) != plan(8)
    assert {fault.kind for number in range(60) for fault in plan(number)} == set(soak_plan.KINDS)
    assert "broker-kill" not in kinds_for(Embedded(), 1)


class Embedded:
    kind, address, pid = "embedded", "", None

    def start(self) -> Embedded:
        return self

    def stop(self) -> None: ...
    def kill(self) -> None: ...
