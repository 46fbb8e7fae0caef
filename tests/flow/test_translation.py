"""Jobs that ask for another language than the one that is spoken."""

import pytest

from tests.flow.conftest import Configure
from tests.flow.jobs import EndedJob, run_job
from tests.material import ENGLISH, PORTUGUESE, word_error_rate
from tests.servers.chat import serve_chat
from tests.servers.media import MediaServer

pytestmark = pytest.mark.models


def translation_of(job: EndedJob) -> dict[str, object]:
    assert job.document.result is not None
    translation = job.document.result["translation"]
    assert isinstance(translation, dict)
    return dict(translation)


async def test_without_a_translator_the_transcript_is_delivered(server: MediaServer, english: bytes) -> None:
    job = await run_job(server.say("/talk.wav", english), language_out="pt")
    assert job.state.is_completed()
    assert word_error_rate(ENGLISH, job.document.transcription_text) <= 0.10
    translation = translation_of(job)
    assert translation["status"] == "unavailable"
    assert "from en to pt" in str(translation["note"])
    assert "CONTRAPONTO_TEXT_MODEL" in str(translation["note"])


async def test_the_language_that_is_spoken_needs_no_translation(server: MediaServer, english: bytes) -> None:
    job = await run_job(server.say("/talk.wav", english), language_out="en")
    assert translation_of(job)["status"] == "not_needed"


async def test_a_text_model_translates(server: MediaServer, english: bytes, configure: Configure) -> None:
    url = server.say("/talk.wav", english)
    with serve_chat() as endpoint:
        configure(text_model="scripted", text_model_base_url=endpoint.address)
        job = await run_job(url, language_out="pt")
    translation = translation_of(job)
    assert (translation["status"], translation["engine"]) == ("done", "scripted")
    original = str(translation["original_text"])
    assert word_error_rate(ENGLISH, original) <= 0.10
    assert job.document.transcription_text == original.upper()
    files = translation["original_files"]
    assert isinstance(files, dict)
    assert set(files) == {"srt", "vtt", "txt", "json"}
    assert job.document.result is not None
    assert job.document.result["files"] != files


async def test_whisper_translates_to_english(server: MediaServer, portuguese: bytes) -> None:
    job = await run_job(server.say("/fala.wav", portuguese), model="base", language="auto", language_out="en")
    translation = translation_of(job)
    assert translation["status"] == "done"
    assert word_error_rate(PORTUGUESE, str(translation["original_text"])) <= 0.10
    english = (job.document.transcription_text or "").lower()
    assert "doctor" in english
    assert "door" in english
