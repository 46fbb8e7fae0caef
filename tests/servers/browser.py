"""A headless Chromium, told what to do over its own debugging protocol."""

import base64
import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import connect
from websockets.sync.connection import Connection

from tests.waiting import wait_until

_SECONDS = 60
_KEYS = {"Enter": 13, "Escape": 27, "Backspace": 8, "Tab": 9}
"""Keys that are no character, with their codes."""


@dataclass
class Page:
    """The page that is open, as who sits before it uses it."""

    _socket: Connection
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol; RuntimeError if it is refused."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv(timeout=_SECONDS))
            if said.get("id") == number:
                if "error" in said:
                    raise RuntimeError(f"{method}: {said['error']}")
                result: dict[str, Any] = said["result"]
                return result

    def open(self, url: str) -> None:
        """Go there, and wait until all of it is there."""
        self.call("Page.navigate", url=url)
        wait_until(
            lambda: self.value("document.readyState === 'complete' && location.href") == url,
            what=url,
            seconds=_SECONDS,
        )

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, *keys: str) -> None:
        """Keys one after the other: characters, or names of others."""
        for key in keys:
            code = _KEYS.get(key)
            pressed = {"key": key} | ({"windowsVirtualKeyCode": code} if code else {"text": key})
            self.call("Input.dispatchKeyEvent", type="keyDown", **pressed)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def click(self, selector: str) -> None:
        """The mouse on the middle of an element, which is brought into view."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.value(f"{element}.scrollIntoView({{block: 'center'}})")
        place = self.value(
            f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({element}.getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1
            )

    def printed(self) -> bytes:
        """A PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def picture(self) -> bytes:
        """A PNG of what is in view."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])


@contextmanager
def opened(program: str, folder: Path) -> Iterator[Page]:
    """A browser with an empty page; what it keeps goes into the folder."""
    command = [
        *(program, "--headless", "--disable-gpu", f"--user-data-dir={folder}", "--remote-debugging-port=0"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "--window-size=1280,900",
        "about:blank",
    ]
    told = folder / "DevToolsActivePort"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            wait_until(
                lambda: told.exists() and told.read_text().count("\n"), what="the browser", seconds=_SECONDS
            )
            port = told.read_text().splitlines()[0]
            pages = httpx.get(f"http://127.0.0.1:{port}/json/list", trust_env=False, timeout=_SECONDS).json()
            [address] = [page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"]
            with connect(address, max_size=None, proxy=None) as socket:
                yield Page(socket)
        finally:
            browser.terminate()
            browser.wait(20)
