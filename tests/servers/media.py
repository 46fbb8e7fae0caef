"""A web server whose every path a test scripts, and a small recording for it to serve."""

from __future__ import annotations

import http.server
import io
import math
import socket
import struct
import time
import wave
from dataclasses import dataclass, field
from typing import Any

from tests.servers.http import LoopbackServer


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What the server does on one request."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = "audio/wav"
    headers: dict[str, str] = field(default_factory=dict)
    length: bool = True
    cut_after: int | None = None
    """Bytes of the body after which the connection is cut."""
    wait: float = 0.0
    """Seconds before the answer."""
    pause_after: int | None = None
    """Bytes of the body after which the server stalls until the test ends."""
    ranges: bool = False
    drip: tuple[int, float] | None = None
    """Bytes a piece, seconds between pieces."""


class MediaServer(LoopbackServer):
    """Answers each path with the answers scripted for it, in turn; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Answer]] = {}
        self._served: dict[str, int] = {}
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    def say(self, path: str, body: bytes = b"", status: int = 200, **rest: Any) -> str:
        """Scripts the next answer of a path (fields of `Answer`); returns the path's URL."""
        self._answers.setdefault(path, []).append(Answer(body, status, **rest))
        return self.url + path

    def replace(self, path: str, body: bytes = b"", status: int = 200, **rest: Any) -> str:
        """Forgets what was scripted for a path and scripts this answer."""
        self._answers.pop(path, None)
        self._served.pop(path, None)
        return self.say(path, body, status, **rest)

    def page(self, path: str, html: str) -> str:
        return self.say(path, html.encode(), content_type="text/html; charset=utf-8")

    def requests(self, path: str, method: str = "GET") -> list[Asked]:
        return [a for a in self.asked if a.path == path and a.method == method]

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        headers = {k.lower(): v for k, v in handler.headers.items()}
        sent = handler.rfile.read(int(headers.get("content-length") or 0))
        asked = Asked(handler.command, handler.path, headers, sent)
        self.asked.append(asked)
        path = handler.path.partition("?")[0]
        answers = self._answers.get(path) or [Answer(b"nothing here", 404, "text/plain")]
        turn = self._served.get(path, 0)
        self._served[path] = turn + 1
        answer = answers[min(turn, len(answers) - 1)]
        if answer.wait:
            self.closing.wait(answer.wait)
        self._send(handler, asked, answer)

    def _send(self, handler: http.server.BaseHTTPRequestHandler, asked: Asked, answer: Answer) -> None:
        body, status = answer.body, answer.status
        headers = dict(answer.headers)
        if answer.content_type:
            headers["Content-Type"] = answer.content_type
        wanted = asked.headers.get("range")
        if wanted and answer.ranges:
            validator = asked.headers.get("if-range")
            current = (headers.get("ETag"), headers.get("Last-Modified"))
            if validator is None or validator in current:
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start, end = int(first), min(int(last) if last else len(body) - 1, len(body) - 1)
                headers["Content-Range"] = f"bytes {start}-{end}/{len(body)}"
                body, status = body[start : end + 1], 206
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if answer.length:
            handler.send_header("Content-Length", str(len(body)))
        else:
            handler.send_header("Connection", "close")
            handler.close_connection = True
        handler.end_headers()
        if asked.method == "HEAD":
            return
        if answer.cut_after is not None:
            handler.wfile.write(body[: answer.cut_after])
            handler.wfile.flush()
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        elif answer.pause_after is not None:
            handler.wfile.write(body[: answer.pause_after])
            handler.wfile.flush()
            self.closing.wait(60)
            handler.close_connection = True
        elif answer.drip is not None:
            size, seconds = answer.drip
            for start in range(0, len(body), size):
                handler.wfile.write(body[start : start + size])
                handler.wfile.flush()
                time.sleep(seconds)
        else:
            handler.wfile.write(body)


def wav(seconds: float = 1.0, frequency: float = 440.0, rate: int = 8000) -> bytes:
    """A sine tone as a WAV file."""
    samples = (int(12000 * math.sin(2 * math.pi * frequency * n / rate)) for n in range(int(rate * seconds)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<h", s) for s in samples))
    return buffer.getvalue()
