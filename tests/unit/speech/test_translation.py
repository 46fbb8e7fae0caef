import pytest

from tasks.errors import EngineError, UnknownLanguageError
from tasks.speech.transcript import Transcript
from tasks.speech.translation import can_translate, plan_translation, translate_segments

from .test_quality import segment


@pytest.mark.parametrize(
    ("source", "target", "text_model", "model", "plan"),
    [
        ("pt", None, False, "", "none"),
        ("pt", "", True, "", "none"),
        ("pt", "pt-BR", False, "", "none"),
        ("Portuguese", "pt", True, "", "none"),
        ("pt", "en", False, "", "whisper"),
        ("pt", "English", True, "", "whisper"),
        ("auto", "en", False, "", "whisper"),
        ("pt", "en", True, "large-v3-turbo", "text_model"),
        ("pt", "en", False, "large-v3-turbo", "unavailable"),
        ("en", "pt", True, "", "text_model"),
        ("en", "pt", False, "", "unavailable"),
        ("es", "fr", False, "", "unavailable"),
    ],
)
def test_plans(source: str, target: str | None, text_model: bool, model: str, plan: str) -> None:
    assert plan_translation([source], target, text_model, model=model) == plan


def test_an_unknown_target_is_refused() -> None:
    with pytest.raises(UnknownLanguageError):
        plan_translation(["pt"], "klingon", True)


def test_models_that_were_not_trained_to_translate() -> None:
    assert can_translate("whisper-base")
    assert can_translate("large-v3")
    assert not can_translate("whisper-tiny.en")
    assert not can_translate("distil-large-v3")


def transcript(count: int) -> Transcript:
    segments = tuple(segment(f"sentence number {i}", i * 2, i * 2 + 1.5) for i in range(count))
    return Transcript(
        text=" ".join(s.text for s in segments),
        language="en",
        source_language="en",
        language_probability=1,
        duration=count * 2,
        segments=segments,
        model="whisper-base",
        device="cpu",
        compute_type="int8",
        threads=2,
    )


def test_texts_are_replaced_in_bounded_batches_and_times_kept() -> None:
    sizes: list[int] = []

    def shout(texts: list[str], source: str, target: str) -> list[str]:
        assert (source, target) == ("en", "pt")
        sizes.append(len(texts))
        return [f"  {text.upper()}\n" for text in texts]

    original = transcript(95)
    translated = translate_segments(original, shout, "pt-BR")
    assert sizes == [40, 40, 15]
    assert [s.text for s in translated.segments] == [s.text.upper() for s in original.segments]
    assert [(s.start, s.end) for s in translated.segments] == [(s.start, s.end) for s in original.segments]
    assert all(not s.words for s in translated.segments)
    assert (translated.language, translated.source_language) == ("pt", "en")
    assert translated.text.startswith("SENTENCE NUMBER 0 SENTENCE")


def test_a_missing_text_is_an_error_not_a_shift() -> None:
    with pytest.raises(EngineError, match="2 texts for 3"):
        translate_segments(transcript(3), lambda texts, *_: texts[1:], "pt")


def test_what_is_said_in_several_languages_goes_out_by_language_and_what_is_right_stays() -> None:
    spoken = [
        ("olá a todos", "pt"),
        ("good morning", "en"),
        ("thank you", None),
        ("bonjour", "fr"),
        ("merci", "fr"),
    ]
    segments = tuple(
        segment(text, i * 2, i * 2 + 1.5).model_copy(update={"language": language})
        for i, (text, language) in enumerate(spoken)
    )
    original = transcript(0).model_copy(update={"segments": segments})
    asked: list[tuple[list[str], str]] = []

    def shout(texts: list[str], source: str, target: str) -> list[str]:
        asked.append((texts, source))
        return [text.upper() for text in texts]

    translated = translate_segments(original, shout, "pt")
    assert asked == [(["good morning", "thank you"], "en"), (["bonjour", "merci"], "fr")]
    assert translated.text == "olá a todos GOOD MORNING THANK YOU BONJOUR MERCI"


def test_a_recording_partly_in_the_wanted_language_is_translated() -> None:
    assert plan_translation(["pt", "en"], "pt", True) == "text_model"
    assert plan_translation(["pt", "en"], "en", False) == "whisper"
    assert plan_translation(["pt", "en"], "pt", False) == "unavailable"
