"""What is spoken is understood: text -> voice -> speech recognition -> text."""

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

ENGLISH = """\
The city council approved a plan to plant thousands of trees along the river before next spring.
Doctors recommend that adults sleep at least seven hours every night, although many people sleep less.
When the train finally arrived, most passengers had already decided to take the bus.
Our engineers are testing a battery that charges in under ten minutes and lasts for several years.

"Would you like some coffee?" she asked, closing the window because of the rain.
The museum opens on weekdays, but guided tours are offered only on Saturday mornings.
Prices rose quickly during the summer, then fell again once the harvest reached the markets.
Please send the signed contract to our office, and keep a copy for your own records.
"""
PORTUGUESE = """\
A prefeitura anunciou ontem que as obras da nova ponte devem começar ainda neste semestre.
O médico explicou que o tratamento dura seis meses e exige acompanhamento constante.

Segundo o jornal, o governo vai investir em escolas, hospitais e estradas nos próximos anos.
"""
NUMBERS = {"7": "seven", "10": "ten", "6": "seis"}


def _spelt(text: str) -> str:
    return " ".join(NUMBERS.get(word, word) for word in bare_words(text).split())


@pytest.fixture(scope="module")
def recogniser(models_dir: Path) -> "WhisperModel":
    from faster_whisper import WhisperModel  # noqa: PLC0415 - seconds, for the marked tests only

    return WhisperModel(
        str(find_model("whisper-base", models_dir)), device="cpu", compute_type="int8", cpu_threads=2
    )


def _heard(recogniser: "WhisperModel", speech: Speech, language: str) -> str:
    segments, _ = recogniser.transcribe(str(speech.path), language=language, condition_on_previous_text=False)
    heard = " ".join(segment.text for segment in segments)
    print(f"{speech.engine} {speech.voice}: {heard}")  # noqa: T201 - shown when the test fails
    return heard


def _error_rate(recogniser: "WhisperModel", speech: Speech, text: str, language: str) -> float:
    return word_error_rate(_spelt(text), _spelt(_heard(recogniser, speech, language)))


def test_english(tmp_path: Path, models_dir: Path, recogniser: "WhisperModel") -> None:
    speech = speak(ENGLISH, language="en", target=tmp_path / "en.wav", models_dir=models_dir)
    assert speech.engine == "hibari"
    assert _error_rate(recogniser, speech, ENGLISH, "en") <= 0.05


def test_portuguese(tmp_path: Path, models_dir: Path, recogniser: "WhisperModel") -> None:
    speech = speak(PORTUGUESE, language="pt", target=tmp_path / "pt.wav", models_dir=models_dir)
    assert speech.engine == "kokoro"
    assert _error_rate(recogniser, speech, PORTUGUESE, "pt") <= 0.10


@pytest.mark.parametrize(("speed", "limit"), [(0.5, 0.05), (2.0, 0.15)])
def test_other_speeds_are_understood_too(
    tmp_path: Path, models_dir: Path, recogniser: "WhisperModel", speed: float, limit: float
) -> None:
    text = ENGLISH.partition("\n\n")[0]
    speech = speak(text, language="en", target=tmp_path / "en.wav", models_dir=models_dir, speed=speed)
    assert _error_rate(recogniser, speech, text, "en") <= limit


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        (
            "en",
            "The oak chair is now $249.50. That is 25% off, and only until December 15.",
            ("$249.50", "25%", "December 15"),
        ),
        ("pt-BR", "A cadeira sai por R$ 135,50 até 20 de dezembro.", ("R$ 135,50", "20 de dezembro")),
    ],
)
def test_a_narration_is_understood_with_its_prices_and_dates(
    tmp_path: Path,
    models_dir: Path,
    recogniser: "WhisperModel",
    language: Language,
    text: str,
    told: tuple[str, ...],
) -> None:
    """The small recogniser writes other Portuguese prices wrong; this is one that it does not."""
    said, short = spoken_form(text, language).text, language[:2]
    speech = speak(said, language=short, target=tmp_path / "voice.wav", models_dir=models_dir)
    heard = bare_words(spoken_form(_heard(recogniser, speech, short), language).text)
    assert word_error_rate(bare_words(said), heard) <= 0.10
    for fact in told:
        assert bare_words(spoken_form(fact, language).text) in heard
