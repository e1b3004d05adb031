"""How deliveries are kept in the table `deliveries`: a chain for each receiver and fingerprint, a state for each
receiver, and each notice for as long as it is due anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Chain, ReceiverState
from streams.core.events.codec import encode

CHAIN, RECEIVER, NOTICE = "chain", "receiver", "notice"


def chain_key(receiver: str, fingerprint: str) -> bytes:
    """The key of a chain of deliveries."""
    return encode([CHAIN, receiver, fingerprint])


def receiver_key(receiver: str) -> bytes:
    """The key of a receiver's state."""
    return encode([RECEIVER, receiver])


def notice_key(notice: str) -> bytes:
    """The key of a notice's text."""
    return encode([NOTICE, notice])


@dataclass(slots=True)
class Saved:
    """What a table holds: chains by receiver and fingerprint, states by receiver, notices (JSON) by id."""

    chains: dict[str, dict[str, Chain]] = field(default_factory=dict)
    receivers: dict[str, ReceiverState] = field(default_factory=dict)
    notices: dict[str, bytes] = field(default_factory=dict)
    unreadable: list[tuple[bytes, bytes, str]] = field(default_factory=list)
    """Keys and values that say nothing of these, and why."""


def read(items: Iterable[tuple[bytes, bytes]]) -> Saved:
    """What these keys and values of the table say."""
    saved = Saved()
    for key, value in items:
        try:
            _read(saved, key, value)
        except ValueError as error:
            saved.unreadable.append((key, value, str(error)))
    return saved


def _read(saved: Saved, key: bytes, value: bytes) -> None:
    match orjson.loads(key):
        case [str(kind), str(receiver), str(fingerprint)] if kind == CHAIN:
            saved.chains.setdefault(receiver, {})[fingerprint] = Chain.from_plain(orjson.loads(value))
        case [str(kind), str(receiver)] if kind == RECEIVER:
            saved.receivers[receiver] = ReceiverState.from_plain(orjson.loads(value))
        case [str(kind), str(notice)] if kind == NOTICE:
            Notice.decode(value)
            saved.notices[notice] = value
        case _:
            raise ValueError("neither a chain, a receiver nor a notice")
