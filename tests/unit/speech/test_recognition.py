import json
import threading
import wave
from collections.abc import Callable
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import (
    CancelledError,
    InvalidInputError,
    MissingEngineError,
    StageTimeoutError,
    UnknownLanguageError,
)
from tasks.speech.activity import SAMPLE_RATE
from tasks.speech.recognition import Recogniser, RecognitionOptions, load_recogniser
from tasks.speech.transcript import Transcript
from tasks.voice.speech import speak
from tests.material import bare_words, word_error_rate

from .conftest import sentences_of, write_wav

pytestmark = pytest.mark.models

Speak = Callable[..., Path]


@pytest.fixture(scope="module")
def ferry(spoken: Speak, narration: list[str]) -> Path:
    return spoken(sentences_of(narration[:1]), name="ferry.wav")


@pytest.fixture(scope="module")
def ferry_progress() -> list[float]:
    return []


@pytest.fixture(scope="module")
def ferry_transcript(recogniser: Recogniser, ferry: Path, ferry_progress: list[float]) -> Transcript:
    return recogniser.transcribe(ferry, progress=ferry_progress.append)


def test_clear_speech_is_understood_with_times(
    ferry_transcript: Transcript, ferry_progress: list[float], narration: list[str]
) -> None:
    paragraph, transcript, reported = narration[0], ferry_transcript, ferry_progress
    assert word_error_rate(paragraph, transcript.text) <= 0.05
    assert (transcript.language, transcript.language_probability > 0.9) == ("en", True)
    assert transcript.quality.coverage > 0.95
    assert transcript.quality.warnings == ()
    words = [word for segment in transcript.segments for word in segment.words]
    assert " ".join(word.word for word in words) == transcript.text
    assert all(word.start <= word.end <= transcript.duration for word in words)
    assert all(a.start <= b.start for a, b in pairwise(words))
    assert reported == sorted(reported)
    assert reported[-1] == pytest.approx(1.0)
    json.loads(transcript.model_dump_json())


def test_a_recording_with_pauses_reads_as_the_engine_alone_writes_it(
    recogniser: Recogniser,
    voice: Callable[[str], np.ndarray],
    narration: list[str],
    whisper_base: Path,
    tmp_path: Path,
) -> None:
    # Cut out of the sound, pauses like these take sentence marks and capitals with them.
    pause = np.zeros(int(3.5 * 24_000), np.float32)
    sentences = sentences_of([narration[2]])[:3]
    halves = [" ".join(part) for text in sentences for part in _halved(text.split())]
    sound = [part for half in halves for part in (pause, voice(half))]
    audio = write_wav(tmp_path / "pauses.wav", np.concatenate(sound), 24_000)
    from faster_whisper import WhisperModel  # noqa: PLC0415 - only the tests with models need it

    device = recogniser.device
    model = WhisperModel(
        str(whisper_base), device="cpu", compute_type=device.compute_type, cpu_threads=device.threads
    )
    segments, _ = model.transcribe(str(audio), language="en", word_timestamps=True)
    engine = " ".join(segment.text.strip() for segment in segments)
    transcript = recogniser.transcribe(audio, RecognitionOptions(language="en"))
    assert transcript.text == engine
    words = [word for segment in transcript.segments for word in segment.words]
    assert all(word.end - word.start < 2 for word in words)  # none is drawn out over a pause


