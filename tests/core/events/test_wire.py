"""What stands on the wire is what its types say, field for field, and what is published is made from these types."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import schemas
import yaml
from brokers import ROOT
from builders import election, report
from nights import direct
from test_metrics import KNOWN, NIGHT

from streams.core.events import wire
from streams.core.events.codec import encode, plain
from streams.core.reconciliation.reconciler import Reconciler
from streams.delivery.commands import Command

NIGHT_OF_ALL_KINDS = direct(KNOWN, [encode(plain(event)) for event in NIGHT])


def same(record: Any, kind: type) -> None:
    """A record has every field of its type, rightly typed, and no other."""
    assert msgspec.to_builtins(msgspec.convert(record, kind)) == record


def test_states() -> None:
    """Every area's state of a night with bulletins, announced polling tables and bounds is an `AreaState`."""
    states = list(NIGHT_OF_ALL_KINDS.states.values())
    for field in ("official", "tables_announced", "bounds", "alerts"):
        assert any(state[field] for state in states), field
    for state in states:
        same({**state, "at": 1}, wire.AreaState)
        same({**state, "at": 1, "behind": 0.5}, wire.AreaState)


def test_notices() -> None:
    """Every notice is a `NoticeRecord`."""
    assert NIGHT_OF_ALL_KINDS.notices
    for notice in NIGHT_OF_ALL_KINDS.notices:
        same(notice, wire.NoticeRecord)


def test_sheets() -> None:
    """Sheets leave a partition as a `SheetsRecord`, with bounds or without."""
    known = election()
    reconciler = Reconciler(known, 0)
    for event in (report(), report("S1-2", {"A": 3}, id="seen", bound="at-least")):
        reconciler.apply(event)
        (content,) = reconciler.take_sheets().messages(known)
        same(json.loads(content), wire.SheetsRecord)


@pytest.mark.parametrize("command", [Command("desk"), Command("desk", b'{"id":"a"}')])
def test_commands(command: Command) -> None:
    """A command is a `CommandRecord`, and is read as it was written."""
    same(json.loads(command.write()), wire.CommandRecord)
    assert Command.read(command.write()) == command


@pytest.mark.parametrize("path", sorted(schemas.documents()))
def test_published(path: str) -> None:
    """docs/schemas and docs/asyncapi.yaml are what scripts/schemas writes from the types now."""
    written = (ROOT / "docs" / path).read_text(encoding="utf-8")
    assert written == schemas.documents()[path], "run scripts/schemas"


def test_nothing_else_is_published() -> None:
    """docs/schemas holds no schema of a topic that is gone."""
    there = {f"schemas/{file.name}" for file in (ROOT / "docs" / "schemas").iterdir()}
    assert there == set(schemas.documents()) - {"asyncapi.yaml"}


def test_references_lead_somewhere() -> None:
    """Each reference in the AsyncAPI document leads to a place in it or to a file beside it."""
    document = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text(encoding="utf-8"))

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [found for value in node.values() for found in references(value)]
        return [found for value in node for found in references(value)] if isinstance(node, list) else []

    for reference in references(document):
        file, _, place = reference.partition("#/")
        target = json.loads((ROOT / "docs" / file).read_text(encoding="utf-8")) if file else document
        for step in filter(None, place.split("/")):
            target = target[step]
    assert len(references(document)) >= 3 * len(schemas.TOPICS)
