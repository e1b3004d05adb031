"""Venezuela, 28 July 2024, as a night to feed: polling tables are invented so that each state's published sums
come out exactly. It says so wherever it is shown.

Real are the sums of each state (tables, registered voters, published sheets, votes of every option), both
bulletins, and how many sheets had been published by when. Invented are the single polling tables, which of
them are the published ones, and their order: so everything that depends on single sheets (bounds, breakdown
counts) differs somewhat from what the real sheets give.
"""

from collections.abc import Sequence
from random import Random
from typing import Final

from streams.core.election.model import Election
from streams.core.election.names import named
from streams.core.election.register import PollingTable
from streams.core.events.model import Event, TallyReport
from streams.nights.scenarios import venezuela2024_facts as facts
from streams.times import from_rfc3339

NOTICE: Final = named(
    {"en": "reconstruction from state totals", "es": "reconstrucción a partir de los totales de cada estado"}
)
SOURCE: Final = "reconstruction"
BEGAN: Final = "2024-07-28T20:00:00-04:00"
"""When the first sheet is reported: two hours after the polls were to close."""

_SIZE, _TURNOUT, _LEAN = 0.3, 0.12, 0.15
"""How far tables of one state differ at most: in size, in turnout, in the share of the two leading options."""


def night(seed: int = 2024) -> tuple[Election, list[Event]]:
    """The election, and its events in the order of their time. The same seed gives the same night."""
    random = Random(seed)
    register: dict[str, PollingTable] = {}
    sheets: list[tuple[float, str, Sequence[int]]] = []
    for state in facts.states():
        voters, votes = _sheets(random, state)
        rest = state.tables - state.sheets
        elsewhere = apportion(state.registered - state.registered_sheets, _sizes(random, rest))
        published = {at: i for i, (_, at) in enumerate(sorted((random.random(), at) for at in range(state.tables)))}
        for at in range(state.tables):
            table, place = f"{state.id}-{at + 1:04}", published[at]
            if place < state.sheets:
                register[table] = PollingTable(state.id, voters[place])
                sheets.append((random.random(), table, votes[place]))
            else:
                register[table] = PollingTable(state.id, elsewhere[place - state.sheets])
    sheets.sort()
    times = _times(len(sheets))
    reports = [_report(table, at, votes) for at, (_, table, votes) in zip(times, sheets, strict=True)]
    election = Election(
        id="ve-2024-reconstruction",
        name=facts.NAME,
        notice=NOTICE,
        options=facts.OPTIONS,
        groups=facts.GROUPS,
        areas=facts.areas(),
        map=facts.tile_map(),
        tables=register,
        levels=facts.LEVELS[:2],
        policy=facts.policy(SOURCE),
        alerts=facts.ALERTS,
    )
    return election, sorted([*reports, *facts.bulletins()], key=lambda event: event.at)


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Share `total` out in proportion to the weights, in whole numbers that add up to it (largest remainders;
    Hare 1857). Raises ValueError where there is something to share and nobody to have it."""
    whole = sum(weights)
    if not whole:
        if total:
            raise ValueError(f"{total:,} among nobody")
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: shares[i] - exact[i])
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return shares


def _sheets(random: Random, state: facts.State) -> tuple[list[int], list[Sequence[int]]]:
    """Registered voters of each published table, and its votes with the null ones last."""
    voters = apportion(state.registered_sheets, _sizes(random, state.sheets))
    ballots = [v * random.uniform(1 - _TURNOUT, 1 + _TURNOUT) for v in voters]
    lean = [random.uniform(-_LEAN, _LEAN) for _ in voters]
    first, second = state.votes[:2]
    share = first / (first + second)
    weights = [
        [b * (share + d) / share for b, d in zip(ballots, lean, strict=True)],
        [b * (1 - share - d) / (1 - share) for b, d in zip(ballots, lean, strict=True)],
    ]
    columns = [
        apportion(total, weights[i] if i < 2 else [b * random.random() for b in ballots])
        for i, total in enumerate((*state.votes, state.null))
    ]
    return voters, list(zip(*columns, strict=True))


def _sizes(random: Random, count: int) -> list[float]:
    return [random.uniform(1 - _SIZE, 1 + _SIZE) for _ in range(count)]


def _times(count: int) -> list[int]:
    """When each sheet is reported (Unix ms): evenly between the citizens' announcements."""
    times: list[int] = []
    begin = from_rfc3339(BEGAN)
    for text, by_then in facts.ANNOUNCED:
        end, more = from_rfc3339(text), min(by_then, count) - len(times)
        times += [begin + (end - begin) * (i + 1) // more for i in range(more)]
        begin = end
    return times


def _report(table: str, at: int, votes: Sequence[int]) -> TallyReport:
    by_option = {option.id: count for option, count in zip(facts.OPTIONS, votes, strict=False)}
    return TallyReport(
        id=f"{SOURCE}-{table}",
        table=table,
        reporter=SOURCE,
        source=SOURCE,
        at=at,
        votes=by_option,
        null=votes[-1],
        ballots=sum(votes),
    )
