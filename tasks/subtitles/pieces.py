"""The text of a transcript as timed pieces that must stay whole.

They are words, or characters where words have no spaces between them.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tasks.speech.languages import UNSPACED
from tasks.speech.transcript import Segment, Transcript

_CLOSING = "。、，．！？；：・」』）】》〉…,.!?;:)]}%»”’ーっゃゅょッャュョ々"
"""Characters that never begin a line in languages without spaces."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word with its punctuation, and when it is said (seconds)."""

    text: str
    spaced: bool
    """Whether a space stands before it."""
    start: float
    end: float
    speaker: str | None = None
    """Who says it, where that is known."""
    language: str = ""
    """Code of the language that it is in."""

    @property
    def width(self) -> int:
        """Columns that it takes on the screen."""
        return text_width(self.text)


@lru_cache(maxsize=8192)
def text_width(text: str) -> int:
    """Columns that a text takes on the screen: full-width characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def pieces(transcript: Transcript, *, named: bool = False) -> list[Piece]:
    """All pieces in order.

    At their own times where the transcript has word times, else shared out over the segment. `named`: where another
    speaker goes on, the first piece begins with who it is.
    """
    found: list[Piece] = []
    for segment in transcript.segments:
        language = segment.language or transcript.language
        spaced = language not in UNSPACED
        text = " ".join(segment.text.split())
        if not text:
            continue
        first = True
        for piece in _timed(segment, text, spaced) or _shared_out(segment, text, spaced):
            lead = bool(found) and spaced if first else piece.spaced
            speaker = piece.speaker
            name = (
                f"[{speaker}] " if named and speaker and (not found or found[-1].speaker != speaker) else ""
            )
            end = max(piece.start, piece.end)
            found.append(Piece(name + piece.text, lead, piece.start, end, speaker, language))
            first = False
    return found


def _timed(segment: Segment, text: str, spaced: bool) -> list[Piece]:
    """Pieces at the times of the words; none when the words do not spell the text.

    What the text has between two words (a dash, the half of "well-known") joins the word it clings to, so
    that the pieces spell the text exactly.
    """
    found: list[Piece] = []
    position = 0
    for word in segment.words:
        at = text.find(word.word, position)
        if at < 0 or not word.word:
            return []
        between = text[position:at]
        clinging = not between or (bool(between.strip()) and not between.startswith(" "))
        if found and (between.strip() or (clinging and spaced)):
            last = found.pop()
            if between.endswith(" "):
                found.append(
                    Piece(last.text + between.rstrip(), last.spaced, last.start, last.end, last.speaker)
                )
                found.append(Piece(word.word, True, word.start, word.end, word.speaker))
            else:
                found.append(
                    Piece(last.text + between + word.word, last.spaced, last.start, word.end, last.speaker)
                )
        else:
            found.append(
                Piece(
                    between.lstrip() + word.word, between.startswith(" "), word.start, word.end, word.speaker
                )
            )
        position = at + len(word.word)
    if found and (rest := text[position:].rstrip()):
        last = found.pop()
        found.append(Piece(last.text + rest, last.spaced, last.start, last.end, last.speaker))
    return found


def _shared_out(segment: Segment, text: str, spaced: bool) -> Iterator[Piece]:
    """Pieces that share the segment's time in proportion to their length."""
    parts = text.split(" ") if spaced else list(_characters(text))
    total = sum(len(part) for part in parts)
    passed = 0
    length = max(segment.end - segment.start, 0.0)
    for part in parts:
        start = segment.start + length * passed / total
        passed += len(part)
        end = segment.start + length * passed / total
        yield Piece(part.strip(), part.startswith(" ") or spaced, start, end, segment.speaker)


def _characters(text: str) -> Iterator[str]:
    """Single full-width characters with the marks that cling to them.

    Runs of others (Latin words, numbers) stay whole.
    """
    piece = ""
    for letter in text:
        narrow = letter.isascii() and letter.isalnum()
        clings = (
            letter in _CLOSING
            or bool(unicodedata.combining(letter))
            or unicodedata.category(letter) in "McMn"
        )
        if piece.strip() and not clings and not (narrow and piece[-1].isascii() and piece[-1].isalnum()):
            yield piece
            piece = ""
        piece += letter
    if piece.strip():
        yield piece
