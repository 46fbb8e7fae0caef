"""Batches: many sources, one bad item, a memory of what is done."""

import inspect
import io
import wave
from pathlib import Path
from typing import Any

import pytest

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.batch import TranscriptionOptions, transcribe_batch
from flows.transcription import transcribe
from tasks.batches.document import BatchResult
from tasks.jobs.document import JobDocument
from tests.flow.jobs import run_to_end
from tests.servers.media import MediaServer

pytestmark = pytest.mark.models

QUICK = TranscriptionOptions(model="tiny.en", language="en", remove_noise=False, formats=["txt"])


async def run_batch(
    sources: list[str], **parameters: Any
) -> tuple[JobDocument, BatchResult | None, list[dict[str, str]]]:
    """The batch's document, its result, and the rows of its summary table."""
    document, artifacts = await run_to_end(transcribe_batch, sources, options=QUICK, **parameters)
    result = BatchResult.model_validate(document.result) if document.result else None
    return document, result, artifacts.get("recordings", [])


async def test_one_bad_item_never_stops_the_rest(server: MediaServer, english: bytes, home: Path) -> None:
    store = media_store(get_settings())
    store.put_bytes(english, "entrevistas/março/primeira.wav")
    store.put_bytes(b"<html>", "entrevistas/março/quebrada.mp3")
    store.put_bytes(english, "entrevistas/março/10:30 what?#1.wav")
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "ligação.wav").write_bytes(english)
    (inbox / "a#b?.wav").write_bytes(english)
    (inbox / "notes.txt").write_text("x")
    good = server.say("/talk.wav", english)
    bad = server.say("/gone.mp3", b"", status=404)

    document, result, rows = await run_batch(
        [bad, good, "entrevistas/março/", f"folder:{inbox}", "nothing/here.wav"]
    )

    assert document.status == "completed"
    assert result is not None
    assert (result.total, result.completed, result.failed, result.skipped) == (8, 5, 3, 0)
    by_title = {entry.title or entry.source: entry for entry in result.items}
    assert by_title["talk.wav"].status == by_title["primeira.wav"].status == "completed"
    assert by_title["ligação.wav"].status == "completed"
    assert by_title["a#b?.wav"].status == by_title["10:30 what?#1.wav"].status == "completed"
    assert [Path(each.source).name for each in result.left_out] == ["notes.txt"]
    assert "HTTP 404" in (by_title["gone.mp3"].error or "")
    assert by_title["gone.mp3"].error_code == by_title["nothing/here.wav"].error_code == "source_not_found"
    assert by_title["talk.wav"].files == {"txt": by_title["talk.wav"].transcription_file}
    assert document.stages["transcription"].message == "7 of 7 · ligação.wav"
    with wave.open(io.BytesIO(english)) as recording:
        seconds = recording.getnframes() / recording.getframerate()
    assert by_title["talk.wav"].duration == pytest.approx(seconds, abs=0.01)
    assert by_title["quebrada.mp3"].status == "failed"
    assert by_title["nothing/here.wav"].job_id is None
    text = store.read_bytes(by_title["ligação.wav"].transcription_file or "").decode()
    assert "thousands of trees" in text.lower()
    assert [row["status"] for row in rows].count("completed") == 5


async def test_a_scheduled_run_takes_only_what_is_new(server: MediaServer, english: bytes) -> None:
    first, second = server.say("/one.wav", english), server.say("/two.wav", english)
    _, before, _ = await run_batch([first], name="nightly", only_new=True)
    _, after, _ = await run_batch([first, second], name="nightly", only_new=True)
    _, nothing, _ = await run_batch([first, second], name="nightly", only_new=True)
    _, everything, _ = await run_batch([first, second], name="nightly")
    assert before is not None
    assert (before.completed, before.skipped) == (1, 0)
    assert after is not None
    assert (after.completed, after.skipped) == (1, 1)
    assert nothing is not None
    assert (nothing.total, nothing.skipped) == (0, 2)
    assert everything is not None
    assert (everything.completed, everything.skipped) == (2, 0)


async def test_a_batch_in_which_everything_fails_has_failed(server: MediaServer) -> None:
    bad = server.say("/gone.mp3", b"", status=404)
    document, result, rows = await run_batch([bad, "nothing/here.wav", "magnet:?xt=1"])
    assert document.status == "failed"
    assert document.error_code == "source_not_found"
    assert "None of the 3 recordings" in (document.error or "")
    assert [row["status"] for row in rows] == ["failed"] * 3
    assert result is not None
    codes = {entry.source: entry.error_code for entry in result.items}
    assert codes == {
        bad: "source_not_found",
        "nothing/here.wav": "source_not_found",
        "magnet:?xt=1": "invalid_input",
    }


async def test_a_playlist_becomes_one_job_for_each_recording(server: MediaServer, english: bytes) -> None:
    videos = [server.say(f"/clip-{number}.wav", english) for number in (1, 2)]
    page = "".join(f'<video src="{video}"></video>' for video in videos)
    listing = server.say(
        "/list", f"<html><title>Aulas</title>{page}</html>".encode(), content_type="text/html"
    )
    _, result, _ = await run_batch([listing])
    assert result is not None
    assert result.completed == 2
    assert len({entry.job_id for entry in result.items}) == 2


def test_options_are_the_parameters_of_a_single_job() -> None:
    single = inspect.signature(transcribe.fn).parameters
    options = dict(TranscriptionOptions())
    assert options == {name: single[name].default for name in options}
    of_the_job = {"youtube_url", "title", "priority", "webhook_url", "id_roteiro", "metadata"}
    assert set(single) - set(options) == of_the_job
