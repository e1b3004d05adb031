"""The map with which `cotejo import run` makes the night again from an export's readings and bulletins."""

import json
from collections.abc import Container, Iterator, Mapping
from typing import Final

from streams.core.election.model import Election
from streams.nights.exports.table import suffixes

MAP: Final = "import.toml"

_REPORT: Final = {
    "id": "reading_id",
    "table": "table_id",
    **{name: name for name in ("reporter", "reporter_group", "source", "observed_at", "bound", "retracted")},
    **{name: name for name in ("supersedes", "registered", "ballots", "image_sha256", "url", "signature")},
    "null": "null_votes",
    "blank": "blank_votes",
}
_BULLETIN: Final = {
    "id": "bulletin_id",
    "area": "area_id",
    **{name: name for name in ("authority", "issued_at", "sequence", "status", "supersedes", "tables_counted")},
    **{name: name for name in ("tables_counted_ratio", "registered", "registered_area", "ballots", "valid")},
    **{name: name for name in ("url", "signature")},
    "null": "null_votes",
}
"""Fields of events, and the columns that hold them."""


def import_map(election: Election, election_file: str, format: str, filled: Mapping[str, Container[str]]) -> str:
    """The map, as TOML. `filled` are the columns of "readings" and "bulletins" that are not empty in every row: the
    others are left out, and so is a table without rows. Ticks, fields that Cotejo does not know (`extra`) and events
    with votes for ids that the election does not know are not in it."""
    return "\n".join(_lines(election, election_file, format, filled)) + "\n"


def _lines(election: Election, election_file: str, format: str, filled: Mapping[str, Container[str]]) -> Iterator[str]:
    options = suffixes(option.id for option in election.options)
    figures = suffixes(column.id for column in election.columns)
    yield f"[election]\nfile = {_text(election_file)}\n"
    tables = (("reports", "readings", _REPORT, options), ("bulletins", "bulletins", _BULLETIN, figures))
    for kind, table, fields, ends in tables:
        some = filled[table]
        if "seq" not in some:
            continue
        yield f"[source.{table}]\nfiles = {_text(f'{table}.{format}')}\n"
        yield f"[[{kind}]]"
        yield f'from = "{table}"\norder = "seq"\nempty = "unknown"'
        if "unknown_votes" in some:  # such an event was rejected; without these votes it would not be
            yield 'where = "unknown_votes IS NULL"'
        yield from (f"{field} = {_text(_column(column))}" for field, column in fields.items() if column in some)
        for field, prefix in (("votes", "votes_"), ("announced_shares", "share_")):
            columns = {id: prefix + end for id, end in ends.items() if prefix + end in some}
            if columns:
                yield f"{field} = {{ {', '.join(f'{_text(id)} = {_text(_column(c))}' for id, c in columns.items())} }}"
        yield ""


def _column(name: str) -> str:
    """A column in SQL."""
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    # A JSON string is also one of TOML.
    return json.dumps(value, ensure_ascii=False)
