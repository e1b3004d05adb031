"""What a consumer group refuses ends the worker with the cause; nobody lives on and does nothing."""

from pathlib import Path

import pytest
from aiokafka import errors  # type: ignore[import-untyped]
from brokers import Broker
from builders import election
from nights import LiveNight, until

from streams.worker.faust_patches.group_membership import Name, refused
from streams.worker.faust_patches.settings import SESSION

KNOWN = election(states=2, tables=2)


@pytest.mark.parametrize("seconds", ["2", "3600"])
def test_a_session_that_the_broker_does_not_take(seconds: str, apache: Broker, names: str, tmp_path: Path) -> None:
    """A session shorter or longer than the broker's bounds ends the worker, in one line that names the variable."""
    apache.start()
    with LiveNight(KNOWN, apache, tmp_path, names) as live:
        live.environment = {SESSION: seconds}
        worker = live.start()
        assert worker.wait(60) == 1
        said = [line for line in live.log.read_text().splitlines() if "takes no session" in line]
        assert said == [line for line in live.log.read_text().splitlines() if SESSION in line]
        assert f"takes no session of {seconds} s: set {SESSION}" in said[0]


def test_two_workers_of_one_name(apache: Broker, names: str, tmp_path: Path) -> None:
    """Of two workers with the same --member one ends and says so; the other has all partitions."""
    apache.start()
    places = [tmp_path / "one", tmp_path / "two"]

    def told() -> str:
        return "\n".join((place / "worker.log").read_text()[-3000:] for place in places)

    with LiveNight(KNOWN, apache, tmp_path, names) as live:
        live.environment = {SESSION: "6"}
        for place in places:
            place.mkdir()
            live.start(member="same", place=place)
            until(lambda: live.metrics().get("cotejo_owned_partitions"), told)
        until(lambda: [w.poll() for w in live.workers].count(1) == 1, told)
        (ended,) = (i for i, worker in enumerate(live.workers) if worker.poll() is not None)
        assert "another worker has joined as --member same: give each" in (places[ended] / "worker.log").read_text()
        owned = "cotejo_owned_partitions"
        until(lambda: live.all_metrics()[1 - ended].get(owned) == live.topology.partitions, told)
        assert live.workers[1 - ended].poll() is None


@pytest.mark.parametrize(
    ("losses", "heard", "ends"),
    [
        pytest.param([0], 0, False, id="once may be the broker's fault"),
        pytest.param([0, 5], 5, True, id="twice within a few sessions is another worker's"),
        pytest.param([0, 500], 500, False, id="twice in a night is not"),
        pytest.param([20, 40], 5, False, id="a worker that was away for a session was replaced in time"),
    ],
)
def test_a_lost_name(losses: list[float], heard: float, ends: bool) -> None:
    """Another worker is blamed only where nothing else explains it."""
    clock = iter(losses)
    name = Name("one", 10, lambda: next(clock))
    assert [name.lose(heard) is not None for _ in losses][-1] is ends


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.InvalidSessionTimeoutError(), "no session of 7 s"),
        (errors.GroupAuthorizationFailedError("g"), "an ACL is missing"),
        (errors.InconsistentGroupProtocolError(), "no workers of Cotejo"),
        (errors.KafkaError("strange"), "strange"),
    ],
)
def test_words(error: Exception, words: str) -> None:
    """Each refusal is one sentence with its cure."""
    assert words in str(refused(error, "g", 7))
