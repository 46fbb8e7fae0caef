"""Words into lines, lines into cards: what stands on the screen together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.captions.reading import SpokenWord
from tasks.subtitles.marks import CLOSING, STOPS
from tasks.subtitles.quantities import bound_quantities

LONGEST_LINE = 5.0
"""Seconds."""
_PAUSE = 1.5
"""Seconds of silence over which nothing stays on the screen."""
_HOLD = 0.5
"""Seconds that a card stays after its last word, if the next leaves the time."""
_FULL_STOPS = tuple(STOPS)
_CLOSING = CLOSING + "」』】》）"
_ANY_LANGUAGE = ""
"""Callers do not say which it is: signs of currencies and units alone bind."""
_SEPARATED = 2
"""What `bound_quantities` says of a number and its unit."""

Word = TypeVar("Word", bound=SpokenWord)
Line = tuple[SpokenWord, ...]


@dataclass(frozen=True, slots=True)
class Card(Generic[Word]):
    """Lines that are shown together; times in seconds."""

    start: float
    end: float
    lines: tuple[tuple[Word, ...], ...]


def ends_sentence(word: SpokenWord) -> bool:
    """Whether a full stop, or what stands for one in other scripts, ends the word."""
    return word.word.rstrip(_CLOSING).endswith(_FULL_STOPS)


def plan_lines(
    words: Sequence[Word], most_words: int, fits: Callable[[tuple[Word, ...]], bool]
) -> list[tuple[Word, ...]]:
    """The words cut into lines.

    A line ends at `most_words` words, before it gets wider than `fits` allows or longer than `LONGEST_LINE`, after a
    full stop, and before a pause. A single word is a line however wide it is. Where there is room for more than
    one, "R$ 99,90" and "10 %" count as one word.
    """
    amounts = bound_quantities([word.word for word in words], _ANY_LANGUAGE)
    lines: list[tuple[Word, ...]] = []
    line: list[Word] = []
    for number, word in enumerate(words):
        paused = bool(line) and word.start - line[-1].end > _PAUSE
        goes_on = most_words > 1 and number > 0 and amounts[number - 1] == _SEPARATED and not paused
        if line and (
            (len(line) >= most_words and not goes_on)
            or word.end - line[0].start > LONGEST_LINE
            or ends_sentence(line[-1])
            or paused
            or not fits((*line, word))
        ):
            begun = [line.pop()] if goes_on and len(line) > 1 and fits((line[-1], word)) else []
            lines.append(tuple(line))
            line = begun
        line.append(word)
    if line:
        lines.append(tuple(line))
    return lines


def plan_cards(
    lines: Sequence[tuple[Word, ...]], most_lines: int, *, by_sentence: bool = False
) -> list[Card[Word]]:
    """Up to `most_lines` lines on each card; a pause ends a card, and with `by_sentence` a full stop, too."""
    groups: list[list[tuple[Word, ...]]] = []
    for line in lines:
        before = groups[-1][-1][-1] if groups else None
        if (
            before is not None
            and len(groups[-1]) < most_lines
            and line[0].start - before.end <= _PAUSE
            and not (by_sentence and ends_sentence(before))
        ):
            groups[-1].append(line)
        else:
            groups.append([line])
    cards = []
    for number, group in enumerate(groups):
        last = group[-1][-1].end
        following = groups[number + 1][0][0].start if number + 1 < len(groups) else float("inf")
        cards.append(Card(group[0][0].start, max(last, min(last + _HOLD, following)), tuple(group)))
    return cards
