"""A script spoken by a speech endpoint that speaks, and by ones that do not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.settings import get_settings
from tasks.errors import EngineError, InvalidInputError, MissingEngineError
from tasks.narration.options import VoiceConfig
from tasks.narration.steps import narrate, narration_request
from tasks.progress import ignore_progress
from tasks.promotion.materials import Narration
from tests.servers.speech import (
    Script,
    SpeechServer,
    cut_short,
    page_that_says_it_is_sound,
    serve_speech,
    silent,
    spoken,
    streamed,
)


@pytest.fixture
def server(tmp_path: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SpeechServer]:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(models_dir))
    monkeypatch.setenv("CONTRAPONTO_MODEL_HOST", "off")
    with serve_speech() as running:
        monkeypatch.setenv("CONTRAPONTO_VOICE_ENDPOINT_BASE_URL", running.address)
        monkeypatch.setenv("CONTRAPONTO_VOICE_ENDPOINT_MODEL", "tts-1")
        get_settings.cache_clear()
        yield running
    get_settings.cache_clear()


async def _narrated(script: str, config: VoiceConfig) -> Narration:
    request = await narration_request(script, config)
    assert request is not None
    return narrate.work(request, ignore_progress)


async def test_its_voice_is_used_and_each_sentence_asked_for_once(server: SpeechServer) -> None:
    script = "Only $99.90 today. Order now."
    narration = await _narrated(script, VoiceConfig(language="en", voice="nova", model="tts-2"))
    assert (narration.engine, narration.voice) == ("tts-2", "nova")
    assert [request["input"] for request in server.requests] == [
        "Only ninety-nine dollars and ninety cents today.",
        "Order now.",
    ]
    assert {(request["model"], request["voice"]) for request in server.requests} == {("tts-2", "nova")}
    assert [word.text for word in narration.sentences[0].words] == ["Only", "$99.90", "today."]
    await _narrated(script + " Do not wait.", VoiceConfig(language="en", voice="nova", model="tts-2"))
    assert len(server.requests) == 3


async def test_a_streamed_wav_is_whole(server: SpeechServer) -> None:
    server.scripts.append(streamed)
    narration = await _narrated("Order now.", VoiceConfig(language="en"))
    # Without the silence that the voice puts around its sentences.
    assert len(spoken("Order now.")) / 48_000 - 1 < narration.duration < len(spoken("Order now.")) / 48_000


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (silent, "sent silence"),
        (cut_short, r"sent \d\.\d of \d\.\d s"),
        (page_that_says_it_is_sound, "cannot be played"),
    ],
)
async def test_what_is_no_speech_is_refused(server: SpeechServer, script: Script, said: str) -> None:
    server.scripts.append(script)
    with pytest.raises(EngineError, match=said):
        await _narrated("This is a whole sentence.", VoiceConfig(language="en"))


async def test_the_embedded_voice_is_there_all_the_same(server: SpeechServer) -> None:
    narration = await _narrated("Order now.", VoiceConfig(language="en", engine="embedded"))
    assert narration.engine == "hibari"
    assert server.requests == []
    with pytest.raises(InvalidInputError, match="would be a model of a speech endpoint"):
        await narration_request("Order.", VoiceConfig(language="en", engine="embedded", model="tts-1"))


async def test_an_endpoint_that_nobody_named(server: SpeechServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRAPONTO_VOICE_ENDPOINT_BASE_URL")
    monkeypatch.delenv("CONTRAPONTO_VOICE_ENDPOINT_MODEL")
    get_settings.cache_clear()
    with pytest.raises(MissingEngineError, match="CONTRAPONTO_VOICE_ENDPOINT_BASE_URL"):
        await narration_request("Order.", VoiceConfig(language="en", engine="endpoint"))


async def test_without_a_speech_model_times_are_judged_by_letters_and_that_is_said(
    server: SpeechServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CONTRAPONTO_MODELS_DIR", str(tmp_path / "none"))
    get_settings.cache_clear()
    narration = await _narrated("Only $99.90 today.", VoiceConfig(language="en"))
    assert [word.text for word in narration.sentences[0].words] == ["Only", "$99.90", "today."]
    (warning,) = narration.warnings
    assert "judged by their letters" in warning
    assert "contraponto models get whisper-base" in warning
