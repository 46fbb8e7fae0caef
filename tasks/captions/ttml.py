"""Subtitles in TTML and its older form DFXP, as broadcasters, streaming services and editors exchange them.

What a player shows at a time, how it is styled (italic, bold, underlined, struck out), and where its region stands.
"""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tasks.captions.placement import Column, Placement, Row
from tasks.captions.styling import Styling, without_private
from tasks.captions.tagged_text import in_lines
from tasks.errors import InvalidInputError

_ELEMENT = re.compile(r"<(?:\w+:)?(\w+)")
_DEEPEST = 100
_MOST_WORK = 2_000_000
"""Pieces of paragraphs times the moments at which they change: some seconds. A film of single words has 100,000."""
_CLOCK = re.compile(r"(\d{1,6}):(\d\d):(\d\d)(?:(\.\d{1,9})|:(\d{1,3})(?:\.\d{1,3})?)?$")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)$")
_PERCENT = re.compile(r"(-?\d{1,3}(?:\.\d{1,9})?)% (-?\d{1,3}(?:\.\d{1,9})?)%$")
_ROWS: dict[str, Row] = {"before": "top", "center": "middle", "after": "bottom"}
_COLUMNS: dict[str, Column] = {
    "left": "left", "start": "left", "center": "center", "right": "right", "end": "right"
}  # fmt: skip
_AT_EDGE = 0.15
"""Share of the height: what is so near to the edge stands where captions stand there."""
_EVER = float("inf")


@dataclass(frozen=True, slots=True)
class TimedText:
    """A text, with the characters of `tasks.captions.styling`, when it is shown (seconds) and where."""

    start: float
    end: float
    text: str
    place: Placement | None


def is_ttml(text: str) -> bool:
    """Whether a text is TTML, by its root."""
    root = _ELEMENT.search(text)
    return text.lstrip().startswith("<") and root is not None and root[1] == "tt"


