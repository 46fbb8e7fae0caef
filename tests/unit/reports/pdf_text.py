"""Reads the text of PDF files as typst writes them: enough of the format to see which characters come out again."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)\nendobj", re.DOTALL)
_FONTS = re.compile(rb"/Font\s*<<(.*?)>>", re.DOTALL)
_NAMED = re.compile(rb"/(\S+)\s+(\d+) 0 R")
_TOKEN = re.compile(
    rb"(?P<text>\()|(?P<hex><[0-9A-Fa-f\s]*>)|/(?P<name>[^\s/\[\]()<>]+)|(?P<word>[A-Za-z'\"*]+)",
    re.DOTALL,
)
_PARENTHESIS = re.compile(rb"\\.|[()]", re.DOTALL)
_MAPPED = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f\s]+)>")
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass(frozen=True)
class _Font:
    width: int
    """Bytes of a code."""
    letters: dict[int, str]


def pdf_text(pdf: bytes) -> str:
    """All text of a file, in the order in which it is drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
    fonts: dict[int, _Font] = {}
    made: list[str] = []
    for body in objects.values():
        if b"/Resources" not in body:
            continue
        contents = re.search(rb"/Contents\s+(\d+) 0 R", body)
        stream = _stream(objects[int(contents[1])] if contents else body)
        if not stream:
            continue
        resources = re.search(rb"/Resources\s+(\d+) 0 R", body)
        held = objects[int(resources[1])] if resources else body
        used: dict[bytes, _Font] = {}
        for group in _FONTS.findall(held):
            for name, number in _NAMED.findall(group):
                used[name] = fonts.setdefault(int(number), _font(objects, int(number)))
        made.append("".join(_shown(stream, used)))
    return "\n".join(made)


def _stream(body: bytes) -> bytes:
    head, found, rest = body.partition(b"stream\n")
    if not found:
        return b""
    data = rest.rpartition(b"\nendstream")[0]
    return zlib.decompress(data) if b"/FlateDecode" in head else data


def _font(objects: dict[int, bytes], number: int) -> _Font:
    body = objects[number]
    unicode = re.search(rb"/ToUnicode\s+(\d+) 0 R", body)
    letters: dict[int, str] = {}
    if unicode:
        table = _stream(objects[int(unicode[1])])
        for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
            for code, text in _MAPPED.findall(block):
                letters[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
        for block in re.findall(rb"beginbfrange(.*?)endbfrange", table, re.DOTALL):
            for first, last, text in _RANGE.findall(block):
                start = bytes.fromhex(text.decode()).decode("utf-16-be")
                for place in range(int(last, 16) - int(first, 16) + 1):
                    letters[int(first, 16) + place] = start[:-1] + chr(ord(start[-1]) + place)
    return _Font(2 if b"/Type0" in body else 1, letters)


def _shown(stream: bytes, fonts: dict[bytes, _Font]) -> Iterator[str]:
    """The texts of a stream of drawing, or what stands for them."""
    font = _Font(1, {})
    waiting: list[bytes] = []
    name, replaced = b"", 0
    place = 0
    while token := _TOKEN.search(stream, place):
        place = token.end()
        if token["name"]:
            name = token["name"]
            waiting = [] if name != b"ActualText" else waiting
            continue
        if token["text"] is not None:
            place = _end(stream, place)
            waiting.append(_plain(stream[token.end() : place - 1]))
        elif token["hex"] is not None:
            waiting.append(bytes.fromhex(token["hex"][1:-1].decode()))
        else:
            match token["word"]:
                case b"Tf":
                    font = fonts.get(name, font)
                case b"BDC":
                    if name == b"ActualText" and waiting:
                        yield _said(waiting[-1])
                        replaced = 1
                    elif replaced:
                        replaced += 1
                case b"EMC":
                    replaced = max(0, replaced - 1)
                case b"TJ" | b"Tj":
                    if not replaced:
                        yield "".join(_letters(b"".join(waiting), font))
                case b"ET":
                    yield "\n"
            waiting = []


def _end(stream: bytes, place: int) -> int:
    """Where the text ends that begins at the place: parentheses within it come in pairs, or escaped."""
    depth = 1
    while depth:
        found = _PARENTHESIS.search(stream, place)
        assert found is not None
        place = found.end()
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
    return place


def _said(text: bytes) -> str:
    marked = text.startswith(b"\xfe\xff")
    return text[2:].decode("utf-16-be") if marked else text.decode("latin-1")


def _plain(text: bytes) -> bytes:
    return re.sub(
        rb"\\([0-7]{1,3}|.)",
        lambda found: (
            bytes([int(found[1], 8)]) if found[1][:1].isdigit() else _ESCAPED.get(found[1], found[1])
        ),
        text,
        flags=re.DOTALL,
    )


def _letters(codes: bytes, font: _Font) -> Iterator[str]:
    for place in range(0, len(codes), font.width):
        yield font.letters.get(int.from_bytes(codes[place : place + font.width], "big"), "")
