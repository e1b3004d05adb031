"""Every Kafka client is made here: `--broker` says where, COTEJO_KAFKA_CONFIG says as whom (`security`).

Before a client is made, one connection is tried to the end of its greetings: the clients themselves try again and
again what cannot succeed, and say little of why.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import AuthorizationError, BrokerResponseError, KafkaError

from streams.errors import CotejoError
from streams.kafka import fetcher
from streams.kafka.security import VARIABLE, Security, configured

CONNECT_SECONDS: Final = 5.0
"""A broker that does not answer the first request by then is unreachable."""

# kafka-python warns of every attempt; whoever wants to read that configures logging
logging.getLogger("kafka").addHandler(logging.NullHandler())


class BrokerUnreachable(CotejoError):  # noqa: N818 - says what happened
    """No Kafka broker answers at the address."""

    def __init__(
        self, broker: str, reason: object, cure: str = "start one there, or name another with --broker"
    ) -> None:
        super().__init__(f"no Kafka broker answers at {broker} ({reason}): {cure}")


class BrokerRefused(BrokerUnreachable):
    """A broker is there, but it and we do not trust each other, or do not speak alike."""

    def __init__(self, broker: str, reason: str, cure: str) -> None:
        CotejoError.__init__(self, f"broker {broker}: {reason}: {cure}")


@contextmanager
def admin(broker: str, seconds: float = CONNECT_SECONDS) -> Iterator[Any]:
    """Open kafka-python's admin client at `broker` (HOST:PORT, several with commas), closed afterwards.

    Raises `BrokerUnreachable` (at once if refused, else after `seconds`), `BrokerRefused`, `KafkaConfigError`; what
    the broker answers to a request is raised as it is.
    """
    try:
        with _client(KafkaAdminClient, broker, seconds=seconds, request_timeout_ms=15_000) as client:
            yield client
    except BrokerResponseError:
        raise
    except KafkaError as error:
        raise BrokerUnreachable(broker, error) from error


def producer(broker: str, **options: Any) -> Any:
    """A kafka-python producer with these options of its own. Raises what `admin` raises."""
    return _client(KafkaProducer, broker, **options)


def consumer(broker: str, *topics: str, **options: Any) -> Any:
    """A kafka-python consumer with these options of its own, which reads only what is committed. The value of what it
    cannot read is a `unreadable_records.Withheld`. Raises what `admin` raises."""
    made = _client(KafkaConsumer, broker, *topics, isolation_level="read_committed", **options)
    return fetcher.correct(made)


def faust_options(broker: str) -> dict[str, Any]:
    """The options of a Faust app that say where its broker is and who it is there. Raises `KafkaConfigError`."""
    from faust import SASLCredentials, SSLCredentials  # Faust takes longer to import than all the rest

    security = configured()
    options: dict[str, Any] = {"broker": ";".join(f"kafka://{server}" for server in _servers(broker))}
    if security.sasl:
        who = {"username": security.username, "password": security.password, "mechanism": security.mechanism}
        options["broker_credentials"] = SASLCredentials(**who, ssl_context=security.context())
    elif security.tls:
        options["broker_credentials"] = SSLCredentials(security.context())
    return options


def refusal(error: object) -> str:
    """What a broker has answered, in words."""
    text = str(error) or type(error).__name__
    return f"{text} (an ACL is missing: docs/kafka-security.md)" if isinstance(error, AuthorizationError) else text


def _client(kind: Any, broker: str, *topics: str, seconds: float = CONNECT_SECONDS, **options: Any) -> Any:
    security, servers = configured(), _servers(broker)
    reached = _greet(broker, security, seconds)
    # Of several it would choose by lot, and choose one that is dead again and again until its time is over.
    where = {"bootstrap_servers": [reached], "bootstrap_timeout_ms": int(seconds * 1000)}
    try:
        with ThreadPoolExecutor(1) as thread:  # in ours it would lose what Ctrl-C raises, and wait for ever
            return thread.submit(kind, *topics, **where, **security.options(), **options).result()
    except KafkaError as error:
        if not security.tls and _speaks_tls(servers):
            cure = f"write security.protocol=SASL_SSL (or SSL) into the file that {VARIABLE} names"
            raise BrokerRefused(broker, "expects TLS", cure) from None
        if security.tls and not security.sasl:
            cure = f"if it expects a user, write SASL_SSL as security.protocol into {security.file}"
            raise BrokerUnreachable(broker, error, cure) from None
        raise BrokerUnreachable(broker, error) from error


def _servers(broker: str) -> list[str]:
    return broker.replace(" ", "").split(",")


def _greet(broker: str, security: Security, seconds: float) -> str:
    """Connect to the first server that can be reached and, where there is more to it, log in; that server. Raises
    `BrokerUnreachable`, `BrokerRefused`."""
    reason = "no address"
    for server in _servers(broker):
        host, _, port = server.rpartition(":")
        if not port.isdigit():
            reason = f"{server!r} is not HOST:PORT"
            continue
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
        except (OSError, OverflowError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            continue
        if security != Security():
            _log_in(server, host.strip("[]"), int(port), security, seconds)
        return server
    raise BrokerUnreachable(broker, reason)


def _log_in(server: str, host: str, port: int, security: Security, seconds: float) -> None:
    """TLS and SASL, by aiokafka, which tells why they fail."""
    from aiokafka import conn, errors  # type: ignore[import-untyped]

    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    options = security.options()

    async def connect() -> None:
        async with asyncio.timeout(seconds):
            (await conn.create_conn(host, port, request_timeout_ms=int(seconds * 1000), **options)).close()

    try:
        with ThreadPoolExecutor(1) as thread:  # somebody's loop may be running in this one
            thread.submit(asyncio.run, connect()).result()
    except ssl.SSLCertVerificationError as error:
        raise BrokerRefused(server, *_of_certificate(error, security, host)) from None
    except errors.UnsupportedSaslMechanismError:
        cure = f"change sasl.mechanism in {security.file}"
        raise BrokerRefused(server, f"does not know {security.mechanism}", cure) from None
    except errors.BrokerResponseError:
        who = f"does not accept user {security.username!r} with this password ({security.mechanism})"
        raise BrokerRefused(server, who, f"mend sasl.username or sasl.password in {security.file}") from None
    except (OSError, EOFError, TimeoutError, errors.KafkaError) as error:
        raise BrokerRefused(server, *_of_greeting(error, security, server)) from None


def _of_certificate(error: ssl.SSLCertVerificationError, security: Security, host: str) -> tuple[str, str]:
    if "match" in error.verify_message or "not valid for" in error.verify_message:
        return f"its certificate is not one for {host}", "name it with --broker as its certificate does"
    ca = (
        f"its CA into {security.ca}" if security.ca else f"its CA into a file, and ssl.ca.location into {security.file}"
    )
    return f"its certificate is not trusted ({error.verify_message})", f"put {ca}"


def _of_greeting(error: Exception, security: Security, server: str) -> tuple[str, str]:
    """Which of both sides expects something else."""
    is_protocol = f"security.protocol is {security.protocol} in {security.file}: mend it, or the port"
    if _speaks_tls([server]) != security.tls:
        return "speaks no TLS on this port" if security.tls else "expects TLS on this port", is_protocol
    if security.tls and not security.sasl:
        key = (
            f"mend ssl.certificate.location in {security.file}"
            if security.certificate
            else "name ssl.certificate.location"
        )
        return "closes the connection", f"if it wants a certificate, {key}; if a user, write SASL_SSL"
    return f"does not answer ({getattr(error, 'strerror', None) or type(error).__name__})", is_protocol


def _speaks_tls(servers: Sequence[str]) -> bool:
    """Whether one of them does. Nothing is sent by this connection, so nobody needs to be trusted."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    for server in servers:
        host, _, port = server.rpartition(":")
        with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), timeout=2) as plain:
            trusting.wrap_socket(plain).close()
            return True
    return False
