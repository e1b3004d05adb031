"""Prometheus' configuration and rules, and every query of the boards against a real Prometheus and a real night."""

import re
import shutil
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import orjson
import pytest
import yaml
from brokers import ROOT, lacking
from builders import lines
from grafana_boards import as_grafana_reads, filled, queries, variables
from nights import LiveNight, until

from dashboards import area as area_board
from dashboards import election_night as night_board
from dashboards.__main__ import BOARDS
from dashboards.parts import Query
from streams.core.election.model import Receiver
from streams.delivery.loopback_receiver import AlertReceiver
from streams.kafka.embedded_broker import EmbeddedBroker, end, free_port, spawn
from streams.nights.feeder import Pace
from streams.nights.scenarios import venezuela2024_night
from streams.worker.metrics.catalogue import METRICS

HERE = ROOT / "dashboards" / "prometheus"
RULES, UNIT_TESTS = HERE / "rules" / "cotejo.yml", HERE / "tests" / "rules.yml"
SECRET = "whsec_" + b64encode(bytes(range(32))).decode()


def rules(kind: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        lacking(f"no {name}: install Debian's packages prometheus and prometheus-alertmanager")
    return found


@pytest.mark.parametrize(
    "command",
    [
        ["promtool", "check", "config", "--syntax-only", "prometheus.yml"],
        ["promtool", "check", "rules", "rules/cotejo.yml"],
        ["promtool", "test", "rules", "tests/rules.yml"],
        ["amtool", "check-config", "alertmanager.yml"],
    ],
    ids=" ".join,
)
def test_tools(command: list[str]) -> None:
    """Prometheus' and Alertmanager's own tools find nothing wrong, and each rule does what its unit test says."""
    done = subprocess.run([program(command[0]), *command[1:]], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_is_tested_and_has_a_runbook() -> None:
    """Each alert has a unit test in which it fires and a section in docs/runbooks.md that it points to; no section is
    left over."""
    names = {rule["alert"] for rule in rules("alert")}
    tested = {
        test["alertname"]
        for group in yaml.safe_load(UNIT_TESTS.read_text())["tests"]
        for test in group.get("alert_rule_test", [])
        if test.get("exp_alerts")
    }
    sections = set(re.findall(r"^## (\w+)$", (ROOT / "docs" / "runbooks.md").read_text(), re.M))
    assert names == tested == sections
    for rule in rules("alert"):
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"warning", "critical"}


def test_only_known_metrics() -> None:
    """Rules and boards ask for metrics that a worker exports, Prometheus' own, or what the rules record."""
    known = {m.name for m in METRICS} | {rule["record"] for rule in rules("record")}
    known |= {f"{m.name}_{part}" for m in METRICS if m.kind == "histogram" for part in ("bucket", "sum", "count")}
    for expr in [rule["expr"] for rule in rules("expr")] + [query.expr for query in queries()]:
        found = set(re.findall(r"[a-z_]*:?cotejo_[a-z_]+(?::[a-z0-9_]+)?", expr))
        assert found <= known, expr


def test_what_may_be_empty_is_tested_elsewhere() -> None:
    """Each query that is rightly empty on a healthy night finds something in a unit test of the rules."""
    tests = yaml.safe_load(UNIT_TESTS.read_text())["tests"]
    shown = {t["expr"] for group in tests for t in group.get("promql_expr_test", []) if t.get("exp_samples")}
    assert {filled(query.expr) for query in queries() if query.empty} <= shown


def promtool(place: Path, series: dict[str, str], asked: list[tuple[str, str, float | None]]) -> None:
    """Ask promtool these queries, each at a time: the value of the only series there is, or None for no series."""
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": f"max(max_over_time(({filled(expr)})[1s:1s]))",  # whatever its labels
                "eval_time": at,
                "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
            }
            for expr, at, value in asked
        ],
    }
    (place / "test.yml").write_text(yaml.safe_dump({"tests": [test]}))
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(place / "test.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def queries_of(panel: str) -> list[str]:
    """The queries of the panel of this title, on whichever board."""
    return next(
        [query.expr for query in found.asked] for board in BOARDS for found in board.panels if found.title.en == panel
    )


def _asked_of(variable: str) -> str:
    """The query behind a variable of the board Area."""
    query = next(v.query for v in area_board.BOARD.variables if v.name == variable)
    return query.removeprefix("query_result(").removesuffix(")")


def test_a_dead_worker_looks_dead(tmp_path: Path) -> None:
    """Once a worker has died, its figures are gone within a scrape, nobody compares, its partitions have no owner, and
    the board says when it was last heard of. The same instant queries speak while it lives. What can be chosen stays,
    so that its graphs can be looked at."""
    labels = 'job="cotejo", instance="a"'
    series = {
        f"up{{{labels}}}": "1x9 0x40",
        f"cotejo_owns_comparison{{{labels}}}": "1x9 stale",
        f"cotejo_owned_partitions{{{labels}}}": "4x9 stale",
        f"cotejo_partitions{{{labels}}}": "4x9 stale",
        f'cotejo_coverage_ratio{{{labels}, area="N", area_name="Nation", level="nation"}}': "0.5x9 stale",
        f'cotejo_witnessed_tables{{{labels}, area="N", area_name="Nation", level="nation"}}': "300x9 stale",
        f'cotejo_witnessed_votes{{{labels}, area="N", option="A", option_name="Ana"}}': "900x9 stale",
    }
    (heard,), (_, comparing, owned), (coverage,) = map(
        queries_of, ("Last heard of a worker", "Workers", "Polling tables witnessed")
    )
    alive, dead = "2m", "10m"
    asked: list[tuple[str, str, float | None]] = [(heard, alive, 120_000), (heard, dead, 135_000)]
    asked += [(comparing, alive, 1), (comparing, dead, 0)]
    asked += [(owned, alive, 1), (owned, dead, 0), (coverage, alive, 0.5), (coverage, dead, None)]
    area, option = (_asked_of(name) for name in ("area", "option"))
    asked += [(area, alive, 300), (area, dead, 300), (option, alive, 900), (option, dead, 900)]
    promtool(tmp_path, series, asked)


def test_only_the_beginning_of_an_alert_is_marked(tmp_path: Path) -> None:
    """An alert that fires for long is marked in its first minute and not again, also one that fires for a moment
    between two looks; the clock's jump from 0 is no speed."""
    labels = 'job="cotejo", instance="a"'
    alert = f'{labels}, area="N", area_name="Nation", level="nation", rule="divergence", severity="warning", muted="no"'
    series = {
        f"cotejo_alert_firing{{{alert}}}": "_x7 1x40",
        f'cotejo_alert_firing{{{alert}, option="A", option_name="Ana"}}': "_x30 1 stale",
        f"cotejo_clock_seconds{{{labels}}}": "0x4 1700000000+15x40",
    }
    begins, (speed,) = night_board.BOARD.annotations[0].query.expr, queries_of("How fast event time goes")
    asked: list[tuple[str, str, float | None]] = [(begins, "1m", None), (begins, "2m", 1), (begins, "4m", None)]
    asked += [(begins, "8m", 1), (begins, "10m", None), (speed, "1m", None), (f"round({speed})", "4m", 1)]
    promtool(tmp_path, series, asked)


NIGHT_SECONDS = 10


class Prometheus:
    """A real one that scrapes one worker each second, by the committed configuration and rules."""

    def __init__(self, place: Path, target: int) -> None:
        self.port, self._log = free_port(), place / "prometheus.log"
        config = yaml.safe_load((HERE / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(RULES)]
        del config["alerting"], config["scrape_configs"][0]["dns_sd_configs"]
        config["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{target}"]}]
        (place / "prometheus.yml").write_text(yaml.safe_dump(config))
        options = [f"--config.file={place}/prometheus.yml", f"--storage.tsdb.path={place}/data", "--log.level=warn"]
        self.process = spawn(
            [program("prometheus"), *options, f"--web.listen-address=127.0.0.1:{self.port}"], self._log
        )
        until(lambda: self.value('up{job="cotejo"}') == 1, self.told)

    def told(self) -> str:
        return self._log.read_text()

    def get(self, path: str, **parameters: object) -> Any:
        """The answer's data. A refusal is raised with its text."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{urlencode(parameters)}", timeout=30) as answer:
            return orjson.loads(answer.read())["data"]

    def value(self, expr: str) -> float | None:
        """The only sample of a query now."""
        try:
            found = self.get("query", query=expr)["result"]
        except (URLError, OSError):
            return None
        return float(found[0]["value"][1]) if found else None


class Night:
    """A worker that has been through the bundled night, and the Prometheus that watches it."""

    def __init__(self, prometheus: Prometheus, live: LiveNight, began: float) -> None:
        self.prometheus, self.live, self.began = prometheus, live, began

    def found(self, expr: str) -> list[Any]:
        """The series of a query from the night's beginning until now, as a panel asks it; those that are numbers at
        some time."""
        now = time.time()
        span = f"{round(now - self.began)}s"
        asked = filled(expr, __range=span, __rate_interval="10s", whole="VE", area="VE", option="EG")
        result = self.prometheus.get("query_range", query=asked, start=self.began, end=now, step="1s")["result"]
        return [series for series in result if any(not isnan(float(value)) for _, value in series["values"])]


@pytest.fixture(scope="module")
def night(embedded: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The Venezuelan night as a real worker sees it, one receiver of webhooks included, and Prometheus beside it."""
    election, events = venezuela2024_night.night()
    place = tmp_path_factory.mktemp("night")
    with AlertReceiver(SECRET, lambda _: None) as receiver:
        election = replace(election, receivers=(Receiver("desk", receiver.url, "S_DESK", allow_loopback=True),))
        with LiveNight(election, embedded, place, f"prometheus-{place.name}.", 4) as live:
            live.environment = {"S_DESK": SECRET}
            live.start()
            live.ready()
            prometheus = Prometheus(place, live.ports[-1])
            try:
                began = time.time()
                span = (events[-1].at - events[0].at) / 1000  # each bulletin is there for some scrapes
                live.feed(lines(events), Pace(span / NIGHT_SECONDS, pack=100))
                live.wait(delivered=True)
                clock, sent = live.until / 1000, receiver.verified
                until(lambda: prometheus.value("cotejo_clock_seconds") == clock, prometheus.told)
                until(lambda: prometheus.value("sum(cotejo_deliveries_total)") == sent, prometheus.told)
                yield Night(prometheus, live, began)
            finally:
                end(prometheus.process)
                live.stop()


