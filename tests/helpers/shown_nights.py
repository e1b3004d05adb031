"""Two small nights of which the snapshots hold all that is seen: a contested one that has a bit of everything, and a
quiet one.

Both are plain enough to be recounted by hand. In the contested one, 36 polling tables of 100 voters lie in three states
of two districts each. Each sheet says Ana 40, Blanca 25, Carlos 5, Dora 2 (72 valid votes), and 3 null votes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from builders import T0, bulletin, drawn_sample, election, report
from maps import square, with_map

from streams.core.election.model import Authority, Election, Group, Option, Receiver
from streams.core.election.names import named as in_languages
from streams.core.election.settings import (
    AlertPolicy,
    BoundsRule,
    ContradictionRule,
    DivergenceRule,
    FingerprintRule,
    HealthRule,
    LeadRule,
    MismatchRule,
    Rules,
)
from streams.core.events.model import Bulletin, Event, TallyReport

MINUTE = 60_000
VOTES = {"A": 40, "B": 25, "C": 5, "D": 2}
NULL = 3
OPTIONS = (Option("A", "Ana"), Option("B", "Blanca"), Option("C", "Carlos"), Option("D", "Dora"))
RULES = Rules(
    contradiction=ContradictionRule(min_sheets=2),
    divergence=DivergenceRule(min_sheets=8),
    mismatch=MismatchRule(min_tables=2),
    bounds=BoundsRule(min_tables=2, critical_tables=3),
    health=HealthRule(
        bulletin_every=1200, reports_every=900, flood_ratio=0.3, flood_min=10, disputed_min=2, disputed_ratio=0.03
    ),
    fingerprint=FingerprintRule(max_chance=0.5),
    lead=LeadRule(min_sheets=5, levels=3),
)
RECEIVERS = (
    Receiver("desk", "https://desk.example/hook", secret_env="DESK_SECRET", severity="critical", digest=5),
    Receiver(
        "south", "https://south.example/api", secret_env="SOUTH_SECRET", format="alertmanager", areas=("S2",),
        rules=("contradiction", "table-mismatch"), classes=("arithmetic",), language="es", quiet_hours="22:00-07:00",
        time_zone="America/Caracas", critical_passes=True,
    ),
)  # fmt: skip


def contested() -> Election:
    """The contested night's election: names in two languages, a sample, a map of the states, two receivers."""
    states = {"S1": ("North", "Norte"), "S2": ("South", "Sur"), "S3": ("East", "Este")}
    areas: dict[str, Mapping[str, Any]] = {
        id: {"name": in_languages({"en": english, "es": spanish})} for id, (english, spanish) in states.items()
    }
    for state, (english, spanish) in states.items():
        for part, (en, es) in enumerate([("City", "Ciudad"), ("Country", "Campo")], 1):
            areas[f"{state}.{part}"] = {"name": in_languages({"en": f"{english} {en}", "es": f"{es} {spanish}"})}
    areas["N"] = {"name": in_languages({"en": "Nation", "es": "Nación"})}
    known = election(
        states=3, tables=12, districts=2, registered=[100] * 35 + [None], options="ABCD", groups={"rest": "CD"},
        areas=areas, rules=RULES, alerts=AlertPolicy(tick=10, hold=60, cooldown=600), quorum=2,
        trusted_sources=frozenset({"courier"}), max_ballots=400,
    )  # fmt: skip
    known = replace(
        known,
        id="contested",
        name=in_languages({"en": "A contested night", "es": "Una jornada disputada"}),
        notice=in_languages({"en": "Made for tests.", "es": "Hecha para pruebas."}),
        options=OPTIONS,
        groups=(Group("rest", in_languages({"en": "Others", "es": "Otros"}), ("C", "D")),),
        sample=drawn_sample({f"S{s}": [f"S{s}-{t}" for t in (1, 5, 8, 11)] for s in (1, 2, 3)}, unseen=15),
        receivers=RECEIVERS,
        authorities={"board": Authority(), "south-board": Authority(areas=("S2",))},
    )
    return with_map(known, {"S1": square(0, 1), "S2": square(0, 0), "S3": square(1, 0, 2)})


def contested_events() -> list[Event]:
    """What comes in on the contested night, in order; `messages` has beside it what nobody can read."""
    return sorted([*_readings(), *_bounds(), *_bulletins()], key=lambda event: event.at)


def messages() -> list[bytes]:
    """Lines of an event file that are turned away before anybody reads their figures."""
    return [b'{"type": "tally-report", "id": "half', b'{"type": "rumour", "id": "r1"}']


