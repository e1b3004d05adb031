"""What the program says while it runs, through `logging`, on stderr: lines for people, or JSON lines for machines."""

import logging
import os
import sys
from typing import Final, Literal

import orjson

from streams.text import shown
from streams.times import rfc3339

LogFormat = Literal["text", "json"]
LOG_FORMAT: Final = "COTEJO_LOG_FORMAT"
"""The environment variable that names the format: `text`, unless it is `json`."""
LOG: Final = logging.getLogger("cotejo.notes")


class JsonLines(logging.Formatter):
    """One JSON object a line: `at` (RFC 3339), `level`, `logger`, `message`, and `error` with the traceback, if any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": rfc3339(round(1000 * record.created)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps({name: shown(text) for name, text in line.items()}).decode()


class _Text(logging.Formatter):
    """The message behind the program's name, or behind the record's own `before`."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{getattr(record, 'before', 'cotejo: ')}{record.getMessage()}"


class _Stderr(logging.Handler):
    """Writes to stderr as it is now, and raises what cannot be written."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


_HANDLER: Final = _Stderr()


def is_json() -> bool:
    """Whether the log is JSON lines."""
    return isinstance(_HANDLER.formatter, JsonLines)


def set_format(format: LogFormat) -> None:
    """Write the log as text or as JSON lines, what libraries warn of included."""
    _HANDLER.setFormatter(JsonLines() if format == "json" else _Text())
    logging.lastResort = _LIBRARIES if format == "json" else _PYTHON


_PYTHON: Final = logging.lastResort
_LIBRARIES: Final = _Stderr(logging.WARNING)
_LIBRARIES.setFormatter(JsonLines())
LOG.addHandler(_HANDLER)
LOG.setLevel(logging.INFO)
LOG.propagate = False
set_format("json" if os.environ.get(LOG_FORMAT) == "json" else "text")
