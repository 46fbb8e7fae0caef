"""The text of a transcript as timed pieces that must stay whole.

They are words, or characters where words have no spaces between them.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from tasks.speech.languages import UNSPACED
from tasks.speech.transcript import Transcript
from tasks.subtitles.parts import parts
from tasks.subtitles.word_times import when_said


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
    name: str = ""
    """What is shown before it of who says it, with the space after that."""
    space: str = " "
    """The space before it, if there is one: those at which no line ends are others."""
    written: str = ""
    """Its text with its own kinds of spaces; empty where that is its text."""

    @property
    def shown(self) -> str:
        """What stands on the screen."""
        return self.name + (self.written or self.text)

    @property
    def width(self) -> int:
        """Columns that it takes on the screen."""
        return text_width(self.shown)


@lru_cache(maxsize=8192)
def text_width(text: str) -> int:
    """Columns that a text takes on the screen: full-width characters take two, marks on others and joiners none."""
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def pieces(transcript: Transcript, *, named: bool = False) -> list[Piece]:
    """All pieces in order.

    At their own times where the transcript has word times, else shared out over the segment. `named`: where another
    speaker goes on, the first piece begins with who it is.
    """
    found: list[Piece] = []
    for segment in transcript.segments:
        language = segment.language or transcript.language
        cut = parts(segment.text, language)
        times = when_said([part.text for part in cut], segment)
        for number, (part, said) in enumerate(zip(cut, times, strict=True)):
            goes_on = bool(found) and found[-1].speaker == said.speaker
            found.append(
                Piece(
                    part.text,
                    part.spaced if number else bool(found) and language not in UNSPACED,
                    said.start,
                    max(said.start, said.end),
                    said.speaker,
                    language,
                    f"[{' '.join(said.speaker.split())}] " if named and said.speaker and not goes_on else "",
                    part.space,
                    part.written,
                )
            )
    return found
