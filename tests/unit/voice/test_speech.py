"""Speaking into a WAV file."""

import shutil
import wave
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import (
    CancelledError,
    EngineError,
    InvalidInputError,
    MissingEngineError,
    UnknownLanguageError,
)
from tasks.voice import choice, espeak, hibari
from tasks.voice.engine import Offer, Utterance
from tasks.voice.speech import speak

needs_espeak = pytest.mark.skipif(shutil.which(espeak.PROGRAM) is None, reason="espeak-ng is not installed")


class Beep:
    """An engine whose every word lasts 10 ms, twice as loud as allowed."""

    name, sample_rate, voices, speeds = "beep", 8000, ("low", "high"), (0.5, 2.0)

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, *, voice: str, speed: float) -> Utterance:
        self.said.append(text)
        if "impossible" in text:
            raise EngineError("The engine broke.")
        return Utterance(np.full(round(80 * len(text.split()) / speed), 2.0, np.float32), None)


@pytest.fixture
def beep(monkeypatch: pytest.MonkeyPatch) -> Beep:
    engine = Beep()
    offer = Offer("beep", "1", Beep.voices, lambda: engine)
    monkeypatch.setitem(choice._OFFERS, "en", lambda language, models_dir: offer)
    return engine


def _samples(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_sentences_are_joined_with_pauses(beep: Beep, tmp_path: Path) -> None:
    fractions: list[float] = []
    result = speak(
        "One two. Three.\n\n***\n\nFour!",
        language="en",
        target=tmp_path / "a.wav",
        models_dir=tmp_path,
        progress=fractions.append,
    )
    assert beep.said == ["One two.", "Three.", "Four!"]
    samples = _samples(result.path)
    assert len(samples) == 4 * 80 + 0.3 * 8000 + 0.6 * 8000
    assert result.duration == len(samples) / 8000
    assert (result.engine, result.voice, result.sample_rate) == ("beep", "low", 8000)
    assert samples.max() == 32767
    assert samples.min() == 0
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_speed_shortens_pauses_too(beep: Beep, tmp_path: Path) -> None:
    once, twice = (
        speak(
            "One. Two.", language="en", target=tmp_path / "a.wav", models_dir=tmp_path, speed=speed
        ).duration
        for speed in (1.0, 2.0)
    )
    assert once == pytest.approx(2 * twice)


@pytest.mark.parametrize("text", ["", "  \n", "?! … —"])
def test_text_without_words_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no text"):
        speak(text, language="en", target=tmp_path / "a.wav", models_dir=tmp_path)


def test_a_failure_leaves_the_old_file_and_nothing_else(beep: Beep, tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    with pytest.raises(EngineError):
        speak("Fine. This is impossible.", language="en", target=target, models_dir=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    assert target.read_bytes() == b"old"


def test_it_stops_when_cancelled(beep: Beep, tmp_path: Path) -> None:
    def cancel(fraction: float) -> None:
        if fraction > 0.3:
            raise CancelledError("Cancelled.")

    with pytest.raises(CancelledError):
        speak("One. " * 10, language="en", target=tmp_path / "a.wav", models_dir=tmp_path, progress=cancel)
    assert len(beep.said) == 4
    assert not list(tmp_path.iterdir())


def test_an_unknown_voice_lists_the_known_ones(beep: Beep, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"low \(beep\), high \(beep\)"):
        speak("Hello.", language="en", target=tmp_path / "a.wav", models_dir=tmp_path, voice="bob")


@pytest.mark.parametrize("speed", [0.1, 5.0, float("nan")])
def test_a_speed_out_of_range_says_the_range(beep: Beep, tmp_path: Path, speed: float) -> None:
    with pytest.raises(InvalidInputError, match=r"from 0\.25 to 4"):
        speak("Hello.", language="en", target=tmp_path / "a.wav", models_dir=tmp_path, speed=speed)


def test_english_is_spoken_by_the_bundled_voice(tmp_path: Path) -> None:
    first, second = (
        speak("Good morning to you.", language="en-GB", target=tmp_path / name, models_dir=tmp_path)
        for name in ("a.wav", "b.wav")
    )
    assert (first.engine, first.voice, first.sample_rate) == ("hibari", "heart", 24000)
    assert 0.8 < first.duration < 3
    assert _samples(first.path).std() > 300
    assert first.path.read_bytes() == second.path.read_bytes()


def test_the_engine_stays_loaded(tmp_path: Path) -> None:
    assert hibari.offer_hibari("en", tmp_path).load() is hibari.offer_hibari("en", tmp_path).load()


class TestWithoutEspeak:
    @pytest.fixture(autouse=True)
    def _no_programs(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        espeak.spoken_languages.cache_clear()
        espeak._loaded.cache_clear()

    def test_portuguese_without_its_model_says_how_to_get_it(self, tmp_path: Path) -> None:
        with pytest.raises(MissingEngineError, match="contraponto models get kokoro-pt-br"):
            speak("Olá.", language="pt", target=tmp_path / "a.wav", models_dir=tmp_path)

    def test_another_language_lists_what_there_is(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownLanguageError, match=r"The languages are: en, pt; .*espeak-ng"):
            speak("Guten Tag.", language="de", target=tmp_path / "a.wav", models_dir=tmp_path)


@needs_espeak
class TestEspeak:
    def test_it_speaks_other_languages(self, tmp_path: Path) -> None:
        result = speak(
            "Guten Tag, wie geht es Ihnen?", language="de", target=tmp_path / "a.wav", models_dir=tmp_path
        )
        assert (result.engine, result.voice) == ("espeak-ng", "de")
        assert 1 < result.duration < 4

    def test_it_stands_in_and_says_so(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        result = speak("Olá, tudo bem?", language="pt-BR", target=tmp_path / "a.wav", models_dir=tmp_path)
        assert (result.engine, result.voice) == ("espeak-ng", "pt-br")
        assert "Using espeak-ng instead" in caplog.text

    def test_a_language_nobody_speaks_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UnknownLanguageError, match="'xx'"):
            speak("?a", language="xx", target=tmp_path / "a.wav", models_dir=tmp_path)
