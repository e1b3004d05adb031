"""Alertmanager's formats, held against Debian's Alertmanager itself."""

import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from brokers import lacking
from msgspec import structs
from nights import until
from receivers import Scripted
from test_posting import KNOWN, NEW, NOTICE, post

from streams.core.alerting.alert import Notice
from streams.core.alerting.next_delivery import Digest
from streams.core.election.model import Receiver
from streams.delivery.admin import trial
from streams.delivery.http_post import body, digest_body
from streams.kafka.embedded_broker import end, free_port, spawn
from streams.times import rfc3339

CONFIG = """
route: {{receiver: page, group_by: [alertname, area, option], group_wait: 0s, group_interval: 1s}}
receivers:
- name: page
  webhook_configs: [{{url: "{url}"}}]
"""
V4 = Receiver("page", "https://page.example/", "SECRET", format="alertmanager")
API = replace(V4, format="alertmanager-api")
RESOLVED = structs.replace(NOTICE, status="resolved", at=NOTICE.at + 60_000)


def v4(notice: Notice) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(body(KNOWN, V4, notice))
    return found


@contextmanager
def alertmanager(directory: Path, page: str) -> Iterator[str]:
    """Alertmanager, paging `page`; gives its address."""
    program = shutil.which("prometheus-alertmanager")
    if program is None:
        lacking("no Alertmanager: install Debian's package prometheus-alertmanager")
    port = free_port()
    config = directory / "alertmanager.yml"
    config.write_text(CONFIG.format(url=page))
    options = [f"--config.file={config}", f"--storage.path={directory}", f"--web.listen-address=127.0.0.1:{port}"]
    process = spawn([program, *options, "--cluster.listen-address="], directory / "alertmanager.log")
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is None and _get(f"{address}/-/ready"), (directory / "alertmanager.log").read_text)
        yield address
    finally:
        end(process)


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bytes(answer.read()) or b"ok"
    except OSError:
        return b""


