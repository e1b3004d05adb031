"""The entry point of `cotejo`: whatever ends it ends it in one line. It imports the commands itself, so that Ctrl-C
while they are read is none of Python's tracebacks."""

import io
import os
import sys
from contextlib import suppress


def main() -> None:
    """Run the command line; exit code 130 after Ctrl-C, 1 where stdout cannot be written."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Spanish
        from streams.cli import app

        app()(standalone_mode=True)
    except KeyboardInterrupt:
        _end("stopped", 130)
    except SystemExit as ended:
        code = ended.code or 0
        _end("", code) if isinstance(code, int) else _end(code, 1)
    except OSError as error:
        _end(f"{error.filename or 'stdout'}: {error.strerror}", 1)


def _end(text: str, code: int) -> None:
    """Exit, once all is said that still lies in a buffer."""
    try:
        sys.stdout.flush()
    except OSError as error:
        text, code = text or f"stdout: {error.strerror}", code or 1
        with suppress(OSError):  # else Python complains again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if text:
        with suppress(OSError):
            print(f"cotejo: {text}", file=sys.stderr, flush=True)
    sys.exit(code)
