"""Cutting text into pieces that are spoken one after the other."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.abbreviations import BEFORE_ANYTHING, BEFORE_NUMBERS, NUMBER, is_listed, unelided

LONGEST = 300
"""Characters in one piece: engines slow down and lose intonation on longer ones."""
SENTENCE_PAUSE = 0.3
PARAGRAPH_PAUSE = 0.6
CLAUSE_PAUSE = 0.1
"""Seconds of silence after each, at speed 1."""

_PARAGRAPH = re.compile(r"\n\s*\n")
_STOP = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+")
_CLAUSE_END = re.compile(r"[,;:—–]\s")


@dataclass(frozen=True)
class Piece:
    """A stretch of text and the silence after it, in seconds at speed 1."""

    text: str
    pause: float


def cut(text: str, language: str = "") -> Iterator[Piece]:
    """The sentences of a text, long ones cut at clauses or at words. Nothing but white space is lost.

    Of a `language` (its code) without a list, the abbreviations of all that have one count.
    """
    for paragraph in _PARAGRAPH.split(text):
        sentences = list(_sentences(" ".join(paragraph.split()), language))
        for number, sentence in enumerate(sentences, start=1):
            *parts, last = list(_short_enough(sentence))
            for part in parts:
                yield Piece(part, CLAUSE_PAUSE)
            yield Piece(last, PARAGRAPH_PAUSE if number == len(sentences) else SENTENCE_PAUSE)


def _sentences(paragraph: str, language: str) -> Iterator[str]:
    start = 0
    for stop in _STOP.finditer(paragraph):
        if _ends_sentence(paragraph, stop, language):
            yield paragraph[start : stop.end()].rstrip()
            start = stop.end()
    if start < len(paragraph):
        yield paragraph[start:]


def _ends_sentence(paragraph: str, stop: re.Match[str], language: str) -> bool:
    if paragraph[stop.end() : stop.end() + 1].islower():
        return False
    if not stop[0].startswith(".") or stop[0].startswith(".."):
        return True
    word = paragraph[: stop.start()].rpartition(" ")[2].strip("(\"'“‘«[")
    if len(word) == 1 and word.isupper():
        return False
    if _is_in(BEFORE_ANYTHING, word, language):
        return False
    return not (_is_in(BEFORE_NUMBERS, word, language) and NUMBER.match(paragraph, stop.end()))


def _is_in(lists: Mapping[str, frozenset[str]], word: str, language: str) -> bool:
    languages = (language,) if language in lists else tuple(lists)
    return any(is_listed(unelided(word, each), lists, each) for each in languages)


def _short_enough(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST:
        ends = [end.end() for end in _CLAUSE_END.finditer(sentence, LONGEST // 3, LONGEST)]
        at = ends[-1] if ends else sentence.rfind(" ", 0, LONGEST) + 1 or LONGEST
        yield sentence[:at].rstrip()
        sentence = sentence[at:]
    yield sentence
