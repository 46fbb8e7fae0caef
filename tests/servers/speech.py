"""A speech endpoint: the protocol of `POST /v1/audio/speech`, with the embedded English voice behind it.

Each test scripts how it misbehaves; without a script it speaks what it is asked for, or a sound that a test gives.
"""

import io
import json
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tasks.voice.choice import choose_voice
from tests.material import as_wav

Reply = tuple[int, dict[str, str], bytes]
Script = Callable[[dict[str, Any]], Reply]
WAV = {"Content-Type": "audio/wav"}


@cache
def spoken(text: str) -> bytes:
    """Real speech, as WAV."""
    engine = choose_voice("en", Path()).offer.load()
    return as_wav(engine.say(text, voice="heart", speed=1.0).samples, engine.sample_rate)


def speaking(request: dict[str, Any]) -> Reply:
    return 200, WAV, spoken(request["input"])


def streamed(request: dict[str, Any]) -> Reply:
    """As servers send WAV that do not know its length beforehand."""
    content = bytearray(spoken(request["input"]))
    content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    return 200, WAV, bytes(content)


def cut_short(request: dict[str, Any]) -> Reply:
    content = spoken(request["input"])
    return 200, WAV, content[: len(content) // 2]


def silent(request: dict[str, Any]) -> Reply:
    with wave.open(io.BytesIO(spoken(request["input"]))) as file:
        frames = file.getnframes()
    return 200, WAV, spoken(request["input"])[:44] + bytes(2 * frames)


def page(request: dict[str, Any]) -> Reply:
    return (
        200,
        {"Content-Type": "text/html"},
        b"<html><body>Sign in to the hotel's network</body></html>" * 20,
    )


def page_that_says_it_is_sound(request: dict[str, Any]) -> Reply:
    return 200, WAV, page(request)[2]


def failing(status: int, code: str = "", **headers: str) -> Script:
    body = json.dumps({"error": {"message": f"scripted failure {code}", "code": code, "type": "x"}}).encode()
    return lambda request: (status, {"Content-Type": "application/json", **headers}, body)


@dataclass
class SpeechServer:
    """It answers with the next script, and speaks when none is left."""

    scripts: list[Script] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    address: str = ""
    hang_up: bool = False
    """Whether it breaks the connection off in the middle of every answer."""


@contextmanager
def serve_speech() -> Iterator[SpeechServer]:
    endpoint = SpeechServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.requests.append(request)
            endpoint.keys.append(self.headers["Authorization"])
            script = endpoint.scripts.pop(0) if endpoint.scripts else speaking
            status, headers, body = script(request)
            self.send_response(status if self.path == "/v1/audio/speech" else 404)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the client has gone
                self.wfile.write(body[: len(body) // 2] if endpoint.hang_up else body)
            self.close_connection = self.close_connection or endpoint.hang_up

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.address = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield endpoint
    server.shutdown()
    thread.join()
    server.server_close()
