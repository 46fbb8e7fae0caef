"""A local server that speaks the protocol of speech endpoints, and what becomes of its answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.from_settings import voice_endpoint
from blocks.settings import Settings
from blocks.voice_endpoint import VoiceEndpoint
from tasks.errors import ContrapontoError, EngineError, InvalidSettingError, TransientError
from tests.servers.speech import Script, SpeechServer, failing, page, serve_speech, spoken


@pytest.fixture(scope="module")
def running() -> Iterator[SpeechServer]:
    with serve_speech() as server:
        yield server


@pytest.fixture
def server(running: SpeechServer) -> SpeechServer:
    for left in (running.scripts, running.requests, running.keys):
        left.clear()
    running.hang_up = False
    return running


def endpoint_of(server: SpeechServer, **options: Any) -> VoiceEndpoint:
    return VoiceEndpoint(base_url=server.address, model="scripted", **{"max_retries": 0, **options})


def _files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_a_sentence_is_asked_for_and_written(server: SpeechServer, tmp_path: Path) -> None:
    target = tmp_path / "said.wav"
    endpoint = endpoint_of(server, api_key=SecretStr("sk-1"), voice="nova")
    endpoint.speak("Good morning.", target, speed=1.5)
    assert target.read_bytes() == spoken("Good morning.")
    assert _files(tmp_path) == ["said.wav"]
    assert server.requests == [
        {
            "model": "scripted",
            "voice": "nova",
            "input": "Good morning.",
            "response_format": "wav",
            "speed": 1.5,
        }
    ]
    assert server.keys == ["Bearer sk-1"]


def test_no_key_of_the_environment_is_sent(
    server: SpeechServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-somebody")
    endpoint_of(server).speak("Good morning.", tmp_path / "a.wav", voice="echo")
    assert server.keys == ["Bearer none"]
    assert server.requests[0]["voice"] == "echo"


def test_a_busy_endpoint_is_asked_again(server: SpeechServer, tmp_path: Path) -> None:
    server.scripts += [failing(429, Retry_After="0.01"), failing(500)]
    endpoint_of(server, max_retries=2).speak("Good morning.", tmp_path / "a.wav")
    assert len(server.requests) == 3
    assert (tmp_path / "a.wav").is_file()


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        (failing(429, Retry_After="7"), TransientError, r"overloaded or out of order \(429\)"),
        (failing(429, "insufficient_quota"), InvalidSettingError, "quota is used up"),
        (failing(500), TransientError, r"\(500\)"),
        (failing(401), InvalidSettingError, "CONTRAPONTO_VOICE_ENDPOINT_API_KEY"),
        (failing(404), InvalidSettingError, 'no speech model "scripted"'),
        (failing(400, "invalid_voice"), InvalidSettingError, 'voice "alloy" of model "scripted"'),
        (page, EngineError, "does not answer with sound .*text/html"),
        (lambda request: (200, {"Content-Type": "audio/wav"}, b""), EngineError, "0 bytes"),
    ],
)
def test_what_goes_wrong_is_said_in_a_sentence(
    server: SpeechServer, tmp_path: Path, script: Script, kind: type[ContrapontoError], said: str
) -> None:
    server.scripts.append(script)
    with pytest.raises(kind, match=said) as caught:
        endpoint_of(server).speak("Good morning.", tmp_path / "a.wav")
    assert not _files(tmp_path)
    if isinstance(caught.value, TransientError) and "429" in said:
        assert caught.value.retry_after == 7


def test_an_answer_that_breaks_off_is_transient(server: SpeechServer, tmp_path: Path) -> None:
    server.hang_up = True
    with pytest.raises(TransientError, match="breaks off"):
        endpoint_of(server).speak("Good morning.", tmp_path / "a.wav")
    assert not _files(tmp_path)


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="cannot be reached"):
        VoiceEndpoint(base_url="http://127.0.0.1:1/v1", model="m", max_retries=0).speak(
            "a", tmp_path / "a.wav"
        )


def test_the_settings_name_it() -> None:
    assert voice_endpoint(Settings()) is None
    chosen = voice_endpoint(
        Settings(
            voice_endpoint_model="tts-1", voice_endpoint_base_url="http://h/v1", voice_endpoint_voice="nova"
        )
    )
    assert chosen is not None
    assert (chosen.model, chosen.base_url, chosen.voice) == ("tts-1", "http://h/v1", "nova")
    with pytest.raises(InvalidSettingError, match="not voice_endpoint_model"):
        voice_endpoint(Settings(voice_endpoint_base_url="http://h/v1"))
