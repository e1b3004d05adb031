"""A scratch copy of the project, in which tests run with one file changed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mutation.table import ROOT

SLACK = 120.0
"""Seconds that tests may take beyond five times what they take without a fault; then they count as hung."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault. `by` names the first test that failed, or says how else it was noticed."""

    noticed: bool
    by: str
    seconds: float


class Trial:
    """The scratch copy. Test modules run there one at a time, in one process, each until its first failure."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._usual: dict[str, float] = {}
        for name in _tracked():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)

    def text(self, file: str) -> str:
        """A file's text without any fault."""
        return (self._place / file).read_text(encoding="utf-8")

    def judge(self, file: str, text: str, tests: tuple[str, ...]) -> Outcome:
        """Whether these test modules notice that `file` reads `text`. Raises RuntimeError where they fail as it is."""
        usual = {test: self._without_fault(test) for test in tests}
        before = self.text(file)
        began = time.monotonic()
        try:
            self._write(file, text)
            for test in tests:
                if by := self._run(test, 5 * usual[test] + SLACK):
                    return Outcome(True, by, time.monotonic() - began)
        finally:
            self._write(file, before)
        return Outcome(False, "", time.monotonic() - began)

    def _without_fault(self, test: str) -> float:
        """Seconds that a test module takes as it is."""
        if test not in self._usual:
            began = time.monotonic()
            if by := self._run(test, 600):
                raise RuntimeError(f"{test} fails without any fault: {by}")
            self._usual[test] = time.monotonic() - began
        return self._usual[test]

    def _write(self, file: str, text: str) -> None:
        path = self._place / file
        path.write_text(text, encoding="utf-8")
        # Python knows compiled code to be stale by the second and the size of its source: both may be the same here.
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()

    def _run(self, test: str, limit: float) -> str | None:
        """The first test that fails, in words; None if none does."""
        # Hypothesis tries the same examples each time, and knows nothing of those that another fault failed.
        options = ("-x", "-q", "--tb=no", "-rfE", "--hypothesis-seed=0")
        plugins = ("-p", "no:cacheprovider", "-p", "mutation.no_shrinking")
        environment = os.environ | {
            "PYTHONPATH": f"{self._place}{os.pathsep}{self._place / 'scripts'}",
            "COTEJO_DATA": os.environ.get("COTEJO_DATA", str(ROOT.parent / "shared" / "data")),
        }
        shutil.rmtree(self._place / ".hypothesis", ignore_errors=True)
        running = subprocess.Popen(
            [sys.executable, "-m", "pytest", *options, *plugins, test],
            cwd=self._place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            told, _ = running.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            _end(running)
            return f"{test} (hangs)"
        if running.returncode == 0:
            return None
        if running.returncode not in (1, 2, 3):
            raise RuntimeError(told)
        failed = re.search(r"^(?:FAILED|ERROR) (\S+(?: [^-\n][^\n]*?)?)(?: - |$)", told, re.MULTILINE)
        return failed[1] if failed else test


def _end(running: subprocess.Popen[str]) -> None:
    """End the tests and all that they have started."""
    os.killpg(running.pid, 15)
    try:
        running.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, 9)
        running.communicate()


@contextmanager
def scratch() -> Iterator[Trial]:
    """A copy of what git tracks, as it stands in the working tree; it is deleted behind the block."""
    with tempfile.TemporaryDirectory(prefix="cotejo-mutate-") as place:
        yield Trial(Path(place))


def _tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
