"""The post-mortem of the contested night, read as text; and what its plots are drawn from."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from shown_nights import contested, contested_events, quiet, quiet_events
from snapshots import hold, short
from typer.testing import CliRunner

from streams import cli
from streams.nights.eventlog import generated_night

REPLACED = {r"\b[0-9a-f]{64}\b": "<sha256>", r"\b\d+\.\d+\.\d+\S*": "<version>"}
BREAKS = {"p", "h1", "h2", "h3", "h4", "li", "tr", "summary", "dt", "figcaption", "article", "section", "br", "caption"}
CELLS = {"td", "th", "dd"}


class Reader(HTMLParser):
    """Reads a page: a line for each paragraph, row or heading; the drawings apart, a line for each element."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.drawn, self._inside = list[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "svg"):
            self._inside.append(tag)
        if "svg" in self._inside:
            self._draw(tag, dict(attrs))
        elif tag in BREAKS:
            self.words.append("\n")
        elif tag in CELLS:
            self.words.append(" | ")

    def _draw(self, tag: str, told: dict[str, str | None]) -> None:
        """Note an element that is seen, in whole pixels, with its colours."""
        if tag not in ("svg", "text", "path", "use", "rect", "circle"):
            return
        place = " ".join(
            str(told[name]) for name in ("aria-label", "viewbox", "x", "y", "d", "opacity") if name in told
        )
        style = re.findall(r"(?:fill|stroke|stroke-dasharray): (?!none)([^;]+)", told.get("style") or "")
        line = " ".join([tag, re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.0f}", place), *style])
        self.drawn.append("\n" + " ".join(line.split()))

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if "svg" in self._inside:
            self.drawn.append(f" {data.strip()}" if data.strip() else "")
        elif "style" not in self._inside:
            self.words.append(re.sub(r"\s+", " ", data))

    def text(self) -> str:
        """What a reader reads."""
        lines = (re.sub(r" +", " ", line).strip(" |") for line in "".join(self.words).splitlines())
        return "".join(f"{line}\n" for line in lines if line)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both nights as logs, and another configuration of the first."""
    home = tmp_path_factory.mktemp("report")
    generated_night.write(home / "night", contested(), contested_events(), "a test")
    generated_night.write(home / "quiet", quiet(), quiet_events(), "a test")
    other = (home / "night/election.toml").read_text(encoding="utf-8").replace("min_sheets = 2\n", "min_sheets = 5\n")
    (home / "night/other.toml").write_text(other, encoding="utf-8")
    return home


def read(nights: Path, night: str, *options: str) -> Reader:
    """A night's page, read."""
    page = nights / "page.html"
    done = CliRunner().invoke(cli.app(), ["report", str(nights / night), "-o", str(page), *options])
    assert done.exit_code == 0, done.output
    reader = Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    return reader


@pytest.mark.parametrize("lang", ["en", "es"])
def test_the_text(lang: str, nights: Path) -> None:
    """All that the page says, beside another configuration."""
    found = read(nights, "night", "--compare", str(nights / "night/other.toml"), "--lang", lang)
    hold(f"report-{lang}.txt", short(found.text(), 120), REPLACED)


def test_the_plots(nights: Path) -> None:
    """All that is drawn on a wide screen, and of one plot on a narrow one."""
    plots = "".join(read(nights, "night").drawn).split("\nsvg ")[1:]
    hold("report-plots.txt", short("\n".join([*plots[::2], plots[3]]), 240))


def test_a_quiet_night(nights: Path) -> None:
    """The page of a night in which everything agrees."""
    found = read(nights, "quiet")
    hold("report-quiet.txt", short(found.text(), 120), REPLACED)
