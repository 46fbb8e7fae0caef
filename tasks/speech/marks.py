"""Sentence marks and capitals of one hearing for the words of another.

An engine that has lost its sentences still hears the words. Heard again by themselves they get their marks back, but
without what was said before them some become other words.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from tasks.speech.transcript import Segment

_ALIKE = 0.8
"""Share of words that two hearings have in common, below which the marks of one do not fit the other."""
_CLOSED = re.compile(r"[^\w\s]+$")
_SENTENCE_END = re.compile(r"[.?!…][^\w\s]*$")


def marked_like(segments: Sequence[Segment], model: Sequence[Segment]) -> list[Segment]:
    """The segments with their own words, written as in the model where it has the same ones.

    They stay as they are where the two differ too much. Needs word times, and a language with spaces.
    """
    written = [word.word for segment in segments for word in segment.words]
    other = [word.word for segment in model for word in segment.words]
    matcher = SequenceMatcher(None, [_bare(word) for word in written], [_bare(word) for word in other], False)
    if matcher.ratio() < _ALIKE:
        return list(segments)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind == "equal":
            written[first:last] = other[begin:end]
        elif begin < end and last > 0:
            # A sentence ends here in the model, whatever its last word is.
            mark = _CLOSED.search(other[end - 1])
            if mark and not _CLOSED.search(written[last - 1]):
                written[last - 1] += mark[0]
    for place in range(1, len(written)):
        if _SENTENCE_END.search(written[place - 1]):
            written[place] = written[place][:1].upper() + written[place][1:]
    return list(_rewritten(segments, written))


def _rewritten(segments: Sequence[Segment], written: Sequence[str]) -> Iterator[Segment]:
    at = 0
    for segment in segments:
        texts = written[at : at + len(segment.words)]
        at += len(segment.words)
        words = tuple(
            word.model_copy(update={"word": text}) for word, text in zip(segment.words, texts, strict=True)
        )
        yield segment.model_copy(update={"text": " ".join(texts), "words": words}) if words else segment


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word.casefold())
