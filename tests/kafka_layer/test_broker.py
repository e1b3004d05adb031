"""The brokers: they start, die, come back, and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest
from brokers import ROOT, Broker
from kafka import KafkaProducer

from streams.kafka.embedded_broker import BrokerError, EmbeddedBroker, free_port, is_free
from streams.kafka.topic_admin import describe, ensure
from streams.kafka.topic_spec import TopicSpec


def _send(address: str, topic: str, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=address)
    for sent in [producer.send(topic, b"report", key=b"%d" % i) for i in range(count)]:
        sent.get(timeout=10)
    producer.close()


def _messages(address: str, spec: TopicSpec) -> int:
    return describe(address, [spec])[0].messages


def _gone(pid: int, seconds: float = 5) -> bool:
    deadline = monotonic() + seconds
    while monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True  # dead; whoever adopted it has not yet reaped it
        except OSError:
            return True
        sleep(0.02)
    return False


def test_data_survive_a_clean_stop(broker: Broker, names: str) -> None:
    """What was acknowledged is there after stop and start, at the same address."""
    spec, address = TopicSpec(f"{names}kept", 2), broker.address
    ensure(address, [spec])
    _send(address, spec.name, 100)
    broker.stop()
    assert broker.pid is None
    broker.start()
    assert broker.address == address
    assert _messages(address, spec) == 100


@pytest.mark.apache
def test_apache_keeps_acknowledged_records_through_kill_9(apache: Broker, names: str) -> None:
    """Apache Kafka loses nothing it has acknowledged when it is killed; the stand-in promises no such thing."""
    spec = TopicSpec(f"{names}kept", 2)
    apache.start()
    ensure(apache.address, [spec])
    _send(apache.address, spec.name, 100)
    apache.kill()
    apache.start()
    assert _messages(apache.address, spec) == 100


def test_the_embedded_broker_comes_back_after_kill_9() -> None:
    """After kill -9 the stand-in answers again on its port, with the data of its last snapshot."""
    spec = TopicSpec("kept", 1)
    with EmbeddedBroker() as broker:
        ensure(broker.address, [spec])
        _send(broker.address, spec.name, 10)
        sleep(2.5)  # its snapshots are a second apart
        broker.kill()
        broker.start()
        assert _messages(broker.address, spec) == 10


def test_start_and_stop_may_be_repeated() -> None:
    """Starting a running broker or stopping a stopped one does nothing."""
    with EmbeddedBroker() as broker:
        pid = broker.pid
        assert broker.start().pid == pid
        broker.stop()
        broker.stop()
        broker.kill()
        assert broker.pid is None


def test_two_brokers_do_not_meet(embedded: EmbeddedBroker, names: str) -> None:
    """A second embedded broker has its own port and its own data."""
    spec = TopicSpec(f"{names}mine", 1)
    with EmbeddedBroker() as other:
        ensure(other.address, [spec])
        assert other.address != embedded.address
        assert describe(embedded.start().address, [spec])[0].state == "missing"


def test_a_given_data_directory_stays(tmp_path: Path) -> None:
    """A data directory that was given survives the broker, and serves the next one."""
    spec = TopicSpec("kept", 1)
    for expected in (0, 5):
        with EmbeddedBroker(tmp_path / "new" / "dir") as broker:
            ensure(broker.address, [spec])
            assert _messages(broker.address, spec) == expected
            if not expected:
                _send(broker.address, spec.name, 5)


def test_closing_leaves_nothing() -> None:
    """After close there is no process, no temporary directory, and the port is free."""
    with EmbeddedBroker() as broker:
        pid, port = broker.pid, int(broker.address.split(":")[1])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        data = Path(os.fsdecode(command[command.index(b"--data-dir") + 1]))
        assert data.is_dir()
    assert pid is not None
    assert _gone(pid)
    assert not data.parent.exists()
    assert is_free(port)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM])
def test_the_broker_ends_with_its_parent(sign: signal.Signals, tmp_path: Path) -> None:
    """A parent that is killed takes the broker with it."""
    code = f"""if True:
        import pathlib, time, streams.kafka.embedded_broker as b
        broker = b.EmbeddedBroker(pathlib.Path({str(tmp_path)!r})).start()
        print(broker.pid, flush=True)
        time.sleep(60)"""
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(sign)
    assert _gone(pid)


def test_a_taken_port_is_said() -> None:
    """A port that somebody else holds is named in the error, and nothing is started."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=f"port {port} is in use"):
            EmbeddedBroker(port=port).start()


def test_a_broker_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    """A broker that ends at once gives an error with the end of its log."""
    (tmp_path / "data").write_text("not a directory")
    with pytest.raises(BrokerError, match=r"(?s)ended with code \d+; its log ends:.*error"):
        EmbeddedBroker(tmp_path).start()


def test_free_ports_lie_below_the_lent_ones() -> None:
    """A port chosen here cannot be taken by an outgoing connection while its broker is down."""
    assert 20_000 <= free_port(2) < 32_000
