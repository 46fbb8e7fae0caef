"""A Directus in this process: a fake, for the real one is 700 MB and not licensed for everybody.

It speaks what is documented of the REST API and used here: items with filters, batches, files, the collection of
collections, the errors, `$NOW(-n seconds)` and the specials date-created and date-updated.
"""

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "static-token-of-the-tests"
FINE = "fine"
"""An order for a request that goes well."""

Item = dict[str, Any]


class RefusalError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Directus:
    """Its content, and what goes wrong on order."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.collections: dict[str, dict[str, Item]] = {}
        self.dated: dict[str, dict[str, list[str]]] = {}
        """Special fields, by collection and field."""
        self.fields: dict[str, set[str]] = {}
        self.files: dict[str, bytes] = {}
        self.failures: list[int | str] = []
        """For the next requests: a status, "cut" before the request is done, or "lost" after it is."""
        self.address = ""

    def make(self, name: str, *fields: str) -> None:
        """A collection of the callers; without `fields` it takes any."""
        self.collections.setdefault(name, {})
        if fields:
            self.fields[name] = {"id", *fields}

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Any:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        with self.lock:
            match (method, *parts):
                case ("GET", "users", "me"):
                    return {"id": "1f7c5d0e"}
                case ("GET", "collections", name):
                    self._collection(name)
                    return {"collection": name}
                case ("GET", "fields", name):
                    self._collection(name)
                    if name not in self.fields:
                        raise RefusalError(403, "FORBIDDEN", "You don't have permission to access this.")
                    return [
                        {"field": field, "type": "string" if field == "id" else "text"}
                        for field in sorted(self.fields[name])
                    ]
                case ("POST", "collections"):
                    self.collections[body["collection"]] = {}
                    self.dated[body["collection"]] = {
                        field["field"]: field.get("meta", {}).get("special", []) for field in body["fields"]
                    }
                    return {"collection": body["collection"]}
                case ("GET", "items", name):
                    return self._found(name, query)
                case ("GET", "items", name, key):
                    return self._one(name, key)
                case ("POST", "items", name):
                    several = isinstance(body, list)
                    made = [self._create(name, item) for item in (body if several else [body])]
                    return made if several else made[0]
                case ("PATCH", "items", name):
                    return [self._update(name, str(item["id"]), item) for item in body]
                case ("PATCH", "items", name, key):
                    return self._update(name, key, body)
                case ("DELETE", "items", name):
                    for key in body:
                        self._collection(name).pop(str(key), None)
                    return None
        raise RefusalError(404, "ROUTE_NOT_FOUND", f"Route {path} doesn't exist.")

    def _collection(self, name: str) -> dict[str, Item]:
        if name not in self.collections:
            raise RefusalError(403, "FORBIDDEN", "You don't have permission to access this.")
        return self.collections[name]

    def _one(self, name: str, key: str) -> Item:
        if key not in self._collection(name):
            raise RefusalError(403, "FORBIDDEN", "You don't have permission to access this.")
        return self._collection(name)[key]

    def _check(self, name: str, item: Item) -> None:
        if unknown := set(item) - self.fields.get(name, set(item)):
            raise RefusalError(403, "FORBIDDEN", f"You don't have permission to access fields {unknown}.")

    def _create(self, name: str, item: Item) -> Item:
        there = self._collection(name)
        self._check(name, item)
        if name in self.fields and "id" not in item:
            # As the real one has it where keys are texts.
            raise RefusalError(
                400, "FAILED_VALIDATION", 'Validation failed for field "id". Value is required.'
            )
        made = {"id": str(uuid.uuid4()), **item}
        if str(made["id"]) in there:
            raise RefusalError(400, "RECORD_NOT_UNIQUE", 'Value for field "id" has to be unique.')
        self._date(name, made, "date-created")
        there[str(made["id"])] = made
        return made

    def _update(self, name: str, key: str, changes: Item) -> Item:
        item = self._one(name, key)
        self._check(name, changes)
        item.update(changes)
        self._date(name, item, "date-updated")
        return item

    def _date(self, name: str, item: Item, special: str) -> None:
        for field, specials in self.dated.get(name, {}).items():
            if special in specials:
                item[field] = datetime.now(UTC).isoformat()

    def _found(self, name: str, query: dict[str, str]) -> list[Item]:
        wanted = json.loads(query.get("filter", "{}"))
        found = [item for item in self._collection(name).values() if _fits(item, wanted)]
        for field in reversed(query.get("sort", "id").split(",")):
            by = field.lstrip("-")
            found.sort(key=lambda item: (item.get(by) is None, item.get(by)), reverse=field.startswith("-"))
        limit = int(query.get("limit", "100"))
        found = found if limit < 0 else found[:limit]
        fields = query.get("fields", "*")
        return (
            found
            if fields == "*"
            else [{name: item.get(name) for name in fields.split(",")} for item in found]
        )


_RULES: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": lambda value, wanted: str(value) == str(wanted),
    "_in": lambda value, wanted: str(value) in [str(each) for each in wanted],
    "_lt": lambda value, wanted: value is not None and value < wanted,
}


def _fits(item: Item, wanted: Item) -> bool:
    if "_and" in wanted:
        return all(_fits(item, each) for each in wanted["_and"])
    return all(
        _RULES[rule](item.get(field), _value(value))
        for field, rules in wanted.items()
        for rule, value in rules.items()
    )


def _value(value: Any) -> Any:
    found = re.fullmatch(r"\$NOW\(-([\d.]+) seconds\)", value) if isinstance(value, str) else None
    return (datetime.now(UTC) - timedelta(seconds=float(found[1]))).isoformat() if found else value


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body are written apart: the body does not wait for the client to acknowledge them.
    disable_nagle_algorithm = True
    directus: Directus

    def _serve(self) -> None:
        url = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        order = self.directus.failures.pop(0) if self.directus.failures else None
        if order == "cut":
            self.close_connection = True
            return
        if isinstance(order, int):
            self._error(RefusalError(order, "SERVICE_UNAVAILABLE", "Service is unavailable."))
            return
        try:
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._error(RefusalError(401, "INVALID_TOKEN", "Invalid token."))
                return
            if url.path.startswith("/assets/"):
                self._file(url.path.removeprefix("/assets/"))
                return
            if url.path == "/files":
                data: Any = {"id": self._upload(sent)}
            else:
                query = {name: values[0] for name, values in parse_qs(url.query).items()}
                body = json.loads(sent) if sent else None
                data = self.directus.answer(self.command, url.path, query, body)
        except RefusalError as refusal:
            self._error(refusal)
            return
        if order == "lost":
            self.close_connection = True
            return
        if data is None:
            self._write(204, b"")
        else:
            self._write(200, json.dumps({"data": data}).encode())

    do_GET = _serve  # noqa: N815 - the names are http.server's
    do_POST = _serve  # noqa: N815
    do_PATCH = _serve  # noqa: N815
    do_DELETE = _serve  # noqa: N815

    def _file(self, key: str) -> None:
        if key not in self.directus.files:
            raise RefusalError(403, "FORBIDDEN", "You don't have permission to access this.")
        self._write(200, self.directus.files[key])

    def _upload(self, sent: bytes) -> str:
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        content = sent.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--" + boundary)[0]
        key = str(uuid.uuid4())
        self.directus.files[key] = content
        return key

    def _error(self, refusal: RefusalError) -> None:
        error = {"message": refusal.message, "extensions": {"code": refusal.code}}
        self._write(refusal.status, json.dumps({"errors": [error]}).encode())

    def _write(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running_directus() -> Iterator[Directus]:
    """One that listens on loopback."""
    directus = Directus()
    handler = type("Handler", (_Handler,), {"directus": directus})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    directus.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield directus
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
