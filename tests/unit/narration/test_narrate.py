"""A script becomes a narration: real voices, a real store."""

import itertools
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.from_settings import media_store
from blocks.media_store import sha256_of
from blocks.settings import get_settings
from tasks.errors import InvalidInputError, LimitExceededError, MissingEngineError
from tasks.media.ffmpeg import media_input, run_ffmpeg
from tasks.narration.level import measure
from tasks.narration.options import VoiceConfig
from tasks.narration.steps import narrate, narration_request
from tasks.progress import ignore_progress
from tasks.promotion.materials import Narration, StoredFile
from tasks.voice.work import SpeakingSentences

SCRIPT = """\
# The bottle that keeps its promise ✨

---

- Cold for 24 hours, _hot_ for 12.
- Only $99.90 until 12/15/2026!

Order now. #hydration
"""


@pytest.fixture
def home(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("CONTRAPONTO_MODEL_HOST", "off")
    get_settings.cache_clear()
    yield tmp_path
    get_settings.cache_clear()


async def spoken(
    script: str, config: VoiceConfig | None = None, max_seconds: float | None = None
) -> Narration:
    config = config or VoiceConfig(language="en")
    request = await narration_request(script, config, max_seconds=max_seconds)
    assert request is not None
    return narrate.work(request, ignore_progress)


def _file(home: Path, narration: Narration) -> Path:
    return home / "store" / narration.file.key


async def test_a_script_is_spoken_with_its_written_words(home: Path) -> None:
    narration = await spoken(SCRIPT)
    assert [sentence.text for sentence in narration.sentences] == [
        "The bottle that keeps its promise.",
        "Cold for 24 hours, hot for 12.",
        "Only $99.90 until 12/15/2026!",
        "Order now.",
    ]
    words = [word for sentence in narration.sentences for word in sentence.words]
    assert "$99.90" in [word.text for word in words]
    assert all(before.end <= after.start + 1e-6 for before, after in itertools.pairwise(words))
    assert all(word.end > word.start for word in words)
    assert (narration.engine, narration.voice, narration.language) == ("hibari", "heart", "en")
    path = _file(home, narration)
    with wave.open(str(path)) as file:
        assert file.getnframes() / file.getframerate() == narration.duration
    loudness = measure(path, 60)
    assert loudness.integrated == pytest.approx(-16, abs=1)
    assert loudness.peak is not None
    assert loudness.peak <= -1


async def test_a_change_of_one_sentence_speaks_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    run = SpeakingSentences.run

    def counted(self: SpeakingSentences, *arguments: object) -> object:
        asked.extend(self.sentences)
        return run(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(SpeakingSentences, "run", counted)
    first = await spoken("One is here. Two is there. Three is gone.")
    second = await spoken("One is here. Two was there. Three is gone. One is here.")
    assert asked == ["One is here.", "Two is there.", "Three is gone.", "Two was there."]
    assert second.sentences[0] == first.sentences[0]


async def test_pauses_and_speed_are_the_callers(home: Path) -> None:
    script = "This is a sentence. And here is another."
    plain = await spoken(script)
    apart = await spoken(script, VoiceConfig(language="en", sentence_pause=1.3))
    fast = await spoken(script, VoiceConfig(language="en", speed=4))
    assert apart.duration == pytest.approx(plain.duration + 1.0, abs=0.001)
    assert fast.duration < plain.duration / 3
    assert fast.sentences[-1].end <= fast.duration + 1e-4


async def test_too_long_a_narration_says_by_how_much(home: Path) -> None:
    with pytest.raises(LimitExceededError, match=r"more than the 2 s .* Shorten the script"):
        await spoken("This sentence takes much longer than two seconds, as anybody can hear.", max_seconds=2)


async def test_a_narration_that_is_a_little_too_long_is_spoken_faster(home: Path) -> None:
    asked = (await spoken(SCRIPT)).duration
    room = round(asked / 1.1, 2)
    narration = await spoken(SCRIPT, max_seconds=room)
    assert 0.98 * room < narration.duration <= room
    assert narration.sentences[-1].words[-1].end <= room
    assert narration.warnings == (f"Spoken 11% faster, to fit into {room:g} s.",)
    assert (await spoken(SCRIPT)).duration == asked, "the others stay as they were"


async def test_nobody_speaks_if_nobody_is_asked(home: Path) -> None:
    assert await narration_request("Hello.", VoiceConfig(engine="none")) is None


@pytest.mark.parametrize("script", ["", "---", "🔥🔥"])
async def test_a_script_without_words_is_refused(home: Path, script: str) -> None:
    with pytest.raises(InvalidInputError, match="nothing to speak"):
        await narration_request(script, VoiceConfig(language="en"))


async def test_an_unknown_voice_is_refused_before_anything_is_spoken(home: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"heart \(hibari\)"):
        await narration_request("Hello.", VoiceConfig(language="en", voice="bob"))


async def test_without_an_engine_it_says_how_to_get_one(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", str(tmp_path))
    get_settings.cache_clear()
    with pytest.raises(MissingEngineError, match="contraponto models get kokoro-pt-br"):
        await narration_request("Olá.", VoiceConfig(language="pt-BR", voice="pf_dora"))


@pytest.mark.models("kokoro-pt-br")
async def test_portuguese_prices_are_spoken_and_shown(home: Path) -> None:
    narration = await spoken("Leve a sua por R$ 1.299,90 em 12x.", VoiceConfig(language="pt-BR"))
    assert [word.text for word in narration.sentences[0].words][4:] == ["R$ 1.299,90", "em", "12x."]
    price = narration.sentences[0].words[4]
    assert price.end - price.start > 1.5
    assert narration.engine == "kokoro"


@pytest.mark.models("whisper-base")
async def test_the_callers_own_recording_gets_its_loudness_and_its_words(home: Path) -> None:
    said = await spoken("Only $99.90 today. Order now.")
    quiet = home / "quiet.flac"
    arguments = [*media_input(_file(home, said)), "-af", "volume=-20dB,adelay=700", "-ar", "44100"]
    run_ffmpeg(arguments, output=quiet, duration=said.duration, deadline=60)
    media_store(get_settings()).put_file(quiet, "mine/quiet.flac")
    recording = StoredFile(key="mine/quiet.flac", sha256=sha256_of(quiet))
    request = await narration_request(
        "Only $99.90 today. Order now.", VoiceConfig(language="en"), recording=recording
    )
    assert request is not None
    narration = narrate.work(request, ignore_progress)
    assert narration.engine == "recording"
    assert narration.duration == pytest.approx(said.duration + 0.7, abs=0.01)
    assert [sentence.text for sentence in narration.sentences] == [s.text for s in said.sentences]
    off = [
        abs(heard.start - 0.7 - spoken.start)
        for ours, theirs in zip(narration.sentences, said.sentences, strict=True)
        for heard, spoken in zip(ours.words, theirs.words, strict=True)
    ]
    assert sorted(off)[len(off) // 2] < 0.12
    loudness = measure(_file(home, narration), 60)
    assert loudness.integrated == pytest.approx(-16, abs=1)
    with pytest.raises(LimitExceededError, match="more than the 1 s"):
        narrate.work(request.model_copy(update={"max_seconds": 1.0}), ignore_progress)
