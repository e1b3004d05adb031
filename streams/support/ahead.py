"""Work that goes on beside other work, in one thread more."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """The items of an iterator, each worked out while the caller has the one before; the first at once. What it raises
    is raised where its item would come. Leaving the context waits for the one that is being worked out."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items, self._beside = items, ThreadPoolExecutor(1)
        self._coming = self._beside.submit(self._next)

    def _next(self) -> tuple[T] | tuple[()]:
        for item in self._items:
            return (item,)
        return ()

    def __iter__(self) -> Iterator[T]:
        while found := self._coming.result():
            self._coming = self._beside.submit(self._next)
            yield found[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.shutdown()
