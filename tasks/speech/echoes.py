"""Words that the engine says twice where one 30 s block ends and the next begins."""

from collections.abc import Sequence

from tasks.speech.activity import overlap
from tasks.speech.transcript import Segment, Span, Word

_DOUBTED = 0.2
"""Probability below which a repeated word over silence is an echo."""
_DISBELIEVED = 0.1
"""Probability below which it is one over speech too, if a pause of `_PAUSE_SECONDS` parts it from its neighbour."""
_PAUSE_SECONDS = 0.8


def without_echoes(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Segment]:
    """The segments without words that repeat their neighbour across a seam.

    Only a word that the engine hardly believes itself, over silence, next to the same word is an echo:
    people do repeat themselves. Segments without word times are returned as they are.
    """
    clean: list[Segment] = []
    for found in segments:
        segment = found
        words = segment.words
        if len(words) > 1 and _echo(words[0], words[1], speech) and segment.text.startswith(words[0].word):
            segment = _with(segment, segment.text[len(words[0].word) :], words[1:])
        if clean and segment.words and clean[-1].words:
            before = clean[-1]
            last = before.words[-1]
            if _echo(last, segment.words[0], speech) and before.text.endswith(last.word):
                if len(before.words) == 1:
                    clean.pop()
                else:
                    clean[-1] = _with(before, before.text[: -len(last.word)], before.words[:-1])
        clean.append(segment)
    return clean


def _echo(word: Word, neighbour: Word, speech: Sequence[Span]) -> bool:
    if word.probability >= _DOUBTED or _bare(word.word) != _bare(neighbour.word):
        return False
    apart = max(neighbour.start - word.end, word.start - neighbour.end)
    silent = overlap(Span(start=word.start, end=word.end), speech) == 0.0
    # An echo often sits on the tail of the phrase before: speech under it proves nothing, a pause does.
    return silent or (word.probability < _DISBELIEVED and apart >= _PAUSE_SECONDS)


def _with(segment: Segment, text: str, words: tuple[Word, ...]) -> Segment:
    return segment.model_copy(
        update={"text": text.strip(), "words": words, "start": words[0].start, "end": words[-1].end}
    )


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())
