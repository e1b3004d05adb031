"""Metrics: the table in the docs is the code's, one worker speaks for an area, and nothing grows without bound."""

import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from brokers import ROOT, ApacheBroker
from builders import T0, bulletin, drawn_sample, election, lines, report
from nights import LiveNight, until
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from streams.core.election.model import Receiver
from streams.core.election.settings import AlertPolicy, HealthRule, MetricsPolicy, Rules
from streams.core.events.model import Event
from streams.delivery.loopback_receiver import AlertReceiver
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.producer import KafkaSink
from streams.worker.metrics.catalogue import METRICS

SECRET = "whsec_" + b64encode(bytes(range(32))).decode()
KNOWN = replace(
    election(
        states=3,
        tables=8,
        registered=300,
        groups={"rest": "BC"},
        alerts=AlertPolicy(tick=10, hold=0, cooldown=60),
        rules=Rules(health=HealthRule(flood_ratio=0.1, flood_min=5, disputed_min=1)),
    ),
    sample=drawn_sample({f"S{s}": [f"S{s}-{t}" for t in (1, 5, 8)] for s in (1, 2, 3)}),
)
HOSTILE = """a"b\\c\\n} 1'{d="e"}# HELP x <script>{{7*7}}"""
SHEETS: list[Event] = [
    report(table, (150, 60, 10), at=T0 + 1000 * i) for i, table in enumerate(list(KNOWN.tables)[:20])
]
SHEETS += [report("S1-1", (140, 60, 10), reporter="bo", at=T0 + 30_000)]
NIGHT = [
    *SHEETS,
    bulletin((1800, 2600, 200), at=T0 + 60_000, tables_counted=24, registered=7200),
    bulletin((100, 400, 30), area="S1", at=T0 + 61_000, tables_counted=8, registered=2400),
    bulletin((1, 2, 3), area="S2-1", at=T0 + 62_000),
    report("S3-8", {"A": 60}, id="seen", at=T0 + 63_000, bound="at-least"),
    bulletin((59, 2, 3), area="S3-8", at=T0 + 64_000),
]


def scraped(port: int) -> dict[str, Metric]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def areas(port: int) -> Counter[str]:
    """How many series each area has."""
    found = scraped(port)
    return Counter(s.labels["area"] for f in found.values() for s in f.samples if "area" in s.labels)


