"""What one receiver is due: its chains in memory, each change of which goes to the table."""

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
        """All of them, as they are now and will be."""
        return self._chains

    def chain(self, fingerprint: str) -> Chain:
        """The chain of an alert; an empty one where nothing has come of it."""
        return self._chains.get(fingerprint, Chain())

    def told(self, fingerprint: str) -> int | None:
        """The episode of this alert that the receiver was told of and whose end it was not told; None for none."""
        return self.chain(fingerprint).told

    def notice(self, id: str) -> Notice:
        """A notice that is due."""
        return Notice.decode(self._table.content(id))

    def is_critical(self, id: str) -> bool:
        """How grave a notice is that is due."""
        severity: str = orjson.loads(self._table.content(id))["severity"]
        return severity == "critical"

    def add(self, notice: Notice, content: bytes, after: Chain) -> None:
        """Add a notice; `after` is the chain that ends with it. Its text is written first, so that it is never
        missing."""
        self._table.keep(notice.id, content)
        self.set_chain(notice.fingerprint, after)
        self.due += 1

    def set_chain(self, fingerprint: str, chain: Chain) -> None:
        """Replace a chain by one with as many deliveries."""
        self._chains[fingerprint] = chain
        self._table.set_chain(self._receiver, fingerprint, chain)

    def holds(self, fingerprint: str, delivery: Delivery) -> bool:
        """Whether a delivery is due still, in whatever state."""
        return self.chain(fingerprint).holds(delivery.notice)

    def update(self, fingerprint: str, state: Delivery) -> None:
        """Put a delivery that is due into its next state."""
        self.set_chain(fingerprint, self._chains[fingerprint].with_update(state))

    def remove(self, fingerprint: str, delivery: Delivery) -> None:
        """Let a delivery go that is due, whatever has become of it."""
        self.set_chain(fingerprint, self._chains[fingerprint].without(delivery.notice))
        self._table.release(delivery.notice)
        self.due -= 1

    def change(self, change: Callable[[Delivery], Delivery]) -> None:
        """Put every delivery into the state that `change` gives; it returns the same object for no change."""
        for fingerprint, chain in list(self._chains.items()):
            due = tuple(change(delivery) for delivery in chain.due)
            if any(after is not before for after, before in zip(due, chain.due, strict=True)):
                self.set_chain(fingerprint, replace(chain, due=due))
