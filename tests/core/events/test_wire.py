"""What stands on the wire is what its types say, field for field, and what is published is made from these types."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import pytest
import schemas
import yaml
from brokers import ROOT
from builders import bulletin, drawn_sample, election, lines, report
from nights import direct
from published import SCHEMAS, faults
from replays import of_events
from test_metrics import KNOWN, NIGHT

from streams.core.alerting.alert import Notice
from streams.core.events import area_states, own_records
from streams.core.events.codec import encode, encode_structs, plain, to_json
from streams.core.reconciliation.reconciler import Reconciler
from streams.core.replay.outcome_record import OutcomeRecord
from streams.delivery import standard_webhook
from streams.delivery.commands import Command
from streams.delivery.webhook_body import Webhook

NIGHT_OF_ALL_KINDS = direct(KNOWN, [encode(plain(event)) for event in NIGHT])


def same(record: Any, kind: type) -> None:
    """A record has every field of its type, rightly typed, and no other."""
    assert json.loads(encode(msgspec.convert(record, kind))) == record


def test_states() -> None:
    """Every area's state of a night with bulletins, announced polling tables and bounds is a `DatedState`."""
    states = list(NIGHT_OF_ALL_KINDS.states.values())
    for field in ("official", "tables_announced", "bounds", "alerts"):
        assert any(state[field] for state in states), field
    for state in states:
        same({**state, "at": 1}, area_states.DatedState)
        same({**state, "at": 1, "behind": 0.5}, area_states.DatedState)


def test_states_with_a_sample() -> None:
    """What a random sample says of an area is a `SampleRecord`, before a sheet of it is in and afterwards."""
    drawn = drawn_sample({"N": ["S1-1", "S2-2"]})
    for sheets in ([], [report(), report("S2-2")]):
        state = direct(replace(KNOWN, sample=drawn), lines([*sheets, bulletin()])).states["N"]
        assert state["sample"]["came"] == len(sheets)
        assert bool(state["sample"]["lead"]) == bool(sheets)
        same({**state, "at": 1}, area_states.DatedState)


def test_both_encoders_write_alike() -> None:
    """States and verdicts are the same bytes from the quick encoder as from the one for everything."""
    outcome = of_events(KNOWN, lines(NIGHT))
    areas, tables = list(outcome.states), list(outcome.verdicts)
    for state in outcome.states.several(areas):
        assert encode_structs(state) == encode(state)
        dated = area_states.DatedState.of(state, 1, 0.5)
        assert encode_structs(dated) == encode({**json.loads(encode(state)), "at": 1, "behind": 0.5})
    for verdict in outcome.verdicts.several(tables):
        assert encode_structs(verdict) == encode(verdict)


def test_notices() -> None:
    """Every notice is a `Notice`, and comes back as it was."""
    assert NIGHT_OF_ALL_KINDS.notices
    for notice in NIGHT_OF_ALL_KINDS.notices:
        same(notice, Notice)
        assert Notice.decode(encode(notice)) == msgspec.convert(notice, Notice)


def test_sheets() -> None:
    """Sheets leave a partition as a `SheetsRecord`, with bounds or without."""
    known = election()
    reconciler = Reconciler(known, 0)
    for event in (report(), report("S1-2", {"A": 3}, id="seen", bound="at-least")):
        reconciler.apply(event)
        (content,) = reconciler.take_sheets().messages(known)
        same(json.loads(content), own_records.SheetsRecord)


@pytest.mark.parametrize("command", [Command("desk"), Command("desk", b'{"id":"a"}')])
def test_commands(command: Command) -> None:
    """A command is a `CommandRecord`, and is read as it was written."""
    same(json.loads(command.write()), own_records.CommandRecord)
    assert Command.read(command.write()) == command


OF_EACH = {
    "tally-reports": "TallyReport",
    "bulletins": "Bulletin",
    "table-sheets": "SheetsRecord",
    "area-state": "DatedState",
    "alerts": "Notice",
    "webhook-commands": "CommandRecord",
    "rejected": "ReasonRecord",
    "webhook": "Webhook",
    "outcome": "OutcomeRecord",
}
"""By schema, the type of the value that `records` has for it."""


@cache
def records() -> dict[str, Any]:
    """A value for each published schema, from the code that writes it."""
    known = election()
    reconciler = Reconciler(known, 0)
    reconciler.apply(report())
    notice = Notice.decode(encode(NIGHT_OF_ALL_KINDS.notices[0]))
    outcome = of_events(KNOWN, lines(NIGHT))
    states = NIGHT_OF_ALL_KINDS.states.values()
    return {
        "tally-reports": [plain(event) for event in NIGHT[:3]],
        "bulletins": plain(bulletin()),
        "table-sheets": json.loads(next(iter(reconciler.take_sheets().messages(known)))),
        "area-state": {**next(state for state in states if state["alerts"]), "at": 1},
        "alerts": to_json(notice),
        "webhook-commands": json.loads(Command("desk", b"{}").write()),
        "rejected": [{"code": "not-json", "place": "", "cure": "send JSON"}],
        "webhook": json.loads(standard_webhook.body(KNOWN, notice)),
        "outcome": json.loads(b"".join(outcome.json())),
    }


@pytest.mark.parametrize(("name", "value"), records().items(), ids=records())
def test_schemas_fit_and_refuse(name: str, value: Any) -> None:
    """What is written is as the published schema says; with any required field left out, or of another type, it is
    not."""
    assert not faults(name, value)
    record = value[0] if isinstance(value, list) else value
    definitions = json.loads((SCHEMAS / f"{name}.json").read_bytes())["$defs"]
    for field in definitions[OF_EACH[name]]["required"]:
        for worse in ({k: v for k, v in record.items() if k != field}, {**record, field: [[]]}):
            assert faults(name, [worse] if isinstance(value, list) else worse), field


@pytest.mark.parametrize(
    ("name", "kind"), [("webhook", Webhook), ("outcome", OutcomeRecord)], ids=["webhook", "outcome"]
)
def test_published_besides_topics(name: str, kind: type) -> None:
    """Webhooks and outcomes have every field of their type and no other."""
    same(records()[name], kind)


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
