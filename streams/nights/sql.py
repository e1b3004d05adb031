"""What imports and exports share of DuckDB: quoting, errors in one line, databases that are shut in, Ctrl-C."""

import re
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final, TypeVar

import duckdb

T = TypeVar("T")


def name(text: str) -> str:
    """An identifier of SQL."""
    return '"' + text.replace('"', '""') + '"'


def readable(column: str) -> str:
    """The same without quotes where none are needed."""
    is_plain = re.fullmatch(r"[A-Za-z_]\w*", column, re.ASCII) and column.lower() not in _KEYWORDS
    return column if is_plain else name(column)


_KEYWORDS: Final = frozenset(
    """all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast
    check collate collation column columns concurrently constraint create cross default deferrable desc describe
    distinct do else end except false fetch for foreign freeze from full generated glob group having ilike in
    initially inner intersect into is isnull join lambda lateral leading left like limit map natural not notnull
    null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing positional primary
    qualify references returning right select semi show similar some struct summarize symmetric table
    tablesample then to trailing true try_cast tuple union unique unpack unpivot using variadic verbose when
    where window with""".split()  # noqa: SIM905
)
"""Words that DuckDB takes for no column's name."""


def literal(text: str) -> str:
    """A text of SQL."""
    return "'" + text.replace("'", "''") + "'"


def none_of(sql: str, texts: Iterable[str]) -> str:
    """Whether a text is none of these, in SQL; NULL is the empty text."""
    return f"coalesce({sql}, '') NOT IN ({', '.join(map(literal, texts))})"


def first_sentence(error: Exception) -> str:
    """What DuckDB says, on one line, without the excerpt of the SQL below it."""
    return " ".join(str(error).split("\nLINE ")[0].split())


def shut_in(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on a statement reaches the tables and nothing else: no file, no network, no extension, no setting."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def interruptibly(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Work of DuckDB that Ctrl-C ends: it does not look for signals itself before it is done."""
    with ThreadPoolExecutor(1) as pool:
        # a signal while the thread starts would leave it to itself: the pool does not know it yet
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        done = pool.submit(work)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return done.result()
        except KeyboardInterrupt:
            while not done.done():  # again, in case it had not begun
                connection.interrupt()
                wait([done], timeout=0.1)
            raise
