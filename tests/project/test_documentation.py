"""The documentation and the command agree: nothing is undocumented, nothing documented is missing."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from brokers import ROOT

from streams.cli import app

PAGES = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
}
WRITTEN = sorted(
    {" ".join(found.split()[1:]) for text in PAGES.values() for found in re.findall(r"cotejo(?: [a-z]+)+", text)}
)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of each command below a group."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]


COMMANDS = list(commands(typer.main.get_command(app())))


@pytest.mark.parametrize("command", [" ".join(path) for path in COMMANDS])
def test_documented(command: str) -> None:
    """Each command is shown on some page."""
    assert any(f"{command} " in text or f"{command}`" in text or f"{command}\n" in text for text in PAGES.values())


@pytest.mark.parametrize("written", WRITTEN)
def test_exists(written: str) -> None:
    """What the pages call `cotejo ...` begins with a command."""
    words = tuple(written.split())
    assert any(words[: len(path)] == path for path in COMMANDS) or any(path[: len(words)] == words for path in COMMANDS)


@pytest.mark.parametrize("page", [str(path) for path in PAGES])
def test_links(page: str) -> None:
    """Links to files lead somewhere."""
    place = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text(encoding="utf-8")):
        assert (place / target).exists(), target


@pytest.mark.parametrize("page", [str(path) for path in PAGES])
def test_paths(page: str) -> None:
    """Files of the project that a page names in backticks exist."""
    for path in re.findall(r"`((?:streams|tests|scripts|docs|dashboards)/[\w./-]+)", (ROOT / page).read_text("utf-8")):
        assert (ROOT / path).exists() or path.endswith("NAME.py"), path


def test_symbols() -> None:
    """What the pages say is in a file, as "`NAME` in `path.py`", is there."""
    named = [pair for page in PAGES.values() for pair in re.findall(r"`(\w+)` in\s+`([\w/]+\.py)`", page)]
    assert ("METRICS", "streams/worker/metrics/catalogue.py") in named
    for name, path in named:
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text("utf-8")), f"no {name} in {path}"


def test_every_page_is_in_the_index() -> None:
    """The index leads to each page, and the index of decisions to each decision."""
    for index in (ROOT / "docs/README.md", ROOT / "docs/adr/README.md"):
        linked = {
            index.parent / target for target in re.findall(r"\]\(([^)#]+\.md)\)", index.read_text(encoding="utf-8"))
        }
        assert set(index.parent.glob("*.md")) - {index} <= linked
