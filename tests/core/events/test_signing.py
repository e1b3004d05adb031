"""Who said it: signatures of reports and bulletins, and what a forger comes to."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from brokers import ROOT
from builders import T0, bulletin, election, lines, present, report
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from monitor import Monitor
from msgspec import structs
from nights import direct
from test_codec import bulletins, reports

from streams.cli import app
from streams.config import signing_keys
from streams.config.election_writer import write
from streams.core.election.model import Authority, Election, Reporter
from streams.core.events.codec import decode_any, decode_reports, encode, plain
from streams.core.events.model import Bulletin, Event, TallyReport
from streams.core.events.signatures import check_bulletin, check_report, signed_bytes

ANA, BEA, BOARD, EVE = (Ed25519PrivateKey.from_private_bytes(bytes([i]) * 32) for i in range(4))


def signing(**policy: Any) -> Election:
    """An election where Ana (group "house") and Bea (of the press) sign, and the board's bulletins are signed; the
    town's are not, but it announces for S1 only."""
    known = election(states=2, tables=2, trusted_sources=frozenset({"press"}), **policy)
    return replace(
        known,
        reporters={
            "ana": Reporter(signing_keys.public_key(ANA), "house"),
            "bea": Reporter(signing_keys.public_key(BEA), source="press"),
        },
        authorities={"board": Authority(signing_keys.public_key(BOARD)), "town": Authority(None, ("S1",))},
    )


KNOWN, HOLDING = signing(), signing(unsigned="hold")
BY_ANA = signing_keys.sign(ANA, KNOWN.id, report(reporter="ana"))
BY_BOARD = signing_keys.sign(BOARD, KNOWN.id, bulletin())


def case(title: str, event: TallyReport | Bulletin, code: str | None, known: Election = KNOWN) -> Any:
    return pytest.param(known, event, code, id=title)


REPORTS = [
    case("signed", BY_ANA, None),
    case("signed, its group named", signing_keys.sign(ANA, KNOWN.id, report(group="house")), None),
    case("signed, for another election", signing_keys.sign(ANA, "rehearsal", report()), "bad-signature"),
    case("signed by somebody else", signing_keys.sign(EVE, KNOWN.id, report()), "bad-signature"),
    case("a vote more than was signed", structs.replace(BY_ANA, votes={"A": 6, "B": 3, "C": 1}), "bad-signature"),
    case("replayed under another id", structs.replace(BY_ANA, id="other"), "bad-signature"),
    case("replayed for another table", structs.replace(BY_ANA, table="S1-2"), "bad-signature"),
    case("turned into a retraction", structs.replace(BY_ANA, retracted=True), "bad-signature"),
    case("a field more than was signed", structs.replace(BY_ANA, extra={"note": "x"}), "bad-signature"),
    case("no base64", structs.replace(BY_ANA, signature="!"), "bad-signature"),
    case("an empty signature's bytes", structs.replace(BY_ANA, signature="AAAA"), "bad-signature"),
    case("the signature left out", structs.replace(BY_ANA, signature=None), "unsigned"),
    case("a retraction without a signature", report(retracted=True), "unsigned"),
    case("another group than its own", signing_keys.sign(ANA, KNOWN.id, report(group="other")), "wrong-group"),
    case("no key, unsigned", report(reporter="carl"), None),
    case("no key, in a group of those who sign", report(reporter="carl", group="house"), "wrong-group"),
    case("no key, called like such a group", report(reporter="house"), "wrong-group"),
    case("no key, in the group of one who signs alone", report(reporter="carl", group="bea"), "wrong-group"),
    case("no key, from a trusted source", report(reporter="carl", source="press"), "wrong-source"),
    case(
        "a key, from a trusted source not its own",
        signing_keys.sign(ANA, "test", report(source="press")),
        "wrong-source",
    ),
    case("a key of the trusted source", signing_keys.sign(BEA, "test", report(reporter="bea", source="press")), None),
    case("held: no key, unsigned", report(reporter="carl"), "unsigned", HOLDING),
    case(
        "held: signed by a key nobody knows",
        signing_keys.sign(EVE, "test", report(reporter="eve")),
        "unsigned",
        HOLDING,
    ),
    case("held: signed", BY_ANA, None, HOLDING),
    case("an election without keys", report(reporter="carl", source="press"), None, election()),
]

