"""The map of an import, as its author writes it: a TOML file (docs/import-csv.md)."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from streams.core.election.model import Group, Option
from streams.errors import CotejoError


class MapError(CotejoError):
    """The map, or a file that it names, is not as it must be; the text says where, and the cure."""


class Columns(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    file: str
    skip: dict[str, list[str]] = {}
    """Rows in which a column has one of these values are not meant."""
    unknown: tuple[str, ...] = ("",)
    """Cells that stand for no figure."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","


class Level(msgspec.Struct, forbid_unknown_fields=True):
    level: str
    id: str
    name: str


class Root(msgspec.Struct, forbid_unknown_fields=True):
    level: str
    id: str
    name: str
    tables: int | None = None
    registered: int | None = None


class Register(Columns, kw_only=True):
    table: str
    area: list[Level]
    registered: list[str] = []


class Reports(Columns, kw_only=True):
    id: str
    table: str
    reporter: str
    source: str
    at: str
    votes: dict[str, str]
    group: str = ""
    null: str = ""
    ballots: str = ""
    registered: str = ""
    url: str = ""


class Bulletins(Columns, kw_only=True):
    id: str
    authority: str
    area: str
    at: str
    votes: dict[str, str]
    sequence: str = "{row}"
    status: str = "partial"
    valid: str = ""
    null: str = ""
    ballots: str = ""
    registered: str = ""
    tables_counted: str = ""


class Head(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    notice: str = ""


class Map(msgspec.Struct, forbid_unknown_fields=True):
    election: Head
    root: Root
    option: list[Option]
    register: Register
    group: list[Group] = []
    reports: list[Reports] = []
    bulletins: list[Bulletins] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}


def read(path: Path) -> Map:
    """The map in a file. Raises `MapError`."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Map)
    except OSError as error:
        raise MapError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: write TOML in UTF-8: {error}") from None
    except msgspec.ValidationError as error:
        raise MapError(f"{path}: {error}".replace(" - at `$.", ": in `")) from None
    columns = {*(option.id for option in found.option), *(group.id for group in found.group)}
    named: dict[str, Sequence[Reports | Bulletins]] = {"reports": found.reports, "bulletins": found.bulletins}
    for kind, parts in named.items():
        for i, part in enumerate(parts):
            wrong = [name for name in part.votes if name not in columns]
            if wrong:
                raise MapError(f"{path}: {kind}[{i}].votes.{wrong[0]}: use one of {', '.join(sorted(columns))}")
    return found