@pytest.mark.parametrize("query", [q for q in queries() if not q.empty], ids=lambda query: query.expr)
def test_each_query_finds_something(query: Query, night: Night) -> None:
    """Every query of every panel and annotation returns data on the Venezuelan night, unless it says why not."""
    until(lambda: night.found(query.expr), lambda: f"nothing for {query.expr}")  # a rate needs several scrapes


@pytest.mark.parametrize("query", [q for q in queries() if q.empty], ids=lambda query: query.expr)
def test_what_is_empty_for_a_reason(query: Query, night: Night) -> None:
    """A query that gives a reason to be empty is valid, and empty on this healthy night."""
    assert not night.found(query.expr)


@pytest.mark.parametrize("query", variables())
def test_each_variable_has_values(query: str, night: Night) -> None:
    """What a board lets one choose from is not empty."""
    inner = query[query.index("(") + 1 : query.rindex(")")]
    if query.startswith("label_values"):
        inner, _, label = inner.rpartition(", ")
        inner = inner or label
        series = night.prometheus.get("series", **{"match[]": filled(inner), "start": night.began})
        assert {found[label] for found in series}
    else:
        until(lambda: night.found(inner), lambda: f"nothing for {inner}")


@pytest.mark.parametrize(("name", "first"), [("area", ("VE", "Venezuela")), ("option", ("NM", "Nicolás Maduro"))])
def test_the_board_opens_on_the_first(name: str, first: tuple[str, str], night: Night) -> None:
    """The board Area opens on the whole and on the option that is announced the most votes: they come first as Grafana
    reads them out of the query's answer."""
    variable = next(v for v in area_board.BOARD.variables if v.name == name)
    found = night.prometheus.get("query", query=filled(_asked_of(name), area="VE"))["result"]
    assert as_grafana_reads(found, variable.regex)[0] == first


