"""A scratch copy of the project, in which tests run with one file changed."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest

from mutation.table import ROOT

HEAVY = (
    *("aiohttp.web", "apprise", "duckdb", "faust.app", "faust.transport.drivers.aiokafka"),
    *("hypothesis.strategies", "kafka.admin", "numpy", "playwright.sync_api"),
)
"""What takes most of a test's start. It is imported once; the tests run in forks, which import Cotejo anew."""

UNKNOWN = 120.0
"""Seconds for tests whose time nobody has measured."""

SLACK = 60.0
"""Seconds that tests may take beyond eight times their usual; then they count as hung."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Tests that run in one process until the first failure, and the seconds that they usually take."""

    tests: tuple[str, ...]
    seconds: float = UNKNOWN


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault. `by` names the first test that failed, or says how else it was noticed."""

    noticed: bool
    by: str
    seconds: float


class Trial:
    """The scratch copy. `options` are pytest's, for all runs."""

    def __init__(self, place: Path, options: Sequence[str] = ()) -> None:
        self.place = place
        self._options = options
        self._sound: set[str] = set()
        for name in _tracked():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
        for name in HEAVY:
            importlib.import_module(name)

    def text(self, file: str) -> str:
        """A file's text without any fault."""
        return (self.place / file).read_text(encoding="utf-8")

    def judge(self, file: str, text: str, stages: Iterable[Stage]) -> Outcome:
        """Whether these tests notice that `file` reads `text`."""
        before, began = self.text(file), time.monotonic()
        for stage in stages:
            try:
                self._write(file, text)
                by = self._run(stage)
            finally:
                self._write(file, before)
            if by and self._is_sound(by, stage):
                return Outcome(True, by, time.monotonic() - began)
        return Outcome(False, "", time.monotonic() - began)

    def _is_sound(self, by: str, stage: Stage) -> bool:
        """Whether what failed passes without any fault. A test that fails anyway, as on a busy machine, notices
        nothing; it is named on stderr."""
        if by not in self._sound:
            if self._run(stage if "hangs" in by else Stage((by,), max(stage.seconds, UNKNOWN))):
                print(f"{by} fails without any fault", file=sys.stderr, flush=True)
                return False
            self._sound.add(by)
        return True

    def _write(self, file: str, text: str) -> None:
        path = self.place / file
        path.write_text(text, encoding="utf-8")
        # Python knows compiled code to be stale by the second and the size of its source: both may be the same here.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()

    def _run(self, stage: Stage) -> str:
        """The first test that fails, in words; nothing if none does."""
        shutil.rmtree(self.place / ".hypothesis", ignore_errors=True)
        told = self.place / "told.txt"
        running = get_context("fork").Process(target=self._pytest, args=(stage.tests, told))
        running.start()
        running.join(8 * stage.seconds + SLACK)
        if running.is_alive():
            _end(running.pid)
            running.join()
            return f"{stage.tests[0]} (or one after it hangs)" if len(stage.tests) > 1 else f"{stage.tests[0]} (hangs)"
        output = told.read_text(encoding="utf-8", errors="replace")
        if running.exitcode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return ""
        if running.exitcode == pytest.ExitCode.USAGE_ERROR and "not found" in output:
            raise RuntimeError(output)
        failed = re.search(r"^(?:FAILED|ERROR) (\S+(?: [^-\n][^\n]*?)?)(?: - |$)", output, re.MULTILINE)
        return failed[1] if failed else stage.tests[0]

    def _pytest(self, tests: Sequence[str], told: Path) -> None:
        """Run tests in this process, which is a fork, and end it."""
        os.setsid()
        with told.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(self.place)
        here = [str(self.place), str(self.place / "scripts")]
        sys.path[:0] = here
        os.environ["PYTHONPATH"] = os.pathsep.join(here)
        os.environ.setdefault("COTEJO_DATA", str(ROOT.parent / "shared" / "data"))
        # Hypothesis tries the same examples each time, and knows nothing of those that another fault failed.
        options = ("-x", "-q", "--tb=no", "-rfE", "--hypothesis-seed=0")
        plugins = ("-p", "no:cacheprovider", "-p", "mutation.properties")
        code = pytest.main([*options, *plugins, *self._options, *tests])
        sys.stdout.flush()
        os._exit(code)


def _end(leader: int | None) -> None:
    """End the tests and all that they have started."""
    assert leader is not None
    for number in (15, 9):
        with suppress(ProcessLookupError):
            os.killpg(leader, number)
        time.sleep(3)


@contextmanager
def scratch(options: Sequence[str] = ()) -> Iterator[Trial]:
    """A copy of what git tracks, as it stands in the working tree; it is deleted behind the block."""
    with tempfile.TemporaryDirectory(prefix="cotejo-mutate-") as place:
        yield Trial(Path(place), options)


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
