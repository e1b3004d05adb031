"""One SQL statement over a night's tables."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb

from streams.core.election.model import Election
from streams.nights.errors import NightError
from streams.nights.exports import database
from streams.nights.exports.collect import collect
from streams.nights.source import Night
from streams.nights.sql import first_sentence, interruptibly, shut_in

EVERY: Final = 600_000
"""Milliseconds of event time of which an area's state is kept once, unless told."""
_FETCHED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The columns' names, and the rows, which are fetched as they are read."""

    columns: Sequence[str]
    rows: Iterator[Sequence[Any]]


@contextmanager
def answered(
    night: Night, election: Election, statement: str, every: int, progress: Callable[[int], None]
) -> Iterator[Answer]:
    """Replay a night, and run a statement over its tables: those that it names are made. Raises `NightError` for a
    statement that DuckDB refuses."""
    asked = database.asked_in(statement)
    with TemporaryDirectory(prefix="cotejo-") as place, database.open_database(Path(place)) as connection:
        scratch, _ = collect(night, election, asked, Path(place), every, progress)
        database.fill(connection, election, scratch, asked)
        shut_in(connection)
        try:
            interruptibly(connection, lambda: connection.execute(statement))
            columns = [name for name, *_ in connection.description or ()]
            yield Answer(columns, _rows(connection))
        except duckdb.Error as error:
            raise NightError(f"the query: {first_sentence(error)}") from None


def _rows(connection: duckdb.DuckDBPyConnection) -> Iterator[Sequence[Any]]:
    while some := interruptibly(connection, lambda: connection.fetchmany(_FETCHED)):
        yield from some
