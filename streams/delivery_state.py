"""How deliveries are kept in the table `deliveries`: a chain for each receiver and fingerprint, a state for each
receiver, and each notice for as long as it is due anywhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from streams.codec import encode
from streams.delivery import Chain, ReceiverState

CHAIN, RECEIVER, NOTICE = "chain", "receiver", "notice"


def chain_key(receiver: str, fingerprint: str) -> bytes:
    return encode([CHAIN, receiver, fingerprint])


def receiver_key(receiver: str) -> bytes:
    return encode([RECEIVER, receiver])


def notice_key(notice: str) -> bytes:
    return encode([NOTICE, notice])


@dataclass(slots=True)
class Saved:
    """What a table holds: chains by receiver and fingerprint, states by receiver, notices (JSON) by id."""

    chains: dict[str, dict[str, Chain]] = field(default_factory=dict)
    receivers: dict[str, ReceiverState] = field(default_factory=dict)
    notices: dict[str, bytes] = field(default_factory=dict)


def read(items: Iterable[tuple[bytes, bytes]]) -> Saved:
    """What these keys and values of the table say."""
    saved = Saved()
    for key, value in items:
        match orjson.loads(key):
            case [str(kind), str(receiver), str(fingerprint)] if kind == CHAIN:
                saved.chains.setdefault(receiver, {})[fingerprint] = Chain.from_plain(orjson.loads(value))
            case [str(kind), str(receiver)] if kind == RECEIVER:
                saved.receivers[receiver] = ReceiverState(**orjson.loads(value))
            case [str(kind), str(notice)] if kind == NOTICE:
                saved.notices[notice] = value
    return saved
