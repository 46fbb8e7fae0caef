"""When each word stands out: hardly ever later than it is spoken, and long enough to be seen."""

from collections.abc import Sequence
from itertools import groupby

from tasks.captions.reading import SpokenWord

SHORTEST = 0.08
"""Seconds that a word stands out if there is time for it: two frames of 25 a second."""
LATEST = 0.04
"""Seconds that a word may be late for the sake of a short one before it: a frame of 25 a second."""
GAP = 0.15
"""Seconds between two words up to which the first stays highlighted until the second."""


def seen(words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """The words, in their order, with times at which each of them can be seen.

    Words that begin together share the time until the next one. A word after one shorter than `SHORTEST` begins up to
    `LATEST` later; no word begins earlier than it is spoken, and none overlaps the next.
    """
    shared = _shared(words)
    times: list[tuple[float, float]] = []
    for number, word in enumerate(shared):
        start = word.start
        if times:
            start = max(start, min(times[-1][0] + SHORTEST, start + LATEST))
            times[-1] = (times[-1][0], min(times[-1][1], start))
        following = shared[number + 1].start + LATEST if number + 1 < len(shared) else float("inf")
        times.append((start, min(max(word.end, start + SHORTEST), max(following, start))))
    return [
        word
        if (word.start, word.end) == time
        else SpokenWord(word=word.word, start=time[0], end=max(time[0], time[1]))
        for word, time in zip(shared, times, strict=True)
    ]


def stands_out_until(word: SpokenWord, following: float) -> float:
    """When the highlight of a word ends; `following` is when the next one begins, or the words leave the screen.

    Through a short gap it stays, so that nothing flickers.
    """
    return max(following if following - word.end <= GAP else word.end, word.start)


def _shared(words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """The words; those that begin at the same moment one after the other in the time that they have together."""
    groups = [list(group) for _, group in groupby(words, key=lambda word: word.start)]
    shared: list[SpokenWord] = []
    for number, group in enumerate(groups):
        if len(group) == 1:
            shared += group
            continue
        start = group[0].start
        end = max(*(word.end for word in group), start + SHORTEST * len(group))
        if number + 1 < len(groups):
            end = min(end, groups[number + 1][0].start)
        part = (end - start) / len(group)
        shared += [
            SpokenWord(word=word.word, start=start + place * part, end=start + (place + 1) * part)
            for place, word in enumerate(group)
        ]
    return shared
