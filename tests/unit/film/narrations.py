"""Narrations with times of their own making."""

from collections.abc import Sequence

from tasks.promotion.materials import Narration, SpokenSentence, SpokenWord, StoredFile


def narration(
    lengths: Sequence[float],
    *,
    pause: float = 0.3,
    words: int = 4,
    first: float = 0.1,
    key: str = "voice.wav",
) -> Narration:
    """Sentences of these lengths (seconds) with `words` words each."""
    sentences, at = [], first
    for number, length in enumerate(lengths):
        each = length / words
        spoken = tuple(
            SpokenWord(
                text=f"word{number}{place}" + ("." if place == words - 1 else ""),
                start=round(at + place * each, 3),
                end=round(at + (place + 1) * each - (0.0 if place == words - 1 else 0.02), 3),
            )
            for place in range(words)
        )
        text = " ".join(word.text for word in spoken)
        sentences.append(SpokenSentence(text=text, start=at, end=spoken[-1].end, words=spoken))
        at = round(at + length + pause, 3)
    return Narration(
        file=StoredFile(key=key, sha256="0" * 64),
        duration=round(at - pause + 0.2, 3) if lengths else 8.0,
        language="en",
        sentences=tuple(sentences),
        engine="none",
        voice="none",
    )
