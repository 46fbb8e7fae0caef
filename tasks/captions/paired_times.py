"""Subtitles under two times in a line without an arrow.

So write YouTube (SBV), SubViewer, the text files of Premiere and Avid, and DVD Studio Pro (STL), which puts the text
behind the times.
"""

import re
from collections.abc import Iterator, Sequence

from tasks.captions.timed_text import Block, part_of_second

_TIME = r"(\d{1,2}):(\d\d):(\d\d)([.,:;])(\d{1,3})"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]*(?:[,–-]|[ \t])[ \t]*{_TIME}[ \t]*(?:,(.*))?$", re.MULTILINE)
_BREAK = re.compile(r"\[br\]", re.IGNORECASE)


def count_paired(text: str) -> int:
    """How many subtitles a file has in these forms."""
    return sum(1 for _ in _TIMING.finditer(text))


def paired_blocks(text: str, rate: float) -> Iterator[Block]:
    """The subtitles that have a time to be shown in; `rate`: frames a second, for times that count in them."""
    found = list(_TIMING.finditer(text))
    for match, following in zip(found, [*found[1:], None], strict=True):
        times, beside = match.groups()[:10], match[11]
        if beside is None:
            below = text[match.end() + 1 : following.start() if following else None]
            lines = _BREAK.sub("\n", below.partition("\n\n")[0]).split("\n")
        else:
            lines = beside.split("|")
        start, end = _seconds(times[:5], rate), _seconds(times[5:], rate)
        if end > start:
            yield Block(start, end, tuple(lines))


def _seconds(parts: Sequence[str], rate: float) -> float:
    hours, minutes, seconds, mark, digits = parts
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return round(whole + part_of_second(mark, digits, rate), 3)
