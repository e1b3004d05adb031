"""What imports and exports share of DuckDB: names and texts in SQL, errors in a line, databases that are shut in."""

import duckdb


def name(text: str) -> str:
    """An identifier of SQL."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text of SQL."""
    return "'" + text.replace("'", "''") + "'"


def first_sentence(error: Exception) -> str:
    """What DuckDB says, on one line, without the excerpt of the SQL below it."""
    return " ".join(str(error).split("\nLINE ")[0].split())


def shut_in(connection: duckdb.DuckDBPyConnection) -> None:
    """From here on a statement reaches the tables and nothing else: no file, no network, no extension, no setting."""
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
