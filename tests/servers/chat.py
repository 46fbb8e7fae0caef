"""A chat-completions endpoint that is no language model: its "translation" is upper case."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]
Script = Callable[[dict[str, Any]], Reply]


def saying(content: str | None) -> Reply:
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        ],
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


def failing(status: int, code: str = "", **headers: str) -> Script:
    body = json.dumps({"error": {"message": f"scripted failure {code}", "code": code, "type": "x"}}).encode()
    return lambda request: (status, {"Content-Type": "application/json", **headers}, body)


def lines_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    question = next(message["content"] for message in request["messages"] if message["role"] == "user")
    lines: list[dict[str, Any]] = json.loads(question)
    return lines


def translating(request: dict[str, Any]) -> Reply:
    answer = [{"id": line["id"], "text": line["text"].upper()} for line in lines_of(request)]
    return saying(json.dumps({"translations": answer}, ensure_ascii=False))


@dataclass
class Endpoint:
    """The scripted server: it answers with the next script, and translates when none is left."""

    scripts: list[Script] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    address: str = ""


@contextmanager
def serve_chat() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.requests.append(request)
            endpoint.keys.append(self.headers["Authorization"])
            script = endpoint.scripts.pop(0) if endpoint.scripts else translating
            status, headers, body = script(request)
            self.send_response(status if self.path == "/v1/chat/completions" else 404)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the client has gone
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.address = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()
