"""What `scripts/schemas` runs: the published form of every topic, webhook and outcome, from their types."""

import ast
import inspect
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from streams import __version__
from streams.core.alerting import alert
from streams.core.comparison import findings
from streams.core.events import area_states, formats, model, own_records, sample_states
from streams.core.replay import outcome_record
from streams.delivery import webhook_body

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TIMES: Final = ("at", "observed_at", "issued_at")


@dataclass(frozen=True)
class Topic:
    """One topic: its name behind the election's prefix, its key, who writes and who reads it, what its values are."""

    name: str
    key: str
    writers: str
    readers: str
    text: str
    type: Any
    is_input: bool = False
    format: formats.Format | None = None


TOPICS: Final = (
    Topic(
        "tally-reports",
        "id of the polling table",
        "reporters, feeders",
        "workers, the recorder",
        "One tally report, tick or bulletin for a polling table, or an array of them that belong to one partition.",
        model.Event | list[model.Event],
        is_input=True,
    ),
    Topic(
        "bulletins",
        "id of the area",
        "authorities, feeders",
        "workers, the recorder",
        "One bulletin or tick.",
        model.Bulletin | model.Tick,
        is_input=True,
    ),
    Topic(
        "table-sheets",
        "none",
        "workers",
        "workers",
        "The polling tables of a partition that changed, then a mark: all before this event time has been sent.",
        own_records.SheetsRecord | own_records.MarkRecord,
        format=formats.TABLE_SHEETS,
    ),
    Topic(
        "area-state",
        "id of the area",
        "workers",
        "the board, anybody",
        "The newest state of an area. Compacted: the newest record of a key stays.",
        area_states.DatedState,
        format=formats.AREA_STATE,
    ),
    Topic(
        "alerts",
        "fingerprint of the alert",
        "workers",
        "workers, the board, anybody",
        "What receivers are told, in order for each fingerprint. The same id may come again after a crash.",
        alert.Notice,
        format=formats.ALERTS,
    ),
    Topic(
        "webhook-commands",
        "name of the receiver",
        "cotejo webhook",
        "workers",
        "What an operator asks of the deliveries.",
        own_records.CommandRecord,
    ),
    Topic(
        "rejected",
        "topic/partition/offset of the message",
        "workers",
        "the board, anybody",
        "A message that was turned away, its bytes as they came. This is the JSON of its header `reasons`.",
        list[own_records.ReasonRecord],
    ),
)


OTHERS: Final = (
    (
        "webhook",
        "The body of a webhook in the format `standard`: of one notice, or of a digest.",
        webhook_body.Webhook | webhook_body.DigestWebhook,
    ),
    ("outcome", "What `cotejo replay --json` prints.", outcome_record.OutcomeRecord),
)
"""What is published besides topics: name, description, type."""
HOMES: Final = (area_states, own_records, sample_states, model, findings, alert, outcome_record, webhook_body)
"""The modules that declare the published types."""


def schema(topic: Topic) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a topic's values."""
    found = of_type(topic.name, topic.text, topic.type)
    if topic.is_input:
        found["$defs"] = {name: _as_read(definition, topic) for name, definition in found["$defs"].items()}
    return found


