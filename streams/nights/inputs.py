"""The files that a night comes from: their names, sizes and hashes, and what wrote them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from streams.config import election_file
from streams.nights.eventlog.manifest import MANIFEST
from streams.nights.eventlog.reader import EventLog
from streams.nights.jsonl import EventFile


@dataclass(frozen=True, slots=True)
class Input:
    """A file's name, its bytes, and their SHA-256 in hexadecimal digits, as `sha256sum` shows it."""

    name: str
    bytes: int
    sha256: str


def inputs_of(election: Path, sources: Iterable[EventLog | EventFile]) -> list[Input]:
    """The election's files, then each log's and each event file. Ask after the reading: only then is known what came
    by stdin."""
    inputs = [_on_disk(election.parent / name) for name in election_file.files(election)]
    for source in sources:
        if isinstance(source, EventLog):
            inputs += [_on_disk(path) for path in (source.directory / MANIFEST, *(path for _, path in source.files))]
        elif source.sha256 is None:
            inputs.append(_on_disk(source.path))
        else:
            inputs.append(Input("stdin", source.done, source.sha256))
    return inputs


def made_by(sources: Iterable[EventLog | EventFile]) -> dict[str, str]:
    """What wrote the logs among these: versions by name, as their manifests have it."""
    manifests = [source.manifest for source in sources if isinstance(source, EventLog)]
    return {f"{each.writer} ({name})": text for each in manifests for name, text in each.versions.items()}


def _on_disk(path: Path) -> Input:
    with path.open("rb") as file:
        return Input(path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