def timed_texts(text: str) -> list[TimedText]:
    """The texts in the order of the file. What is shown all the time ends with the last that is not.

    Raises InvalidInputError, which says where the file is damaged.
    """
    if "<!ENTITY" in text:
        raise InvalidInputError("The TTML file cannot be used: it defines entities.", hint="Export it again.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - entities were refused
        return list(_Reader(root).read())
    except ElementTree.ParseError as error:
        line, column = error.position
        raise InvalidInputError(
            f"The TTML file is damaged in line {line}, column {column + 1}.", hint="Export it again."
        ) from error


@dataclass(frozen=True, slots=True)
class _Span:
    """When an element is shown."""

    start: float = 0.0
    end: float = _EVER


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a paragraph that is styled alike."""

    span: _Span
    text: str
    styles: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Look:
    """What an element has from those around it."""

    style: dict[str, str] = field(default_factory=dict)
    region: str = ""


class _Reader:
    def __init__(self, root: ElementTree.Element) -> None:
        self._root = root
        said = {_local(name): value for name, value in root.attrib.items()}
        self._rate = _number(said.get("frameRate"), 30.0)
        multiplier = re.split(r"[ :]", said.get("frameRateMultiplier", "1 1"))
        times = _number(multiplier[0], 1.0) / _number(multiplier[-1], 1.0)
        self._real_rate = self._rate * times
        self._ticks = _number(said.get("tickRate"), self._real_rate if "frameRate" in said else 1.0)
        # Such clocks count frames and not seconds: at 29.97 they run slow.
        counts = said.get("timeBase") == "smpte" and said.get("dropMode", "nonDrop") == "nonDrop"
        self._slower = 1 / times if counts else 1.0
        self._work = 0
        self._styles = dict(self._named("style"))
        self._regions = dict(self._named("region"))

    def read(self) -> Iterator[TimedText]:
        body = next((each for each in self._root if _local(each.tag) == "body"), None)
        found = [] if body is None else list(self._walk(body, self._span(body, 0.0, _Span()), _Look(), 0))
        last = max((each.end for each in found if each.end < _EVER), default=_EVER)
        for each in found:
            yield replace(each, end=max(last, each.start)) if each.end == _EVER else each

    def _named(self, kind: str) -> Iterator[tuple[str, ElementTree.Element]]:
        for element in self._root.iter():
            name = next((value for key, value in element.attrib.items() if _local(key) == "id"), None)
            if _local(element.tag) == kind and name:
                yield name, element

    def _walk(
        self, element: ElementTree.Element, around: _Span, look: _Look, depth: int
    ) -> Iterator[TimedText]:
        _check_depth(depth)
        look = self._look(element, look)
        if _local(element.tag) == "p":
            yield from self._paragraph(element, around, look)
            return
        for child, span in self._children(element, around):
            if _local(child.tag) in ("div", "p"):
                yield from self._walk(child, span, look, depth + 1)

    def _paragraph(self, element: ElementTree.Element, span: _Span, look: _Look) -> Iterator[TimedText]:
        pieces = list(self._pieces(element, span, look, 0))
        moments = sorted({time for piece in pieces for time in (piece.span.start, piece.span.end)})
        self._work += len(pieces) * len(moments)
        if self._work > _MOST_WORK:
            raise InvalidInputError(
                "The paragraphs of the TTML file have too many parts with times of their own.",
                hint="Give each text a paragraph of its own.",
            )
        place = self._place(look)
        last: TimedText | None = None
        for start, end in pairwise(moments):
            shown = _joined(
                [piece for piece in pieces if piece.span.start <= start and piece.span.end >= end]
            )
            if last and last.text == shown:
                last = replace(last, end=end)
                continue
            if last and last.text:
                yield last
            last = TimedText(start, end, shown, place)
        if last and last.text:
            yield last

    def _pieces(self, element: ElementTree.Element, span: _Span, look: _Look, depth: int) -> Iterator[_Piece]:
        _check_depth(depth)
        styles = _styles_of(look.style)
        yield _Piece(span, _spaced(element.text), styles)
        for child, inner in self._children(element, span):
            if _local(child.tag) == "br":
                yield _Piece(span, "\n", styles)
            elif _local(child.tag) == "span":
                own = self._look(child, look)
                # How a word is read stands small above it.
                if own.style.get("ruby", "none") not in ("text", "textContainer", "delimiter"):
                    yield from self._pieces(child, inner, own, depth + 1)
            yield _Piece(span, _spaced(child.tail), styles)

    def _children(
        self, element: ElementTree.Element, around: _Span
    ) -> Iterator[tuple[ElementTree.Element, _Span]]:
        """The elements within one that is shown `around`, and when each of them is shown."""
        in_turn = element.get("timeContainer") == "seq"
        start = around.start
        for child in element:
            span = self._span(child, start, around)
            yield child, span
            if in_turn and span.end < _EVER:
                start = span.end

    def _span(self, element: ElementTree.Element, since: float, around: _Span) -> _Span:
        begin, end, lasts = (self._seconds(element.get(name)) for name in ("begin", "end", "dur"))
        start = since + (begin or 0.0)
        until = min(
            around.end,
            since + end if end is not None else _EVER,
            start + lasts if lasts is not None else _EVER,
        )
        return _Span(start, max(start, until))

    def _seconds(self, time: str | None) -> float | None:
        """A time as it is written, in seconds; None if it is none."""
        time = (time or "").strip()
        if match := _CLOCK.match(time):
            hours, minutes, whole = (int(part) for part in match.groups()[:3])
            counted = hours * 3600 + minutes * 60 + whole + float(match[4] or 0)
            return counted * self._slower + int(match[5] or 0) / self._real_rate
        if match := _OFFSET.match(time):
            units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
            units |= {"f": 1 / self._real_rate, "t": 1 / self._ticks}
            return float(match[1]) * units[match[2]]
        return None

    def _look(self, element: ElementTree.Element, around: _Look) -> _Look:
        region = element.get("region", around.region)
        first = self._style(self._regions[region]) if region in self._regions and not around.region else {}
        return _Look({**first, **around.style, **self._style(element)}, region)

    def _style(self, element: ElementTree.Element, depth: int = 0) -> dict[str, str]:
        """What an element says of its style, and the styles that it names."""
        style: dict[str, str] = {}
        named = [self._styles[name] for name in element.get("style", "").split()[:20] if name in self._styles]
        inner = [each for each in element if _local(each.tag) == "style"]
        if depth < 4:
            for each in (*named, *inner):
                style |= self._style(each, depth + 1)
        return style | {_local(name): value.strip() for name, value in element.attrib.items()}

    def _place(self, look: _Look) -> Placement | None:
        if look.region not in self._regions:
            return None
        said = self._style(self._regions[look.region])
        row = _ROWS.get(said.get("displayAlign", "before"), "top")
        column = _COLUMNS.get(look.style.get("textAlign", ""))
        origin, extent = _shares(said.get("origin")), _shares(said.get("extent"))
        if not origin or not extent:
            return Placement(row if "displayAlign" in said else None, column)
        top, bottom = origin[1], min(1.0, origin[1] + extent[1])
        y = {"top": top, "middle": (top + bottom) / 2, "bottom": bottom}[row]
        if (row == "bottom" and y > 1 - _AT_EDGE) or (row == "top" and y < _AT_EDGE):
            return Placement(row, column)
        return Placement(row, column, y=round(y, 4))


def _joined(pieces: list[_Piece]) -> str:
    styling, parts = Styling(), []
    for piece in pieces:
        parts.append(styling.change(piece.styles))
        parts.append(piece.text)
    shown = in_lines("".join(parts))
    return shown if in_lines("".join(piece.text for piece in pieces)) else ""


def _styles_of(style: dict[str, str]) -> frozenset[str]:
    decoration = style.get("textDecoration", "")
    has = {
        "i": style.get("fontStyle") in ("italic", "oblique"),
        "b": style.get("fontWeight") == "bold",
        "u": "underline" in decoration.split(),
        "s": "lineThrough" in decoration.split(),
    }
    return frozenset(name for name, there in has.items() if there)


def _spaced(text: str | None) -> str:
    return re.sub(r"\s+", " ", without_private(text or ""))


def _local(name: object) -> str:
    """The name of an element or attribute without its namespace; of a comment, nothing."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def _number(text: str | None, default: float) -> float:
    found = float(text) if text and re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text.strip()) else 0.0
    return found or default


def _shares(pair: str | None) -> tuple[float, float] | None:
    match = _PERCENT.match(" ".join((pair or "").split()))
    return (float(match[1]) / 100, float(match[2]) / 100) if match else None


def _check_depth(depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidInputError("The TTML file cannot be used: its elements are nested too deep.")