def test_docs_table() -> None:
    """docs/metrics.md has every metric with its type, labels and meaning, in the code's order, and no other."""
    text = (ROOT / "docs" / "metrics.md").read_text()
    rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in re.findall(r"^\| `.*$", text, re.M)]
    assert rows == [(f"`{m.name}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.help) for m in METRICS]


def test_names() -> None:
    """One prefix; counters end in _total and nothing else does; no label that names a polling table or a reporter."""
    for metric in METRICS:
        assert metric.name.startswith("cotejo_")
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert not {"table", "reporter", "group", "bulletin"} & set(metric.labels)
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_a_night(embedded: EmbeddedBroker, tmp_path: Path, names: str) -> None:
    """A worker exposes what the list promises, of the right type and labels, and after a restart the same figures
    without any new event."""
    with (
        AlertReceiver(SECRET, lambda _: None) as receiver,
        LiveNight(
            replace(KNOWN, receivers=(Receiver("desk", receiver.url, "S_DESK", allow_loopback=True),)),
            embedded,
            tmp_path,
            names,
        ) as live,
    ):
        live.environment = {"S_DESK": SECRET}
        live.start()
        live.feed([*lines([*NIGHT, report("S3-8", {"X": 60}, id="refused", at=T0 + 65_000)]), b"{}"])
        live.wait(delivered=True)
        found = scraped(live.ports[-1])
        before = live.metrics()
        live.stop()
        live.start()
        live.ready()
        after = live.metrics()
        live.stop()
    for metric in METRICS:
        family = found.pop(metric.name.removesuffix("_total"), None)
        assert family is not None, metric.name
        assert (family.type, family.documentation) == (metric.kind, metric.help), metric.name
        assert family.samples, metric.name
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(metric.labels)
    assert not [name for name in found if name.startswith("cotejo")]

    nation = "[N][Area N][nation]"
    assert before[f"cotejo_witnessed_tables{nation}"] == 19
    assert before[f"cotejo_sheets{nation}[disputed]"] == 1
    for kind, count in (("disputed", 1), ("unconfirmed", 0), ("turned_away", 1), ("unwitnessed", 3), ("together", 5)):
        assert before[f"cotejo_open_sheets[N][Area N][{kind}][nation]"] == count
    assert before[f"cotejo_lead_votes{nation}"] == 19 * (150 - 60)
    assert "cotejo_lead_change_sheets[N][Area N][disputed][nation]" not in before
    assert before["cotejo_coverage_ratio[S1][Area S1][state]"] == 7 / 8
    assert before["cotejo_official_share_ratio[N][Area N][nation][A][Option A]"] == round(1800 / 4600, 8)
    assert before["cotejo_witnessed_share_ratio[N][Area N][nation][A][Option A]"] == round(150 / 220, 8)
    assert before["cotejo_divergence_ratio[N][Area N][nation][A][Option A]"] == pytest.approx(1800 / 4600 - 150 / 220)
    assert before["cotejo_witnessed_votes[N][Area N][nation][rest][Group rest]"] == 19 * 70
    assert before[f"cotejo_differing_tables{nation}"] == 1
    assert before[f"cotejo_bounded_tables{nation}"] == before[f"cotejo_below_floor_tables{nation}"] == 1
    assert before[f"cotejo_bulletin_age_seconds{nation}"] == before["cotejo_clock_seconds"] - (T0 + 60_000) / 1000
    assert before["cotejo_threshold_ratio[warning][divergence]"] == 0.02
    assert before[f"cotejo_sample_tables{nation}"] == 9
    assert before[f"cotejo_sample_clusters{nation}"] == 0
    assert before[f"cotejo_sample_witnessed_tables{nation}"] == 6
    assert before["cotejo_sample_missing_tables[N][Area N][nation][S3][Area S3]"] == 2
    assert before["cotejo_sample_share_ratio[N][Area N][nation][A][Option A]"] == round(150 / 220, 8)
    assert 0 <= before["cotejo_sample_low_ratio[N][Area N][guaranteed][nation][A][Option A]"] < 150 / 220
    assert before["cotejo_sample_high_ratio[N][Area N][outer][nation][A][Option A]"] <= 1
    flood = [name for name in before if name.startswith("cotejo_alert_firing") and "feed-health" in name]
    assert flood
    assert not any("ana" in name for name in before)  # who reports is no label, not even of an alert about it
    told = {name for name in before if "[N]" in name or "[S1]" in name}
    assert {name: after.get(name) for name in told} == {name: before[name] for name in told}


def test_levels(embedded: EmbeddedBroker, tmp_path: Path, names: str) -> None:
    """Areas are exported down to the level that the election file sets, alerts of those below only as a number.
    Names that look like the format's own, or like markup, are labels like any other."""
    known = replace(KNOWN, metrics=MetricsPolicy(levels=1))
    nation = replace(known.root, name=HOSTILE)
    option = replace(known.options[0], name=HOSTILE * 2)
    known = replace(known, areas={**known.areas, "N": nation}, options=(option, *known.options[1:]))
    with LiveNight(known, embedded, tmp_path, names) as live:
        live.start()
        live.feed(lines(NIGHT))
        live.wait()
        assert set(areas(live.ports[-1])) == {"N"}
        labels = [s.labels for family in scraped(live.ports[-1]).values() for s in family.samples]
        assert {found["area_name"] for found in labels if "area_name" in found} == {HOSTILE}
        assert HOSTILE * 2 in {found.get("option_name") for found in labels}
        live.stop()


def test_one_speaks_for_an_area(apache: ApacheBroker, tmp_path: Path, names: str) -> None:
    """Of two workers one shows the areas; when it is killed the other does, with the same figures."""
    figure = "cotejo_breakdown_sheets[N][Area N][nation][A][Option A]"
    with LiveNight(KNOWN, apache.start(), tmp_path, names, partitions=4) as live:
        live.start(member="one")
        live.start(member="two")
        until(lambda: [m.get("cotejo_owned_partitions") for m in live.all_metrics()] == [2, 2], live.told)
        live.feed(lines(NIGHT))
        live.wait()
        seen = [areas(port) for port in live.ports]
        assert sorted(map(len, seen)) == [0, 4]
        owner, other = (0, 1) if seen[0] else (1, 0)
        figures = live.all_metrics()[owner][figure]
        assert figures > 0
        live.workers[owner].kill()
        live.workers[owner].wait()
        until(lambda: live.all_metrics()[other].get("cotejo_owned_partitions") == 4, live.told)
        assert live.all_metrics()[other][figure] == figures
        live.workers.pop(owner)
        live.stop()


def test_lag(embedded: EmbeddedBroker, tmp_path: Path, names: str) -> None:
    """Messages nobody has taken are the lag of each partition; once they are judged it comes down to nothing."""

    def lag() -> list[float]:
        return [v for n, v in live.metrics().items() if n.startswith("cotejo_consumer_lag_messages")]

    with LiveNight(KNOWN, embedded, tmp_path, names) as live:
        live.start()
        live.feed(lines(SHEETS))
        live.wait()
        single = 4  # bulletins, table-sheets, alerts, webhook-commands
        until(lambda: len(lag()) == live.topology.partitions + single and not any(lag()), live.told)
        sink = KafkaSink(embedded.address)
        for event in lines([bulletin((1, 2, 3), at=T0 + 90_000), bulletin((2, 3, 4), at=T0 + 91_000, sequence=2)]):
            sink.send(live.topology.bulletins, event, partition=0)  # no tick comes, so they wait
        sink.close()
        until(lambda: sum(lag()) == 2, live.told)
        live.stop()
