"""What a log is: `manifest.json`, written once, before the first record."""

import hashlib
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import orjson
from msgspec import Meta

from streams.core.events.codec import encode
from streams.core.events.input_topics import TOPICS
from streams.nights.eventlog.errors import LogError
from streams.nights.eventlog.format import ID_BYTES, VERSION
from streams.regular_file import MANIFEST_BYTES, create_private, read_regular

MANIFEST: Final = "manifest.json"
MOST_PARTITIONS: Final = 10_000
"""More than a cluster should have; a replay keeps ledgers for each."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`id` is a hash of all the rest, and every segment carries it. `election` is the election's id, `prefix` stood
    before the topics' names at the broker. `created` is Unix ms, None for a log that was made, not recorded."""

    id: str
    format: int
    election: str
    prefix: str
    partitions: Annotated[int, Meta(ge=1, le=MOST_PARTITIONS)]
    writer: str
    created: int | None
    versions: dict[str, str]
    files: dict[str, str]
    """SHA-256 of the election's files as they were when the log was begun."""

    @property
    def recorded(self) -> bool:
        """Whether it was recorded from a broker, and cannot be made again."""
        return self.created is not None


def begin(
    directory: Path,
    *,
    election: str,
    prefix: str,
    partitions: int,
    writer: str,
    files: Iterable[str],
    created: int | None,
) -> Manifest:
    """Write the manifest of a new log into `directory`, where the election's `files` are already."""
    fields: dict[str, Any] = {
        "format": VERSION,
        "election": election,
        "prefix": prefix,
        "topics": TOPICS,
        "partitions": partitions,
        "writer": writer,
        "created": created,
        "versions": {"cotejo": version("cotejo"), "python": platform.python_version()},
        "files": {name: sha256(directory / name) for name in files},
    }
    path, content = directory / MANIFEST, {"id": _id(fields), **fields}
    fresh = path.with_suffix(".new")
    with create_private(fresh) as file:
        file.write(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return read(directory)


def read(directory: Path) -> Manifest:
    """The manifest of the log in `directory`. Raises `LogError`."""
    path = directory / MANIFEST
    try:
        content = orjson.loads(read_regular(path, MANIFEST_BYTES))
        own_format, is_own = content["format"], content["id"] == _id({k: v for k, v in content.items() if k != "id"})
        if own_format == VERSION and is_own:
            return msgspec.convert(content, Manifest)
    except FileNotFoundError:
        cure = "name a log's directory, or an election file and its event files"
        raise LogError(f"{directory}: is no event log, it has no {MANIFEST}: {cure}") from None
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError, msgspec.ValidationError):
        raise LogError(f"{path}: is no manifest of an event log: take it from a copy") from None
    if own_format != VERSION:
        what = f"format {own_format!r} is unknown here, {VERSION} is known"
        raise LogError(f"{path}: {what}: take the Cotejo that wrote it")
    raise LogError(f"{path}: was changed, its id no longer fits: take it from a copy")


def changed(directory: Path, manifest: Manifest) -> list[str]:
    """The election's files that are not as they were when the log was begun."""
    return [name for name, hash in manifest.files.items() if sha256(directory / name) != hash]


def sha256(path: Path) -> str:
    """A file's hash, empty if there is none. A device or a pipe is none: it could be read for ever."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _id(fields: dict[str, Any]) -> str:
    return hashlib.blake2b(encode(fields), digest_size=ID_BYTES).hexdigest()
