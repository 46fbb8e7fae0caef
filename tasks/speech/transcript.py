"""What a recognition yields: words, segments and the transcript, with its quality report.

All times are seconds from the start of the audio, rounded to milliseconds. The models are frozen and hold
plain Python numbers, so a transcript can be serialised, cached and compared as it is.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, computed_field

# Engines hand out numpy floats, which are floats to pydantic but not to every serialiser.
Seconds = Annotated[float, AfterValidator(lambda value: round(float(value), 3))]
Measure = Annotated[float, AfterValidator(lambda value: round(float(value), 4))]

Task = Literal["transcribe", "translate"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Span(_Frozen):
    """A stretch of time, in seconds."""

    start: Seconds
    end: Seconds

    @property
    def length(self) -> float:
        """Seconds from start to end."""
        return self.end - self.start


class Word(_Frozen):
    """One word with the punctuation that clings to it; no surrounding spaces."""

    word: str
    start: Seconds
    end: Seconds
    probability: Measure
    """How sure the engine is, 0 to 1."""
    speaker: str | None = None
    """Who says it ("S1", "S2" in the order of appearance); None where speakers were not asked for."""


class Segment(_Frozen):
    """A phrase or sentence as the engine cut it."""

    text: str
    start: Seconds
    end: Seconds
    words: tuple[Word, ...] = ()
    """Empty when word times were not asked for, and after a translation."""
    avg_logprob: Measure
    """Mean log probability of the tokens; below -1 the text is a guess."""
    no_speech_prob: Measure
    compression_ratio: Measure
    """Length of the text over its compressed length; above 2.4 it repeats itself."""
    temperature: Measure = 0.0
    """Sampling temperature of the attempt that was kept; above 0 the first attempt had failed."""
    language: str | None = None
    """Code of the language of its text; None where it is the transcript's."""
    speaker: str | None = None
    """Who says it; see `Word.speaker`."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def duration(self) -> float:
        """Seconds from start to end."""
        return round(self.end - self.start, 3)


class SpokenLanguage(_Frozen):
    """How long a language is heard in a recording."""

    language: str
    """Its code."""
    seconds: Seconds
    """Of all segments in it."""


class SpeakerShare(_Frozen):
    """How much one speaker speaks."""

    speaker: str
    """As in the segments and words: "S1"."""
    seconds: Seconds


class Quality(_Frozen):
    """How far the transcript can be trusted, measured against the speech that was heard in the audio."""

    no_speech: bool = False
    """Nothing in the audio is speech (silence, music, noise): the transcript is empty on purpose."""
    speech_seconds: Seconds = 0.0
    transcribed_seconds: Seconds = 0.0
    """Seconds of speech that have words."""
    coverage: Measure = 1.0
    """transcribed_seconds / speech_seconds; 1 without speech."""
    uncovered: tuple[Span, ...] = ()
    """Stretches of more than two seconds of speech without a word."""
    words_per_second: Measure = 0.0
    """Words (characters, in languages written without spaces) per second of transcribed speech."""
    repeated: tuple[Span, ...] = ()
    """Where the text repeats itself in the manner of an engine stuck in a loop."""
    low_confidence: tuple[Span, ...] = ()
    """Segments that the engine itself hardly believes."""
    low_confidence_words: Measure = 0.0
    """Share of words with a probability under 0.3; 0 when word times were not asked for."""
    suspicious: tuple[Span, ...] = ()
    """Segments holding phrases that engines are known to invent; they may still have been said."""
    removed: tuple[str, ...] = ()
    """Invented phrases that were taken out because no speech lies under them."""
    warnings: tuple[str, ...] = ()
    """What a person should know before using the transcript, one sentence each."""


class Transcript(_Frozen):
    """The text of an audio file, with times, and how it was made."""

    text: str
    language: str
    """Code of the language of `text` as the engine names it ("en", "pt")."""
    language_probability: Measure
    """1 when the caller named the language."""
    duration: Seconds
    """Length of the audio in seconds."""
    segments: tuple[Segment, ...]
    task: Task = "transcribe"
    source_language: str
    """Code of the language that is spoken, or spoken most; differs from `language` after a translation."""
    languages: tuple[SpokenLanguage, ...] = ()
    """All languages that are spoken, the one heard longest first; empty where that was not looked at."""
    model: str
    device: str
    compute_type: str
    threads: int
    batched: bool = False
    """Whether any part was recognised in batches (and passed the coverage check)."""
    quality: Quality = Quality()

    @property
    def spoken_languages(self) -> tuple[str, ...]:
        """Codes of the languages that are spoken, the one heard longest first; never empty."""
        return tuple(spoken.language for spoken in self.languages) or (self.source_language,)

    def without_words(self) -> "Transcript":
        """The same with segments only."""
        bare = tuple(segment.model_copy(update={"words": ()}) for segment in self.segments)
        return self.model_copy(update={"segments": bare})


def join_text(texts: list[str], *, spaced: bool = True) -> str:
    """The running text of several segments; without spaces between them for languages written without."""
    separator = " " if spaced else ""
    return separator.join(text for text in (text.strip() for text in texts) if text)
