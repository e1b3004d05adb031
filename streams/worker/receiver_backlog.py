"""The notices that one receiver is due: its chains, held in memory. Each change is written to the table."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import orjson

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Chain, Delivery
from streams.worker.delivery_table import DeliveryTable


class Backlog:
    """The chains of one receiver, by fingerprint. `due` counts the notices in them."""

    def __init__(self, receiver: str, table: DeliveryTable) -> None:
        self._receiver, self._table = receiver, table
        self._chains = table.saved.chains.get(receiver, {})
        self.due = sum(len(chain.due) for chain in self._chains.values())

    @property
    def chains(self) -> Mapping[str, Chain]:
        """All chains, by fingerprint. The mapping follows later changes."""
        return self._chains

    def chain(self, fingerprint: str) -> Chain:
        """The chain of an alert; an empty one if the alert has none."""
        return self._chains.get(fingerprint, Chain())

    def told(self, fingerprint: str) -> int | None:
        """The episode of this alert whose beginning the receiver was told, and whose end it was not; None if there is
        none."""
        return self.chain(fingerprint).told

    def notice(self, id: str) -> Notice:
        """The notice with this id, which must be due."""
        return Notice.decode(self._table.content(id))

    def is_critical(self, id: str) -> bool:
        """Whether the notice with this id, which must be due, is critical."""
        severity: str = orjson.loads(self._table.content(id))["severity"]
        return severity == "critical"

    def add(self, notice: Notice, content: bytes, after: Chain) -> None:
        """Add a notice. `content` is its text, `after` the chain that ends with it. The text is written first, so that
        no chain ever lacks one."""
        self._table.keep(notice.id, content)
        self.set_chain(notice.fingerprint, after)
        self.due += 1

    def set_chain(self, fingerprint: str, chain: Chain) -> None:
        """Replace the chain of a fingerprint by one with as many deliveries."""
        self._chains[fingerprint] = chain
        self._table.set_chain(self._receiver, fingerprint, chain)

    def holds(self, fingerprint: str, delivery: Delivery) -> bool:
        """Whether the notice of this delivery is still due."""
        return self.chain(fingerprint).holds(delivery.notice)

    def update(self, fingerprint: str, state: Delivery) -> None:
        """Replace the state of a delivery that is due."""
        self.set_chain(fingerprint, self._chains[fingerprint].with_update(state))

    def remove(self, fingerprint: str, delivery: Delivery) -> None:
        """Take out a delivery that is due, whether it succeeded or not."""
        self.set_chain(fingerprint, self._chains[fingerprint].without(delivery.notice))
        self._table.release(delivery.notice)
        self.due -= 1

    def change(self, change: Callable[[Delivery], Delivery]) -> None:
        """Replace every delivery by what `change` returns for it. `change` returns the same object if nothing
        changes."""
        for fingerprint, chain in list(self._chains.items()):
            due = tuple(change(delivery) for delivery in chain.due)
            if any(after is not before for after, before in zip(due, chain.due, strict=True)):
                self.set_chain(fingerprint, replace(chain, due=due))
