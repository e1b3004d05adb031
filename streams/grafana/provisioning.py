"""Brings a running Grafana to what it should hold: the data source, the folder, the boards, the annotations.

Everything is found by uid or tag, through grafana-api, so a second run finds nothing to do. The boards mark by a query
of their own that an alert begins; its sentence comes as an annotation from here.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, cast
from urllib.parse import urlsplit

import orjson
from grafana_api.grafana_api import GrafanaClientError, GrafanaException, GrafanaServerError
from grafana_api.grafana_face import GrafanaFace
from requests.exceptions import ConnectionError, JSONDecodeError, RequestException, SSLError, Timeout, TooManyRedirects

from streams.core.alerting.alert import Notice
from streams.errors import CotejoError
from streams.grafana import other_servers

SOURCE_UID: Final = "cotejo-prometheus"
FOLDER: Final = {"en": ("cotejo", "Cotejo"), "es": ("cotejo-es", "Cotejo (español)")}
"""Uid and title of the boards' folder."""
OLDEST: Final = (10, 0)
"""The boards are of this version of Grafana, and newer ones read them."""
TIMEOUT: Final = 15.0
MOST_ANNOTATIONS: Final = 100_000
"""Annotations of one election that are asked for at most; a night has some hundreds."""

TAG_CHARACTERS: Final = 100
ADDED_TO_BOARDS: Final = frozenset({"id", "version", "preload", "weekStart", "gnetId"})
"""Fields that Grafana adds to a board of its own accord. Whatever else differs was changed by somebody, or by us."""
ADDED_TO_SETTINGS: Final = frozenset({"pdcInjected"})
"""Settings that Grafana adds to a data source of its own accord."""

Outcome = Literal["created", "updated", "unchanged"]


class GrafanaError(CotejoError):
    """Grafana is not there, is too old, or does not let us; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done about one thing."""

    what: str
    name: str
    outcome: Outcome


class Told(NamedTuple):
    """A notice, and when it was written by the clock of the worker that wrote it (Unix ms)."""

    notice: Notice
    wall_time: int


