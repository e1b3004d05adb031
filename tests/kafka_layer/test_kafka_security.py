"""TLS, users and ACLs on Apache Kafka: each role can do its part and no more, and what is wrong is said in a line."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from brokers import KAFKA, ApacheBroker, lacking, scripts_kafka
from builders import bulletin, election, lines, report
from kafka import TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.admin import ACLResourcePatternType as PatternType
from kafka.errors import KafkaError
from nights import LiveNight, direct, until

from streams.cli import app
from streams.config import election_writer
from streams.core.events.codec import encode, plain
from streams.core.events.model import Event
from streams.errors import CotejoError
from streams.kafka import clients, topic_admin, topic_reader
from streams.kafka.acls import Acl, acls
from streams.kafka.clients import BrokerRefused
from streams.kafka.producer import KafkaSink
from streams.kafka.security import VARIABLE, KafkaConfigError, configured, read
from streams.kafka.topology import Topology

KNOWN = election(states=2, tables=2)
Become = Callable[[str], None]


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, certificates, passwords and a configuration for each user."""
    made = tmp_path_factory.mktemp("secrets")
    subprocess.run([KAFKA, "secrets", made], check=True)
    return made


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, secrets: Path) -> Iterator[ApacheBroker]:
    """Apache Kafka with SASL_SSL and ACLs; clients with certificates two ports above."""
    if reason := scripts_kafka("check") or scripts_kafka("install"):
        lacking(reason)
    running = ApacheBroker(tmp_path_factory.mktemp("secure"), secrets)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(secrets / "admin.properties"))
        try:
            yield running.start()
        finally:
            running.stop()


@pytest.fixture
def become(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> Become:
    """From here on, be this user."""
    return lambda name: monkeypatch.setenv(VARIABLE, str(secrets / f"{name}.properties"))


@pytest.fixture(scope="module")
def topology(secure: ApacheBroker) -> Topology:
    """The topics on which the roles are tried."""
    return guarded(secure, "roles.")


def guarded(secure: ApacheBroker, prefix: str) -> Topology:
    """An election's topics, with the ACLs that `cotejo topics --acls` prints."""
    made = Topology(prefix, 2)
    topic_admin.ensure(secure.address, made.specs())
    asked = [each for acl in acls(made) for each in of_kafka(acl)]
    with topic_admin.admin(secure.address) as client:
        done = client.create_acls(asked)
        assert not done["failed"]
        until(lambda: set(asked) <= in_force(client), lambda: f"{len(in_force(client))} of {len(asked)} ACLs")
    return made


def in_force(client: Any) -> set[Any]:
    """The ACLs that the broker goes by: a moment after the controller has taken them."""
    any_pattern = ResourcePatternFilter(ResourceType.ANY, None, PatternType.ANY)
    found, _ = client.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, any_pattern))
    return set(found)


def of_kafka(acl: Acl) -> Iterator[Any]:
    kind = ResourceType[acl.resource.upper()]
    pattern = ResourcePattern(kind, acl.name, PatternType.PREFIXED if acl.prefixed else PatternType.LITERAL)
    for operation in acl.operations:
        called = ACLOperation[re.sub(r"(?<!^)(?=[A-Z])", "_", operation).upper()]
        yield ACL(f"User:{acl.role}", "*", called, ACLPermissionType.ALLOW, pattern)


def write(broker: str, topic: str) -> None:
    """Write one record, or raise what the broker says."""
    sink = KafkaSink(broker)
    sink.send(topic, encode(plain(report())), partition=0)
    sink.close()


def fetch(broker: str, topic: str) -> None:
    """Read a topic's first partition, or raise what the broker says."""
    list(topic_reader.read(broker, topic))


def delete(broker: str, topic: str) -> None:
    topic_admin.delete(broker, [topic])


def join(broker: str, topic: str) -> None:
    """Look where the worker's group stands, as a member would."""
    consumer = clients.consumer(broker, group_id=topic.rpartition(".")[0] + ".cotejo")
    try:
        consumer.committed(TopicPartition(topic, 0))
    except KafkaError as error:
        raise CotejoError(clients.refusal(error)) from error
    finally:
        consumer.close()


