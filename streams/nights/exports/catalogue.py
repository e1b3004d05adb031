"""The tables of a night: the data dictionary. docs/export.md shows it, and each export carries it."""

from collections.abc import Mapping, Sequence
from typing import Final

from streams.nights.exports import sample_columns
from streams.nights.exports.table import Column, Each, Table, Type


def _votes(prefix: str, each: Each, says: str) -> Column:
    return Column(prefix, "integer", says, "votes", each)


def _text(name: str, says: str) -> Column:
    return Column(name, "text", says)


def _time(name: str, says: str) -> Column:
    return Column(name, "time", says, "UTC, milliseconds")


def _count(name: str, says: str, unit: str) -> Column:
    return Column(name, "integer", says, unit)


def _number(name: str, says: str, unit: str, each: Each = "", type: Type = "number") -> Column:
    return Column(name, type, says, unit, each)


def _open(kind: str, who: str) -> Sequence[Column]:
    return (
        _count(f"{kind}_sheets", f"{who}; empty where nobody knows how many there are", "sheets"),
        _count(f"{kind}_votes", "the most votes that they can hold", "votes"),
        _count(f"{kind}_enough", "the least number of them that could take the lead away; else empty", "sheets"),
    )


_TABLE: Final = _text("table_id", "id of the polling table")
_AREA: Final = _text("area_id", "id of the area")
_LOWEST: Final = _text("area_id", "id of the area that the polling table lies in")
_FIGURE: Final = _text("figure_id", "id of the option or group")
_SEQ: Final = _count("seq", "place in the night, from 1; ticks and what could not be read are counted too", "")
_UNKNOWN: Final = Column("unknown_votes", "json", "votes for ids that the election does not know, as a JSON object")
_ARRIVED: Final = _time("arrived_at", "when its message came to the broker; empty for event files")
_EXTRA: Final = Column("extra", "json", "fields that Cotejo does not know, as a JSON object")
_FINDING: Final[Sequence[Column]] = (
    _text("rule", "name of the rule"),
    _text("class", "arithmetic, statistical, consistency or health"),
    _AREA,
    _text("figure_id", "id of the option or group; empty, or a reporter's name, where it concerns none"),
    _text("severity", "info, warning or critical"),
    _number("value", "the headline figure, in `unit`", "as `unit` says"),
    _text("unit", "unit of `value`"),
    _text("bulletin_id", "id of the bulletin that it is about; empty where it is about none"),
    _text("sentence_en", "the finding in a sentence, in English"),
    _text("sentence_es", "the same in Spanish"),
    Column("inputs", "json", "the figures behind it, by name, as a JSON object"),
)
_STANDING_VOTES: Final[Sequence[Column]] = (
    _count("null_votes", "null votes of the reading that leads", "votes"),
    _votes("votes_", "option", "votes for the option; empty where no reading leads, or no sheets are read for it"),
)

