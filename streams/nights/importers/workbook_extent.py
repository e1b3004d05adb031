"""How far a workbook's cells reach, read before they are loaded.

A workbook of two cells, the first and the last that Excel knows, is a few hundred bytes long. Who loads it holds the
whole rectangle between them, 17 thousand million cells, and the process ends for want of memory.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Final

MOST_CELLS: Final = 20_000_000
"""Cells of the rectangle that a sheet's cells span. A million rows of twenty columns are about two gigabytes."""

_PLACE: Final = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["']""")
_CHUNK: Final = 2**20
_OVERLAP: Final = 64
"""Bytes of a chunk that are looked at again with the next: a cell's place may lie across the two."""


def widest_extent(content: bytes) -> tuple[int, int]:
    """The rows and columns that the largest sheet of an .xlsx spans; (0, 0) for any other workbook.

    Raises what `zipfile` raises for an archive that is damaged, encrypted, or packed in a way that it does not know.
    """
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return 0, 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        extents = [_extent(archive, each) for each in archive.namelist()]  # a sheet may have any name
    return max(extents, key=lambda extent: extent[0] * extent[1], default=(0, 0))


def _extent(archive: zipfile.ZipFile, member: str) -> tuple[int, int]:
    rows, columns = 0, 0
    for column, row in _places(archive, member):
        rows, columns = max(rows, int(row)), max(columns, _number(column))
    return rows, columns


def _places(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[bytes, bytes]]:
    with archive.open(member) as file:
        rest = b""
        while chunk := file.read(_CHUNK):
            text = rest + chunk
            yield from set(_PLACE.findall(text))
            rest = text[-_OVERLAP:]


def _number(column: bytes) -> int:
    """A column's number from its letters: A is 1, XFD 16,384."""
    number = 0
    for letter in column.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
