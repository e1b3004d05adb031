"""The table `deliveries`, in the worker that owns it. The text of a notice is kept as long as any receiver is due
it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from streams.core.alerting.delivery_policy import Chain, ReceiverState
from streams.core.alerting.delivery_records import Saved, chain_key, notice_key, read, receiver_key
from streams.core.events.codec import encode
from streams.worker.faust_patches import Place
from streams.worker.outbox import Outbox


class DeliveryTable:
    """The table under one assignment of its partition. `records` is what it held when the assignment began.

    After a crash between two writes there may be a notice that no chain needs, but never a chain without its notice: a
    notice is written before the chains that name it, and deleted after them.
    """

    def __init__(self, records: Mapping[bytes, bytes], outbox: Outbox, place: Place) -> None:
        self._outbox, self._place = outbox, place
        self.saved: Saved = read(records.items())
        for key, _, _ in self.saved.unreadable:
            outbox.write(place, key, None)
        self._notices = self.saved.notices
        self._needed: Counter[str] = Counter()
        for receiver, chains in self.saved.chains.items():
            for fingerprint, chain in chains.items():
                chains[fingerprint] = self._with_texts(receiver, fingerprint, chain)
                self._needed.update(delivery.notice for delivery in chains[fingerprint].due)
        for notice in sorted(self._notices.keys() - self._needed.keys()):
            self._forget(notice)

    def set_chain(self, receiver: str, fingerprint: str, chain: Chain) -> None:
        """Write a chain with the next flush. A delivery that was made and not written yet is repeated after a crash."""
        self._outbox.write(self._place, chain_key(receiver, fingerprint), encode(chain.plain()))
        self._outbox.flush_soon()

    def set_receiver(self, receiver: str, state: ReceiverState) -> None:
        """Write a receiver's state with the next flush."""
        self._outbox.write(self._place, receiver_key(receiver), encode(state.plain()))

    def content(self, notice: str) -> bytes:
        """The text of a notice that is due, as it stood in `alerts`."""
        return self._notices[notice]

    def keep(self, notice: str, content: bytes) -> None:
        """Keep the text of a notice for one more receiver."""
        if not self._needed[notice]:
            self._notices[notice] = content
            self._outbox.write(self._place, notice_key(notice), content)
        self._needed[notice] += 1

    def release(self, notice: str) -> None:
        """Release the text of a notice that one receiver no longer needs. Call it after the chain is written."""
        self._needed[notice] -= 1
        if not self._needed[notice]:
            del self._needed[notice]
            self._forget(notice)

    def _forget(self, notice: str) -> None:
        del self._notices[notice]
        self._outbox.write(self._place, notice_key(notice), None)

    def _with_texts(self, receiver: str, fingerprint: str, chain: Chain) -> Chain:
        """The chains without the notices whose text is missing. No crash of ours causes that, but it must not stop a
        night."""
        due = tuple(delivery for delivery in chain.due if delivery.notice in self._notices)
        if len(due) < len(chain.due):
            chain = replace(chain, due=due)
            self.set_chain(receiver, fingerprint, chain)
        return chain