TABLES: Final[Sequence[Table]] = (
    Table(
        "options",
        "what can be voted for, or announced as one figure",
        (
            _count("position", "place on the ballot, groups behind options, from 1", ""),
            _FIGURE,
            _text("name", "name"),
            _text("kind", "option or group"),
            Column("read", "boolean", "whether sheets are read for it"),
            Column("members", "texts", "of a group, the ids of its options"),
            _text("suffix", "end of the column names that belong to it"),
        ),
    ),
    Table(
        "areas",
        "an area",
        (
            _AREA,
            _text("name", "name, unique"),
            _text("level", "level, as the election file calls it"),
            _text("parent_id", "id of the area above; empty for the whole"),
            _count("tables", "polling tables that exist; empty where nobody knows", "polling tables"),
            _count("registered", "registered voters; empty where nobody knows", "voters"),
        ),
    ),
    Table(
        "polling_tables",
        "a polling table of the register",
        (_TABLE, _LOWEST, _count("registered", "registered voters; empty where nobody knows", "voters")),
    ),
    Table(
        "readings",
        "a report that could be read, each time it came",
        (
            _SEQ,
            _text("reading_id", "id of the report"),
            _TABLE,
            _text("reporter", "who read the sheet"),
            _text("reporter_group", "the reporter's group, as the report names it"),
            _text("source", "source, as the report names it"),
            _time("observed_at", "when the sheet was read"),
            _ARRIVED,
            _text("bound", "at-least or at-most where it is only a bound; else empty"),
            Column("retracted", "boolean", "whether the reporter takes back what was said"),
            _text("supersedes", "id of the reporter's reading that it replaces"),
            _votes("votes_", "option", "votes for the option; empty where the report does not name it"),
            _UNKNOWN,
            _count("null_votes", "null votes", "votes"),
            _count("blank_votes", "blank votes", "votes"),
            _count("registered", "registered voters, as the report has them", "voters"),
            _count("ballots", "ballots, as the report has them", "ballots"),
            _text("image_sha256", "hash of the photograph"),
            _text("url", "address of the photograph"),
            _text("signature", "Ed25519 signature, base64"),
            _EXTRA,
            _text("fate", "counts, superseded, replaced, retraction, same-group; rejected; or unjudged at a log's end"),
            _text("decided_by", "id of the reading that decides the fate; of a rejected one the reason's code"),
        ),
    ),
    Table(
        "verdicts",
        "what all readings of a polling table come to",
        (
            _TABLE,
            _LOWEST,
            _text("level", "none, reported, corroborated or disputed"),
            Column("accepted", "boolean", "whether its votes count as witnessed"),
            _text("reason", "quorum, trusted, too-few, no-majority, only-bounds or nobody"),
            _count("agreeing", "independent readers who agree and lead", "readers"),
            _count("readers", "independent readers in all", "readers"),
            *_STANDING_VOTES,
        ),
    ),
    Table(
        "accepted_sheets",
        "a polling table with an accepted sheet",
        (
            _TABLE,
            _LOWEST,
            _count("registered", "registered voters; empty where nobody knows", "voters"),
            _count("agreeing", "independent readers who agree", "readers"),
            _count("readers", "independent readers in all", "readers"),
            *_STANDING_VOTES,
        ),
        "SELECT verdicts.*, polling_tables.registered FROM verdicts JOIN polling_tables USING (table_id) "
        "WHERE accepted ORDER BY table_id",
    ),
    Table(
        "bulletins",
        "a bulletin that could be read, each time it came",
        (
            _SEQ,
            _text("bulletin_id", "id of the bulletin"),
            _text("authority", "who issued it"),
            _text("area_id", "id of the area, or of the polling table, that it is about"),
            _time("issued_at", "when it was issued"),
            _ARRIVED,
            _count("sequence", "its number among the authority's bulletins", ""),
            _text("status", "partial, final or correction"),
            _text("supersedes", "id of the bulletin that it replaces"),
            _count("tables_counted", "polling tables that it counts", "polling tables"),
            _number("tables_counted_ratio", "the same over those that exist", "ratio, 0 to 1"),
            _count("registered", "registered voters behind them", "voters"),
            _count("registered_area", "registered voters of the whole area, as announced", "voters"),
            _count("ballots", "ballots", "ballots"),
            _count("valid", "valid votes", "votes"),
            _count("null_votes", "null votes", "votes"),
            _votes("votes_", "figure", "votes for the option or group; empty where it is not announced"),
            _UNKNOWN,
            _number("share_", "announced share of the option or group", "per cent of the valid votes", "figure"),
            _text("url", "where it was published"),
            _text("signature", "Ed25519 signature, base64"),
            _EXTRA,
            _text("fate", "current: its area's newest; earlier: taken in; rejected; or unjudged at a log's end"),
            _text("decided_by", "of a rejected one the reason's code; else empty"),
        ),
    ),
    Table(
        "differing_tables",
        "an announced figure of a polling table with an accepted sheet, where any figure of that table differs",
        (
            _TABLE,
            _LOWEST,
            _text("bulletin_id", "id of the bulletin that holds for the polling table"),
            _FIGURE,
            _count("sheet_votes", "votes on the accepted sheet", "votes"),
            _count("official_votes", "votes announced", "votes"),
            _count("difference", "announced less sheet", "votes"),
        ),
    ),
    Table(
        "area_states",
        "an area at a moment: when it had changed by the end of a stretch of event time (`--every`), when a bulletin "
        "came, and at the end",
        (
            _time("as_of", "the tick that it stands for"),
            _AREA,
            _count("witnessed_tables", "polling tables with an accepted sheet", "polling tables"),
            _number("coverage", "the same over those that exist; empty where nobody knows", "ratio, 0 to 1"),
            _count("witnessed_registered", "registered voters behind them", "voters"),
            _count("witnessed_valid", "valid votes witnessed", "votes"),
            _count("witnessed_null", "null votes witnessed", "votes"),
            _count("reported", "polling tables with one reading", "polling tables"),
            _count("corroborated", "polling tables with a quorum", "polling tables"),
            _count("disputed", "polling tables whose readings have no majority", "polling tables"),
            _text("bulletin_id", "id of the area's newest bulletin"),
            _count("announced_valid", "its valid votes", "votes"),
            _count("tables_announced", "polling tables announced by themselves", "polling tables"),
            _count("tables_compared", "those of them with an accepted sheet", "polling tables"),
            _count("tables_differing", "those of these where a figure differs", "polling tables"),
            _count("alerts", "alerts that fire in the area", "alerts"),
            _text("leader_id", "id of the option with most witnessed votes; empty where nobody is ahead of all others"),
            _text("second_id", "id of the option behind it"),
            _count("lead_votes", "witnessed votes between them", "votes"),
            *_open("disputed", "disputed sheets"),
            *_open("unconfirmed", "sheets that too few have read"),
            *_open("unwitnessed", "sheets of which no reading stands"),
            *_open("together", "all these sheets"),
            *sample_columns.OF_AREA,
        ),
    ),
    Table(
        "area_figures",
        "an option or group in a row of area_states",
        (
            _time("as_of", "the tick that it stands for"),
            _AREA,
            _FIGURE,
            _count("witnessed_votes", "votes witnessed; empty where no sheets are read for it", "votes"),
            _number("witnessed_share", "their share", "per cent of the valid votes"),
            _count("announced_votes", "votes in the area's newest bulletin", "votes"),
            _number("announced_share", "their share", "per cent of the valid votes"),
            _number("expected_share", "share of all tables that the witnessed ones suggest", "per cent"),
            _number("low_share", "lowest share that an honest count can announce, in any order", "per cent"),
            _number("high_share", "the highest", "per cent"),
            _number("gap", "from the announced share to the nearest of those", "percentage points"),
            _number("required", "least difference of unseen tables that closes the gap", "percentage points"),
            _count("floor", "least votes that the witnessed sheets allow", "votes"),
            _count("ceiling", "most votes that the witnessed sheets allow", "votes"),
            _count("breakdown", "witnessed sheets that must be false for the figure to be possible", "sheets"),
            *sample_columns.OF_FIGURE,
        ),
    ),
    Table(
        "alerts",
        "an alert that fired, or waits to, as it stands in the end",
        (
            _text("fingerprint", "rule, area, and option or group, joined by colons"),
            _text("status", "pending, firing or resolved"),
            _time("since", "since when it has this status"),
            _time("called_at", "when it first fired; empty where it never did"),
            _count("episode", "how many times it has begun", ""),
            *_FINDING,
            _time("worst_at", "the tick when it was worst"),
            _text("worst_severity", "its severity then"),
            _number("worst_value", "its headline figure then", "as `unit` says"),
        ),
    ),
    Table(
        "alert_steps",
        "a tick at which something about an alert changed, from when it began to wait; many ticks judged together are "
        "one where nobody would be called at any of them",
        (
            _count("number", "place among all steps, from 1", ""),
            _text("fingerprint", "of the alert"),
            _time("at", "the tick"),
            _count("episode", "how many times it has begun", ""),
            _text("status", "pending, firing or resolved; dropped if it ended before it fired"),
            _text("reason", "why it did what it did, in words"),
            Column("told", "boolean", "whether a notice was made of it"),
            *_FINDING[:1],
            *_FINDING[2:8],
        ),
    ),
    Table(
        "notices",
        "something told of an alert, in the order in which it was told",
        (
            _count("number", "place among all notices, from 1", ""),
            _text("notice_id", "the id that webhooks carry"),
            _text("fingerprint", "of the alert"),
            _text("status", "firing or resolved"),
            _text("reason", "why it was told"),
            _time("told_at", "event time"),
            _time("since", "since when the alert has this status"),
            _text("muted_by", "fingerprint of the alert further up that spoke for it; then nobody was called"),
            *_FINDING,
        ),
    ),
    Table(
        "rejected",
        "something that was turned away, in the order in which it was judged",
        (
            _count("number", "place among all that was turned away, from 1", ""),
            _text("kind", "report, bulletin, tick or unreadable"),
            _text("code", "reason"),
            _text("field", "path within the message; empty for the whole of it"),
            _text("cure", "what would make it acceptable"),
            _text("event_id", "id of the report or bulletin"),
            _text("about", "id of the polling table or area that it names"),
            _time("event_at", "its own time"),
            _text("place", "of what could not be read: file and line, or topic, partition and offset"),
            _text("content", "the event as JSON; of what could not be read the beginning"),
        ),
    ),
)

BY_NAME: Final[Mapping[str, Table]] = {table.name: table for table in TABLES}
SOURCES: Final[Mapping[str, Sequence[str]]] = {"accepted_sheets": ("verdicts", "polling_tables")}
"""The tables that a table with `sql` is made from."""
