"""The compose stack, as far as it can be held without an engine: the files against their specifications, the rules they
must keep, and Cotejo's own commands in them, run one after the other on a broker."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml
from brokers import ROOT
from nights import until

from streams.kafka.embedded_broker import EmbeddedBroker, end, free_port, spawn
from streams.support.scrape import scrape

FILE = ROOT / "docker-compose.yml"


def interpolated(text: str, **environment: str) -> str:
    """As Compose fills in `${NAME:-default}`."""
    return re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: environment.get(found[1], found[2]), text)


STACK: dict[str, Any] = yaml.safe_load(interpolated(FILE.read_text()))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
each = pytest.mark.parametrize("name", SERVICES)


def test_specification() -> None:
    """The file keeps to the Compose specification."""
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(STACK)).to_spec()


def test_dockerfile() -> None:
    """The Dockerfile's linter has nothing to say."""
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@each
def test_pinned(name: str) -> None:
    """Each image has the tag of one release."""
    assert re.fullmatch(r"[\w/.-]+:v?\d+\.\d+\.\d+", SERVICES[name]["image"])


def test_base_image_pinned() -> None:
    """So have the images that ours is built from."""
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.M)
    assert bases
    assert all(re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base) for base in bases)


@each
def test_few_rights(name: str) -> None:
    """No service runs as root, gains rights, or has a capability; only Kafka may write outside of its volume."""
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("read_only", False) == (name != "kafka")


@each
def test_loopback_only(name: str) -> None:
    """Every port is bound to loopback, and no password is written anywhere."""
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)
    assert not [key for key in SERVICES[name].get("environment", {}) if "PASSWORD" in key]


@each
def test_mounts_exist(name: str) -> None:
    """What is mounted from here exists and is read-only; every other volume is declared."""
    for mount in SERVICES[name].get("volumes", []):
        source, target, *mode = mount.split(":")
        assert target.startswith("/")
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert mode == ["ro"]
        else:
            assert source in STACK["volumes"]


def test_what_runs_on_is_healthy() -> None:
    """Everything that stays up has a health check and comes back; what others wait for can come true."""
    for name, service in SERVICES.items():
        assert ("healthcheck" in service) == (service["restart"] != "no"), name
        for other, wait in service.get("depends_on", {}).items():
            ends = SERVICES[other]["restart"] == "no"
            assert wait["condition"] == ("service_completed_successfully" if ends else "service_healthy")


def test_they_find_each_other() -> None:
    """The configurations name services of the file, at the ports these listen on; boards are where Grafana looks."""
    scrape_config = yaml.safe_load((ROOT / "dashboards" / "prometheus" / "prometheus.yml").read_text())
    (job,) = scrape_config["scrape_configs"]
    (names,) = job["dns_sd_configs"]
    assert names["names"] == ["worker"]
    assert f"--port {names['port']}" in SERVICES["worker"]["command"][-1]
    (alerting,) = scrape_config["alerting"]["alertmanagers"]
    assert alerting["static_configs"][0]["targets"] == ["alertmanager:9093"]
    mounts = dict(mount.removesuffix(":ro").split(":") for mount in SERVICES["grafana"]["volumes"])
    provisioned = yaml.safe_load((ROOT / "dashboards/provisioning/dashboards/cotejo.yml").read_text())
    for provider in provisioned["providers"]:
        assert provider["options"]["path"] in mounts.values()
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    inside = next(place for target in mounts.items() for place in [target] if home.startswith(place[1]))
    assert (ROOT / inside[0] / home.removeprefix(inside[1] + "/")).exists()


def test_the_commands_run(embedded: EmbeddedBroker, tmp_path: Path) -> None:
    """Cotejo's services, in the order of their dependencies and with the commands as they are written: the night is
    written, the topics made, the worker becomes healthy by its own check, what the feeder sends is judged."""
    shim, election, port = tmp_path / "bin" / "cotejo", tmp_path / "election", free_port()
    shim.parent.mkdir()
    election.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m streams "$@"\n')
    shim.chmod(0o755)
    path = f"{shim.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"

    def command(words: list[str]) -> list[str]:
        """With this machine's places instead of the containers'."""
        text = json.dumps(words).replace("$$", "$").replace("kafka:9092", embedded.address)
        text = text.replace("/election/", f"{election}/").replace("6066", str(port)).replace("0.0.0.0", "127.0.0.1")
        return list(json.loads(text.replace('"600"', '"100000"')))

    def run(words: list[str]) -> None:
        environment = {"PATH": path, "PYTHONPATH": str(ROOT)}
        subprocess.run(command(words), cwd=election, env=environment, check=True, capture_output=True)

    run(SERVICES["night"]["command"])
    written = (election / "election.toml").stat().st_mtime_ns
    run(SERVICES["night"]["command"])
    assert (election / "election.toml").stat().st_mtime_ns == written  # an election that is there is left alone
    lines = (election / "events.jsonl").read_bytes().splitlines(keepends=True)[:2000]
    (election / "events.jsonl").write_bytes(b"".join(lines))  # the beginning is enough
    run(SERVICES["topics"]["command"])
    variables = {**SERVICES["worker"]["environment"], "HOSTNAME": "4f1c", "PATH": path, "PYTHONPATH": str(ROOT)}
    settings = [f"{name}={value}" for name, value in variables.items()]
    log = tmp_path / "worker.log"
    worker = spawn(["env", *settings, *command(SERVICES["worker"]["command"])], log)
    try:
        check = command(SERVICES["worker"]["healthcheck"]["test"][1:])

        def healthy() -> bool:
            return subprocess.run(check, env={"PATH": path}, capture_output=True, check=False).returncode == 0

        until(healthy, log.read_text)
        run(SERVICES["feeder"]["command"])
        metric, reports = "cotejo_witnessed_tables[VE][Venezuela][nation]", sum(b'"tally-report"' in n for n in lines)
        until(lambda: scrape(f"http://127.0.0.1:{port}/metrics").get(metric) == reports > 1900, log.read_text)
    finally:
        end(worker)