@pytest.mark.parametrize(
    ("user", "does", "on", "may"),
    [
        pytest.param("reporter", write, "tally_reports", True, id="a reporter writes reports"),
        pytest.param("reporter", write, "bulletins", False, id="a reporter writes no bulletin"),
        pytest.param("reporter", write, "alerts", False, id="a reporter raises no alert"),
        pytest.param("reporter", fetch, "tally_reports", False, id="a reporter does not read the others' reports"),
        pytest.param("reporter", delete, "tally_reports", False, id="a reporter deletes nothing"),
        pytest.param("authority", write, "bulletins", True, id="the authority writes bulletins"),
        pytest.param("authority", write, "tally_reports", False, id="the authority writes no reports"),
        pytest.param("authority", fetch, "bulletins", False, id="the authority reads nothing"),
        pytest.param("feeder", write, "bulletins", True, id="a feeder writes bulletins"),
        pytest.param("feeder", write, "alerts", False, id="a feeder raises no alert"),
        pytest.param("recorder", fetch, "bulletins", True, id="a recorder reads bulletins"),
        pytest.param("recorder", write, "bulletins", False, id="a recorder writes nothing"),
        pytest.param("viewer", fetch, "area_state", True, id="a viewer reads the state"),
        pytest.param("viewer", write, "area_state", False, id="a viewer changes no state"),
        pytest.param("viewer", fetch, "tally_reports", False, id="a viewer does not read reports"),
        pytest.param("viewer", join, "tally_reports", False, id="a viewer does not take part in the worker's group"),
        pytest.param("worker", join, "tally_reports", True, id="the worker has its group"),
        pytest.param("worker", delete, "tally_reports", False, id="the worker deletes nothing"),
    ],
)
def test_roles(
    secure: ApacheBroker,
    topology: Topology,
    become: Become,
    user: str,
    does: Callable[[str, str], None],
    on: str,
    may: bool,
) -> None:
    """Each role can do its part, and is told what it lacks for anything else."""
    become(user)
    if may:
        does(secure.address, getattr(topology, on))
    else:
        with pytest.raises(CotejoError, match=r"AuthorizationFailed|not authorized"):
            does(secure.address, getattr(topology, on))


def test_a_night(secure: ApacheBroker, names: str, become: Become, secrets: Path, tmp_path: Path) -> None:
    """Feeder, worker and reader, each with its own password, come to what the core comes to."""
    night: list[Event] = [report(table="S1-1"), report(id="r2", reporter="bea", table="S1-1"), bulletin()]
    topology = guarded(secure, names)
    become("feeder")
    live = LiveNight(KNOWN, secure, tmp_path, topology.prefix, topology.partitions)
    live.environment = {VARIABLE: str(secrets / "worker.properties")}
    live.start()
    live.feed(lines(night))
    become("worker")
    live.wait()
    live.stop()
    assert live.outcome() == direct(KNOWN, lines(night))
    password = dict(line.split() for line in (secrets / "users").read_text().splitlines())["worker"]
    assert password not in live.log.read_text()


def test_certificate(secure: ApacheBroker, become: Become) -> None:
    """A client may also be known by its certificate; without one it is told what is missing."""
    host, _, port = secure.address.partition(":")
    listener = f"{host}:{int(port) + 2}"
    become("certificate")
    with topic_admin.admin(listener) as client:
        client.list_topics()


def edited(secrets: Path, changes: dict[str, str | None]) -> str:
    """The worker's configuration with other values, or without some."""
    found = dict(line.split("=", 1) for line in (secrets / "worker.properties").read_text().splitlines())
    kept = {name: value for name, value in {**found, **changes}.items() if value is not None}
    path = secrets / "edited.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in kept.items()))
    return str(path)


NO_CERTIFICATE = {"security.protocol": "SSL", "sasl.mechanism": None, "sasl.username": None, "sasl.password": None}
IN_THE_CLEAR = {"security.protocol": "SASL_PLAINTEXT", "ssl.ca.location": None}


