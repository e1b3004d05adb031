"""Columns that several tables of an export have, and short forms for making others."""

from collections.abc import Sequence
from typing import Final

from streams.nights.exports.table import Column, Each, Type


def votes(prefix: str, each: Each, says: str) -> Column:
    return Column(prefix, "integer", says, "votes", each)


def text(name: str, says: str) -> Column:
    return Column(name, "text", says)


def time(name: str, says: str) -> Column:
    return Column(name, "time", says, "UTC, milliseconds")


def count(name: str, says: str, unit: str) -> Column:
    return Column(name, "integer", says, unit)


def number(name: str, says: str, unit: str, each: Each = "", type: Type = "number") -> Column:
    return Column(name, type, says, unit, each)


def open_sheets(kind: str, who: str) -> Sequence[Column]:
    return (
        count(f"{kind}_sheets", f"{who}; empty where nobody knows how many there are", "sheets"),
        count(f"{kind}_votes", "the most votes that they can hold", "votes"),
        count(f"{kind}_enough", "the least number of them that could take the lead away; else empty", "sheets"),
    )


TABLE: Final = text("table_id", "id of the polling table")
AREA: Final = text("area_id", "id of the area")
LOWEST: Final = text("area_id", "id of the area that the polling table lies in")
FIGURE: Final = text("figure_id", "id of the option or group")
SEQ: Final = count("seq", "place in the night, from 1; ticks and what could not be read are counted too", "")
UNKNOWN: Final = Column("unknown_votes", "json", "votes for ids that the election does not know, as a JSON object")
ARRIVED: Final = time("arrived_at", "when its message came to the broker; empty for event files")
EXTRA: Final = Column("extra", "json", "fields that Cotejo does not know, as a JSON object")
FINDING: Final[Sequence[Column]] = (
    text("rule", "name of the rule"),
    text("class", "arithmetic, statistical, consistency, health or information"),
    AREA,
    text("figure_id", "id of the option or group; empty, or a reporter's name, where it concerns none"),
    text("severity", "info, warning or critical"),
    number("value", "the headline figure, in `unit`", "as `unit` says"),
    text("unit", "unit of `value`"),
    text("bulletin_id", "id of the bulletin that it is about; empty where it is about none"),
    text("sentence_en", "the finding in a sentence, in English"),
    text("sentence_es", "the same in Spanish"),
    Column("inputs", "json", "the figures behind it, by name, as a JSON object"),
)
STANDING_VOTES: Final[Sequence[Column]] = (
    count("null_votes", "null votes of the reading that leads", "votes"),
    votes("votes_", "option", "votes for the option; empty where no reading leads, or no sheets are read for it"),
)