class Grafana:
    """A Grafana at `url` (http or https, with a path where it is served below one), entered with a service account's
    `token`. Raises `GrafanaError`."""

    def __init__(self, url: str, token: str) -> None:
        cure = f"{url}: give Grafana's address as http://HOST:PORT or https://HOST/PATH"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise GrafanaError(cure) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise GrafanaError(cure)
        if parts.username is not None:
            raise GrafanaError("the address must not hold a password: make a service account's token in Grafana")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise GrafanaError("the token is empty or no token: copy it again from Grafana's page of service accounts")
        path = parts.path.strip("/")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self._url = url
        face = GrafanaFace(token, host, port, f"{path}/" if path else "", parts.scheme, timeout=TIMEOUT)
        self._folders, self._boards, self._annotations = face.folder, face.dashboard, face.annotations
        self._api = face.api
        self._api.s.trust_env = False  # a .netrc entry would take the token's place
        self._api.s.max_redirects = 0  # a redirected POST becomes a GET

    def check(self) -> str:
        """Grafana's version. Raises `GrafanaError` where there is none, an older one, or the token is not its."""
        try:
            health = self._health()
        except GrafanaError:
            if (why := other_servers.reason(self._url)) is not None:
                raise GrafanaError(f"{self._url} is no Grafana: {why}") from None
            raise
        version = str(health.get("version") or "")  # it can be told to hide it
        number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
        if version and number < OLDEST:
            raise GrafanaError(f"{self._url} is Grafana {version}: {OLDEST[0]}.{OLDEST[1]} or newer is needed")
        with self._errors_about("who we are"):
            self._api.GET("/org")
        return version or "of a version that it hides"

    def _health(self) -> dict[str, Any]:
        with self._errors_about("its health"):
            health = self._api.GET("/health")
        if not isinstance(health, dict) or "database" not in health:
            raise GrafanaError(f"{self._url} is no Grafana: what answers there has no health page like Grafana's")
        return health

    def provision(self, prometheus: str, language: str) -> Iterator[Change]:
        """Bring it all to what it should be, and say of each what was done. `prometheus` is its address as Grafana
        reaches it."""
        yield self._source(prometheus)
        yield self._folder(*FOLDER[language])
        for board in boards(language):
            yield self._board(board, FOLDER[language][0])

    def annotate(self, election: str, notices: Iterable[Told], language: str) -> Iterator[Change]:
        """Write two annotations for each notice that was not muted: at the time by the clock of the worker that wrote
        it, where graphs show it, and at its event time, for a night that is fed again. `election` is its id. A board
        shows one kind or the other, by the tag `time:wall` or `time:event`."""
        tags, what = ["cotejo", f"election:{election}"], "annotations"
        with self._errors_about(what):
            annotations = self._annotations.get_annotation(tags=tags, limit=MOST_ANNOTATIONS)
        written = {tag for annotation in annotations for tag in annotation["tags"] if tag.startswith("notice:")}
        for notice, wall_time in notices:
            if notice.muted_by is not None:
                continue
            hashed = sha256(notice.id.encode()).hexdigest()[:24]  # an id may be longer than a tag
            names = {time: f"notice:{time}-{hashed}" for time in ("wall", "event")}
            outcome: Outcome = "unchanged" if written.issuperset(names.values()) else "created"
            for time, at in (("wall", wall_time), ("event", notice.at)):
                if names[time] not in written:
                    written.add(names[time])
                    with self._errors_about(what):
                        self._annotations.add_annotation(
                            time_from=at,
                            time_to=at,
                            tags=[*tags, names[time], f"time:{time}", *_tags_of(notice)],
                            text=notice.finding.sentence[language],
                        )
            yield Change("annotation", notice.id, outcome)

    def _source(self, prometheus: str) -> Change:
        wanted = {
            "uid": SOURCE_UID,
            "name": "Cotejo's Prometheus",
            "type": "prometheus",
            "access": "proxy",
            "url": prometheus,
            "isDefault": False,
            "jsonData": {"httpMethod": "POST", "timeInterval": "5s"},
        }
        what, path = "data source", f"/datasources/uid/{SOURCE_UID}"
        source = self._get(what, lambda: self._api.GET(path))
        if source is not None:
            wanted["isDefault"] = source.get("isDefault")
            settings = {key: source.get(key) for key in wanted}
            settings["jsonData"] = _without(source.get("jsonData"), ADDED_TO_SETTINGS)
            if _pruned(settings) == _pruned(wanted):
                return Change(what, SOURCE_UID, "unchanged")
        with self._errors_about(what):
            if source is None:
                self._api.POST("/datasources", json=wanted)
                return Change(what, SOURCE_UID, "created")
            if source.get("readOnly"):
                raise GrafanaError(
                    f"Grafana's data source {SOURCE_UID} comes from a provisioning file: change its url there"
                )
            self._api.PUT(path, json={**wanted, "version": source.get("version")})
        return Change(what, SOURCE_UID, "updated")

    def _folder(self, uid: str, title: str) -> Change:
        folder = self._get("folder", lambda: self._folders.get_folder(uid))
        if folder is not None and folder.get("title") == title:
            return Change("folder", uid, "unchanged")
        with self._errors_about("folder"):
            if folder is None:
                self._folders.create_folder(title, uid)
                return Change("folder", uid, "created")
            self._folders.update_folder(uid, title, folder.get("version"))
        return Change("folder", uid, "updated")

    def _board(self, wanted: Mapping[str, Any], folder: str) -> Change:
        uid, what = wanted["uid"], f"board {wanted['uid']}"
        installed = self._get(what, lambda: self._boards.get_dashboard(uid))
        if installed is not None:
            same = _pruned(_without(installed["dashboard"], ADDED_TO_BOARDS)) == _pruned(wanted)
            if same and installed["meta"].get("folderUid") == folder:
                return Change("board", uid, "unchanged")
            if installed["meta"].get("provisioned"):
                raise GrafanaError(
                    f"Grafana's {what} comes from a provisioning file: change the file, or remove it there"
                )
        # With the version that was read, and no overwriting: who saves at the same moment is not run over.
        version = None if installed is None else installed["dashboard"].get("version")
        body = {
            "dashboard": {**wanted, "id": None, "version": version},
            "folderUid": folder,
            "overwrite": False,
            "message": "cotejo dashboards provision",
        }
        with self._errors_about(what):
            self._boards.update_dashboard(body)
        return Change("board", uid, "created" if installed is None else "updated")

    def _get(self, what: str, get: Callable[[], Any]) -> dict[str, Any] | None:
        """What Grafana has; None where it has none."""
        with self._errors_about(what):
            try:
                return cast(dict[str, Any], get())
            except GrafanaClientError as error:
                if error.status_code != 404:
                    raise
        return None

    @contextmanager
    def _errors_about(self, what: str) -> Iterator[None]:
        """Turn whatever goes wrong within into a `GrafanaError` with its cure; `what` was asked for."""
        try:
            yield
        except GrafanaException as error:
            raise GrafanaError(self._reason(what, error)) from error
        except JSONDecodeError as error:
            raise GrafanaError(
                f"{self._url} answers with something else than Grafana does (asked for {what}): "
                "is there a path missing, or a login page in front of it?"
            ) from error
        except TooManyRedirects as error:
            raise GrafanaError(f"{self._url} leads elsewhere: give the address that a browser ends up at") from error
        except SSLError as error:
            raise GrafanaError(f"{self._url}: its certificate is not trusted: {error}") from error
        except Timeout as error:
            raise GrafanaError(f"{self._url} does not answer within {TIMEOUT:g} s") from error
        except ConnectionError as error:
            raise GrafanaError(f"nobody answers at {self._url}: start Grafana, or mend the address") from error
        except RequestException as error:
            raise GrafanaError(f"{self._url}: {error}") from error

    def _reason(self, what: str, error: GrafanaException) -> str:
        text = f"{self._url}, {what}: "
        if error.status_code == 401:
            return text + "Grafana does not know this token: make another, or mind that it is this Grafana's"
        if error.status_code == 403:
            return text + "the token may not do this: its service account needs the role Admin"
        if error.status_code == 404:
            return text + "there is no such page: Grafana's address may lack a path"
        if error.status_code == 409:
            return text + f"something else has this name: {error.message}"
        if error.status_code == 412:
            return text + "somebody has changed it just now, or another one has its name: look, and run this again"
        if isinstance(error, GrafanaServerError):
            return text + f"Grafana has failed itself: {error.message}; its own log says why"
        return text + str(error.message)