def _readings() -> Iterator[TallyReport]:
    """Two independent readings of each sheet up to S3-6, one minute apart, and one of S3-7 and S3-8; some by a courier,
    some that disagree, one that is withdrawn, and some that are turned away."""
    known = contested()
    for i, table in enumerate(list(known.tables)[:32]):
        at = T0 + i * MINUTE
        given: dict[str, Any] = {"table": table, "votes": VOTES, "null": NULL, "ballots": 75}
        yield report(**given, reporter="ana", group="witnesses", at=at, id=f"{table}/1")
        if i < 30:
            yield report(**given, reporter=f"ben-{i % 6}", at=at + MINUTE // 2, id=f"{table}/2")
    other = {"A": 25, "B": 40, "C": 5, "D": 2}
    for n, table in enumerate(("S3-7", "S3-8")):
        at = T0 + (40 + n) * MINUTE
        yield report(table, other, reporter="eva", at=at, id=f"{table}/3", null=NULL)
    courier = report("S3-9", VOTES, reporter="cem", source="courier", at=T0 + 42 * MINUTE, id="S3-9/1", null=NULL)
    yield courier
    yield report("S3-10", other, reporter="dan", at=T0 + 43 * MINUTE, id="S3-10/1", null=NULL)
    yield report(
        "S3-10", other, reporter="dan", at=T0 + 44 * MINUTE, id="S3-10/2", supersedes="S3-10/1", retracted=True
    )
    yield report("S9-1", VOTES, at=T0 + 45 * MINUTE, id="nowhere")
    yield report("S3-11", {"A": 90, "B": 90}, at=T0 + 46 * MINUTE, id="too many", null=1)
    yield report("S3-11", {"A": 9, "X": 1}, at=T0 + 47 * MINUTE, id="unknown option")


def _bounds() -> Iterator[TallyReport]:
    """Ballots that were photographed at three polling tables, and a count of voters at three: each by two people."""
    for n in (1, 2, 3, 4, 5, 6):
        for who in ("pia", "quim"):
            at = T0 + (10 + n) * MINUTE
            if n <= 3:
                yield report(f"S2-{n}", {"A": 30 + n}, reporter=who, at=at, id=f"photo-{n}-{who}", bound="at-least")
            else:
                yield report(f"S2-{n}", {}, reporter=who, at=at, id=f"count-{n}-{who}", bound="at-most", ballots=76)


def _bulletins() -> Iterator[Bulletin]:
    """The nation's bulletins, with one that falls and is corrected; those of states and a district; those of polling
    tables, of which six are not their sheets'."""

    def announced(minute: int, area: str, votes: Any, **fields: Any) -> Bulletin:
        return bulletin(votes, area=area, at=T0 + minute * MINUTE, **fields)

    for n in range(1, 9):
        # At S2-1 to S2-3 fewer votes for Ana than were photographed; at S2-4 to S2-6 more ballots than voters came.
        votes = {1: (20, 45, 5, 2), 2: (21, 44, 5, 2), 3: (22, 43, 5, 2)}.get(
            n, (40, 45, 5, 2) if n < 7 else (40, 25, 5, 2)
        )
        yield announced(50 + n, f"S2-{n}", votes, null=3, valid=sum(votes), ballots=sum(votes) + 3)
    share = {"A": 48.6, "B": 44.4, "rest": 7.0}
    yield announced(
        20, "N", {"A": 400, "B": 260, "rest": 70}, tables_counted=10, registered=1000, valid=730, null=30, ballots=760,
        url="https://board.example/1",
    )  # fmt: skip
    yield announced(
        62, "N", {"A": 1050, "B": 960, "rest": 150}, sequence=2, tables_counted=30, registered=3000, valid=2160,
        null=90, ballots=2250, announced_shares=share,
    )  # fmt: skip
    yield announced(
        75, "N", {"A": 1040, "B": 1130, "rest": 150}, sequence=3, tables_counted=33, registered=3300, valid=2330,
        null=100, ballots=2420,
    )  # fmt: skip
    yield announced(
        90, "N", {"A": 1100, "B": 1210, "rest": 170}, sequence=4, status="final", tables_counted=36, registered=3500,
        valid=2480, null=108, ballots=2588,
    )  # fmt: skip
    yield announced(64, "S1", {"A": 480, "B": 300, "C": 60, "D": 24}, tables_counted=12, registered=1200, valid=864)
    yield announced(66, "S2", {"A": 300, "B": 480, "C": 60, "D": 24}, tables_counted=12, registered=1200, valid=864)
    yield announced(66, "S2.1", (150, 240, 30, 12), authority="south-board", tables_counted=6, registered=600)
    yield announced(
        68, "S3", {"A": 300, "B": 330, "C": 50, "D": 20}, id="east", tables_counted=10, registered=1000, valid=700
    )
    yield announced(
        80, "S3", {"A": 290, "B": 345, "C": 50, "D": 20}, id="east", sequence=2, tables_counted=13, registered=1000,
        valid=705, ballots=1010, null=305,
    )  # fmt: skip
    yield announced(
        85, "S1", {"A": 481, "B": 300, "C": 60, "D": 24}, sequence=2, status="correction", supersedes="S1-1",
        tables_counted=12, registered=1200, valid=865,
    )  # fmt: skip
    yield announced(86, "S1", {"A": 481}, authority="nobody", sequence=3)


def quiet() -> Election:
    """The quiet night's election: two states of four polling tables, every rule as it comes."""
    return replace(
        election(states=2, tables=4, options="ABCD", rules=Rules(), quorum=1), id="quiet", name="A quiet night"
    )


def quiet_events() -> list[Event]:
    """Every sheet once, then the bulletins of the states and the nation, which say the same."""
    sheets = [report(table, VOTES, at=T0 + i * MINUTE, null=NULL) for i, table in enumerate(quiet().tables)]

    def announced(area: str, tables: int, minute: int) -> Bulletin:
        votes = {option: tables * votes for option, votes in VOTES.items()}
        return bulletin(
            votes, area=area, at=T0 + minute * MINUTE, tables_counted=tables, registered=100 * tables,
            valid=72 * tables, null=NULL * tables, ballots=75 * tables, status="final",
        )  # fmt: skip

    return [*sheets, announced("S1", 4, 10), announced("S2", 4, 11), announced("N", 8, 12)]
