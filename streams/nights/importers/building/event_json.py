"""Events of the database's tables as JSON: what `streams.core.events.codec` would write."""

from collections.abc import Container, Iterator, Sequence
from itertools import islice
from typing import Final

import orjson

from streams.core.election.model import Election
from streams.core.events.codec import decode_any
from streams.core.events.field_reader import declared_fields
from streams.core.events.model import Bulletin, Count, Ratio, Shares, TallyReport, Tick, Time, Votes
from streams.nights.arrival import Arrival
from streams.nights.eventlog.generated_night import Encoded
from streams.nights.importers.building.event_checks import EventTable, Figure
from streams.nights.importers.database import Database
from streams.nights.sql import literal, name

PIECE: Final = 122_880
"""Events that are fetched at once."""
TAGS: Final = {TallyReport: "tally-report", Bulletin: "bulletin", Tick: "tick"}


def stream(db: Database, tables: Sequence[EventTable]) -> Iterator[Encoded]:
    """All events, many at a time, in the order that the map says, else of their time."""
    if not tables:
        return
    of_tables = (
        f"SELECT {number} AS _part, {name(made.at)} AS _time, {_key(made)} AS _key, {_own(made)} AS _own, "
        f"enum_code(_file) AS _file, {', '.join(map(name, ['_line', *_columns(made)]))} FROM {name(made.table)}"
        for number, made in enumerate(tables)
    )
    order = "_order, " if tables[0].block.order else ""
    several = ", id" if any(made.block.join and "id" in made.fields for made in tables) else ""  # of one row
    db.run(
        f"CREATE OR REPLACE TABLE _ordered AS SELECT * EXCLUDE (_file, _line) "
        f"FROM ({' UNION ALL BY NAME '.join(of_tables)}) ORDER BY {order}_time, _part, _file, _line{several}"
    )
    texts = " ".join(f"WHEN {number} THEN {_json(db, made)}" for number, made in enumerate(tables))
    for keys, own, times, contents in db.slices("_ordered", f"_key, _own, _time, CASE _part {texts} END", PIECE):
        yield Encoded(keys.tolist(), own.tolist(), times.tolist(), list(map(str.encode, contents.tolist())))


def doubtful(db: Database, election: Election, tables: Sequence[EventTable]) -> Iterator[list[Arrival]]:
    """The events that anything could be wrong with, many at a time, in the order of the map."""
    for made in tables:
        if made.block.kind is Tick:
            continue
        sql = f"SELECT _file, _line, {name(made.at)}, encode({_json(db, made)}) FROM {name(made.table)} "
        sql += f"WHERE coalesce({_doubtful(election, made)}, true) ORDER BY _file, _line"
        for rows in db.pieces(sql, PIECE):
            yield [
                Arrival(file, line, decode_any(content), content, topic="", arrived=at)
                for file, line, at, content in rows
            ]


def readers(db: Database, election: Election, tables: Sequence[EventTable]) -> Iterator[list[tuple[str, str, bool]]]:
    """Who read which polling table in the reports that `doubtful` leaves out, and whether from a trusted source; many
    at a time. Nobody, where one reader is enough."""
    if election.policy.quorum <= 1:
        return
    trusted = ", ".join(map(literal, election.policy.trusted_sources))
    for made in tables:
        if made.block.kind is not TallyReport:
            continue
        who = "coalesce(reporter_group, reporter)" if "reporter_group" in made.fields else "reporter"
        from_trusted = f"coalesce(source IN ({trusted}), false)" if trusted and "source" in made.fields else "false"
        yield from db.pieces(
            f'SELECT DISTINCT "table", {who}, {from_trusted} FROM {name(made.table)} '
            f"WHERE NOT coalesce({_doubtful(election, made)}, true)",
            PIECE,
        )


def _key(made: EventTable) -> str:
    return "''" if made.block.kind is Tick else name(made.block.area_field)


def _own(made: EventTable) -> str:
    """Whether an event goes with the reports of a polling table."""
    return {TallyReport: "true", Bulletin: "_home NOTNULL", Tick: "false"}[made.block.kind]


def _columns(made: EventTable) -> list[str]:
    """Those that its JSON is made of, and what orders it."""
    placed = ["_order"] if made.block.order else []
    return [*made.fields, *(each.column for each in (*made.votes, *made.shares)), *placed]


