"""A plugin of pytest for `scripts/mutate cover`: notes under which test each line runs, and how long each test takes.

It runs within coverage.py. A test's name is that of its function, whatever its parameters.
"""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import settings

_seconds: defaultdict[str, float] = defaultdict(float)
_failed: set[str] = set()


def name_of(nodeid: str) -> str:
    """A test without its parameters."""
    return nodeid.partition("[")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A few examples of each property show which lines it runs."""
    for item in items:
        function: Any = getattr(item, "obj", None)
        if chosen := getattr(function, "_hypothesis_internal_use_settings", None):
            few = settings(chosen, max_examples=min(chosen.max_examples, 3), deadline=None)
            function._hypothesis_internal_use_settings = few


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """What runs now, runs for this test; in processes that it starts as well (see cover.py)."""
    name = name_of(item.nodeid)
    os.environ["COTEJO_TEST"] = name
    if running := Coverage.current():
        running.switch_context(name)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what the test takes. One that fails judges nothing."""
    _seconds[name_of(report.nodeid)] += report.duration
    if report.failed:
        _failed.add(name_of(report.nodeid))


def pytest_sessionfinish() -> None:
    """Write the seconds of each test that passed."""
    passed = {name: round(seconds, 3) for name, seconds in _seconds.items() if name not in _failed}
    Path(os.environ["COTEJO_SECONDS"]).write_text(json.dumps(passed), encoding="utf-8")