def firing(address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(_get(f"{address}/api/v2/alerts"))
    return found


def test_an_alert_through_alertmanager(tmp_path: Path) -> None:
    """It takes what we send: the alert fires, changes its severity and not its number, is resolved; and what it then
    sends on as a webhook of version 4 has the very fields, types and status that our own body has."""
    page = Scripted()
    with page.listening() as url, alertmanager(tmp_path, url) as address:

        def send(notice: Notice) -> None:
            answer = post(f"{address}/api/v2/alerts", notice, format="alertmanager-api", secrets=())
            assert answer.good, answer.words

        send(NOTICE)
        (alert,) = firing(address)
        assert alert["labels"]["severity"] == NOTICE.severity
        assert alert["annotations"]["summary"] == NOTICE.finding.sentence["en"]
        assert alert["startsAt"].startswith("2024-07-29")
        other = structs.replace(
            NOTICE, severity="warning" if NOTICE.severity == "critical" else "critical", at=NOTICE.at + 10_000
        )
        send(other)
        (alert,) = firing(address)
        assert alert["labels"]["severity"] == other.severity
        until(lambda: len(page.seen) >= 1, lambda: str(page.seen))
        send(structs.replace(other, status="resolved", at=NOTICE.at + 60_000))
        assert firing(address) == []
        until(lambda: orjson.loads(page.seen[-1].body)["status"] == "resolved", lambda: str(page.seen))
        theirs = [orjson.loads(got.body) for got in page.seen]
    for status, notice in (("firing", NOTICE), ("resolved", RESOLVED)):
        known = next(sent for sent in theirs if sent["status"] == status)
        assert kinds(v4(notice)) == kinds(known)
        assert v4(notice)["version"] == known["version"] == "4"
        assert v4(notice)["groupLabels"] == known["groupLabels"]
    assert (
        v4(NOTICE)["alerts"][0]["endsAt"] == next(s for s in theirs if s["status"] == "firing")["alerts"][0]["endsAt"]
    )
    assert v4(RESOLVED)["alerts"][0]["endsAt"] == rfc3339(RESOLVED.at)


def kinds(data: dict[str, Any]) -> dict[str, Any]:
    """The fields of a webhook and what kind of thing each is; of its alerts likewise."""
    (alert, *_) = data["alerts"]
    return {name: type(value) for name, value in data.items()} | {
        f"alert.{name}": type(value) for name, value in alert.items()
    }


def test_a_test_alert_ends_by_itself(tmp_path: Path) -> None:
    """The test's alert fires, and for five minutes only."""
    with alertmanager(tmp_path, "http://127.0.0.1:1/") as address:
        notice = trial(KNOWN, NOTICE.at)
        ends = {a["labels"]["severity"]: a["endsAt"] for a in orjson.loads(body(KNOWN, API, notice))}
        assert ends == {s: rfc3339(NOTICE.at + (300_000 if s == "info" else 0)) for s in ends}
        assert post(f"{address}/api/v2/alerts", notice, format="alertmanager-api").good


def test_digests() -> None:
    """A digest is one group with the newest notice of each alert, in the language of its receiver; its labels in common
    are those that are the same in all. To Alertmanager's own API it is the same alerts as notice by notice."""
    about = structs.replace(NOTICE.finding, area="S1")
    other = structs.replace(NOTICE, finding=about, fingerprint=about.fingerprint, id=f"{about.fingerprint}:1:1")
    digest = Digest("digest:1:a", NOTICE.at, (NOTICE, other, RESOLVED))
    spanish = replace(V4, language="es", digest=60)
    found = orjson.loads(digest_body(KNOWN, spanish, digest))
    assert (found["status"], found["groupLabels"]) == ("firing", {"election": KNOWN.id})
    assert [(a["labels"]["area"], a["status"]) for a in found["alerts"]] == [("N", "resolved"), ("S1", "firing")]
    assert found["alerts"][1]["annotations"]["summary"] == about.sentence["es"]
    assert "area" not in found["commonLabels"]
    assert found["commonLabels"]["alertname"] == about.rule
    ended = orjson.loads(digest_body(KNOWN, spanish, replace(digest, notices=(NOTICE, RESOLVED))))
    assert (ended["status"], len(ended["alerts"])) == ("resolved", 1)
    sent = orjson.loads(digest_body(KNOWN, API, digest))
    assert sent == [*orjson.loads(body(KNOWN, API, RESOLVED)), *orjson.loads(body(KNOWN, API, other))]


def test_version_4() -> None:
    """One alert, whose labels name it and whose annotations say it in both languages; signed as any webhook."""
    page = Scripted()
    with page.listening() as url:
        post(url, format="alertmanager", secrets=(NEW,))
    found = orjson.loads(page.seen[0].body)
    (alert,) = found["alerts"]
    finding = NOTICE.finding
    assert alert["labels"] == found["commonLabels"] == {
        "alertname": finding.rule, "area": finding.area, "option": finding.column, "class": finding.rule_class,
        "election": KNOWN.id, "level": "nation", "severity": NOTICE.severity,
    }  # fmt: skip
    assert alert["annotations"]["summary_es"] == finding.sentence["es"]
    assert (found["status"], alert["status"], alert["endsAt"]) == ("firing", "firing", "0001-01-01T00:00:00Z")
    assert found["groupKey"] == f'{{}}:{{alertname="{finding.rule}", area="{finding.area}", option="{finding.column}"}}'
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= page.seen[0].headers.keys()


@pytest.mark.parametrize("change", [{"severity": "critical"}, {"status": "resolved"}, {"at": NOTICE.at + 1}])
def test_an_alerts_life_is_one_group(change: dict[str, Any]) -> None:
    """Whatever changes in an alert's life, its fingerprint and its group stay."""
    before, after = v4(NOTICE), v4(structs.replace(NOTICE, **change))
    assert before["groupKey"] == after["groupKey"]
    assert before["alerts"][0]["fingerprint"] == after["alerts"][0]["fingerprint"]


def test_amtool_reads_what_is_there(tmp_path: Path) -> None:
    """Alertmanager's own tool lists the alert by our labels."""
    with alertmanager(tmp_path, "http://127.0.0.1:1/") as address:
        assert post(f"{address}/api/v2/alerts", NOTICE, format="alertmanager-api").good
        amtool = shutil.which("amtool") or lacking("no amtool: install Debian's package prometheus-alertmanager")
        query = [
            str(amtool),
            "alert",
            "query",
            f"--alertmanager.url={address}",
            f"area={NOTICE.finding.area}",
            "-o",
            "json",
        ]
        (alert,) = orjson.loads(subprocess.run(query, check=True, capture_output=True, timeout=30).stdout)
        assert alert["labels"]["alertname"] == NOTICE.finding.rule
