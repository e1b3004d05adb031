"""A consumer group's coordinator: who is a member, which generation it is, and who has which partitions.

As Kafka's: a member that joins, leaves or is silent for a session begins a rebalance; the others learn of it with their
next heartbeat, give up what they have, and join again; whoever does not is left out. A coordinator that forgets counts
generations from 1 again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from faust.types import TP
from sim_broker import Broker

REBALANCE: Final = 20.0
"""Virtual seconds that a rebalance waits for members that are alive and do not join."""
LOOK_EVERY: Final = 0.1
"""Virtual seconds between two looks at who is silent."""


class Answer(Enum):
    """What a heartbeat or a commit is told."""

    OK = "ok"
    REBALANCE = "join again"
    UNKNOWN = "no member of this generation"


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a member is given, and when (virtual seconds). `times_lost` tells one generation from another of the same
    number: each broker that has lost its groups gives members new ids."""

    generation: int
    partitions: frozenset[TP]
    at: float
    times_lost: int


@dataclass
class Member:
    """One member. `joined` waits for the rebalance to end; None while it has not joined."""

    heard: float
    joined: asyncio.Future[Assignment | None] | None = None


@dataclass
class Group:
    """The group, and what it shares out: `shares` are lists of partitions that go to one member together."""

    broker: Broker
    session: float
    shares: list[list[TP]]
    generation: int = 0
    members: dict[str, Member] = field(default_factory=dict)
    deadline: float | None = None
    """Until when a rebalance waits for members; None where there is none."""
    times_lost: int = 0
    """How often the coordinator has lost its groups."""
    owners: dict[TP, str] = field(default_factory=dict)

    async def watch(self) -> None:
        """Leave out who is silent, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            if self.broker.up.is_set():
                self._look()

    async def join(self, name: str) -> Assignment:
        """Become a member, or stay one; wait until the rebalance has ended."""
        found: Assignment | None = None
        while found is None:  # a coordinator that forgets breaks the connection off, and is asked again
            await self.broker.travel()
            member = self.members.setdefault(name, Member(self._now))
            joined: asyncio.Future[Assignment | None] = self.broker.loop.create_future()
            member.heard, member.joined = self._now, joined
            self._begin()
            self._look()
            found = await joined
        await self.broker.travel()
        return found

    async def heartbeat(self, name: str, given: Assignment) -> Answer:
        """Say that a member is alive."""
        await self.broker.travel()
        answer = self._known(name, given)
        if answer is Answer.OK:
            self.members[name].heard = self._now
            if self.deadline is not None:
                answer = Answer.REBALANCE
        await asyncio.sleep(self.broker.chance.uniform(0.0, self.broker.delay))
        return answer

    async def commit(self, name: str, given: Assignment, offsets: dict[TP, int]) -> bool:
        """Commit offsets, if the member has these partitions."""
        await self.broker.travel()
        if self._known(name, given) is not Answer.OK:
            return False
        assert all(self.owners.get(tp) == name for tp in offsets)
        self.broker.committed.update(offsets)
        await asyncio.sleep(self.broker.chance.uniform(0.0, self.broker.delay))
        return True

    async def leave(self, name: str) -> None:
        """Stop being a member."""
        await self.broker.travel()
        if self.members.pop(name, None) is not None:
            self._begin()
            self._look()

    def forget(self) -> None:
        """Lose all members, and begin to count anew."""
        for member in self.members.values():
            if member.joined is not None and not member.joined.done():
                member.joined.set_result(None)
        self.members, self.generation, self.deadline, self.owners = {}, 0, None, {}
        self.times_lost += 1

    def restarted(self) -> None:
        """The broker was away: nobody was silent."""
        for member in self.members.values():
            member.heard = self._now

    @property
    def _now(self) -> float:
        return self.broker.loop.time()

    def _known(self, name: str, given: Assignment) -> Answer:
        same = (given.generation, given.times_lost) == (self.generation, self.times_lost)
        known = name in self.members and same
        return Answer.OK if known else Answer.UNKNOWN

    def _begin(self) -> None:
        if self.deadline is None:
            self.deadline = self._now + REBALANCE

    def _look(self) -> None:
        now = self._now
        for name, member in list(self.members.items()):
            if member.joined is None and now - member.heard > self.session:
                del self.members[name]
                self._begin()
        if self.deadline is None:
            return
        if now > self.deadline:
            self.members = {name: member for name, member in self.members.items() if member.joined is not None}
        if all(member.joined is not None for member in self.members.values()):
            self._share_out()

    def _share_out(self) -> None:
        self.deadline, self.owners = None, {}
        if not self.members:
            return
        self.generation += 1
        names = list(self.members)
        self.broker.chance.shuffle(names)
        for number, share in enumerate(self.shares):
            self.owners |= dict.fromkeys(share, names[number % len(names)])
        for name, member in self.members.items():
            partitions = frozenset(tp for tp, owner in self.owners.items() if owner == name)
            given = Assignment(self.generation, partitions, self._now, self.times_lost)
            joined, member.joined, member.heard = member.joined, None, self._now
            if joined is not None and not joined.done():
                joined.set_result(given)
