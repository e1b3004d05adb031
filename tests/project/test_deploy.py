"""What `deploy/` has for those who run Cotejo: held against the schemas of Kubernetes, systemd's own check, and the
options that the commands really have."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml
from brokers import ROOT

from streams.cli import app
from streams.support.health import LIVE, READY

KUBERNETES = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))


def documents() -> list[dict[str, Any]]:
    return [
        document
        for name in KUSTOMIZATION["resources"]
        for document in yaml.safe_load_all((KUBERNETES / name).read_text())
    ]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """The template of each kind of pod, by the name of what makes it."""
    for document in documents():
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]


PODS = dict(pods())
CONTAINERS = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}


def of(kind: str) -> list[dict[str, Any]]:
    return [document for document in documents() if document["kind"] == kind]


@pytest.mark.parametrize(
    "document", documents(), ids=lambda document: f"{document['kind']} {document['metadata']['name']}"
)
@pytest.mark.parametrize("version", ["1.29", "1.34"])
def test_kubernetes_takes_them(document: dict[str, Any], version: str) -> None:
    """Each manifest is valid by Kubernetes' schemas, without a field that they do not know."""
    kubernetes_validate.validate(document, version, strict=True)


def test_nothing_is_left_out() -> None:
    """Every manifest is in the base; the version is that of the package; where kubectl is installed, it renders all."""
    assert {path.name for path in KUBERNETES.glob("*.yaml")} == {"kustomization.yaml", *KUSTOMIZATION["resources"]}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert KUSTOMIZATION["images"] == [{"name": "cotejo", "newTag": version}]
    assert KUSTOMIZATION["labels"][0]["pairs"]["app.kubernetes.io/version"] == version
    if kubectl := shutil.which("kubectl"):
        done = subprocess.run([kubectl, "kustomize", KUBERNETES], capture_output=True, check=True, timeout=60)
        rendered = list(yaml.safe_load_all(done.stdout))
        assert len(rendered) == len(documents()) + len(KUSTOMIZATION["configMapGenerator"])
        for document in rendered:
            kubernetes_validate.validate(document, "1.34", strict=True)


@pytest.mark.parametrize("name", PODS)
def test_pods_have_few_rights(name: str) -> None:
    """No pod runs as root, may gain rights, writes into its image, or holds a token of the cluster."""
    spec, container = PODS[name]["spec"], CONTAINERS[name]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"].keys() == {"requests", "limits"}
    declared = {volume["name"] for volume in spec["volumes"]} | ({"record"} if name == "cotejo-recorder" else set())
    assert {mount["name"] for mount in container["volumeMounts"]} == declared


def test_pods_are_found() -> None:
    """Each Service, budget and rule selects pods that exist; ports and probes are those of the containers."""
    components = {pod["metadata"]["labels"]["app.kubernetes.io/component"]: name for name, pod in PODS.items()}
    for service in of("Service"):
        container = CONTAINERS[components[service["spec"]["selector"]["app.kubernetes.io/component"]]]
        assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
        assert f"--port={container['ports'][0]['containerPort']}" in container["args"]
        assert container["livenessProbe"]["httpGet"] == {"path": LIVE, "port": "http"}
        assert container["readinessProbe"]["httpGet"] == {"path": READY, "port": "http"}
    (policy,) = of("NetworkPolicy")
    allowed = {port["port"] for port in policy["spec"]["ingress"][0]["ports"]}
    assert allowed == {
        container["ports"][0]["containerPort"] for container in CONTAINERS.values() if "ports" in container
    }


def command_lines() -> Iterator[tuple[str, list[str]]]:
    for name, container in CONTAINERS.items():
        yield name, container["args"]
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.M)
        yield unit.name, shlex.split(line)


@pytest.mark.parametrize("words", [pytest.param(words, id=name) for name, words in command_lines()])
def test_the_commands_have_these_options(words: list[str]) -> None:
    """Every command line calls a command that exists, with options that it has and as many arguments as it takes."""
    top: Any = typer.main.get_command(app())
    assert Path(words[0]).name == "cotejo"
    rest = [word for word in words[1:] if word not in ("--log-format", "json")]
    command = top.get_command(None, rest[0])
    assert command.make_context(rest[0], rest[1:]).params  # raises for an option or an argument that it has not


def test_the_settings_name_options() -> None:
    """What the base sets by environment variables are options of the commands that it runs."""
    top: Any = typer.main.get_command(app())
    commands = [top.get_command(None, container["args"][1]) for container in CONTAINERS.values()]
    known = {option.envvar for command in (top, *commands) for option in command.params}
    for literal in KUSTOMIZATION["configMapGenerator"][0]["literals"]:
        assert literal.partition("=")[0] in known


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units(unit: Path) -> None:
    """Each unit comes back by itself, runs as a user without rights, and systemd's own check has nothing to say but
    that Cotejo is not installed here."""
    text = unit.read_text()
    for line in (
        "User=cotejo",
        "Restart=always",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
    ):
        assert f"\n{line}\n" in text
    if analyze := shutil.which("systemd-analyze"):
        done = subprocess.run([analyze, "verify", unit], capture_output=True, text=True, check=False, timeout=60)
        said = [line for line in done.stderr.splitlines() if "/opt/cotejo/bin/cotejo is not executable" not in line]
        assert not [line for line in said if unit.stem.split("@")[0] in line], said


def test_the_image_says_what_it_is() -> None:
    """The labels of the image have the package's version, licence and description."""
    text = (ROOT / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"ARG VERSION={project['version']}\n" in text
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', text))
    assert labels == {
        "title": "Cotejo",
        "description": project["description"].partition(":")[0],
        "licenses": project["license"],
        "version": "$VERSION",
        "revision": "$REVISION",
    }


def test_the_proxy_streams() -> None:
    """Both examples of a proxy are told not to hold back the board's stream. tests/board/test_proxies.py runs them."""
    assert "proxy_buffering off;" in (ROOT / "deploy" / "proxy" / "nginx.conf").read_text()
    assert "flush_interval -1" in (ROOT / "deploy" / "proxy" / "Caddyfile").read_text()
