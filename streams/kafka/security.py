"""Who we are to the Kafka broker, and whom we trust: one file for every client.

The environment variable COTEJO_KAFKA_CONFIG names it. It has a `name=value` a line, by librdkafka's names
(docs/kafka-security.md). Without it, connections are plain.
"""

import os
import ssl
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from streams.errors import CotejoError

VARIABLE: Final = "COTEJO_KAFKA_CONFIG"
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
NAMES: Final = {
    "security.protocol": "protocol",
    "sasl.mechanism": "mechanism",
    "sasl.mechanisms": "mechanism",
    "sasl.username": "username",
    "sasl.password": "password",
    "ssl.ca.location": "ca",
    "ssl.certificate.location": "certificate",
    "ssl.key.location": "key",
    "ssl.key.password": "key_password",
}
"""The keys that the file may have, and the field of `Security` that each fills."""


class KafkaConfigError(CotejoError):
    """The file of COTEJO_KAFKA_CONFIG is wrong; the text says where, and never repeats a secret."""


@dataclass(frozen=True, slots=True)
class Security:
    """The settings of a file of COTEJO_KAFKA_CONFIG, whose name is `file`."""

    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    """File with the certificates that we trust (PEM). Empty for the system's."""
    certificate: str = ""
    key: str = ""
    key_password: str = field(default="", repr=False)
    file: str = f"the file that {VARIABLE} names"

    @property
    def tls(self) -> bool:
        return self.protocol.endswith("SSL")

    @property
    def sasl(self) -> bool:
        return self.protocol.startswith("SASL")

    def context(self) -> ssl.SSLContext | None:
        """The TLS context, or None where TLS is not used. The host's name is always checked. Raises
        `KafkaConfigError`."""
        if not self.tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            raise self.wrong("ssl.ca.location", f"{self.ca} is no file of PEM certificates ({_why(error)})") from None
        if self.certificate:
            try:
                # the callback, since OpenSSL would ask at the terminal
                context.load_cert_chain(self.certificate, self.key or None, lambda: self.key_password)
            except (OSError, ValueError) as error:
                cure = f"it and ssl.key.location are no PEM files that belong together ({_why(error)})"
                raise self.wrong("ssl.certificate.location", cure) from None
        return context

    def options(self) -> dict[str, Any]:
        """The settings as options of kafka-python and aiokafka, which call them alike. Raises `KafkaConfigError`."""
        options: dict[str, Any] = {"security_protocol": self.protocol}
        if self.tls:
            options["ssl_context"] = self.context()
        if self.sasl:
            options["sasl_mechanism"] = self.mechanism
            options |= {"sasl_plain_username": self.username, "sasl_plain_password": self.password}
        return options

    def check(self) -> None:
        """Raise `KafkaConfigError` for settings that contradict each other."""
        if self.protocol not in PROTOCOLS:
            raise self.wrong("security.protocol", f"write {', '.join(PROTOCOLS)}")
        if self.sasl and self.mechanism not in MECHANISMS:
            raise self.wrong("sasl.mechanism", f"write {', '.join(MECHANISMS)}")
        if self.sasl and not (self.username and self.password):
            raise self.wrong("sasl.username", f"{self.protocol} needs it, and sasl.password")
        knows = f"is {self.protocol}, which knows no"
        if not self.sasl and (self.mechanism or self.username or self.password):
            raise self.wrong("security.protocol", f"{knows} users: write SASL_SSL, or leave out sasl.*")
        if not self.tls and (self.ca or self.certificate or self.key):
            raise self.wrong("security.protocol", f"{knows} certificates: write SASL_SSL or SSL, or leave out ssl.*")
        self.context()

    def wrong(self, name: str, cure: str) -> KafkaConfigError:
        return KafkaConfigError(f"{self.file}: {name}: {cure}")


def configured() -> Security:
    """The settings in the file that COTEJO_KAFKA_CONFIG names, or the defaults where it names none. Raises
    `KafkaConfigError`."""
    name = os.environ.get(VARIABLE, "")
    return read(Path(name)) if name else Security()


def read(path: Path) -> Security:
    """Read such a file; the paths in it are relative to it. Raises `KafkaConfigError`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise KafkaConfigError(f"{path} ({VARIABLE}): cannot be read: {_why(error)}") from None
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, sign, value = (part.strip() for part in line.partition("="))
        if not sign or name not in NAMES:
            near = get_close_matches(name, NAMES, 1) or [", ".join(NAMES)]
            shown = repr(name) if sign else "a line without ="  # that may be half a password
            raise KafkaConfigError(f"{path}:{number}: {shown} means nothing here: write {near[0]}")
        settings[NAMES[name]] = str(path.parent / value) if value and name.endswith(".location") else value
    made = Security(**settings, file=str(path))
    made.check()
    return made


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return error.reason or "not PEM"
    return getattr(error, "strerror", None) or type(error).__name__
