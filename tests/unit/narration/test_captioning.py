"""Captions in the media store, of a narration and of somebody's recording: a real voice, the real recogniser."""

import json
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from blocks.from_settings import media_store
from blocks.media_store import sha256_of
from blocks.settings import get_settings
from tasks.errors import InvalidInputError
from tasks.inference.kinds import KINDS, work_class
from tasks.narration.options import CaptionsConfig
from tasks.narration.spoken_form import spoken_form
from tasks.narration.steps import captions_request, make_captions
from tasks.narration.work import ScriptAlignment
from tasks.progress import ignore_progress
from tasks.promotion.materials import StoredFile
from tasks.subtitles.layout import SubtitleOptions
from tasks.voice.speech import speak

from .test_captions import SCRIPT, narrated

SENTENCES = (
    "Meet the Aurora espresso machine.",
    "It was $1,599.00, and now it is only $1,299.90.",
    "Free shipping nationwide.",
    "Order yours today.",
)
SAID = (0, 1, 3)
SILENCE = 2.0
PAUSE = 0.4


@pytest.fixture(autouse=True)
def home(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(models_dir))
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> tuple[Path, list[float]]:
    """All sentences but one behind some silence, and when each of them begins."""
    folder = tmp_path_factory.mktemp("recording")
    parts: list[np.ndarray] = []
    starts: list[float] = []
    now = SILENCE
    rate = 24_000
    for number in SAID:
        speech = speak(
            spoken_form(SENTENCES[number], "en").text,
            language="en",
            target=folder / "s.wav",
            models_dir=models_dir,
        )
        rate = speech.sample_rate
        with wave.open(str(speech.path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        heard = int(np.flatnonzero(np.abs(samples) > 1000)[0]) / rate
        starts.append(now + heard)
        parts += [samples, np.zeros(round(PAUSE * rate), np.int16)]
        now += len(samples) / rate + PAUSE
    with wave.open(str(folder / "recording.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.concatenate([np.zeros(round(SILENCE * rate), np.int16), *parts]).tobytes())
    return folder / "recording.wav", starts


def stored(path: Path) -> StoredFile:
    media_store(get_settings()).put_file(path, "recordings/mine.wav")
    return StoredFile(key="recordings/mine.wav", sha256=sha256_of(path))


def test_the_captions_of_a_narration_are_stored_in_every_format() -> None:
    config = CaptionsConfig(format="json", subtitles=SubtitleOptions(preset="vertical"))
    track = make_captions.work(captions_request(config, narration=narrated(SCRIPT, "pt-BR")), ignore_progress)
    assert list(track.files) == ["json", "srt", "ass"]
    store = media_store(get_settings())
    assert set(track.store_keys()) == {file.key for file in track.files.values()}
    document = json.loads(store.read_bytes(track.files["json"].key))
    assert len(document["cues"]) == len(track.cues)
    assert b"R$ 1.299,90" in store.read_bytes(track.files["srt"].key)
    assert b"PlayResY: 1920" in store.read_bytes(track.files["ass"].key)


def test_without_narration_and_recording_it_says_what_to_do() -> None:
    with pytest.raises(InvalidInputError, match="nothing to caption") as raised:
        captions_request(CaptionsConfig())
    assert "audio_url" in raised.value.hint


@pytest.mark.models
def test_a_recording_has_the_words_of_its_script(recording: tuple[Path, list[float]]) -> None:
    path, starts = recording
    request = captions_request(
        CaptionsConfig(), recording=stored(path), script="\n\n".join(SENTENCES), language="en"
    )
    track = make_captions.work(request, ignore_progress)
    said = [SENTENCES[number] for number in SAID]
    assert [word.text for word in track.words] == " ".join(said).split()
    firsts = [next(word for word in track.words if word.text == sentence.split()[0]) for sentence in said]
    assert [word.start for word in firsts] == pytest.approx(starts, abs=0.15)
    assert all(before.end <= after.start for before, after in pairwise(track.words))
    assert track.warnings == ("Not heard in the recording: “Free shipping nationwide.”",)


@pytest.mark.models
def test_a_recording_without_a_script_is_written_down(recording: tuple[Path, list[float]]) -> None:
    path, _ = recording
    track = make_captions.work(
        captions_request(CaptionsConfig(language="en"), recording=stored(path)), ignore_progress
    )
    shown = " ".join(word.text for word in track.words).casefold()
    assert "espresso machine" in shown
    assert "order yours today" in shown
    assert "no script" in track.warnings[0]


@pytest.mark.models
def test_a_recording_of_something_else_is_written_down(recording: tuple[Path, list[float]]) -> None:
    path, _ = recording
    request = captions_request(
        CaptionsConfig(),
        recording=stored(path),
        script="Gardens bloom quietly when winter finally lets go.",
        language="en",
    )
    track = make_captions.work(request, ignore_progress)
    assert "does not say the script" in track.warnings[0]
    assert track.words


@pytest.mark.models
def test_the_model_host_can_find_a_script(recording: tuple[Path, list[float]], models_dir: Path) -> None:
    path, _ = recording
    work = ScriptAlignment(
        audio=path,
        model_dir=models_dir / "whisper-base",
        device="cpu",
        compute_type="int8",
        threads=None,
        sentences=SENTENCES,
        language="en",
        deadline=300.0,
    )
    kind = work_class(KINDS[work.kind])
    aligned = kind.model_validate_json(work.model_dump_json()).run()
    assert work.result.validate_json(work.result.dump_json(aligned)) == aligned
    assert [sentence.text for sentence in aligned.sentences] == [SENTENCES[number] for number in SAID]
