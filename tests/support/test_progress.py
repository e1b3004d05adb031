"""How far long work is."""

from collections.abc import Iterator

import pytest

from streams.support.progress import Progress


class Source:
    """Three items of 50 bytes."""

    done = 0

    def __iter__(self) -> Iterator[str]:
        for item in "abc":
            self.done += 50
            yield item


@pytest.mark.parametrize(
    ("total", "quiet", "said"),
    [
        pytest.param(150, False, ["reading 33 %", "reading 67 %", "reading 100 %"], id="of so many"),
        pytest.param(0, False, ["reading 50", "reading 100", "reading 150"], id="of nobody knows how many"),
        pytest.param(150, True, [], id="quiet"),
    ],
)
def test_a_source(
    total: int, quiet: bool, said: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a source yields is passed on, and how much of it is done is said as it goes."""
    monkeypatch.setattr("streams.support.progress.LINE_SECONDS", 0)
    with Progress("reading", total, quiet=quiet) as progress:
        assert [*progress.over(Source())] == ["a", "b", "c"]
    assert capsys.readouterr().err.splitlines() == said


def test_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal, lines are so many seconds apart, from the beginning on."""
    clock = [100.0]
    monkeypatch.setattr("streams.support.progress.monotonic", lambda: clock[0])
    with Progress("reading", 100) as progress:
        for clock[0] in (109.9, 110.0, 119.9, 120.0):
            progress.show(int(clock[0]) - 100)
    assert capsys.readouterr().err.splitlines() == ["reading 10 %", "reading 20 %"]
