"""A night's tables as files in a directory."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from streams import __version__
from streams.config import election_writer
from streams.core.election.model import Election
from streams.core.replay.outcome import Outcome
from streams.nights.exports import database, dictionary
from streams.nights.exports.catalogue import BY_NAME
from streams.nights.exports.collect import collect
from streams.nights.exports.database import Format
from streams.nights.exports.dictionary import Lang
from streams.nights.exports.import_map import MAP, import_map
from streams.nights.source import Night
from streams.support.atomic_directory import whole_directory

ELECTION_FILES: Final = "election"
"""Where the election's own files stand in an export: the names of some of them are those of tables."""


def export(
    night: Night,
    election: Election,
    directory: Path,
    format: Format,
    every: int,
    progress: Callable[[int], None],
    lang: Lang = "en",
) -> tuple[Mapping[str, int], Outcome]:
    """Write every table into a directory, with the data dictionary in a language, the election's files and a map to
    import them. Returns the rows of each table, and what the night came to. Raises `CotejoError`, and leaves what was
    there as it was."""
    with whole_directory(directory, dictionary.DICTIONARY) as fresh:
        with TemporaryDirectory(dir=fresh) as place, database.open_database(Path(place)) as connection:
            scratch, outcome = collect(night, election, BY_NAME, Path(place), every, progress)
            database.fill(connection, election, scratch, BY_NAME)
            rows = database.write(connection, election, fresh, format)
            filled = {name: database.filled(connection, name) for name in ("readings", "bulletins")}
        text = dictionary.of_export(election, outcome.at, outcome.sha256, __version__, rows, lang)
        (fresh / dictionary.DICTIONARY).write_text(text, encoding="utf-8")
        election_writer.write(election, fresh / ELECTION_FILES)
        text = import_map(election, f"{ELECTION_FILES}/{election_writer.ELECTION}", format, filled)
        (fresh / MAP).write_text(text, encoding="utf-8")
    return rows, outcome
