"""Venezuela, 28 July 2024: what is known of each state, both bulletins, and the citizens' announcements.

The states' figures are sums over the second release of the campaign's published tally sheets (August 2024);
tables and registered voters are the electoral council's.
"""

import csv
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from streams.core.election.area_map import AreaMap
from streams.core.election.model import Area, Group, Option
from streams.core.election.names import named
from streams.core.election.settings import AlertPolicy, Policy
from streams.core.events.codec import decode_any
from streams.core.events.model import Bulletin
from streams.times import from_rfc3339

NAME: Final = named(
    {
        "en": "Venezuela, presidential election, 28 July 2024",
        "es": "Venezuela, elección presidencial del 28 de julio de 2024",
    }
)
LEVELS: Final = ("nation", "state", "municipality", "parish")
OPTIONS: Final = (
    Option("EG", "Edmundo González"),
    Option("NM", "Nicolás Maduro"),
    Option("LM", "Luis Martínez"),
    Option("JABE", "Javier Bertucci"),
    Option("JOBR", "José Brito"),
    Option("AE", "Antonio Ecarri"),
    Option("CF", "Claudio Fermín"),
    Option("DC", "Daniel Ceballos"),
    Option("EM", "Enrique Márquez"),
    Option("BERA", "Benjamín Rausseo"),
)
GROUPS: Final = (Group("others", named({"en": "Others", "es": "Otros"}), tuple(option.id for option in OPTIONS[2:])),)
ALERTS: Final = AlertPolicy(tick=10, hold=60, cooldown=2 * 86_400)

ANNOUNCED: Final = (
    ("2024-07-29T19:00:00-04:00", 21_979),  # 73.20 % of 30,026, evening press conference
    ("2024-07-31T11:44:00-04:00", 24_384),
    ("2024-08-01T12:00:00-04:00", 24_576),  # the hour is not known
    ("2024-08-04T12:00:00-04:00", 25_073),  # August; the day is not established
)
"""How many sheets the citizens' count had published by when. (Its first release, of 24,532 sheets on 2 August or
before, was behind what the site showed.)"""


def announced() -> list[tuple[int, int]]:
    """`ANNOUNCED` with the times in Unix ms."""
    return [(from_rfc3339(moment), sheets) for moment, sheets in ANNOUNCED]


@dataclass(frozen=True, slots=True)
class State:
    """One state: what exists, and what its published sheets add up to."""

    id: str
    name: str
    tables: int
    registered: int
    sheets: int
    registered_sheets: int
    """Registered voters behind the published sheets, as far as they are known."""
    null: int
    votes: tuple[int, ...]
    """By option, in the order of `OPTIONS`."""


def tile_map() -> AreaMap:
    """A map of the 24 states: for each a square of the same size, about where it lies."""
    file = files("streams.nights.scenarios").joinpath("venezuela2024.geojson").read_bytes()
    return AreaMap(file, "id", tuple(state.id for state in states()))


def states() -> tuple[State, ...]:
    """The 24 states."""
    with files("streams.nights.scenarios").joinpath("venezuela2024.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        State(
            id=f"VE-{row['state']}",
            name=row["name"],
            tables=int(row["tables"]),
            registered=int(row["registered"]),
            sheets=int(row["sheets"]),
            registered_sheets=int(row["registered_sheets"]),
            null=int(row["null"]),
            votes=tuple(int(row[option.id]) for option in OPTIONS),
        )
        for row in rows
    )


def areas() -> dict[str, Area]:
    """The nation and its states."""
    all_states = states()
    nation = Area(
        "VE", "Venezuela", "nation", None, sum(s.tables for s in all_states), sum(s.registered for s in all_states)
    )
    below = {s.id: Area(s.id, s.name, "state", "VE", s.tables, s.registered) for s in all_states}
    return {nation.id: nation, **below}


def bulletins() -> list[Bulletin]:
    """Both official bulletins. The second gave each candidate, the first put eight of them together."""
    lines = files("streams.nights.scenarios").joinpath("venezuela2024.jsonl").read_bytes().splitlines()
    events = [decode_any(line) for line in lines]
    return [event for event in events if isinstance(event, Bulletin)]


def policy(source: str) -> Policy:
    """One reading is enough from the one source there is."""
    return Policy(quorum=1, trusted_sources=frozenset({source}))
