"""When each subtitle is shown: with its words, long enough to be read, never over another."""

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.subtitles.layout import CueLayout

_FLICKER = 0.08
"""Seconds that a subtitle stays even where word times coincide: two frames at 25 a second."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The words of a subtitle: when they are said (seconds) and how they look."""

    start: float
    end: float
    width: int
    """Columns, in one line."""
    lines: tuple[str, ...]
    speakers: tuple[str | None, ...]


def show(cues: Sequence[Spoken], layout: CueLayout) -> list[tuple[float, float]]:
    """Start and end of each subtitle, in seconds rounded to milliseconds.

    A subtitle begins with its first word and may stay into the silence that follows. Where that is too short, it
    may come a little early, and the one before it gives up what it has beyond its own words and needs.
    """
    # Word times may coincide or even run backwards by a little; subtitles may not.
    floor = max(2 * layout.gap, layout.gap + _FLICKER)
    starts: list[float] = []
    for cue in cues:
        start = max(cue.start, 0.0)
        starts.append(max(start, starts[-1] + floor) if starts else start)
    shown: list[tuple[float, float]] = []
    for index, cue in enumerate(cues):
        start = starts[index]
        limit = starts[index + 1] - layout.gap if index + 1 < len(cues) else float("inf")
        wanted = min(max(layout.shortest, cue.width / layout.reading_speed), layout.longest)
        end = min(max(cue.end, start + wanted), start + layout.longest, limit)
        if end - start < wanted:
            start = _earlier(start, end, wanted, cues[:index], shown, layout)
        if 0 < limit - end < layout.closing:
            end = min(limit, start + layout.longest)
        shown.append((start, end))
    return [(round(start, 3), round(end, 3)) for start, end in shown]


def _earlier(
    start: float,
    end: float,
    wanted: float,
    before: Sequence[Spoken],
    shown: list[tuple[float, float]],
    layout: CueLayout,
) -> float:
    """The start of a subtitle that has too little time; shortens the one before where it can spare some."""
    earliest = max(start - layout.lead, end - wanted, 0.0)
    if not shown:
        return min(start, earliest)
    begun, ended = shown[-1]
    spare = max(begun + layout.shortest, begun + before[-1].width / layout.reading_speed, before[-1].end)
    free = min(ended, spare) + layout.gap
    moved = min(start, max(earliest, free))
    if moved - layout.gap < ended:
        shown[-1] = (begun, moved - layout.gap)
    return moved