@pytest.mark.parametrize(
    ("changes", "host", "above", "says"),
    [
        pytest.param({"sasl.password": "hunter2"}, "localhost", 0, "does not accept user 'worker'", id="password"),
        pytest.param({"sasl.username": "nobody"}, "localhost", 0, "does not accept user 'nobody'", id="user"),
        pytest.param(
            {"sasl.mechanism": "PLAIN", "sasl.password": "hunter2"}, "localhost", 0, "(PLAIN)", id="password by PLAIN"
        ),
        pytest.param({"ssl.ca.location": None}, "localhost", 0, "is not trusted", id="unknown CA"),
        pytest.param({}, "127.0.0.1", 0, "is not one for 127.0.0.1", id="wrong host name"),
        pytest.param({}, "localhost", 1, "speaks no TLS", id="TLS to a plain port"),
        pytest.param(IN_THE_CLEAR, "localhost", 0, "expects TLS", id="plain to a TLS port"),
        pytest.param(NO_CERTIFICATE, "localhost", 2, "if it wants a certificate", id="no certificate"),
        pytest.param(None, "localhost", 0, f"into the file that {VARIABLE} names", id="no configuration at all"),
    ],
)
def test_refused(
    secure: ApacheBroker,
    secrets: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str | None] | None,
    host: str,
    above: int,
    says: str,
) -> None:
    """Whatever keeps us and the broker apart is one line with its cure, and no password."""
    if changes is None:
        monkeypatch.delenv(VARIABLE)
    else:
        monkeypatch.setenv(VARIABLE, edited(secrets, changes))
    address = f"{host}:{int(secure.address.rpartition(':')[2]) + above}"
    with pytest.raises(BrokerRefused) as told, clients.admin(address, seconds=2):
        pass
    text = str(told.value)
    assert says in text
    assert "\n" not in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("sasl.pasword=x", "test:1: 'sasl.pasword' means nothing here: write sasl.password", id="slip"),
        pytest.param("\nhunter2", "test:2: a line without = means nothing here", id="half a line"),
        pytest.param("security.protocol=TLS", "security.protocol: write PLAINTEXT, SSL", id="unknown protocol"),
        pytest.param("security.protocol=SASL_SSL", "sasl.mechanism: write PLAIN", id="no mechanism"),
        pytest.param(
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN", "sasl.username: SASL_SSL needs it", id="no user"
        ),
        pytest.param("sasl.username=a", "security.protocol: is PLAINTEXT, which knows no users", id="user, no SASL"),
        pytest.param("ssl.ca.location=x", "which knows no certificates", id="CA, no TLS"),
        pytest.param("security.protocol=SSL\nssl.ca.location=no.pem", "ssl.ca.location: ", id="no CA file"),
        pytest.param("security.protocol=SSL\nssl.ca.location=test", "ssl.ca.location: ", id="a CA that is none"),
        pytest.param(
            "security.protocol=SSL\nssl.certificate.location=test", "ssl.certificate.location: ", id="no certificate"
        ),
    ],
)
def test_wrong_file(tmp_path: Path, text: str, says: str) -> None:
    """A wrong configuration is told by its name and cure, and what may be secret is not repeated."""
    path = tmp_path / "test"
    path.write_text(text)
    with pytest.raises(KafkaConfigError) as told:
        read(path)
    assert says in str(told.value)
    assert "hunter2" not in str(told.value)


def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there is told; without the variable, connections are plain."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(KafkaConfigError, match="cannot be read: No such file"):
        configured()
    monkeypatch.delenv(VARIABLE)
    assert configured().options() == {"security_protocol": "PLAINTEXT"}


def test_secrets_stay_out(secrets: Path) -> None:
    """What a log or a traceback would show of a configuration has no password in it."""
    known = read(secrets / "worker.properties")
    assert known.password
    assert known.password not in repr(known)


def modules() -> Iterable[Path]:
    root = KAFKA.parents[1]
    return [*(root / "streams").rglob("*.py"), *(root / "scripts").glob("*.py")]


CLIENTS = "kafka/clients.py"


@pytest.mark.parametrize("path", [p for p in modules() if not p.as_posix().endswith(CLIENTS)], ids=lambda p: p.name)
def test_one_place(path: Path) -> None:
    """No other module makes a Kafka client, so none can forget who we are."""
    assert not re.search(r"Kafka(Producer|Consumer|AdminClient)\(|bootstrap_servers|kafka://", path.read_text())


def test_acls_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`cotejo topics --acls` prints a command of Kafka's own for each right, and needs no broker for it."""
    file = election_writer.write(KNOWN, tmp_path)
    app()(["topics", str(file), "--broker", "kafka.example:9093", "--prefix", "p.", "--acls"], standalone_mode=False)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(list(acls(Topology("p."))))
    given = "--add --allow-principal User:reporter --operation Write --topic p.tally-reports"
    assert f"kafka-acls.sh --bootstrap-server kafka.example:9093 {given}" in printed