def _halved(words: list[str]) -> tuple[list[str], list[str]]:
    return words[: len(words) // 2], words[len(words) // 2 :]


def test_each_language_of_a_recording_is_written_as_it_is_spoken(
    recogniser: Recogniser, voice: Callable[[str], np.ndarray], models_dir: Path, tmp_path: Path
) -> None:
    english = "The ferry left the harbour at seven in the morning, and nobody had bought a ticket."
    portuguese = "A ponte antiga precisa de reformas urgentes, e o dinheiro da prefeitura não é suficiente."
    speak(portuguese, language="pt", target=tmp_path / "pt.wav", models_dir=models_dir)
    with wave.open(str(tmp_path / "pt.wav")) as file:
        assert file.getframerate() == 24_000
        spoken = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    silence = np.zeros(24_000, np.float32)
    joined = np.concatenate([spoken, silence, voice(english), silence, spoken])
    transcript = recogniser.transcribe(write_wav(tmp_path / "both.wav", joined, 24_000))
    assert [language for language, _ in groupby(segment.language for segment in transcript.segments)] == [
        "pt",
        "en",
        "pt",
    ]
    assert word_error_rate(f"{portuguese} {english} {portuguese}", transcript.text) <= 0.1
    assert [heard.language for heard in transcript.languages] == ["pt", "en"]
    assert transcript.languages[0].seconds > transcript.languages[1].seconds > 3


def test_windows_lose_and_double_nothing(
    recogniser: Recogniser, ferry: Path, ferry_transcript: Transcript, narration: list[str]
) -> None:
    expected, whole = narration[0], ferry_transcript
    cut = recogniser.transcribe(ferry, RecognitionOptions(language="en", window_seconds=10))
    assert word_error_rate(expected, cut.text) <= word_error_rate(expected, whole.text) + 0.02
    assert abs(len(cut.text.split()) - len(whole.text.split())) <= 2
    # Offsets are right when the last word stands at the same place.
    assert cut.segments[-1].end == pytest.approx(whole.segments[-1].end, abs=0.5)
    assert cut.duration == whole.duration


@pytest.mark.parametrize("kind", ["silence", "noise", "loud noise", "chords", "drums"])
def test_without_speech_the_transcript_is_empty(recogniser: Recogniser, tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(7)
    time = np.arange(40 * SAMPLE_RATE) / SAMPLE_RATE
    match kind:
        case "silence":
            audio = np.zeros(time.size)
        case "noise":
            audio = rng.normal(0, 0.05, time.size)
        case "loud noise":
            audio = rng.normal(0, 0.2, time.size)
        case "chords":
            roots = 220 * 2 ** (rng.integers(0, 12, 40) / 12)
            root = roots[np.minimum(time.astype(int), 39)]
            audio = sum(np.sin(2 * np.pi * root * ratio * time) for ratio in (1, 1.25, 1.5, 2)) / 8
            audio *= 0.3 + 0.7 * np.exp(-3 * (time % 1))
        case _:
            audio = rng.normal(0, 0.5, time.size) * np.exp(-30 * (time % 0.5))
    transcript = recogniser.transcribe(write_wav(tmp_path / f"{kind}.wav", np.asarray(audio), SAMPLE_RATE))
    assert transcript.text == ""
    assert transcript.segments == ()
    assert transcript.quality.no_speech
    assert transcript.quality.warnings


def test_a_long_silence_between_keeps_the_times(
    recogniser: Recogniser, voice: Callable[[str], np.ndarray], tmp_path: Path
) -> None:
    before, after = voice("The first sentence is short."), voice("Then, much later, comes the second one.")
    silence = np.zeros(12 * 24_000, np.float32)
    path = write_wav(tmp_path / "gap.wav", np.concatenate([before, silence, after]), 24_000)
    transcript = recogniser.transcribe(path, RecognitionOptions(language="en"))
    words = {bare_words(word.word): word for segment in transcript.segments for word in segment.words}
    ends = np.flatnonzero(np.abs(before) > 0.02)[-1] / 24_000
    begins = (before.size + silence.size + np.flatnonzero(np.abs(after) > 0.02)[0]) / 24_000
    assert words["short"].end == pytest.approx(ends, abs=0.4)
    assert words["then"].start == pytest.approx(begins, abs=0.4)


def test_batches_keep_repeated_sentences(recogniser: Recogniser, spoken: Speak, narration: list[str]) -> None:
    refrain = "The harvest festival begins on Sunday morning."
    sentences = [s for line in sentences_of(narration[4:6]) for s in (line, refrain)]
    audio = spoken(sentences, pause=0.3, name="refrain.wav")
    transcript = recogniser.transcribe(audio, RecognitionOptions(language="en", batch="on"))
    assert bare_words(transcript.text).count("harvest festival") == len(sentences) // 2
    assert transcript.quality.coverage > 0.95


def test_words_are_left_out_when_not_wanted(
    recogniser: Recogniser, spoken: Speak, narration: list[str]
) -> None:
    audio = spoken(sentences_of(narration[6:7])[:2], name="plain.wav")
    transcript = recogniser.transcribe(audio, RecognitionOptions(word_timestamps=False))
    assert transcript.text
    assert all(not segment.words for segment in transcript.segments)


def test_a_cancelled_job_stops_and_frees_the_model(
    recogniser: Recogniser, spoken: Speak, narration: list[str]
) -> None:
    audio = spoken(sentences_of(narration[6:7])[:2], name="plain.wav")

    def cancel(fraction: float) -> None:
        if fraction > 0:
            raise CancelledError("The job was cancelled.")

    with pytest.raises(CancelledError):
        recogniser.transcribe(audio, progress=cancel)
    assert recogniser.transcribe(audio).text


def test_the_time_limit_holds_and_says_how_far_it_came(
    recogniser: Recogniser, spoken: Speak, narration: list[str]
) -> None:
    audio = spoken(sentences_of(narration[6:7])[:2], name="plain.wav")
    with pytest.raises(StageTimeoutError, match=r"plain\.wav"):
        recogniser.transcribe(audio, deadline=0.0)


def test_a_job_can_be_cancelled_while_it_waits_for_the_model(
    recogniser: Recogniser, spoken: Speak, narration: list[str]
) -> None:
    audio = spoken(sentences_of(narration[6:7])[:2], name="plain.wav")
    running, finish = threading.Event(), threading.Event()

    def hold(_: float) -> None:
        running.set()
        finish.wait(60)

    def cancel(_: float) -> None:
        raise CancelledError("The job was cancelled.")

    first = threading.Thread(target=recogniser.transcribe, args=(audio,), kwargs={"progress": hold})
    first.start()
    try:
        assert running.wait(60)
        with pytest.raises(CancelledError):
            recogniser.transcribe(audio, progress=cancel)
    finally:
        finish.set()
        first.join()


def test_bad_options_are_refused_before_any_work(recogniser: Recogniser, tmp_path: Path) -> None:
    nowhere = tmp_path / "nothing.wav"
    with pytest.raises(UnknownLanguageError):
        recogniser.transcribe(nowhere, RecognitionOptions(language="elvish"))
    with pytest.raises(InvalidInputError, match="too long"):
        recogniser.transcribe(nowhere, RecognitionOptions(initial_prompt="many words " * 300))
    with pytest.raises(InvalidInputError, match="beam"):
        recogniser.transcribe(nowhere, RecognitionOptions(beam_size=0))


def test_a_model_is_loaded_once(whisper_base: Path, recogniser: Recogniser) -> None:
    assert load_recogniser(whisper_base, device="cpu") is recogniser


def test_an_incomplete_model_is_refused_with_the_way_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "whisper-none").mkdir()
    with pytest.raises(MissingEngineError, match=r"model\.bin") as caught:
        load_recogniser(tmp_path / "whisper-none", device="cpu")
    assert "make models" in caught.value.hint
