"""The published JSON Schemas (docs/schemas), asked whether a value is as they say."""

from functools import cache
from typing import Any

import orjson
from brokers import ROOT
from jsonschema_rs import Draft202012Validator

SCHEMAS = ROOT / "docs" / "schemas"


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of one published schema; formats such as date-time are checked too."""
    return Draft202012Validator(orjson.loads((SCHEMAS / f"{name}.json").read_bytes()), validate_formats=True)


def faults(name: str, value: Any) -> list[str]:
    """What is wrong with a value by this schema, each with its place."""
    return [f"{name}/{'/'.join(map(str, e.instance_path))}: {e.message}" for e in validator(name).iter_errors(value)]
