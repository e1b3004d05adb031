"""An imitation of Grafana: the pages of its HTTP API that provisioning uses, as its documentation describes them.

Grafana itself cannot be had in the tests. What it refuses, the imitation refuses in the same way: a wrong token (401),
one without rights (403), pages by numeric id or name (404, as newer ones do), a save over a newer version (412), a name
that is taken (409), a folder that does not exist (400). It adds fields of its own to what it keeps, as Grafana does.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

ADMIN, VIEWER = "glsa_admin", "glsa_viewer"

Answer = tuple[int, Any]


@dataclass
class ImitatedGrafana:
    """What it holds, and what was asked of it. `before_save` may do what somebody else does at the same moment."""

    version: str = "12.1.1"
    path: str = ""
    """Below which path it is served."""
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    boards: dict[str, dict[str, Any]] = field(default_factory=dict)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before_save: Callable[[], None] = lambda: None
    url: str = ""

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [ask for ask in self.asked if ask[0] != "GET"]

    @contextmanager
    def running(self) -> Iterator["ImitatedGrafana"]:
        grafana = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                token = self.headers.get("authorization", "").removeprefix("Bearer ")
                status, found = grafana.handle(self.command, self.path, token, body)
                content = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                if status == 302:
                    self.send_header("location", "/login")
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - the library's names

            def log_message(self, format: str, *args: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}{self.path}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def handle(self, method: str, path: str, token: str, body: Any) -> Answer:
        """One request: a status and what is answered."""
        if not path.startswith(f"{self.path}/api/"):
            return 404, b"404 page not found\n"
        path = path.removeprefix(f"{self.path}/api")
        self.asked.append((method, path))
        if (method, path) == ("GET", "/health"):
            return 200, {"commit": "0000000", "database": "ok", "version": self.version}
        if token not in (ADMIN, VIEWER):
            return 401, {"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401}
        if token == VIEWER and method != "GET":
            return 403, {
                "title": "Access denied",
                "message": "You'll need additional permissions",
                "accessErrorId": "A1",
            }
        path, _, query = path.partition("?")
        kind, *rest = path.strip("/").split("/")
        body = parse_qs(query) if method == "GET" else body
        pages: dict[str, Callable[[str, list[str], Any], Answer]] = {
            "org": lambda *_: (200, {"id": 1, "name": "Main Org."}),
            "datasources": self._sources,
            "folders": self._folders,
            "dashboards": self._boards,
            "annotations": self._annotations,
        }
        page = pages.get(kind)
        return (404, {"message": "Not found"}) if page is None else page(method, rest, body)

    def _sources(self, method: str, rest: list[str], body: Any) -> Answer:
        match method, rest:
            case "GET", ["uid", uid]:
                return (200, self.sources[uid]) if uid in self.sources else (404, {"message": "Data source not found"})
            case "POST", []:
                if any(known["name"] == body["name"] or known["uid"] == body["uid"] for known in self.sources.values()):
                    return 409, {"message": "data source with the same name already exists"}
                self.sources[body["uid"]] = {
                    **body,
                    "id": len(self.sources) + 1,
                    "orgId": 1,
                    "version": 1,
                    "readOnly": False,
                }
                return 200, {"id": 1, "message": "Datasource added", "name": body["name"]}
            case "PUT", ["uid", uid]:
                known = self.sources[uid]
                if body.get("version", known["version"]) != known["version"]:
                    return 409, {"message": "Datasource has already been updated by someone else"}
                self.sources[uid] = {**known, **body, "version": known["version"] + 1}
                return 200, {"id": 1, "message": "Datasource updated", "name": body["name"]}
        return 404, {"message": "Not found"}

    def _folders(self, method: str, rest: list[str], body: Any) -> Answer:
        match method, rest:
            case "GET", [uid]:
                missing = {"message": "folder not found", "status": "not-found"}
                return (200, self.folders[uid]) if uid in self.folders else (404, missing)
            case "POST", []:
                if body["uid"] in self.folders:
                    return 409, {"message": "a folder with the same uid already exists"}
                self.folders[body["uid"]] = {**body, "id": 7, "url": f"/dashboards/f/{body['uid']}", "version": 1}
                return 200, self.folders[body["uid"]]
            case "PUT", [uid]:
                known = self.folders[uid]
                if not body.get("overwrite") and body.get("version") != known["version"]:
                    return 412, {"status": "version-mismatch", "message": "The folder has been changed by someone else"}
                known.update(title=body["title"], version=known["version"] + 1)
                return 200, known
        return 404, {"message": "Not found"}

    def _annotations(self, method: str, rest: list[str], body: Any) -> Answer:
        match method, rest:
            case "GET", []:
                wanted = set(_as_kept(body["tags"]))
                found = [kept for kept in self.annotations if wanted <= set(kept["tags"])]
                return 200, found[-int(body.get("limit", ["100"])[0]) :]
            case "POST", []:
                if not body.get("text"):
                    return 400, {"message": "Failed to save annotation", "error": "text field should not be empty"}
                tags = _as_kept(body["tags"])
                self.annotations.append({**body, "tags": tags, "id": len(self.annotations) + 1})
                return 200, {"id": len(self.annotations), "message": "Annotation added"}
        return 404, {"message": "Not found"}

    def _boards(self, method: str, rest: list[str], body: Any) -> Answer:
        match method, rest:
            case "GET", ["uid", uid]:
                return (200, self.boards[uid]) if uid in self.boards else (404, {"message": "Dashboard not found"})
            case "POST", ["db"]:
                self.before_save()
                wanted, uid, folder = body["dashboard"], body["dashboard"]["uid"], body.get("folderUid", "")
                if folder and folder not in self.folders:
                    return 400, {"message": "folder not found", "status": "not-found"}
                known = self.boards.get(uid)
                version = known["dashboard"]["version"] if known else 0
                if known and not body.get("overwrite") and wanted.get("version") != version:
                    text = "The dashboard has been changed by someone else"
                    return 412, {"status": "version-mismatch", "message": text}
                if known and known["meta"]["provisioned"]:
                    return 400, {"message": "Cannot save provisioned dashboard"}
                kept = {"fiscalYearStartMonth": 0, "preload": False, **wanted, "id": 11, "version": version + 1}
                self.boards[uid] = {"dashboard": kept, "meta": {"folderUid": folder, "provisioned": False}}
                return 200, {"id": 11, "uid": uid, "status": "success", "version": version + 1, "url": f"/d/{uid}"}
        return 404, {"message": "Not found"}


def _as_kept(tags: list[str]) -> list[str]:
    """Tags as Grafana keeps and seeks them: a key and a value, parted by a colon. What follows a second one is lost."""
    return [":".join(tag.split(":")[:2]) for tag in tags]
