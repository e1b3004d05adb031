"""A process of its own that reads one workbook, in bounded memory: `workbooks` starts it by this file's path.

A workbook of a few hundred bytes can have one cell in the first and one in the last of 17 thousand million places, and
a reader holds the whole rectangle between them. Here such a workbook ends this process and nothing else.

The workbook comes in on stdin. Each line of stdout is JSON: first the names of the sheets, then a row of the sheet that
the first argument names (else of the first sheet), one line each. What stops it is {"error": words}.
"""

import io
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import orjson
from python_calamine import CalamineError, CalamineWorkbook

MOST_MEMORY: Final = 3 * 2**30
"""Bytes of address space: enough for some 20 million cells."""


def lines(content: bytes, wanted: str) -> Iterator[Any]:
    """What goes to stdout, line by line."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        yield book.sheet_names
        rows = book.get_sheet_by_name(wanted or book.sheet_names[0]).to_python(skip_empty_area=False)
    except (CalamineError, OSError, EOFError, RuntimeError, IndexError) as error:
        yield {"error": str(error) or "it has no sheet"}
        return
    for row in rows:
        yield [cell_text(value) for value in row]


def cell_text(value: Any) -> str:
    """A cell as text: whole numbers without a decimal mark, times as ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case datetime() | date() | time():
            return value.isoformat(*([" "] if isinstance(value, datetime) else []))
        case timedelta():
            return str(value.total_seconds())
    return str(value).strip()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in lines(sys.stdin.buffer.read(), sys.argv[1]):
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
