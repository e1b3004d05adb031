"""Whose figures hold where several authorities announce for one polling table."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import msgspec
import pytest
from builders import T0, apply_all, bulletin, election
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.config import signing_keys
from streams.core.comparison.bulletins import Bulletins
from streams.core.election.model import Authority
from streams.core.events.model import Bulletin
from streams.core.events.signatures import precedence
from streams.core.reconciliation.announced import Announced, announced_of, official
from streams.core.reconciliation.ledger_recovery import Recovered
from streams.core.reconciliation.reconciler import Reconciler

COUNCIL, COURT = (Ed25519PrivateKey.from_private_bytes(bytes([i]) * 32) for i in (1, 2))
KNOWN = replace(
    election(states=2, tables=5),
    authorities={
        "town": Authority(),
        "press": Authority(),
        "court": Authority(signing_keys.public_key(COURT)),
        "council": Authority(signing_keys.public_key(COUNCIL)),
    },
)
"""Town and press do not sign; court and council do. The town and the court are named first of their kind."""
TABLE = "S1-1"


def said(authority: str, sequence: int = 1, id: str = "", supersedes: str | None = None, area: str = TABLE) -> Bulletin:
    """A bulletin for a polling table, signed where its authority has a key."""
    made = bulletin(
        (sequence, len(authority), 0),
        area,
        authority=authority,
        sequence=sequence,
        at=T0 + sequence,
        id=id or f"{authority}-{sequence}",
        supersedes=supersedes,
    )
    private = {"council": COUNCIL, "court": COURT}.get(authority)
    return signing_keys.sign(private, KNOWN.id, made) if private else made


CASES = [
    pytest.param([said("council"), said("town", 9)], "council-1", id="unsigned, of a later sequence"),
    pytest.param([said("council"), said("town", 9, "council-1")], "council-1", id="unsigned, under its id"),
    pytest.param([said("council"), said("town", 1, "x", "council-1")], "council-1", id="unsigned, to supersede it"),
    pytest.param([said("council"), said("council", 2)], "council-2", id="its own, of a later sequence"),
    pytest.param([said("council", 2), said("council", 1, "c", "council-2")], "c", id="its own, to supersede it"),
    pytest.param([said("court"), said("council", 9)], "court-1", id="two that sign: the one named first"),
    pytest.param([said("court"), said("council", 9, "c", "court-1")], "court-1", id="neither supersedes the other's"),
    pytest.param([said("town"), said("press", 9)], "town-1", id="two that do not sign: the one named first"),
    pytest.param([said("town"), said("press", 9, "p", "town-1")], "town-1", id="nor do these"),
    pytest.param([said("press", 9), said("town"), said("town", 2)], "town-2", id="its newest"),
    pytest.param([said("press", 3), said("press", 9)], "press-9", id="alone it is heard"),
]


@pytest.mark.parametrize(("bulletins", "holds"), CASES)
def test_polling_tables(bulletins: Sequence[Bulletin], holds: str) -> None:
    """An authority's figures are replaced by its own only; what is signed goes before what is not, then the authority
    that the election names first: in every order of arrival, and after a restart."""
    rows = set()
    for order in permutations(bulletins):
        reconciler, reborn = (Reconciler(KNOWN, saves=True) for _ in range(2))
        for each in order:
            assert reconciler.apply(each) is None
        records, recovered, saved = list(reconciler.take_records()), Reconciler(KNOWN), Recovered(KNOWN)
        reborn.load(records)
        assert all(map(saved.add, records))
        recovered.recover(saved)
        both = [list(ledger.announced) for one in (reborn, recovered) if (ledger := one.ledger(TABLE)) is not None]
        assert len(both) == 2
        assert sorted(both[0]) == sorted(both[1])
        for one in (reconciler, reborn):
            ledger = one.ledger(TABLE)
            assert ledger is not None
            standing = ledger.official(KNOWN)
            assert standing is not None
            assert standing.id == holds
            rows.add(one.take_sheets().announced[1].tobytes())
    assert len(rows) == 1


@pytest.mark.parametrize(("bulletins", "holds"), CASES)
def test_areas(bulletins: Sequence[Bulletin], holds: str) -> None:
    """So it is with the bulletins of areas."""
    for order in permutations(said(b.authority, b.sequence, b.id, b.supersedes, "S1") for b in bulletins):
        held = Bulletins(KNOWN)
        for each in order:
            assert held.add(each)
        assert held.standing("S1")[0].id == holds


def test_many_at_once() -> None:
    """Taken in by columns they are kept as they are one by one, each with its authority."""
    bulletins = [said(name, area=table) for name in ("press", "town") for table in KNOWN.tables]
    at_once, by_one = Reconciler(KNOWN), Reconciler(KNOWN)
    assert apply_all(at_once, bulletins) == []
    assert at_once.prepare(bulletins).announcements is not None
    for each in bulletins:
        assert by_one.apply(each) is None
    for table in KNOWN.tables:
        ledgers = [one.ledger(table) for one in (at_once, by_one)]
        assert [[(a.authority, a.signed) for a in ledger.announced] for ledger in ledgers if ledger is not None] == [
            [("press", False), ("town", False)]
        ] * 2


OLD: Announced = announced_of(KNOWN, said("council", 5))._replace(authority="", signed=False)


@pytest.mark.parametrize(
    ("later", "holds"),
    [
        pytest.param([], "council-5", id="alone it holds"),
        pytest.param([said("council")], "council-1", id="what is known to be signed goes before it"),
        pytest.param([said("town")], "town-1", id="and what is known to be of an authority"),
        pytest.param([said("town"), said("council")], "council-1", id="as ever"),
    ],
)
def test_records_without_authority(later: list[Bulletin], holds: str) -> None:
    """Records from before authorities were kept can be read; whose they are is unknown."""
    record = msgspec.msgpack.encode([[TABLE], [OLD[:5]], [], True])
    for order in permutations(later):
        reconciler = Reconciler(KNOWN)
        reconciler.load([record])
        for each in order:
            assert reconciler.apply(each) is None
        ledger = reconciler.ledger(TABLE)
        assert ledger is not None
        assert OLD in ledger.announced
        standing = ledger.official(KNOWN)
        assert standing is not None
        assert standing.id == holds


def test_a_key_that_came_later() -> None:
    """What an authority announced before it had a key replaces nothing that it signed since."""
    signed = announced_of(KNOWN, said("council"))
    before = announced_of(KNOWN, said("council", 9, "x", "council-1"))._replace(signed=False)
    for order in permutations([signed, before]):
        assert official(order, precedence(KNOWN)) == signed
    own = announced_of(KNOWN, said("council", 1, "c", "x"))
    assert official([before, own], precedence(KNOWN)) == own


def test_without_authorities() -> None:
    """Where an election names none, the newest figure holds; one of an unknown authority may be superseded by any."""
    known = election()
    old, new = OLD._replace(sequence=9), announced_of(known, bulletin(area=TABLE, id="n", supersedes=OLD.id))
    assert official([old, new], precedence(known)) == new
    assert official([old, new._replace(supersedes="")], precedence(known)) == old
