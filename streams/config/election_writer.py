"""An election as the files that `election_file` reads: TOML, and the CSVs beside it."""

import csv
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streams.core.election.model import Election
from streams.core.election.names import Name, languages_of
from streams.core.election.register import PollingTable, Register
from streams.core.election.thresholds import NAMES

ELECTION, AREAS, REGISTER, REPORTERS = "election.toml", "areas.csv", "register.csv", "reporters.csv"
SAMPLE, MAP = "sample.csv", "areas.geojson"
FILES = (ELECTION, AREAS, REGISTER, REPORTERS, SAMPLE, MAP)
"""Every file that an election may be written into."""


def write(election: Election, directory: Path) -> Path:
    """Write the election into `directory`, made if missing; return the path of the TOML file."""
    directory.mkdir(parents=True, exist_ok=True)
    languages = sorted(languages_of(area.name for area in election.areas.values()))
    _csv(
        directory / AREAS,
        ("id", "parent", "name", "level", "tables", "registered", *(f"name_{language}" for language in languages)),
        (
            (a.id, a.parent, a.name, a.level, a.tables, a.registered, *_texts(a.name, languages))
            for a in election.areas.values()
        ),
    )
    _csv(directory / REGISTER, ("table", "area", "registered"), _tables(election.tables))
    if election.reporters:
        _csv(
            directory / REPORTERS,
            ("reporter", "group", "source", "public_key"),
            (
                (id, signatory.group, signatory.source, _text(signatory.public_key))
                for id, signatory in election.reporters.items()
            ),
        )
    if election.sample is not None:
        (directory / SAMPLE).write_bytes(election.sample.file)
    if election.map is not None:
        (directory / MAP).write_bytes(election.map.file)
    path = directory / ELECTION
    path.write_text("\n".join(_toml(election)) + "\n", encoding="utf-8")
    return path


def _tables(tables: Mapping[str, PollingTable]) -> Iterable[tuple[str, str, int | None]]:
    if isinstance(tables, Register):  # a million rows: from its columns in a fifth of the time
        voters = [None if registered < 0 else registered for registered in tables.registered.tolist()]
        return zip(tables.number, map(tables.areas.__getitem__, tables.home.tolist()), voters, strict=True)
    return ((id, table.area, table.registered) for id, table in tables.items())


def _toml(election: Election) -> Iterable[str]:
    head = {"id": election.id, "name": election.name, "notice": election.notice, "levels": election.levels}
    files = {"areas": AREAS, "register": REGISTER, **({"reporters": REPORTERS} if election.reporters else {})}
    yield from _section("[election]", {**head, **files})
    for option in election.options:
        yield from _section("[[option]]", asdict(option))
    for group in election.groups:
        yield from _section("[[group]]", asdict(group))
    yield from _section("[reconcile]", asdict(election.policy))
    for name, rule in asdict(election.rules).items():
        yield from _section(f"[rules.{name}]", rule)
    yield from _section("[alerts]", asdict(election.alerts))
    yield from _section("[metrics]", asdict(election.metrics))
    if (sample := election.sample) is not None:
        given = {"seed": sample.seed, "sha256": sample.published, "unseen": sample.unseen}
        yield from _section("[sample]", {"file": SAMPLE, **{key: v for key, v in given.items() if v not in ("", None)}})
    if election.map is not None:
        yield from _section("[map]", {"file": MAP, "property": election.map.property})
    for receiver in election.receivers:
        yield from _section("[[receiver]]", asdict(receiver))
    for id, authority in election.authorities.items():
        key = {"public_key": _text(authority.public_key)} if authority.public_key else {}
        yield from _section("[[authority]]", {"id": id, **key, "areas": authority.areas})


def _text(key: bytes) -> str:
    return b64encode(key).decode()


def _section(header: str, fields: dict[str, Any]) -> Iterable[str]:
    yield header
    for key, value in fields.items():
        if isinstance(value, frozenset):
            value = sorted(value)
        if isinstance(value, Name):
            inline = ", ".join(
                f"{name} = {json.dumps(text, ensure_ascii=False)}" for name, text in value.others.items()
            )
            yield f"{NAMES.get(key, key)} = {{{inline}}}"
            continue
        # A JSON string, number or array of strings is also one of TOML.
        yield f"{NAMES.get(key, key)} = {json.dumps(value, ensure_ascii=False)}"
    yield ""


def _texts(name: str, languages: Iterable[str]) -> list[str]:
    """A name in each of these languages, "" where it has none of its own there."""
    return [name.others.get(language, "") if isinstance(name, Name) else "" for language in languages]


def _csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
