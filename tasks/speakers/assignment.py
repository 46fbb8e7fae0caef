"""Which words are whose: the turns of the speakers laid over the words of a transcript."""

import bisect
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from tasks.speakers.turns import Turn, label
from tasks.speech.transcript import Segment, Transcript, Word

_NEAR_SECONDS = 1.0
"""A word that no turn covers belongs to the turn nearest to it, up to this distance: word times are not exact."""
_STRAY_SECONDS = 0.6
"""A single word of this length or less on the wrong side of the end of a sentence goes back to its sentence."""
_SENTENCE_END = re.compile(r"""[.!?…。！？]["'”’»)\]]*$""")


def with_speakers(transcript: Transcript, turns: Sequence[Turn]) -> Transcript:
    """The transcript with a speaker for each word and segment; a segment with several is split where they change.

    A segment without words, or whose words do not spell its text, stays whole and is given to who speaks most in it.
    Where nobody was heard near, the speaker is None.
    """
    timeline = _Timeline(turns)
    segments: list[Segment] = []
    for segment in transcript.segments:
        names = _names(segment.words, timeline)
        pieces = _texts(segment) if len(set(names)) > 1 else None
        if pieces is None:
            whole = timeline.speaker(segment.start, segment.end) if not names else _most(segment.words, names)
            words = tuple(word.model_copy(update={"speaker": whole}) for word in segment.words)
            segments.append(segment.model_copy(update={"speaker": whole, "words": words}))
        else:
            segments += _split(segment, names, pieces)
    return transcript.model_copy(update={"segments": tuple(segments)})


class _Timeline:
    """Turns that can be asked who speaks in a span of time."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = sorted(turns, key=lambda turn: turn.start)
        self._starts = [turn.start for turn in self._turns]
        self._longest = max((turn.end - turn.start for turn in self._turns), default=0.0)

    def speaker(self, start: float, end: float) -> str | None:
        """Who speaks most of the span; where nobody does, who speaks nearest to it."""
        end = max(end, start)
        covered: dict[int, float] = {}
        nearest: tuple[float, int] | None = None
        for turn in self._near(start, end):
            inside = min(end, turn.end) - max(start, turn.start)
            if inside > 0:
                covered[turn.speaker] = covered.get(turn.speaker, 0.0) + inside
            away = max(-inside, 0.0)
            if away <= _NEAR_SECONDS and (nearest is None or away < nearest[0]):
                nearest = (away, turn.speaker)
        if covered:
            return label(max(covered, key=lambda speaker: covered[speaker]))
        return label(nearest[1]) if nearest else None

    def _near(self, start: float, end: float) -> Iterator[Turn]:
        first = bisect.bisect_left(self._starts, start - self._longest - _NEAR_SECONDS)
        for turn in self._turns[first:]:
            if turn.start > end + _NEAR_SECONDS:
                return
            if turn.end >= start - _NEAR_SECONDS:
                yield turn


def _names(words: Sequence[Word], timeline: _Timeline) -> list[str | None]:
    """The speaker of each word, changed at the ends of sentences rather than a word beside them."""
    names = [timeline.speaker(word.start, word.end) for word in words]
    known = next((name for name in names if name), None)
    for at, name in enumerate(names):
        known = names[at] = name or known
    for at in range(1, len(names)):
        before, here = words[at - 1], words[at]
        if names[at] == names[at - 1] or _ends(before):
            continue
        # The last word of a sentence …
        if _ends(here) and _short(here):
            names[at] = names[at - 1]
        # … or the first one of the next.
        elif _short(before) and (at == 1 or _ends(words[at - 2])):
            names[at - 1] = names[at]
    return names


def _ends(word: Word) -> bool:
    return bool(_SENTENCE_END.search(word.word))


def _short(word: Word) -> bool:
    return word.end - word.start <= _STRAY_SECONDS


def _most(words: Sequence[Word], names: Sequence[str | None]) -> str | None:
    seconds: dict[str | None, float] = {}
    for word, name in zip(words, names, strict=True):
        seconds[name] = seconds.get(name, 0.0) + word.end - word.start
    return max(seconds, key=lambda name: seconds[name])


def _texts(segment: Segment) -> list[str] | None:
    """The text of the segment cut before each word; None if its words do not spell it."""
    starts: list[int] = []
    position = 0
    for word in segment.words:
        at = segment.text.find(word.word, position)
        if at < 0 or not word.word:
            return None
        starts.append(at)
        position = at + len(word.word)
    bounds = [0, *starts[1:], len(segment.text)]
    return [segment.text[start:end] for start, end in pairwise(bounds)]


def _split(segment: Segment, names: Sequence[str | None], texts: Sequence[str]) -> Iterator[Segment]:
    for name, group in groupby(range(len(names)), key=lambda at: names[at]):
        members = list(group)
        words = tuple(segment.words[at].model_copy(update={"speaker": name}) for at in members)
        yield segment.model_copy(
            update={
                "text": "".join(texts[at] for at in members).strip(),
                "start": words[0].start,
                "end": max(words[0].start, words[-1].end),
                "words": words,
                "speaker": name,
            }
        )
