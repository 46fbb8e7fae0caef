"""Lines that say only when they begin: songs (LRC), and what TMPlayer and its like read."""

import re
from collections.abc import Sequence

from tasks.captions.timed_text import Block

_LAST = 10.0
"""Seconds that a line stays which nothing follows; of films also others, whose ends nobody writes."""
_SONG_TIME = re.compile(r"[ \t]*\[(\d{1,3}):(\d\d)(?:[.:](\d{1,3}))?\][ \t]*")
_MOST_SUNG = 100_000
"""Characters of one line, times how often it is sung; more is none."""
_SONG_FACT = re.compile(r"[ \t]*\[(?:#|[a-zA-Z]\w*[ \t]*:).*\][ \t]*")
_OFFSET = re.compile(r"^[ \t]*\[offset[ \t]*:[ \t]*([+-]?\d{1,6})[ \t]*\]", re.IGNORECASE | re.MULTILINE)
"""Thousandths of a second by which all is earlier."""
_WORD_TIME = re.compile(r"<\d{1,3}:\d\d(?:[.:]\d{1,3})?>")
_PLAYER = re.compile(r"[ \t]*(?:(\d{1,2}):)?(\d{1,2}):(\d\d)[:=](?!\d\d?\b[.,:;\d]*[ \t]*(?:[,–-]|\d))(.*)")
"""Not the frames of a time in full."""


def count_single(text: str) -> int:
    """How many lines a file has, if its first one is in these forms; else none."""
    first = text.lstrip().partition("\n")[0]
    return text.count("\n") + 1 if _song(first) is not None or _player(first) is not None else 0


def single_blocks(text: str) -> list[Block] | None:
    """The subtitles in the order in which they begin; None if some line of the file is of another form.

    Each is shown until the next, which may be empty, begins.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    read, most = (_player, _LAST) if lines and _player(lines[0]) else (_song, float("inf"))
    begun: list[tuple[float, str]] = []
    for line in lines:
        found = read(line)
        if found is None:
            return None
        begun += found
    begun.sort(key=lambda each: each[0])
    earlier = _OFFSET.search(text)
    shift = int(earlier[1]) / 1000 if earlier else 0.0
    starts = [max(0.0, start - shift) for start, _ in begun]
    return [
        Block(start, end, tuple(shown.split("\n")))
        for start, end, (_, shown) in zip(starts, ends_of(starts, most), begun, strict=True)
    ]


def ends_of(starts: Sequence[float], most: float = float("inf")) -> list[float]:
    """When what begins at these times (in order) ends if each stays until the next, at `most` so many seconds.

    Those that begin together end together.
    """
    ends, until, last = [], float("inf"), float("inf")
    for start in reversed(starts):
        until, last = (last if start < last else until), start
        ends.append(start + min(until - start, most if until < float("inf") else _LAST))
    return ends[::-1]


def _song(line: str) -> list[tuple[float, str]] | None:
    """When a line of a song is sung, which may be several times; none where it says something else of the song."""
    times, at = [], 0
    while match := _SONG_TIME.match(line, at):
        minutes, whole, part = match.groups("0")
        times.append(int(minutes) * 60 + int(whole) + int(part.ljust(3, "0")) / 1000)
        at = match.end()
    if not times:
        return [] if _SONG_FACT.fullmatch(line) else None
    shown = _WORD_TIME.sub("", line[at:])
    return [(time, shown) for time in times] if len(times) * len(shown) < _MOST_SUNG else None


def _player(line: str) -> list[tuple[float, str]] | None:
    match = _PLAYER.fullmatch(line)
    if not match:
        return None
    hours, minutes, whole, shown = match.groups()
    return [(int(hours or 0) * 3600 + int(minutes) * 60 + int(whole), shown.replace("|", "\n"))]
