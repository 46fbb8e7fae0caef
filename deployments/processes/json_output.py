"""Makes JSON objects of what a program prints that is none: banners, warnings, PostgreSQL's lines, tracebacks.

No program but ours can be told to write the objects of `log_lines`. Lines that are such objects pass as they are; of
the others those that belong together, as those of a traceback do, become one. Standard library only.
"""

import json
import re

from deployments.processes.log_lines import REQUIRED, line_of_now

QUIET_SECONDS = 1.0
"""After so long nothing more belongs to what was printed last."""

_OURS = b'{"time": "'
_LONGEST_OBJECT = 16 << 20
_LONGEST_RECORD = 1 << 16
"""Bytes. Longer ones are cut: Loki refuses lines of more than 256 KB, and an escape may take six times its byte."""
_TRACEBACK = "Traceback (most recent call last):"
_LEVEL = re.compile(
    r"\b(DEBUG|INFO|LOG|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC)\b|[a-z](?P<python>Warning): "
)
_SAME = {"LOG": "INFO", "NOTICE": "INFO", "WARN": "WARNING", "FATAL": "CRITICAL", "PANIC": "CRITICAL"}
_LEVEL_WITHIN = 200
_BEGINS = re.compile(r"\$ |[\[(<]?\d|(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")
"""How lines begin that are no part of the message of an exception."""


class JsonOutput:
    """The output of one program, whose objects have its name where they know no better."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rest = bytearray()
        self._lines: list[str] = []
        self._size = 0
        self._failed = False
        self._out: list[str | bytes] = []

    @property
    def waits(self) -> bool:
        """Whether there are lines to which more may belong."""
        return bool(self._lines)

    def feed(self, data: bytes) -> bytes:
        """What is certain with these bytes, as whole lines; the rest waits."""
        first, ended, more = data.partition(b"\n")
        self._rest += first
        if ended:
            *lines, rest = more.split(b"\n")
            for line in (bytes(self._rest), *lines):
                self._take(line)
            self._rest = bytearray(rest)
        most = _LONGEST_OBJECT if self._rest.startswith(_OURS) else _LONGEST_RECORD
        if len(self._rest) > most:
            *pieces, rest = _pieces(bytes(self._rest))
            for piece in pieces:
                self._take_text(piece)
            self._rest = bytearray(rest)
        return self._taken()

    def quiet(self) -> bytes:
        """What waited for more, after `QUIET_SECONDS` without any. A line without its end goes on waiting."""
        self._close()
        return self._taken()

    def end(self) -> bytes:
        """Everything that is left."""
        rest, self._rest = bytes(self._rest), bytearray()
        self._take(rest)
        self._close()
        return self._taken()

    def _take(self, line: bytes) -> None:
        if _is_ours(line):
            self._close()
            self._out.append(line.rstrip())
            return
        for piece in _pieces(line):
            self._take_text(piece)

    def _take_text(self, piece: bytes) -> None:
        text = piece.decode("utf-8", "backslashreplace").rstrip()
        if not (self._lines and self._belongs(text) and self._size + len(piece) <= _LONGEST_RECORD):
            self._close()
        if not (text or self._lines):
            return
        self._lines.append(text)
        self._size += len(piece) + 1
        self._failed = self._failed or _TRACEBACK in text

    def _belongs(self, text: str) -> bool:
        if not text or text[0].isspace() or text.startswith(_TRACEBACK):
            return True
        # The message of an exception begins where the traceback does, and may have more lines.
        return self._failed and not _BEGINS.match(text)

    def _close(self) -> None:
        lines, self._lines = self._lines, []
        failed, self._failed, self._size = self._failed, False, 0
        if not lines:
            return
        if not failed:
            level = _level(lines[0][:_LEVEL_WITHIN])
            self._out.append(line_of_now(level, self._name, "\n".join(lines).rstrip()))
            return
        begin = next(number for number, line in enumerate(lines) if _TRACEBACK in line)
        kinds = [line for line in lines[begin + 1 :] if line and not line[0].isspace()]
        message = "\n".join(lines[:begin]).strip() or (kinds or lines[begin:])[0].strip()
        exception = "\n".join(lines[begin:]).rstrip()
        self._out.append(line_of_now("ERROR", self._name, message, exception=exception))

    def _taken(self) -> bytes:
        out, self._out = self._out, []
        return b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in out)


def _level(text: str) -> str:
    found = _LEVEL.search(text)
    if found is None:
        return "INFO"
    return "WARNING" if found["python"] else _SAME.get(found[1], found[1])


def _is_ours(line: bytes) -> bool:
    if not line.startswith(_OURS):
        return False
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and all(isinstance(found.get(name), str) for name in REQUIRED)


def _pieces(line: bytes) -> list[bytes]:
    """A line in pieces of at most `_LONGEST_RECORD` bytes, none of which ends within a character."""
    pieces, begin = [], 0
    while len(line) - begin > _LONGEST_RECORD:
        most = begin + _LONGEST_RECORD
        end = next((at for at in range(most, most - 4, -1) if line[at] & 0xC0 != 0x80), most)
        pieces.append(line[begin:end])
        begin = end
    return [*pieces, line[begin:]]
