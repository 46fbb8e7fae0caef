"""Translation of transcripts: who can do it, and putting translated text back onto the segments."""

from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Literal

from tasks.errors import EngineError
from tasks.speech.languages import AUTO, UNSPACED, normalise_language
from tasks.speech.transcript import Segment, Transcript, join_text

Plan = Literal["none", "whisper", "text_model", "unavailable"]
"""How a translation is done: not needed; by the speech engine itself; by a text model; not at all."""

Translate = Callable[[list[str], str, str], list[str]]
"""Translates texts from one language code to another: as many results as texts, in the same order."""

# As much as `blocks.text_model` asks for at once, so that a batch is one request.
_BATCH_TEXTS = 40
_BATCH_CHARACTERS = 4000


def plan_translation(
    source_languages: Collection[str], target_language: str | None, has_text_model: bool, *, model: str = ""
) -> Plan:
    """How to get from the spoken languages to the wanted one.

    Languages may be named in any usual form; regions make no difference (pt and pt-BR are the same). A
    source still unknown ("auto") counts as different from the target. `model` is the speech model's name,
    for what it cannot do. Raises UnknownLanguageError.
    """
    if not target_language or (target := normalise_language(target_language)) == AUTO:
        return "none"
    if all(normalise_language(source) == target for source in source_languages):
        return "none"
    if target == "en" and can_translate(model):
        return "whisper"
    return "text_model" if has_text_model else "unavailable"


def can_translate(model: str) -> bool:
    """Whether a Whisper model was trained to translate into English.

    The turbo, distilled and English-only ones were not.
    """
    return not (model.endswith(".en") or "turbo" in model or "distil" in model)


def translate_segments(transcript: Transcript, translate: Translate, target_language: str) -> Transcript:
    """The transcript in another language: texts replaced, segment times kept, word times dropped.

    Texts go out in batches of bounded size, so that a model sees context but never an endless prompt; what is said in
    the target language stays as it is.
    Raises EngineError when the translator does not return one text for each, and whatever `translate` raises.
    """
    target = normalise_language(target_language)
    translated: list[Segment] = []
    for language, batch in _batches(transcript):
        if language == target:
            translated += batch
            continue
        texts = [segment.text for segment in batch]
        results = translate(texts, language, target)
        if len(results) != len(texts):
            raise EngineError(
                f"The translator returned {len(results)} texts for {len(texts)}.",
                hint="Try again, or configure another text model.",
            )
        translated += [
            segment.model_copy(update={"text": " ".join(text.split()), "words": (), "language": None})
            for segment, text in zip(batch, results, strict=True)
        ]
    kept = tuple(segment for segment in translated if segment.text)
    return transcript.model_copy(
        update={
            "text": join_text([segment.text for segment in kept], spaced=target not in UNSPACED),
            "language": target,
            "segments": kept,
            "task": "translate",
        }
    )


def _batches(transcript: Transcript) -> Iterator[tuple[str, list[Segment]]]:
    """Segments that follow each other in one language, and that language."""
    for language, group in groupby(
        transcript.segments, lambda segment: segment.language or transcript.language
    ):
        batch: list[Segment] = []
        size = 0
        for segment in group:
            if batch and (len(batch) == _BATCH_TEXTS or size + len(segment.text) > _BATCH_CHARACTERS):
                yield language, batch
                batch, size = [], 0
            batch.append(segment)
            size += len(segment.text)
        yield language, batch