def test_every_record_is_as_published(night: Night) -> None:
    """Every record of the bundled night's topics is as its published JSON Schema says."""
    counts = night.live.check_schemas()
    assert counts.keys() == {"tally-reports", "bulletins", "table-sheets", "area-state", "alerts"}
    assert counts["tally-reports"] > 200


def figures() -> list[tuple[str, Callable[[float], bool]]]:
    return [
        ('cotejo_witnessed_votes{area="VE", option="EG"}', lambda votes: votes == 7_303_480),
        ('cotejo_official_votes{area="VE", option="NM"}', lambda votes: votes == 6_408_844),
        ('cotejo_coverage_ratio{area="VE"}', lambda ratio: round(ratio, 4) == 0.8350),
        ('cotejo_breakdown_sheets{area="VE", option="EG"}', lambda sheets: sheets > 2000),
        ('sum(cotejo_alerts{status="firing"})', lambda alerts: alerts >= 4),
    ]


@pytest.mark.parametrize(("expr", "fits"), figures(), ids=[expr for expr, _ in figures()])
def test_the_figures_are_the_nights(expr: str, fits: Callable[[float], bool], night: Night) -> None:
    """What Prometheus has is what the night is known to come to."""
    value = night.prometheus.value(expr)
    assert value is not None
    assert fits(value)
