"""Long work shows how far it is, on stderr: a bar on a terminal, a line now and then elsewhere."""

from collections.abc import Iterator
from time import monotonic
from typing import Final, Protocol, Self, TypeVar

from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from streams.support.terminal import aside
from streams.text import shown

Item = TypeVar("Item", covariant=True)


class Source(Protocol[Item]):
    """An iterable that knows how many of its bytes are done."""

    @property
    def done(self) -> int: ...
    def __iter__(self) -> Iterator[Item]: ...


LINE_SECONDS: Final = 10.0
"""Seconds between two lines where there is no terminal."""


class Progress:
    """How much of `total` is done; `total` 0 is unknown. Whatever else is printed while it runs goes through the same
    `console`. `quiet` shows nothing."""

    def __init__(self, label: str, total: int, console: Console | None = None, quiet: bool = False) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self._label, self._total, self._quiet = shown(label), total, quiet
        self._told = monotonic()
        shape = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._bar = Bar(*shape, console=self.console, transient=True, disable=quiet or not self.console.is_terminal)
        self._task = self._bar.add_task(self._label, total=total or None)

    def show(self, done: int, note: str = "") -> None:
        """So much is done; `note` stands beside the label."""
        if not self._bar.disable:
            self._bar.update(self._task, completed=done, description=f"{self._label} {shown(note)}".rstrip())
        elif not self._quiet and monotonic() - self._told >= LINE_SECONDS:
            self._told = monotonic()
            share = f" {100 * done / self._total:.0f} %" if self._total else f" {done:,}"
            aside(f"{self._label}{share} {note}".rstrip())

    def over(self, source: Source[Item]) -> Iterator[Item]:
        """Pass on what the source yields, and show how much of it is done."""
        for item in source:
            self.show(source.done)
            yield item

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
