"""What is spoken is understood: text -> voice -> speech recognition -> text."""

from pathlib import Path

import pytest

from tasks.models.install import find_model
from tasks.voice.speech import Speech, speak
from tests.material import bare_words, word_error_rate

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


def _error_rate(speech: Speech, text: str, language: str, models_dir: Path) -> float:
    from faster_whisper import WhisperModel  # noqa: PLC0415 - seconds, for the marked tests only

    model = WhisperModel(
        str(find_model("whisper-base", models_dir)), device="cpu", compute_type="int8", cpu_threads=2
    )
    segments, _ = model.transcribe(str(speech.path), language=language, condition_on_previous_text=False)
    heard = " ".join(segment.text for segment in segments)
    rate = word_error_rate(_spelt(text), _spelt(heard))
    print(f"{speech.engine} {speech.voice}: WER {rate:.2%} of {heard}")  # noqa: T201 - shown when the test fails
    return rate


def test_english(tmp_path: Path, models_dir: Path) -> None:
    speech = speak(ENGLISH, language="en", target=tmp_path / "en.wav", models_dir=models_dir)
    assert speech.engine == "hibari"
    assert _error_rate(speech, ENGLISH, "en", models_dir) <= 0.05


def test_portuguese(tmp_path: Path, models_dir: Path) -> None:
    speech = speak(PORTUGUESE, language="pt", target=tmp_path / "pt.wav", models_dir=models_dir)
    assert speech.engine == "kokoro"
    assert _error_rate(speech, PORTUGUESE, "pt", models_dir) <= 0.10


@pytest.mark.parametrize(("speed", "limit"), [(0.5, 0.05), (2.0, 0.15)])
def test_other_speeds_are_understood_too(
    tmp_path: Path, models_dir: Path, speed: float, limit: float
) -> None:
    text = ENGLISH.partition("\n\n")[0]
    speech = speak(text, language="en", target=tmp_path / "en.wav", models_dir=models_dir, speed=speed)
    assert _error_rate(speech, text, "en", models_dir) <= limit
