"""What is spoken is understood: a narration as it is written -> voice -> speech recognition -> its prices and dates."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tasks.models.install import find_model
from tasks.narration.spoken_form import spoken_form
from tasks.promotion.materials import Language
from tasks.voice.speech import Speech, speak
from tests.material import bare_words, word_error_rate

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

pytestmark = pytest.mark.models

ENGLISH = "The oak chair is now $249.50. That is 25% off, and only until December 15."
PORTUGUESE = "A cadeira sai por R$ 135,50 até 20 de dezembro."
SENTENCE = "When the train finally arrived, most passengers had already decided to take the bus."


@pytest.fixture(scope="module")
def recogniser(models_dir: Path) -> "WhisperModel":
    from faster_whisper import WhisperModel  # noqa: PLC0415 - seconds, for the marked tests only

    return WhisperModel(
        str(find_model("whisper-base", models_dir)), device="cpu", compute_type="int8", cpu_threads=2
    )


def _heard(recogniser: "WhisperModel", speech: Speech, language: str) -> str:
    segments, _ = recogniser.transcribe(
        str(speech.path), language=language, condition_on_previous_text=False, beam_size=1
    )
    heard = " ".join(segment.text for segment in segments)
    print(f"{speech.engine} {speech.voice}: {heard}")  # noqa: T201 - shown when the test fails
    return heard


@pytest.mark.parametrize(
    ("language", "engine", "text", "told", "limit"),
    [
        ("en", "hibari", ENGLISH, ("$249.50", "25%", "December 15"), 0.05),
        ("pt-BR", "kokoro", PORTUGUESE, ("R$ 135,50", "20 de dezembro"), 0.10),
    ],
)
def test_a_narration_is_understood_with_its_prices_and_dates(
    tmp_path: Path, models_dir: Path, recogniser: "WhisperModel", language: Language, engine: str, text: str,
    told: tuple[str, ...], limit: float,
) -> None:  # fmt: skip
    said = spoken_form(text, language).text
    short = language[:2]
    speech = speak(said, language=short, target=tmp_path / "voice.wav", models_dir=models_dir)
    assert speech.engine == engine
    heard = bare_words(spoken_form(_heard(recogniser, speech, short), language).text)
    assert word_error_rate(bare_words(said), heard) <= limit
    for fact in told:
        assert bare_words(spoken_form(fact, language).text) in heard


def test_fast_speech_is_understood_too(tmp_path: Path, models_dir: Path, recogniser: "WhisperModel") -> None:
    speech = speak(SENTENCE, language="en", target=tmp_path / "en.wav", models_dir=models_dir, speed=2.0)
    heard = _heard(recogniser, speech, "en")
    assert word_error_rate(bare_words(SENTENCE), bare_words(heard)) <= 0.15