def of_type(title: str, text: str, kind: Any) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what is of one type, or of one of several."""
    kinds = getattr(kind, "__args__", (kind,)) if not _is_list(kind) else (kind,)
    schemas, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    body: dict[str, Any] = dict(schemas[0]) if len(schemas) == 1 else {"anyOf": list(schemas)}
    definitions = {name: _described(name, definition) for name, definition in components.items()}
    head = {"$schema": DIALECT, "title": title, "description": text}
    return {**head, **body, "$defs": dict(sorted(definitions.items()))}


def _is_list(kind: Any) -> bool:
    return getattr(kind, "__origin__", None) is list


def _described(name: str, definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of a type, with the docstrings of its fields beside them."""
    properties = {field: dict(found) for field, found in definition["properties"].items()}
    kind = next(getattr(module, name) for module in HOMES if hasattr(module, name))
    encoded = {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
    for declaring in reversed(kind.__mro__):
        if declaring.__module__.startswith("streams."):
            for field, text in _docstrings(declaring):
                properties[encoded[field]]["description"] = text
    return {**definition, "description": inspect.getdoc(kind) or "", "properties": properties}


def _docstrings(kind: type) -> Iterator[tuple[str, str]]:
    """The fields of a class that a string literal follows, and that string."""
    (found,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(found, ast.ClassDef)
    for before, after in zip(found.body, found.body[1:], strict=False):
        match before, after:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


def _as_read(definition: Mapping[str, Any], topic: Topic) -> dict[str, Any]:
    """An event as the careful reader takes it (`codec`): unknown fields are kept, a time may be RFC 3339, and a
    message without `type` is what its topic is for. A report that is retracted or bounds ballots needs no votes."""
    properties = {field: dict(found) for field, found in definition["properties"].items() if field != model.UNREADABLE}
    for field in TIMES:
        if field in properties:
            unix = {**properties[field], "description": "Unix ms"}
            properties[field] = {"anyOf": [unix, {"type": "string", "format": "date-time"}]}
    usual = "bulletin" if topic.name == "bulletins" else "tally-report"
    kind = properties["type"]["enum"][0]
    optional = {"type"} if kind == usual else set()
    if kind == "tally-report":
        optional.add("votes")
    needed = [field for field in definition["required"] if field not in optional]
    return {**definition, "properties": properties, "required": needed, "additionalProperties": True}


def asyncapi() -> dict[str, Any]:
    """The topics of a night as an AsyncAPI 3.0 document, as Cotejo sees them: it sends what its workers write."""
    channels, operations, messages = {}, {}, {}
    for topic in TOPICS:
        channels[topic.name] = {
            "address": f"{{prefix}}{topic.name}",
            "description": f"{topic.text} Key: {topic.key}. Written by: {topic.writers}. Read by: {topic.readers}.",
            "parameters": {"prefix": {"description": "The election's id and a dot, unless --prefix says otherwise"}},
            "messages": {"value": {"$ref": f"#/components/messages/{topic.name}"}},
        }
        operations[topic.name] = {
            "action": "receive" if topic.is_input or topic.name == "webhook-commands" else "send",
            "channel": {"$ref": f"#/channels/{topic.name}"},
        }
        messages[topic.name] = _message(topic)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cotejo",
            "version": __version__,
            "description": "The Kafka topics of one election night. Written by scripts/schemas: do not edit.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _message(topic: Topic) -> dict[str, Any]:
    reference = {"$ref": f"schemas/{topic.name}.json"}
    if topic.name == "rejected":
        texts = {name: {"type": "string"} for name in ("code", "count", "topic", "partition", "offset")}
        texts |= {"bytes": {"type": "string"}, "sha256": {"type": "string"}}
        reasons = {"type": "string", "contentMediaType": "application/json", "contentSchema": reference}
        headers = {"type": "object", "properties": {**texts, "reasons": reasons}}
        return {"contentType": "application/octet-stream", "headers": headers, "payload": {}}
    message: dict[str, Any] = {"payload": reference}
    if topic.format is not None:
        version = {"type": "string", "const": str(topic.format.version), "description": "The format of this record"}
        message["headers"] = {"type": "object", "properties": {formats.HEADER: version}}
    return message


def documents() -> dict[str, str]:
    """Every file below docs/ that is written here: its path and its text."""
    schemas = {topic.name: schema(topic) for topic in TOPICS}
    schemas |= {name: of_type(name, text, kind) for name, text, kind in OTHERS}
    written = {
        f"schemas/{name}.json": json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        for name, found in schemas.items()
    }
    return {**written, "asyncapi.yaml": yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=110)}


def main(docs: Path) -> None:
    (docs / "schemas").mkdir(exist_ok=True)
    for path, text in documents().items():
        (docs / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
