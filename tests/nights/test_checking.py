"""`cotejo check`'s judgement of event files: what a worker would turn away, with its line."""

import pytest
from builders import T0, bulletin, election, report

from streams.core.events.codec import encode, plain
from streams.core.events.model import Event, Tick
from streams.nights.arrival import of_lines
from streams.nights.check import EventCheck


def line(event: Event) -> bytes:
    return encode(plain(event)) + b"\n"


GOOD = line(report())


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([GOOD, line(bulletin()), line(Tick(T0))], [], id="all fine"),
        pytest.param([GOOD, b"\n", b"  \n", GOOD], [], id="blank lines and the same again are nothing"),
        pytest.param([GOOD, b"{\n"], [(2, "not-json")], id="no JSON"),
        pytest.param([b"[]\n"], [(1, "not-an-object")], id="an array"),
        pytest.param([line(report("S9-9"))], [(1, "unknown-table")], id="unknown table"),
        pytest.param([line(bulletin(area="Z"))], [(1, "unknown-area")], id="unknown area"),
        pytest.param([GOOD, line(report(votes=(1, 1, 1)))], [(2, "duplicate-id")], id="two reports of one id"),
        pytest.param([line(bulletin()), line(bulletin((9, 9, 9)))], [(2, "duplicate-id")], id="two bulletins"),
        pytest.param([line(report(id="x")), line(bulletin(id="x"))], [], id="a report and a bulletin may share an id"),
    ],
)
def test_problems(lines: list[bytes], expected: list[tuple[int, str]]) -> None:
    """Each problem has its line and code; good lines have none."""
    found = list(EventCheck(election()).problems(of_lines(lines, "night.jsonl")))
    assert [(problem.line, problem.code) for problem in found] == expected
    assert all(problem.cure and str(problem).startswith(f"night.jsonl:{problem.line}: ") for problem in found)


def test_counts_and_files() -> None:
    """Good events are counted over several files, and an id is a slip in the second file too."""
    check = EventCheck(election())
    assert not list(check.problems(of_lines([GOOD, line(bulletin()), b"{"], "one")))[1:]
    (problem,) = check.problems(of_lines([line(report(votes=(1, 1, 1)))], "two"))
    assert "one:1" in problem.cure
    assert check.counts == {"tally-report": 1, "bulletin": 1}