BULLETINS = [
    case("signed", BY_BOARD, None),
    case("of an unknown authority", bulletin(authority="palace"), "unknown-authority"),
    case("unsigned", bulletin(), "unsigned"),
    case("signed by somebody else", signing_keys.sign(EVE, KNOWN.id, bulletin()), "bad-signature"),
    case("a figure changed", structs.replace(BY_BOARD, votes={"A": 9, "B": 3, "C": 1}), "bad-signature"),
    case("an old one under a newer number", structs.replace(BY_BOARD, sequence=2), "bad-signature"),
    case("of one polling table, signed", signing_keys.sign(BOARD, "test", bulletin(area="S1-1")), None),
    case("of one polling table, unsigned", bulletin(area="S1-1"), "unsigned"),
    case("without a key, in its area", bulletin(area="S1", authority="town"), None),
    case("without a key, for a table of its area", bulletin(area="S1-1", authority="town"), None),
    case("without a key, elsewhere", bulletin(area="S2", authority="town"), "wrong-area"),
    case("without a key, for a table elsewhere", bulletin(area="S2-1", authority="town"), "wrong-area"),
    case("without a key, above its area", bulletin(authority="town"), "wrong-area"),
    case("an election without authorities", bulletin(authority="palace"), None, election()),
]


@pytest.mark.parametrize(("known", "event", "code"), REPORTS)
def test_reports(known: Election, event: TallyReport, code: str | None) -> None:
    """A report counts only as its reporter's, in its own group and of its own source."""
    reason = check_report(known, event)
    assert (reason and reason.code) == code


@pytest.mark.parametrize(("known", "event", "code"), BULLETINS)
def test_bulletins(known: Election, event: Bulletin, code: str | None) -> None:
    """A bulletin is believed only from the area's own authority."""
    reason = check_bulletin(known, event)
    assert (reason and reason.code) == code


@given(reports | bulletins, st.sampled_from([ANA, BOARD]))
def test_any_event(event: TallyReport | Bulletin, key: Ed25519PrivateKey) -> None:
    """Whatever is signed is verified after any number of writings and readings; its signature is no part of it."""
    signed = signing_keys.sign(key, "test", event)
    read = decode_any(encode(plain(signed)))
    assert read == signed
    assert isinstance(read, TallyReport | Bulletin)
    assert signed_bytes("test", read) == signed_bytes("test", event)
    key.public_key().verify(b64decode(read.signature or ""), signed_bytes("test", read))


def test_the_core_asks() -> None:
    """Live and in a replay, the core turns forged events away and counts the rest, whichever way they come. Of a forged
    reading it only keeps that one was turned away: its table's sheet is still open."""
    forged: list[Event] = [
        report(table="S1-2", reporter="ana", votes=(0, 9, 0)),
        bulletin(votes=(0, 9, 0), sequence=2),
        bulletin(area="S1-1", votes=(0, 9, 0)),
    ]
    honest: list[Event] = [BY_ANA, BY_BOARD]
    outcome, expected = direct(KNOWN, lines([*honest, *forged])), direct(KNOWN, lines(honest))
    leads = [[state.pop("lead") for state in each.states.values()] for each in (outcome, expected)]
    assert outcome == replace(expected, rejected=["unsigned"] * 3)
    assert [[lead["turned_away"]["sheets"] for lead in found] for found in leads] == [[1, 1], [0, 0]]
    assert [lead["together"] for lead in leads[0]] == [lead["together"] for lead in leads[1]]


def test_replayed() -> None:
    """A signed report sent again changes nothing; an old bulletin sent again does not displace a newer one."""
    newer = signing_keys.sign(BOARD, KNOWN.id, bulletin(votes=(6, 3, 1), sequence=2, at=T0 + 1))
    monitor = Monitor(KNOWN)
    for event in (BY_ANA, BY_BOARD, newer):
        assert monitor.handle(event, T0).rejection is None
    before = encode(monitor.states())
    for event in (BY_ANA, BY_BOARD):
        assert monitor.handle(event, T0).rejection is None
    assert encode(monitor.states()) == before
    assert present(monitor.states()["N"].official).bulletin == newer.id


