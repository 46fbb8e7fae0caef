"""SRT and WebVTT: blocks of lines under a time, as they are written by programs and by hand.

Our own reading of both: the libraries that were tried (pysubs2 1.8) take a last line that is a number for the number of
a subtitle, what stands between < and > for a tag whatever it is, and a backslash for a code of ASS.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_COLON = " ?[:：] ?"
_TIME = rf"(?:(-) ?)?(?:(\d{{1,4}}){_COLON})?(\d{{1,4}}){_COLON}(\d{{1,2}})(?: ?([.,:;．，])(?: ?(\d+))?)?"
_PARTS = 6
"""Groups of a time: its sign, hours, minutes, seconds, and what stands before its fraction, and that."""
USUAL_RATE = 25.0
"""Frames a second where times count in frames and nobody says how many there are."""
_ARROW = "(?:(?:[-‐-―−－=] ?){1,3}(?:>|＞|&gt;)|→)"
"""As it is, and as programs that set type or translate leave it."""
_POINTED = re.compile("^.*?(?:[>＞→]|&gt;).*$", re.MULTILINE)
_LEAD = r"[^\w\-]*(?:\d{1,6} )?"
"""Marks of direction, and a number that has slipped into the line."""
_TIMING = re.compile(rf"{_LEAD}{_TIME} ?({_ARROW}) ?{_TIME}(?!\d)(.*)$")
_MARK = re.compile(_ARROW)
_CLOCK = re.compile(r"[\d\W_OoIlxX]*")
_LONGEST = 500
"""Characters in which times and settings stand; in longer lines some searches would take hours."""
_FRAME_DIGITS = 2
_NUMBER = re.compile(r"^\s*\d+\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """Lines as they are written, and when they are shown (seconds; never before 0)."""

    start: float
    end: float
    lines: tuple[str, ...]
    settings: str = ""
    """What stands behind the times."""


def count_blocks(text: str) -> int:
    """How many blocks a file has whose time can be read; none if it is neither SRT nor WebVTT."""
    return sum(timing.is_time for _, timing in _timings(text))


def is_webvtt(text: str) -> bool:
    """Whether a file says that it is WebVTT."""
    return text.startswith("WEBVTT")


def blocks(text: str, rate: float = USUAL_RATE) -> Iterator[Block]:
    """The blocks of an SRT or WebVTT file that have a time to be shown in, in the order of the file.

    `rate`: frames a second, for files whose times count in them (`00:00:01:12`).
    """
    found = list(_timings(text, rate))
    head = text[: found[0][0].start()].split("\n")[:-1] if found else []
    numbered = _without_number(head, numbered=True) != head
    for (line, timing), following in zip(found, [*found[1:], None], strict=True):
        body = text[line.end() + 1 : following[0].start() - 1 if following else None].split("\n")
        if is_webvtt(text) and "" in body:
            body = body[: body.index("")]
        elif following:
            body = _without_number(body, numbered=numbered)
        if timing.end > timing.start:
            yield Block(timing.start, timing.end, tuple(body), timing.settings)


def seconds(time: str) -> float | None:
    """A time as it is written, in seconds; None if it is none."""
    match = re.fullmatch(_TIME, _plain(time))
    return _seconds(match.groups(), USUAL_RATE) if match else None


@dataclass(frozen=True, slots=True)
class _Timing:
    start: float = 0.0
    end: float = 0.0
    settings: str = ""
    is_time: bool = True
    """Whether it is one; it may only look so."""


def _timings(text: str, rate: float = USUAL_RATE) -> Iterator[tuple[re.Match[str], _Timing]]:
    """The lines that say something about times."""
    for line in _POINTED.finditer(text):
        timing = _timing(line[0], rate)
        if timing is not None:
            yield line, timing


def _timing(line: str, rate: float) -> _Timing | None:
    """What a line says about times; None if it is a line of text."""
    line = _plain(line)
    if match := _TIMING.match(line):
        start, (arrow, *end, settings) = match.groups()[:_PARTS], match.groups()[_PARTS:]
        # "10:00 -> 11:00" is a text; whoever writes times of subtitles so has hours or fractions in them.
        is_time = arrow == "-->" or any((start[1], start[-1], end[1], end[-1]))
        return _Timing(_seconds(start, rate), _seconds(end, rate), settings.strip()) if is_time else None
    mark = _MARK.search(line)
    if not mark:
        return None
    before, after = line[: mark.start()], line[mark.end() :]
    colons = 1 if mark[0] == "-->" else 2
    is_like = _is_clock(before, colons) or (_is_clock(after, colons) and not any(map(str.isalpha, before)))
    return _Timing(is_time=False) if is_like else None


def _is_clock(part: str, colons: int) -> bool:
    """Whether something looks like a time; with letters, too, that are taken for digits where pictures are read."""
    has_colons = part.count(":") + part.count("：") >= colons
    return has_colons and any(map(str.isdigit, part)) and bool(_CLOCK.fullmatch(part))


def _plain(line: str) -> str:
    return " ".join(line.split())[:_LONGEST]


def _without_number(body: list[str], *, numbered: bool) -> list[str]:
    """The lines before a time without the number that stands there.

    It stands directly before the time; in a file that is `numbered` there may be empty lines between, as in those whose
    line ends some program has doubled.
    """
    end = len(body)
    while end and not body[end - 1].strip():
        end -= 1
    is_number = end and _NUMBER.match(body[end - 1]) and (numbered or end == len(body))
    return body[: end - 1] if is_number else body


def _seconds(parts: Sequence[str | None], rate: float) -> float:
    sign, hours, minutes, seconds, mark, fraction = parts
    whole = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return 0.0 if sign else round(whole + part_of_second(mark, fraction or "0", rate), 3)


def part_of_second(mark: str | None, digits: str, rate: float) -> float:
    """What stands behind the seconds of a time: frames, if two digits stand behind a colon, else a fraction.

    Frames that a second of `rate` does not have are its end.
    """
    if mark in (":", ";") and len(digits) == _FRAME_DIGITS:
        return min(int(digits) / rate, 0.999)
    return int(digits[:3].ljust(3, "0")) / 1000
