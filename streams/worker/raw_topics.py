"""Topics and tables of plain bytes. Faust encodes nothing; `codec` does it."""

from typing import Any, cast

from streams.worker.faust_patches import App, Table


def topic(app: App, name: str) -> Any:
    """A topic whose keys and values Faust does not touch."""
    return app.topic(name, key_type=bytes, value_type=bytes, value_serializer="raw")


def table(app: App, name: str) -> Table:
    """A table whose keys and values Faust does not touch."""
    return cast(Table, app.Table(name, key_type=bytes, value_type=bytes))