def _doubtful(election: Election, made: EventTable) -> str:
    """SQL that is true of each event that `EventCheck` could say anything of, and of few others: a report of an unknown
    polling table, with an option left out, with ballots that are not its votes, with more of them than voters; a
    bulletin of an area, which are few."""
    if election.reporters or election.authorities:
        return "true"
    if made.block.kind is Bulletin:
        return "_home IS NULL" if "sequence" not in made.block.fields else "true"
    if {each.id for each in made.votes} != election.read_options.keys() or {"bound", "retracted"} & set(made.fields):
        return "true"
    votes = [name(each.column) for each in made.votes]
    others = [f"coalesce({name(key)}, 0)" for key in ("null", "blank") if key in made.fields]
    total = " + ".join([*votes, *others])
    most = election.policy.max_ballots
    limit = f"coalesce(_voters, {most})"
    if "registered" in made.fields:
        limit = f"least({limit}, coalesce(registered, {most}))"
    checks = ["_home IS NULL", f"{total} > {limit} * {min(1.0, election.policy.max_turnout)}"]
    if "ballots" in made.fields:
        checks.append(f"coalesce(ballots, {total}) <> {total}")
    return f"({' OR '.join(checks)})"


def _json(db: Database, made: EventTable) -> str:
    """SQL that makes an event's JSON: keys in their order, nothing that is not known."""
    columns = _columns(made)
    counts = db.row(
        f"SELECT {', '.join(f'count({name(each)}) = count(*)' for each in columns)} FROM {name(made.table)}"
    )
    complete = {column for column, is_complete in zip(columns, counts, strict=True) if is_complete}
    fields = {each.key: each for each in declared_fields(made.block.kind)}
    texts, before = list[str](), True
    for key in sorted([*fields, "type"]):
        if key == "type":
            texts.append(literal(f'"type":"{TAGS[made.block.kind]}"'))
            before = False
            continue
        declared = fields[key]
        if declared.type in (Votes, Shares):
            figures = made.votes if declared.type == Votes else made.shares
            text = _figures(figures, complete) if figures or declared.required else ""
        else:
            text = _value(name(key), declared.type) if key in made.fields else ""
        if text:
            member = [literal(f'"{key}":'), text]
            member = [*member, "','"] if before else ["','", *member]
            is_optional = key in made.fields and (key not in complete or declared.type is bool)
            texts += [_where_known(name(key), declared.type, member)] if is_optional else member
    return f"concat('{{', {', '.join(texts)}, '}}')"


def _where_known(column: str, kind: object, member: Sequence[str]) -> str:
    """Of a flag only the truth is told."""
    return f"CASE WHEN {column if kind is bool else f'{column} NOTNULL'} THEN concat({', '.join(member)}) ELSE '' END"


def _value(column: str, kind: object) -> str:
    if kind is bool:
        return "'true'"
    return column if kind in (Count, Time, Ratio) else f"to_json({column})"


def _figures(figures: Sequence[Figure], complete: Container[str]) -> str:
    members = [
        (name(each.column), [literal(f"{orjson.dumps(each.id).decode()}:"), name(each.column)]) for each in figures
    ]
    if all(each.column in complete for each in figures):
        texts = [text for _, member in members for text in ("','", *member)][1:]
        return f"concat('{{', {', '.join([*texts, literal('}')])})"
    texts = [_where_known(column, None, [*member, "','"]) for column, member in members]
    return f"concat('{{', rtrim(concat({', '.join(texts)}), ','), '}}')"


def strays(db: Database, made: EventTable) -> tuple[int, int, list[tuple[str, str, str, str | None]]]:
    """Of a table's events: how many there are, how many name nothing of the register, and of three such the id, the
    place, and the nearest id that is there."""
    column, table = name(made.block.area_field), name(made.table)
    is_registered = "_home NOTNULL"
    if made.block.kind is Bulletin:
        is_registered += f" OR {column} IN (SELECT area_id FROM _areas)"
    (count, stray) = db.row(f"SELECT count(*), count(*) FILTER (WHERE NOT ({is_registered})) FROM {table}")
    if not stray:
        return count, 0, []
    ids = "SELECT table_id AS id FROM _tables" + (
        " UNION ALL SELECT area_id FROM _areas" if made.block.kind is Bulletin else ""
    )
    examples = []
    rows = db.rows(
        f"SELECT {column}, min({{'f': _file, 'l': _line}}) AS place FROM {table} WHERE NOT ({is_registered}) "
        "GROUP BY 1 ORDER BY place LIMIT 3"
    )
    for id, place in islice(rows, 3):
        nearest = db.rows(f"SELECT id FROM ({ids}) ORDER BY levenshtein(id, ?), id LIMIT 1", id)
        examples.append(
            (str(id), f"{place['f']}:{place['l']}", str(made.block.area_field), nearest[0][0] if nearest else None)
        )
    return int(count), int(stray), examples
