"""A producer that loses no message in silence: whatever the broker has refused or not confirmed is raised."""

from contextlib import suppress
from typing import Any, Final

from kafka.errors import KafkaError

from streams.errors import CotejoError
from streams.kafka import clients
from streams.kafka.topic_spec import MESSAGE_BYTES

UNCONFIRMED: Final = 16 * 2**20
"""Most bytes that a producer may hold unconfirmed. The client itself sets no bound."""


class ProduceError(CotejoError):
    """The broker did not take what was sent."""


class KafkaSink:
    """Sends messages to a broker, in order, and waits for its confirmation when closed.

    It holds at most `unconfirmed` bytes that the broker has not confirmed, or one larger message.
    Raises `BrokerUnreachable`, or `ProduceError` for what the broker has refused or not confirmed.
    """

    def __init__(self, broker: str, unconfirmed: int = UNCONFIRMED) -> None:
        options = {"linger_ms": 20, "batch_size": 2**18, "max_request_size": MESSAGE_BYTES}
        self._producer = clients.producer(broker, **options)
        self._failed: list[Any] = []
        self._held, self._unconfirmed = 0, unconfirmed

    def send(self, topic: str, content: bytes | None, key: bytes | None = None, partition: int | None = None) -> None:
        """Send one message. Whether it arrived shows in a later call, or on closing. Waits for the broker while too
        much is unconfirmed."""
        self._check()
        if self._held and self._held + len(content or b"") > self._unconfirmed:
            self._flush()
        if content is None and key is None:
            key = b""  # this client sends no message without either
        try:
            sent = self._producer.send(topic, content, key=key, partition=partition)
        except KafkaError as error:
            raise ProduceError(
                f"the broker does not take a message of {len(content or b''):,} bytes: {error}"
            ) from error
        sent.add_errback(self._failed.append)
        self._held += len(content or b"")

    def close(self) -> None:
        """Wait until the broker has confirmed everything."""
        try:
            self._flush()
        finally:
            with suppress(KafkaError):  # it flushes again: what is not confirmed has been said, or nothing is left
                self._producer.close(timeout=10)
        self._check()

    def _flush(self) -> None:
        try:
            self._producer.flush(timeout=60)
        except KafkaError as error:
            raise ProduceError(f"the broker did not confirm everything: {error}") from error
        self._check()
        self._held = 0

    def _check(self) -> None:
        if self._failed:
            raise ProduceError(f"the broker refused a message: {clients.refusal(self._failed[0])}")
