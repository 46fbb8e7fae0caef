"""From what is written to what is said, with the spans that link them.

A voice, a recogniser and a listener know "mil duzentos e noventa e nove reais e noventa centavos"; a viewer reads
"R$ 1.299,90". One text in two forms: who has the times of one has the times of the other.
"""

from dataclasses import dataclass

from tasks.narration.english import ENGLISH
from tasks.narration.portuguese import PORTUGUESE
from tasks.narration.reading_rules import Reading, stretches
from tasks.promotion.materials import Language

_READINGS: dict[Language, Reading] = {"pt-BR": PORTUGUESE, "en": ENGLISH}


@dataclass(frozen=True, slots=True)
class SpokenSpan:
    """A stretch that a viewer sees as one word, and what is said for it."""

    written: str
    """"R$ 1.299,90," with the marks that cling to it."""
    written_start: int
    written_end: int
    """Characters of the written text; white space between spans belongs to none."""
    spoken: str
    """One or more words, never none."""
    spoken_start: int
    spoken_end: int
    """Characters of the spoken text."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A text as it is said. Spans are in order, do not overlap, and hold every letter and digit of both forms."""

    text: str
    """Without a digit; marks stay, for the voice's intonation."""
    spans: tuple[SpokenSpan, ...]

    def span_at(self, character: int) -> int:
        """Index of the span that holds a character of the spoken text, or of the nearest one before it."""
        low, high = 0, len(self.spans) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.spans[middle].spoken_start <= character else (low, middle - 1)
        return low


def spoken_form(text: str, language: Language) -> Spoken:
    """What is said for a written text. Any text will do; one without letters and digits has no spans.

    Sentences may be given one by one or together; a gender that depends on the next noun is found within the text.
    """
    spans: list[SpokenSpan] = []
    position = 0
    for stretch in stretches(text, _READINGS[language]):
        spoken = " ".join(stretch.spoken.split())
        written = text[stretch.start : stretch.end]
        spans.append(
            SpokenSpan(written, stretch.start, stretch.end, spoken, position, position + len(spoken))
        )
        position += len(spoken) + 1
    return Spoken(" ".join(span.spoken for span in spans), tuple(spans))
