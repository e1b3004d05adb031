"""The versions of Faust and aiokafka that the corrections fit, and the settings that they rest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

from streams.errors import CotejoError

KNOWN = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

#: What the cures rest on; another value is refused.
FIXED: Mapping[str, Any] = {
    "processing_guarantee": "at_least_once",  # exactly_once loses events after kill -9
    "consumer_auto_offset_reset": "earliest",  # seeking without a committed offset goes to the beginning
    "stream_wait_empty": False,  # it waits for every ack, and we hold acks back: a rebalance would hang
    "topic_allow_declare": False,  # topics and changelogs are made beforehand, with the right partitions
    "topic_disable_leader": True,  # the leader topic would have to be created too
    "table_standby_replicas": 0,
}
DEFAULTS: Mapping[str, Any] = {
    "store": "memory://",
    "broker_request_timeout": 30.0,
    "broker_commit_interval": 1.0,
    "producer_linger": 0.0,  # what belongs together is sent in one go; whoever waits for it would wait for this too
    "producer_max_batch_size": 2**20,  # a request has one of each partition: at 16 KiB our records go out one by one
    "producer_request_timeout": 30.0,  # 20 minutes by default: so late would a dead broker stop us
    "producer_max_request_size": 7 * 2**20,  # a rejected message goes on with its reasons beside it
    "consumer_max_fetch_size": 7 * 2**20,  # (streams.kafka.topology.REJECTED_BYTES)
    "web_enabled": False,
    "web_bind": "127.0.0.1",
    "worker_redirect_stdouts": False,
}

SESSION = "COTEJO_SESSION_SECONDS"
"""The environment variable that says after how many seconds a silent worker's partitions go to another one."""


class WrongVersion(CotejoError):  # noqa: N818 - says what happened
    """The installed version of Faust or aiokafka is not the one that the corrections fit."""


class WrongSession(CotejoError):  # noqa: N818 - says what happened
    """The environment asks for a session length that is not possible."""


def session(environment: Mapping[str, str]) -> dict[str, float]:
    """The length of a session, the interval between heartbeats, and the timeout of a request. Raises `WrongSession`."""
    text = environment.get(SESSION, "10")  # Faust's 60: so long a dead worker's partitions would stand still
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 3600:
        raise WrongSession(f"{SESSION} {text!r}: give a number of seconds from 1 to 3600, or unset it for 10")
    times = {"broker_session_timeout": seconds, "broker_heartbeat_interval": seconds / 4}
    # Faust wants a request to last for a session at least
    return times | {"broker_request_timeout": max(seconds, DEFAULTS["broker_request_timeout"])}


def check_versions(installed: Callable[[str], str] = version) -> None:
    """Raise `WrongVersion` unless Faust and aiokafka are installed in the versions that the corrections fit."""
    for package, corrected in KNOWN.items():
        if installed(package) != corrected:
            raise WrongVersion(
                f"{package} {installed(package)} is installed, the corrections know {corrected}: install "
                f"'{package}=={corrected}', or run tests/worker/test_corrections.py on it and change KNOWN"
            )
