"""The files of a source: found below the data's directory, unpacked and decoded. Nothing outside it is read."""

import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from streams.nights.importers.map_file import Format, Source
from streams.regular_file import open_regular
from streams.support.ahead import Ahead

MOST_CHARACTERS: Final = 4_000_000
"""Of one row of a text file. A file without line ends is none."""
MOST_DOCUMENT: Final = 512 * 2**20
"""Bytes of a workbook, characters of a JSON document: it is held in memory as a whole."""
MOST_UNPACKED: Final = 200
"""Times its own size that an archive may unpack to. Published tables unpack to some 10 times their size, an archive
that is made to fill a disk to 1,000 times."""
FREE_BYTES: Final = 64 * 2**20
"""That any archive may unpack to."""
_BLOCK: Final = 2**20

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
    size: int
    """Bytes that it takes on disk, or in its archive."""
    member: bool = False
    """Whether it lies in an archive."""

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name.lower().removesuffix(".gz")).suffix

    @contextmanager
    def reading(self) -> Iterator[IO[bytes]]:
        """Its bytes, unpacked. Raises `SourceError` for what cannot be read, or unpacks to too much."""
        try:
            with self.open() as raw:
                packed = self.name.lower().endswith(".gz")
                content = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
                if not packed and not self.member:
                    yield content
                    return
                unpacked = _buffered(_Unpacked(content, self))
                with Ahead(iter(partial(unpacked.read, _BLOCK), b"")) as blocks:
                    yield _buffered(_Blocks(blocks))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile) as error:
            why = getattr(error, "strerror", None) or str(error)
            cure = f"cannot be read: {why}: is the file whole? Fetch it again"
            raise SourceError(self.name, 0, cure) from error


def parts(places: Sequence[Path], source: Source) -> list[Part]:
    """The files of a source, in the order of their names; each pattern is looked for in the first of the directories
    that has any. Raises `SourceError` where none has."""
    patterns = [source.files] if isinstance(source.files, str) else source.files
    by_name: dict[str, Part] = {}
    for pattern in patterns:
        path = PurePosixPath(pattern)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise SourceError(pattern, 0, "name files below the directory of --data, without ..")
        matching = next(filter(None, (list(_matching(data, pattern)) for data in places)), None)
        if matching is None:
            raise SourceError(str(places[0] / pattern), 0, "cannot be read: there is no such file")
        _check_names(matching)
        by_name |= {part.name: part for part in matching}
    return [by_name[name] for name in sorted(by_name)]


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
    format = source.format or _SUFFIXES.get(part.suffix)
    if format is None:
        raise SourceError(part.name, 0, "what is it? Say `format`: csv, json, jsonl, parquet or workbook")
    return format


def _matching(data: Path, pattern: str) -> Iterator[Part]:
    outer, archive, inner = _split(pattern)
    for path in sorted(data.glob(outer)):
        shown = path.relative_to(data).as_posix()
        if not path.is_file():
            continue
        if not path.resolve().is_relative_to(data.resolve()):
            raise SourceError(shown, 0, "is a link to a file outside the directory of --data: copy the file there")
        if not archive:
            yield Part(shown, lambda path=path: open_regular(path), path.stat().st_size)  # type: ignore[misc]
            continue
        try:
            with zipfile.ZipFile(path) as file:
                members = [info for info in file.infolist() if not info.is_dir()]
        except (OSError, zipfile.BadZipFile) as error:
            raise SourceError(shown, 0, f"cannot be read: {error}") from error
        for info in members:
            if fnmatchcase(info.filename, inner):
                member = partial(_member, path, info.filename)
                yield Part(f"{shown}/{info.filename}", member, info.compress_size, member=True)


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


def text_blocks(part: Part, raw: IO[bytes], encoding: str, longest: int = MOST_CHARACTERS) -> Iterator[str]:
    """The text of a file, many whole lines at a time, without the end of the last. Raises `SourceError` where the
    encoding is not the file's, or a line has more characters than `longest`."""
    encoding = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        decoder = io.TextIOWrapper(_buffered(_Raw(raw)), encoding=encoding, newline=None)
    except LookupError:
        raise SourceError(part.name, 0, f"there is no encoding {encoding}: name one that Python decodes") from None
    begun, length, line = list[str](), 0, 0
    try:
        while text := decoder.read(_BLOCK):
            if "\0" in text:
                at = line + text[: text.index("\0")].count("\n") + 1
                raise SourceError(part.name, at, f"holds NUL characters in {encoding}: is it UTF-16? Say `encoding`")
            lines, end, last = text.rpartition("\n")
            if end:
                line += lines.count("\n") + 1
                yield "".join([*begun, lines])
                begun, length = [], 0
            begun.append(last)
            length += len(last)
            if length > longest:
                cure = f"goes on for more than {longest:,} characters without an end: is it the right file?"
                raise SourceError(part.name, line + 1, cure)
    except UnicodeError:  # of UTF-16 without a byte-order mark it is no UnicodeDecodeError
        at = _undecodable(part, encoding)
        raise SourceError(part.name, at, f"is not {encoding}: say its `encoding`, such as latin-1 or cp1252") from None
    if length:
        yield "".join(begun)


def whole_text(part: Part, raw: IO[bytes], encoding: str) -> str:
    """All of a text file. Raises `SourceError` as `text_blocks` does, and for more characters than `MOST_DOCUMENT`."""
    blocks, length = list[str](), 0
    for block in text_blocks(part, raw, encoding, MOST_DOCUMENT):
        blocks.append(block)
        length += len(block)
        if length > MOST_DOCUMENT:
            cure = f"is a document of more than {MOST_DOCUMENT:,} characters: publish one object a line (.jsonl)"
            raise SourceError(part.name, 0, cure)
    return "\n".join(blocks)


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
            except UnicodeError:
                return lines
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


class _Unpacked(_Raw):
    """What an archive unpacks to, as much of it as can be meant."""

    def __init__(self, file: IO[bytes], part: Part) -> None:
        super().__init__(file)
        self._part, self._left = part, max(FREE_BYTES, MOST_UNPACKED * part.size)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = super().readinto(buffer)
        self._left -= count
        if self._left < 0:
            cure = f"unpacks to more than {MOST_UNPACKED} times its size: if that is meant, unpack it yourself"
            raise SourceError(self._part.name, 0, cure)
        return count


class _Blocks(io.RawIOBase):
    """A stream of bytes that come in blocks."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._block = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._block:
            self._block = memoryview(next(self._blocks, b""))
        count = min(len(buffer), len(self._block))
        buffer[:count], self._block = self._block[:count], self._block[count:]
        return count


def _buffered(raw: io.RawIOBase) -> IO[bytes]:
    return io.BufferedReader(raw, _BLOCK)