def test_old_table_bulletin() -> None:
    """The same for the bulletin of a polling table, which meets the readings."""
    monitor = Monitor(KNOWN)
    old, newer = (signing_keys.sign(BOARD, "test", bulletin(area="S1-1", sequence=s, votes=(s, 0, 0))) for s in (1, 2))
    for event in (old, newer, old):
        assert monitor.handle(event, T0).rejection is None
    ledger = monitor.reconciler.ledger("S1-1")
    assert ledger is not None
    official = ledger.official(KNOWN)
    assert official is not None
    assert (official.votes, official.authority, official.signed) == ((2, 0, 0), "board", True)


def test_group_of_the_key() -> None:
    """Two reporters whose keys are of one group count once, whatever group they name."""
    house = Reporter(signing_keys.public_key(EVE), "house")
    known = replace(KNOWN, reporters={**KNOWN.reporters, "eve": house})
    monitor = Monitor(known)
    for event in (BY_ANA, signing_keys.sign(EVE, "test", report(reporter="eve"))):
        assert monitor.handle(event).rejection is None
    assert monitor.verdicts["S1-1"].readers == 1


DOCUMENT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")


def test_worked_example() -> None:
    """The documentation's example is right to the byte: key, signed text, signature, report."""
    blocks = re.findall(r"((?:^    .*\n)+)", DOCUMENT, re.MULTILINE)
    found = dict(re.findall(r"^    (\w[\w ]*?): +(.*)$", "".join(blocks), re.MULTILINE))
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(found["private key"]))
    assert b64encode(signing_keys.public_key(key)).decode() == found["public key"]
    event = decode_any(found["signed report"].encode())
    assert isinstance(event, TallyReport)
    assert event.signature == found["signature"]
    assert signed_bytes("example", event) == b"example\n" + found["canonical"].encode()
    assert signing_keys.sign(key, "example", event) == event
    assert decode_reports(found["as typed"].encode()) == [structs.replace(event, signature=None)]


def run(*arguments: object) -> None:
    app()([str(argument) for argument in arguments], standalone_mode=False)


def test_commands(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """`keys new` makes a key that only its owner can read; `keys sign` signs what is its owner's, and only that."""
    secret = tmp_path / "ana.pem"
    run("keys", "new", secret)
    public = capsysbinary.readouterr().out
    assert secret.stat().st_mode & 0o777 == 0o600
    known = replace(KNOWN, reporters={"ana": Reporter(b64decode(public), "house")})
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join([*lines([report(), report(reporter="carl"), bulletin()]), b"{"]))
    run("keys", "sign", write(known, tmp_path), secret, events)
    out, said = capsysbinary.readouterr()
    signed, carl, official, torn = out.splitlines()
    event = decode_any(signed)
    assert isinstance(event, TallyReport)
    assert check_report(known, event) is None
    assert [carl, official, torn] == [*lines([report(reporter="carl"), bulletin()]), b"{"]
    assert said == b"cotejo: 1 signed, 3 left as they were\n"


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        pytest.param(None, 0, "cannot be read: No such file", id="not there"),
        pytest.param("x", 0o600, "is no private key of Ed25519", id="no key"),
        pytest.param("x", 0o644, "others can read it: chmod 600", id="open to all"),
    ],
)
def test_wrong_key_file(tmp_path: Path, content: str | None, mode: int, says: str) -> None:
    """A key that cannot be used is told with its cure."""
    path = tmp_path / "key.pem"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(signing_keys.KeyFileError, match=says):
        signing_keys.load(path)


def test_no_key_is_lost(tmp_path: Path) -> None:
    """A new key never takes the place of another."""
    path = tmp_path / "key.pem"
    signing_keys.new(path)
    with pytest.raises(signing_keys.KeyFileError, match="is there already"):
        signing_keys.new(path)
