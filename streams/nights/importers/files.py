"""The files of a source: found below the data's directory, unpacked and decoded. Nothing outside it is read."""

import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from streams.nights.importers.map_file import Format, Source
from streams.regular_file import open_regular

_SUFFIXES: Final[dict[str, Format]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".psv"), "csv"),
    ".json": "json",
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".parquet": "parquet",
    **dict.fromkeys((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), "workbook"),
}


class SourceError(Exception):
    """A published file is not as its source says: `file`, `line` (0 where it has none), `cure`."""

    def __init__(self, file: str, line: int, cure: str, column: str = "", code: str = "") -> None:
        self.file, self.line, self.cure, self.column, self.code = file, line, cure, column, code
        where = f"{file}:{line}" if line else file
        super().__init__(": ".join(filter(None, (where, column, code, cure))))


@dataclass(frozen=True)
class Part:
    """One file, or one member of a ZIP archive. `name` is its path below the data's directory."""

    name: str
    open: Callable[[], IO[bytes]]
    path: Path | None = None
    """On disk, where it stands there as it is."""

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name.lower().removesuffix(".gz")).suffix

    @contextmanager
    def reading(self) -> Iterator[IO[bytes]]:
        """Its bytes, unpacked. Raises `SourceError` for what cannot be read."""
        try:
            with self.open() as raw:
                packed = self.name.lower().endswith(".gz")
                yield cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
            why = getattr(error, "strerror", None) or str(error)
            cure = f"cannot be read: {why}: is the file whole? Fetch it again"
            raise SourceError(self.name, 0, cure) from error


def parts(places: Sequence[Path], source: Source) -> list[Part]:
    """The files of a source, in the order of their names; each pattern is looked for in the first of the directories
    that has any. Raises `SourceError` where none has."""
    patterns = [source.files] if isinstance(source.files, str) else source.files
    found: dict[str, Part] = {}
    for pattern in patterns:
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise SourceError(pattern, 0, "name files below the directory of --data, without ..")
        matching = next(filter(None, (list(_matching(data, pattern)) for data in places)), None)
        if matching is None:
            raise SourceError(str(places[0] / pattern), 0, "cannot be read: there is no such file")
        _check_names(matching)
        found |= {part.name: part for part in matching}
    return [found[name] for name in sorted(found)]


def _check_names(matching: Sequence[Part]) -> None:
    """Raise `SourceError` for a name that two members of an archive have, or that would not stay on its line."""
    seen = set[str]()
    for part in matching:
        if not part.name.isprintable():
            raise SourceError(repr(part.name), 0, "has a name with control characters: rename it")
        if part.name in seen:
            raise SourceError(part.name, 0, "is in the archive more than once: rename one, or take it out")
        seen.add(part.name)


def format_of(part: Part, source: Source) -> Format:
    """How it is to be read. Raises `SourceError`."""
    known = source.format or _SUFFIXES.get(part.suffix)
    if known is None:
        raise SourceError(part.name, 0, "what is it? Say `format`: csv, json, jsonl, parquet or workbook")
    return known


def _matching(data: Path, pattern: str) -> Iterator[Part]:
    outer, archive, inner = _split(pattern)
    for path in sorted(data.glob(outer)):
        shown = path.relative_to(data).as_posix()
        if not path.is_file():
            continue
        if not path.resolve().is_relative_to(data.resolve()):
            raise SourceError(shown, 0, "is a link to a file outside the directory of --data: copy the file there")
        if not archive:
            plain = not shown.lower().endswith(".gz")
            yield Part(shown, lambda path=path: open_regular(path), path if plain else None)  # type: ignore[misc]
            continue
        try:
            with zipfile.ZipFile(path) as file:
                members = [info.filename for info in file.infolist() if not info.is_dir()]
        except (OSError, zipfile.BadZipFile) as error:
            raise SourceError(shown, 0, f"cannot be read: {error}") from error
        for member in members:
            if fnmatchcase(member, inner):
                yield Part(f"{shown}/{member}", lambda path=path, member=member: _member(path, member))  # type: ignore[misc]


def _split(pattern: str) -> tuple[str, bool, str]:
    """A pattern such as "night.zip/*.csv": that of the archive, whether there is one, that of its members."""
    outer, archive, inner = pattern.partition(".zip/")
    return (outer + ".zip", True, inner) if archive else (pattern, False, "")


def _member(path: Path, member: str) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:  # the member keeps the file open until it is closed itself
        try:
            return archive.open(member)
        except RuntimeError as error:  # it is encrypted, or packed by a method that Python does not know
            raise zipfile.BadZipFile(str(error)) from None


def text_lines(part: Part, raw: IO[bytes], encoding: str) -> Iterator[Sequence[str]]:
    """The lines of a text file, many at a time, without their ends. Raises `SourceError` where the encoding is not the
    file's."""
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        decoder = io.TextIOWrapper(io.BufferedReader(_Raw(raw), 1 << 20), encoding=encoding, newline=None)
    except LookupError:
        raise SourceError(part.name, 0, f"there is no encoding {encoding}: name one that Python decodes") from None
    rest, line = "", 0
    try:
        while text := decoder.read(1 << 20):
            if "\0" in text:
                at = line + text[: text.index("\0")].count("\n") + 1
                raise SourceError(part.name, at, f"holds NUL characters in {encoding}: is it UTF-16? Say `encoding`")
            lines = (rest + text).split("\n")
            rest = lines.pop()
            line += len(lines)
            yield lines
    except UnicodeDecodeError:
        at = _undecodable(part, encoding)
        raise SourceError(part.name, at, f"is not {encoding}: say its `encoding`, such as latin-1 or cp1252") from None
    if rest:
        yield [rest]


def _undecodable(part: Part, encoding: str) -> int:
    """The first line that cannot be decoded."""
    with part.reading() as raw:
        lines, decoder = 1, io.IncrementalNewlineDecoder(None, True)
        bytes_decoder = codecs.getincrementaldecoder(encoding)()
        while block := raw.read(1 << 16):
            try:
                lines += decoder.decode(bytes_decoder.decode(block)).count("\n")
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore")
                return lines + good.count("\n")
    return lines


class _Raw(io.RawIOBase):
    """A stream that is closed by whoever opened it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        block = self._file.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)
