"""The sections of an election file, and its names in several languages."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from streams.config.toml_file import Toml
from streams.core.election.model import Group, Option, Receiver
from streams.core.election.names import LANGUAGES, named


class Head(msgspec.Struct):
    """The section `[election]`. `areas`, `register` and `reporters` name files beside the election file."""

    id: str
    name: str
    areas: str
    register: str
    notice: str = ""
    levels: tuple[str, ...] = ()
    reporters: str = ""


class Signatory(msgspec.Struct):
    """A section `[[authority]]`. `public_key` is Ed25519 in base64; without one its bulletins need no signature."""

    id: str
    public_key: str = ""
    areas: tuple[str, ...] = ()


class NamedSample(msgspec.Struct):
    """The section `[sample]`: the sample's file, and what was published of it."""

    file: str
    seed: str = ""
    sha256: str = ""
    unseen: float | None = None


class NamedMap(msgspec.Struct):
    """The section `[map]`: the file of shapes, and the property of a feature that names its area."""

    file: str
    property: str = "id"


class File(msgspec.Struct):
    """An election file as it stands, before thresholds are checked and other files are read."""

    election: Head
    option: list[Option]
    group: list[Group] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    receiver: list[Receiver] = []
    authority: list[Signatory] = []
    sample: NamedSample | None = None
    map: NamedMap | None = None


SHAPES: Final[Mapping[str, Any]] = {
    "election": Head,
    "option": Option,
    "group": Group,
    "receiver": Receiver,
    "authority": Signatory,
    "sample": NamedSample,
    "map": NamedMap,
    "": File,
}


def read(toml: Toml) -> File:
    """An election file's content. Raises `ElectionFileError`."""
    data = toml.data()
    toml.check_printable(data)
    names = dict(_take_names(toml, data))
    return _with_names(toml.convert(data), names)


def _take_names(toml: Toml, data: dict[str, Any]) -> Iterator[tuple[tuple[str, int, str], str]]:
    """Take the names that are given in several languages out of the data, where their first text stays. Gives the
    table, place in it, and key of each."""
    for table, keys in _NAMED.items():
        given = data.get(table)
        for i, item in enumerate(given if isinstance(given, list) else [given]):
            for key in keys if isinstance(item, dict) else ():
                if isinstance(item.get(key), dict):
                    place = f"{table}[{i}].{key}" if isinstance(given, list) else f"{table}.{key}"
                    texts = item[key]
                    fine = texts and texts.keys() <= set(LANGUAGES)
                    toml.check(fine, place, f"give a text for each of {', '.join(LANGUAGES)}, or one text")
                    for language, text in texts.items():
                        fine = isinstance(text, str) and text.strip()
                        toml.check(fine, f"{place}.{language}", "write something here")
                    item[key] = next(iter(texts.values()))
                    yield (table, i, key), named(texts)


_NAMED: Final[Mapping[str, tuple[str, ...]]] = {"election": ("name", "notice"), "option": ("name",), "group": ("name",)}
"""The keys of each table that may be given in several languages."""


def _with_names(content: File, names: Mapping[tuple[str, int, str], str]) -> File:
    for (table, i, key), name in names.items():
        if table == "election":
            setattr(content.election, key, name)
        elif table == "option":
            content.option[i] = replace(content.option[i], name=name)
        else:
            content.group[i] = replace(content.group[i], name=name)
    return content
