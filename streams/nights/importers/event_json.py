"""Events of the database's tables as JSON: what `streams.core.events.codec` would write."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from streams.core.election.model import Election
from streams.core.events.codec import decode_any
from streams.core.events.field_reader import Field, declared_fields
from streams.core.events.model import Bulletin, Count, Ratio, Shares, TallyReport, Tick, Time, Votes
from streams.nights.arrival import Arrival
from streams.nights.eventlog.made import Encoded
from streams.nights.importers.database import Database
from streams.nights.importers.event_checks import EventTable, Figure
from streams.nights.sql import literal, name

PIECE: Final = 20_000
"""Events that are fetched at once."""
TAGS: Final = {TallyReport: "tally-report", Bulletin: "bulletin", Tick: "tick"}


def stream(db: Database, tables: Sequence[EventTable]) -> Iterator[Encoded]:
    """All events, many at a time, in the order that the map says, else of their time. `_tables` of the database are
    the election's."""
    parts = [
        f"SELECT {_key(made)} AS key, {_own(made)} AS own, {name(made.at)} AS time, encode({_json(made)}) AS json, "
        f"{'_order' if made.block.order else 'NULL::BIGINT'} AS placed, {number} AS part, _file, _line "
        f"FROM {_rows(made)}"
        for number, made in enumerate(tables)
    ]
    if not parts:
        return
    order = "ORDER BY placed NULLS FIRST, time, part, _file, _line"
    for rows in db.pieces(f"SELECT key, own, time, json FROM ({' UNION ALL '.join(parts)}) {order}", PIECE):
        yield Encoded(*zip(*rows, strict=True))


def doubtful(db: Database, election: Election, tables: Sequence[EventTable]) -> Iterator[list[Arrival]]:
    """The events that anything could be wrong with, many at a time, in the order of the map."""
    for made in tables:
        if made.block.kind is Tick:
            continue
        sql = f"SELECT _file, _line, {name(made.at)}, encode({_json(made)}) FROM {_rows(made)} "
        sql += f"WHERE coalesce({_doubtful(election, made)}, true) ORDER BY _file, _line"
        for rows in db.pieces(sql, PIECE):
            yield [
                Arrival(file, line, decode_any(content), content, topic="", arrived=at)
                for file, line, at, content in rows
            ]


def _key(made: EventTable) -> str:
    return "''" if made.block.kind is Tick else name(made.block.area_field)


def _own(made: EventTable) -> str:
    """Whether an event goes with the reports of a polling table."""
    return {TallyReport: "true", Bulletin: "_tables.table_id IS NOT NULL", Tick: "false"}[made.block.kind]


def _rows(made: EventTable) -> str:
    rows = name(made.table)
    return rows if made.block.kind is Tick else f"{rows} LEFT JOIN _tables ON _tables.table_id = {rows}.{_key(made)}"


def _doubtful(election: Election, made: EventTable) -> str:
    """SQL that is true of each event that `EventCheck` could say anything of, and of few others: a report of an unknown
    polling table, with an option left out, with ballots that are not its votes, with more of them than voters; a
    bulletin of an area, which are few."""
    if election.reporters or election.authorities:
        return "true"
    if made.block.kind is Bulletin:
        return "_tables.table_id IS NULL" if "sequence" not in made.block.fields else "true"
    if election.policy.quorum > 1:  # the check counts the readers of each polling table
        return "true"
    if {each.id for each in made.votes} != election.read_options.keys() or {"bound", "retracted"} & set(made.fields):
        return "true"
    votes = [name(each.column) for each in made.votes]
    others = [f"coalesce({name(key)}, 0)" for key in ("null", "blank") if key in made.fields]
    total = " + ".join([*votes, *others])
    most = election.policy.max_ballots
    limit = f"coalesce(_tables.registered, {most})"
    if "registered" in made.fields:
        limit = f"least({limit}, coalesce({name(made.table)}.registered, {most}))"
    checks = ["_tables.table_id IS NULL", f"{total} > {limit} * {min(1.0, election.policy.max_turnout)}"]
    if "ballots" in made.fields:
        checks.append(f"coalesce(ballots, {total}) <> {total}")
    return f"({' OR '.join(checks)})"


def _json(made: EventTable) -> str:
    """SQL that makes an event's JSON: keys in their order, nothing that is not known."""
    pieces = []
    fields: dict[str, Field | None] = {each.key: each for each in declared_fields(made.block.kind)}
    for key, declared in sorted({**fields, "type": None}.items()):
        if key == "type":
            pieces.append(literal(f'"type":"{TAGS[made.block.kind]}",'))
        elif declared is not None and declared.type in (Votes, Shares):
            columns = made.votes if declared.type == Votes else made.shares
            if columns or declared.required:
                pieces.append(_figures(made, key, columns))
        elif key in made.fields and declared is not None:
            pieces.append(_field(f"{name(made.table)}.{name(key)}", key, declared.type))
    return f"('{{' || rtrim(concat({', '.join(pieces)}), ',') || '}}')"


def _field(column: str, key: str, kind: object) -> str:
    head = literal(f'"{key}":')
    if kind in (Count, Time, Ratio):
        return f"{head} || {column} || ','"
    if kind is bool:
        return f"CASE WHEN {column} THEN {literal(f'{chr(34)}{key}{chr(34)}:true,')} END"
    return f"{head} || to_json({column}) || ','"


def _figures(made: EventTable, key: str, columns: Sequence[Figure]) -> str:
    each = [f"to_json({literal(column.id)}) || ':' || {name(column.column)} || ','" for column in columns]
    inside = f"rtrim(concat({', '.join(each)}), ',')" if each else "''"
    return f"{literal(f'{chr(34)}{key}{chr(34)}:{{')} || {inside} || '}},'"


def strays(db: Database, made: EventTable) -> tuple[int, int, list[tuple[str, str, str, str | None]]]:
    """Of a table's events: how many there are, how many name nothing of the register, and of three such the id, the
    place, and the nearest id that is there."""
    column, table = name(made.block.area_field), name(made.table)
    known = f"{column} IN (SELECT table_id FROM _tables)"
    if made.block.kind is Bulletin:
        known += f" OR {column} IN (SELECT area_id FROM _areas)"
    (count, stray) = db.row(f"SELECT count(*), count(*) FILTER (WHERE NOT ({known})) FROM {table}")
    if not stray:
        return count, 0, []
    ids = "SELECT table_id AS id FROM _tables" + (
        " UNION ALL SELECT area_id FROM _areas" if made.block.kind is Bulletin else ""
    )
    found = []
    rows = db.rows(
        f"SELECT {column}, min({{'f': _file, 'l': _line}}) AS place FROM {table} WHERE NOT ({known}) "
        "GROUP BY 1 ORDER BY place LIMIT 3"
    )
    for id, place in islice(rows, 3):
        nearest = db.rows(f"SELECT id FROM ({ids}) ORDER BY levenshtein(id, ?), id LIMIT 1", id)
        found.append(
            (str(id), f"{place['f']}:{place['l']}", str(made.block.area_field), nearest[0][0] if nearest else None)
        )
    return int(count), int(stray), found
