"""Ed25519 signatures of reports and bulletins (docs/security.md has the rule with an example).

Only keys that the election names count. Verifying needs no clock and no randomness, so a replay decides as the night
did. Keys are made, and events are signed, in `streams.config.signing_keys`.
"""

from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from streams.core.election.model import Election
from streams.core.events.codec import encode, plain
from streams.core.events.model import Bulletin, Rejection, TallyReport


def signed_bytes(election: str, event: TallyReport | Bulletin) -> bytes:
    """The bytes that are signed: the election's id, a line feed, and the event as canonical JSON without its signature.
    The id is among them so that the events of a rehearsal cannot be sent again on the night."""
    content = {name: value for name, value in plain(event).items() if name != "signature"}
    return election.encode() + b"\n" + encode(content)


def check_report(election: Election, report: TallyReport) -> Rejection | None:
    """Return why a report is turned away: it does not come from the reporter that it names, or names a group or a
    trusted source that is not that reporter's.

    A reporter with a key must sign, whatever the policy says. Otherwise a forger would leave out the signature.
    """
    signatory = election.reporters.get(report.reporter)
    if signatory is None:
        if election.policy.unsigned == "hold":
            return Rejection("unsigned", "reporter", f"give {report.reporter} a key among the reporters, and sign")
        mine = report.group or report.reporter
        if mine in election.reserved_groups:
            return Rejection("wrong-group", "reporter_group", f"{mine} is a group of reporters that sign: name another")
    else:
        if reason := _verify(election, report, signatory.public_key, f"{report.reporter}'s"):
            return reason
        mine = election.signing_groups[report.reporter]
        if report.group not in (None, mine):
            return Rejection("wrong-group", "reporter_group", f"{report.reporter} is of {mine}: write that, or nothing")
    source = report.source
    if (
        election.reporters
        and source in election.policy.trusted_sources
        and (signatory is None or signatory.source != source)
    ):
        return Rejection("wrong-source", "source", f"only reporters whose key is of {source} may name it: name another")
    return None


def check_bulletin(election: Election, bulletin: Bulletin) -> Rejection | None:
    """Return why a bulletin is turned away: it comes from no authority of the election, or from one that may not
    announce for this area. An election that names no authorities believes everyone."""
    if not election.authorities:
        return None
    authority = election.authorities.get(bulletin.authority)
    if authority is None:
        return Rejection("unknown-authority", "authority", f"name {bulletin.authority} as an [[authority]], or mend it")
    table = election.tables.get(bulletin.area)
    lineage = {bulletin.area, *election.lineage[bulletin.area if table is None else table.area]}
    if authority.areas and not lineage.intersection(authority.areas):
        cure = f"{bulletin.authority} announces for {', '.join(authority.areas)}: add {bulletin.area}, or mend it"
        return Rejection("wrong-area", "area", cure)
    if authority.public_key is None:
        return None
    return _verify(election, bulletin, authority.public_key, f"{bulletin.authority}'s")


def precedence(election: Election) -> Mapping[str, int]:
    """Rank of each authority, where several announce for one area or polling table: the bulletin of the higher rank
    stands. Authorities with a key rank above those without; among equals, the one that the election file names first
    ranks higher. An authority that it does not name has no rank (0)."""
    authorities = election.authorities
    last_first = sorted(authorities, key=lambda id: authorities[id].public_key is None)[::-1]
    return {id: place for place, id in enumerate(last_first, 1)}


def _verify(election: Election, event: TallyReport | Bulletin, key: bytes, whose: str) -> Rejection | None:
    if event.signature is None:
        return Rejection("unsigned", "signature", f"sign it with {whose} private key")
    try:
        _key(key).verify(b64decode(event.signature, validate=True), signed_bytes(election.id, event))
    except (InvalidSignature, ValueError):
        return Rejection("bad-signature", "signature", f"sign these very fields with {whose} private key, in base64")
    return None


@lru_cache(4096)
def _key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)
