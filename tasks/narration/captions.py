"""Captions of a narration: its own written words, at the times at which they are heard.

How cues are cut and when they are shown is decided by `tasks.subtitles`. A narration knows its sentences, which
subtitles of unknown speech do not: so no cue holds the end of one and the beginning of the next, unless a sentence is
too short to be shown alone.
"""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from tasks.narration.options import CaptionFormat
from tasks.promotion.materials import CaptionCue, Language, Narration, SpokenSentence, SpokenWord
from tasks.speech.transcript import Segment, Transcript, Word
from tasks.subtitles.cues import plan_cues
from tasks.subtitles.formats import render_cues
from tasks.subtitles.layout import CueLayout, SubtitleOptions
from tasks.subtitles.pieces import text_width
from tasks.subtitles.timing import Spoken, show


class CaptionDocument(BaseModel):
    """The captions as JSON, for programs that draw them themselves."""

    model_config = ConfigDict(frozen=True)

    language: Language
    duration: float
    """Seconds of the narration."""
    cues: tuple[CaptionCue, ...]
    words: tuple[SpokenWord, ...]


def caption_cues(narration: Narration, options: SubtitleOptions) -> tuple[CaptionCue, ...]:
    """The cues of a narration, strictly in order, within its length; none where nobody knows what is said.

    Raises InvalidInputError where the options contradict each other.
    """
    code = narration.language.partition("-")[0]
    layout = options.layout(code)
    spoken = [
        cue
        for group in _groups(narration.sentences, layout.shortest)
        for cue in _cues(group, code, narration.duration, layout)
    ]
    shown = show(spoken, layout)
    limits = [*(start - layout.gap for start, _ in shown[1:]), narration.duration]
    cues: list[CaptionCue] = []
    for cue, (start, end), limit in zip(spoken, shown, limits if spoken else (), strict=True):
        # A price that takes long to say stays for as long as it is heard.
        until = max(end, min(cue.end, limit))
        cues.append(CaptionCue(start=start, end=_within(until, start, narration.duration), lines=cue.lines))
    return tuple(cues)


def caption_words(narration: Narration) -> tuple[SpokenWord, ...]:
    """All words of a narration in order."""
    return tuple(word for sentence in narration.sentences for word in sentence.words)


def caption_file(
    narration: Narration, cues: Sequence[CaptionCue], kind: CaptionFormat, *, tall: bool = False
) -> str:
    """The captions in a format, as text to be stored in UTF-8. `tall`: ass is laid out for an upright film."""
    if kind == "json":
        document = CaptionDocument(
            language=narration.language,
            duration=narration.duration,
            cues=tuple(cues),
            words=caption_words(narration),
        )
        return document.model_dump_json(indent=1) + "\n"
    return render_cues(cues, kind, tall=tall)


def _groups(sentences: Sequence[SpokenSentence], shortest: float) -> Iterator[list[SpokenSentence]]:
    """Sentences by themselves; one that would be shown for too short a time is put to the next."""
    group: list[SpokenSentence] = []
    for number, sentence in enumerate(sentences):
        group.append(sentence)
        until = sentences[number + 1].start if number + 1 < len(sentences) else sentence.end + shortest
        if until - group[0].start >= shortest:
            yield group
            group = []
    if group:
        yield group


def _cues(
    group: Sequence[SpokenSentence], language: str, duration: float, layout: CueLayout
) -> Iterator[Spoken]:
    """The words of some sentences by cue, as `tasks.subtitles` cuts them."""
    transcript = Transcript(
        text=" ".join(sentence.text for sentence in group),
        language=language,
        language_probability=1.0,
        duration=duration,
        segments=tuple(_segment(sentence) for sentence in group),
        source_language=language,
        model="script",
        device="none",
        compute_type="none",
        threads=0,
    )
    for cue in plan_cues(transcript, layout):
        start, end = cue.said or (cue.start, cue.end)
        yield Spoken(start, end, text_width(" ".join(cue.lines)), cue.lines, (None,) * len(cue.lines))


def _segment(sentence: SpokenSentence) -> Segment:
    words = tuple(
        Word(word=word.text, start=word.start, end=word.end, probability=1.0) for word in sentence.words
    )
    return Segment(
        # The words themselves, so that they are found in it whatever white space the sentence has.
        text=" ".join(word.word for word in words) or sentence.text,
        start=sentence.start,
        end=sentence.end,
        words=words,
        avg_logprob=0.0,
        no_speech_prob=0.0,
        compression_ratio=1.0,
    )


def _within(end: float, start: float, duration: float) -> float:
    """A cue goes with the film, but is always shown."""
    return round(max(min(end, duration), start + 0.001), 3)
