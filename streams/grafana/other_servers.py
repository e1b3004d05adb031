"""Tells what answers at an address where Grafana was expected: the usual slips, each called what it is."""

from typing import Any, Final
from urllib.parse import urlsplit

import requests

TIMEOUT: Final = 5.0
MOST_BYTES: Final = 2**20
"""Bytes of an answer that are read at most: the address may be anything's."""

TO_HTTPS: Final = ("HTTP request to an HTTPS server", "HTTP request was sent to HTTPS port")
"""What a port of https answers to http: Grafana and others written in Go, and nginx."""


def reason(url: str) -> str | None:
    """What is wrong with this address, with the cure; None where it is none of the usual slips."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    plain = _get(f"http://{parts.netloc}/")
    speaks_https = any(words in (plain or "") for words in TO_HTTPS)
    if parts.scheme == "https" and plain is not None and not speaks_https and _get(f"{origin}/") is None:
        return f"what listens there speaks http: write http://{parts.netloc}{parts.path}"
    if parts.scheme == "http" and speaks_https:
        return f"what listens there speaks https: write https://{parts.netloc}{parts.path}"
    if '"database"' in (_get(f"{origin}/api/health") or ""):
        return f"Grafana answers at {origin}: leave out {parts.path}" if parts.path.strip("/") else None
    if "goVersion" in (_get(f"{origin}/api/v1/status/buildinfo") or ""):
        return "that is Prometheus: give Grafana's address with --url, and Prometheus' with --prometheus"
    if "cotejo_build_info" in (_get(f"{origin}/metrics") or ""):
        return "that is a worker of Cotejo: give Grafana's address"
    return None


def _get(url: str) -> str | None:
    """The beginning of what a page answers, whatever its status; None where nobody answers. No token is sent."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer: Any = session.get(url, timeout=TIMEOUT, allow_redirects=False, stream=True)
            return bytes(next(answer.iter_content(MOST_BYTES), b"")).decode(errors="replace")
    except requests.RequestException:
        return None