def boards(language: str) -> list[dict[str, Any]]:
    """The boards' JSON, by uid."""
    place = files("streams") / "boards" / language
    if not place.is_dir():  # not installed from a wheel
        place = Path(__file__).resolve().parents[2] / "dashboards" / language
    contents = [orjson.loads(file.read_bytes()) for file in place.iterdir() if file.name.endswith(".json")]
    return sorted(contents, key=lambda board: str(board["uid"]))


def _tags_of(notice: Notice) -> list[str]:
    """The tags that tell one notice from another. Grafana keeps at most 100 characters of a tag's value, and nothing
    from a second colon on."""
    word = notice.status if notice.status == "resolved" else notice.severity
    tags = [f"rule:{notice.finding.rule}", word]
    area = notice.finding.area
    return [*tags, f"area:{area}"] if len(area) <= TAG_CHARACTERS and ":" not in area else tags


def _without(settings: Mapping[str, Any] | None, keys: Container[str]) -> dict[str, Any]:
    return {key: value for key, value in (settings or {}).items() if key not in keys}


def _pruned(value: Any) -> Any:
    """The value without keys that are null, which Grafana may drop."""
    if isinstance(value, Mapping):
        return {key: _pruned(each) for key, each in value.items() if each is not None}
    return [_pruned(each) for each in value] if isinstance(value, list) else value
