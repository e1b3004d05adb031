"""Small nights: so few accepted sheets that hardly an area can lend an expectation to another."""

from random import Random

import pytest
from replays import items, terms
from sim_night import night

from streams.core.engine.channel_items import Channel
from streams.core.events.input_topics import BULLETINS
from streams.core.replay.replay import Replay


@pytest.mark.parametrize("seed", range(12))
def test_many_ticks_at_once(seed: int) -> None:
    """Ticks that are judged many at once give what they give one by one."""
    small = night(Random(f"{seed}/night"))
    homes = small.topology.homes(small.election.layout.tables)
    channels: list[tuple[Channel, list[bytes]]] = [*enumerate(small.reports), (BULLETINS, small.bulletins)]
    at_once, one_by_one = (Replay.of_log(small.election, small.topology.partitions, homes) for _ in range(2))
    for channel, contents in channels:
        at_once.take(channel, [item for content in contents for item in items(channel, content)])
    for place in range(max(len(contents) for _, contents in channels)):
        for channel, contents in channels:
            for content in contents[place : place + 1]:
                one_by_one.take(channel, items(channel, content))
    assert terms(at_once.finish()) == terms(one_by_one.finish())
