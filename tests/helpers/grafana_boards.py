"""The boards' queries as a Prometheus is asked them: with a value for each of Grafana's variables."""

import re
from typing import Any

from dashboards.__main__ import BOARDS
from dashboards.parts import Query

VALUES = {
    "job": "cotejo",
    "instance": ".+",
    "__rate_interval": "1m",
    "__range": "1h",
    "whole": "N",
    "area": "N",
    "option": "A",
}


def filled(expr: str, **values: str) -> str:
    """The query with its variables filled in."""
    for name, value in {**VALUES, **values}.items():
        expr = expr.replace(f"${name}", value)
    assert "$" not in expr, expr
    return expr


def queries() -> list[Query]:
    """Every query of every panel and annotation, each once."""
    return list({query.expr: query for board in BOARDS for query in board.queries}.values())


def variables() -> list[str]:
    """What the boards' variables ask for: `label_values(SERIES, LABEL)` or `query_result(QUERY)`."""
    return sorted({variable.query for board in BOARDS for variable in board.variables})


def in_json(board: dict[str, Any]) -> set[str]:
    """Every query in a board's JSON. Annotations have theirs in two places, for older and newer versions."""
    found = {target["expr"] for panel in board["panels"] for target in panel["targets"]}
    return found | {
        a["target"]["expr"] for a in board["annotations"]["list"] if a["datasource"]["type"] == "prometheus"
    }


def as_grafana_reads(result: list[dict[str, Any]], regex: str) -> list[tuple[str, str]]:
    """Values and texts that a variable with this regex takes from what Prometheus answered: Grafana writes each series
    as a text, its labels in their order and as they are, then value and time."""
    found = []
    for series in result:
        labels = ",".join(f'{name}="{value}"' for name, value in series["metric"].items())
        text = f"{{{labels}}} {series['value'][1]} {round(1000 * series['value'][0])}"
        match = re.search(regex.strip("/").replace("(?<", "(?P<"), text)
        assert match is not None, text
        found.append((match["value"], match["text"]))
    return found
