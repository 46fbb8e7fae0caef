"""SRT and WebVTT: blocks of lines under a time, as they are written by programs and by hand.

Our own reading of both: the libraries that were tried (pysubs2 1.8) take a last line that is a number for the number of
a subtitle, what stands between < and > for a tag whatever it is, and a backslash for a code of ASS.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# No two stretches of white space beside each other: a long line of it would take hours.
_TIME = r"(?:(-)\s*)?(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:\s*[.,:]\s*(\d{1,3}))?"
_TIMING = re.compile(rf"{_TIME}\s*-->\s*{_TIME}(?:\s+(.*))?$")
_NUMBER = re.compile(r"^\s*\d+\s*$")

_TAGS = r"i|b|u|s|em|strong|strike|font|c|v|lang|ruby|rt|span|p|br"
_TAG = re.compile(rf"<(/?)({_TAGS})((?:[.\s][^<>]*)?)/?>", re.IGNORECASE)
"""What stands in subtitles as a tag; everything else between < and > is text."""
_INNER_TIME = re.compile(r"<(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{3})>")
"""When the words after it are spoken."""
_CODE = re.compile(r"\{\\[^{}]*\}")
"""A code of ASS, which many programs write into SRT."""
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,8}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_STYLED = {"em": "i", "strong": "b", "strike": "s"}
_SHORTEST_SHOWN = 0.05
"""Seconds. Automatic captions of YouTube come with pictures of the rolled lines that are shorter."""


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word and when it begins, in seconds."""

    word: str
    start: float


@dataclass(frozen=True, slots=True)
class Block:
    """Lines as they are written, and when they are shown (seconds; never before 0)."""

    start: float
    end: float
    lines: tuple[str, ...]
    settings: str = ""
    """What stands behind the times."""


def blocks(text: str) -> Iterator[Block]:
    """The blocks of an SRT or WebVTT file, in the order of the file."""
    lines = text.split("\n")
    webvtt = lines[0].lstrip("\ufeff").startswith("WEBVTT")
    found = [(number, match) for number, line in enumerate(lines) if (match := _TIMING.match(line.strip()))]
    for place, (number, match) in enumerate(found):
        after = found[place + 1][0] if place + 1 < len(found) else None
        body: Sequence[str] = lines[number + 1 : len(lines) if after is None else after]
        if webvtt:
            body = body[: body.index("")] if "" in body else _without_name(body, after)
        else:
            body = _without_name(body, after)
        yield Block(
            start=_seconds(match.groups()[:5]),
            end=_seconds(match.groups()[5:10]),
            lines=tuple(line for line in body if line.strip()),
            settings=match[11] or "",
        )


def _without_name(body: Sequence[str], after: int | None) -> Sequence[str]:
    """The lines of a block without the number of the next one, which there is only if something comes `after`."""
    return body[:-1] if after is not None and body and _NUMBER.match(body[-1]) else body


def _seconds(parts: Sequence[str | None]) -> float:
    sign, hours, minutes, seconds, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    milliseconds = 1000 * whole + int((fraction or "0").ljust(3, "0"))
    return 0.0 if sign else milliseconds / 1000


def without_rolling(found: Sequence[Block]) -> list[Block]:
    """The blocks with each line once, where they roll as YouTube's automatic captions do; else as they are.

    Such a file shows every line twice, at the bottom while it is spoken and above the next one, and has blocks of some
    hundredths of a second between.
    """
    timed = sum(any(_INNER_TIME.search(line) for line in block.lines) for block in found)
    brief = sum(block.end - block.start < _SHORTEST_SHOWN for block in found)
    if not timed or not brief:
        return list(found)
    kept: list[Block] = []
    shown: tuple[str, ...] = ()
    for block in found:
        plain = tuple(plain_text(line) for line in block.lines)
        new = tuple(line for line, text in zip(block.lines, plain, strict=True) if text and text not in shown)
        if new:
            kept.append(Block(block.start, block.end, new))
        shown = plain
    return kept


def marked_text(line: str, marks: dict[str, str]) -> str:
    """A line without its tags and codes; those in `marks` ("i1" where italics begin, "i0" where they end) replaced."""

    def styled(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        style = _STYLED.get(name, name) + ("0" if tag[1] else "1")
        return marks.get(style, "") if not tag[3].strip(" /") else ""

    line = _CODE.sub(lambda code: marks.get(code[0][2:-1], ""), _INNER_TIME.sub("", line))
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), _TAG.sub(styled, line))


def plain_text(line: str) -> str:
    """The words of a line."""
    return " ".join(marked_text(line, {}).split())


def timed_words(block: Block) -> list[TimedWord]:
    """The words of a block at the times that are written between them; those before the first begin with the block."""
    words: list[TimedWord] = []
    for line in block.lines:
        at = block.start
        pieces = _INNER_TIME.split(line)
        words += [TimedWord(word, at) for word in plain_text(pieces[0]).split()]
        for index in range(1, len(pieces), 5):
            at = _seconds((None, *pieces[index : index + 4]))
            words += [TimedWord(word, at) for word in plain_text(pieces[index + 4]).split()]
    return words
