"""Jobs that succeed: what they deliver, and what they do not do twice."""

import asyncio
import html
import io
import json
import re
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pysubs2
import pytest
from markdown_it import MarkdownIt
from prefect.client.orchestration import get_client

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.transcription import transcribe
from tasks.jobs.document import JobStatus, StageStatus
from tasks.speech.document import TranscriptionResult
from tests.flow.jobs import end_of, id_of, run_job
from tests.flow.recordings import music, silence
from tests.material import ENGLISH, as_wav, word_error_rate
from tests.servers.media import MediaServer

pytestmark = pytest.mark.models

STAGES = ["download", "normalization", "transcription"]
VERSION = {"ETag": '"first"'}
"""Without it nobody knows whether a file is still the same, and it is fetched once more."""


async def test_a_recording_becomes_text_and_files(server: MediaServer, english: bytes, home: Path) -> None:
    url = server.say("/talk.wav", english, headers=VERSION)
    job = await run_job(
        url,
        model="base",
        remove_noise=True,
        id_roteiro="r-7",
        metadata={"client": "ação"},
        formats=["srt", "json"],
        subtitles={"preset": "bbc", "line_width": 30},
    )
    document = job.document
    assert job.state.is_completed()
    assert document.status is JobStatus.COMPLETED
    assert word_error_rate(ENGLISH, document.transcription_text) <= 0.05
    assert job.stages() == dict.fromkeys(STAGES, StageStatus.COMPLETED)
    assert job.cached() == []
    assert document.overall_progress == 100
    assert (document.id_roteiro, document.metadata) == ("r-7", {"client": "ação"})
    assert (document.error, document.error_code) == (None, None)

    segments = document.transcription_segments or ()
    words = [word for segment in segments for word in segment.words]
    assert len(words) == len((document.transcription_text or "").split())
    assert all(word.start <= word.end for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)

    assert document.result is not None
    assert document.result["title"] == "talk"
    assert document.result["language"] == "en"
    assert (document.result["audio_track"], document.result["audio_mix"]) == (1, "mix")
    store = media_store(get_settings())
    assert store.exists(document.audio_file or "")
    files = document.result["files"]
    assert isinstance(files, dict)
    assert list(files) == ["srt", "json"]
    cues = pysubs2.SSAFile.from_string(store.read_bytes(str(files["srt"])).decode(), format_="srt")
    assert word_error_rate(ENGLISH, " ".join(cue.plaintext for cue in cues)) <= 0.05
    assert max(len(line) for cue in cues for line in cue.plaintext.splitlines()) in range(20, 31)


async def test_a_jobs_artifacts_can_be_read_by_anyone(server: MediaServer, english: bytes) -> None:
    job = await run_job(server.say("/talk.wav", english))
    shown = {"result", "summary", "transcript", "files", *(f"progress-{name}" for name in STAGES)}
    assert set(job.artifacts) == shown
    assert all(job.artifacts[f"progress-{name}"] == 100 for name in STAGES)
    assert "thousands of trees" in job.artifacts["transcript"]
    assert "talk.srt" in str(job.artifacts["files"])


async def test_what_a_stranger_named_is_shown_as_text(english: bytes, home: Path) -> None:
    title = "![x](y) <img src=z> **b** | `c` www.attacker.example"
    media_store(get_settings()).put_bytes(english, f"in/{title}.wav")
    job = await run_job(f"in/{title}.wav", id_roteiro="<img src=q>![r](s)")
    assert job.document.result is not None
    assert title in str(job.document.result["title"])
    renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    cells = [str(cell) for row in job.artifacts["files"] for cell in row.values()]
    for page in (job.artifacts["transcript"], job.artifacts["summary"], *cells):
        shown = renderer.render(page)
        for tag in ("<img", "<a ", "<strong", "<em"):
            assert tag not in shown
        assert "www.attacker" not in page
    assert f"<h1>{html.escape(title)}</h1>" in renderer.render(job.artifacts["transcript"])
    assert "<td>transcription</td>\n<td>completed</td>" in renderer.render(job.artifacts["summary"])


async def test_a_run_is_called_by_its_job_unless_its_caller_named_it(server: MediaServer) -> None:
    url = server.say("/aula%201.wav", b"<html>")
    drawn = await end_of(transcribe, url, id_roteiro="R-34")
    named = await end_of(transcribe.with_options(flow_run_name="Aula de João"), url)
    async with get_client() as client:
        names = [(await client.read_flow_run(id_of(state))).name for state in (drawn, named)]
    assert names == ["transcribe · R-34 · 127.0.0.1/aula 1.wav", "Aula de João"]


async def test_the_same_job_again_does_no_work(server: MediaServer, english: bytes) -> None:
    url = server.say("/talk.wav", english, headers=VERSION)
    first = await run_job(url)
    second = await run_job(url)
    assert first.cached() == []
    assert second.cached() == STAGES
    assert second.document.transcription_segments == first.document.transcription_segments
    assert len([asked for asked in server.requests("/talk.wav") if "range" not in asked.headers]) == 1
    assert second.document.job_id != first.document.job_id


async def test_a_file_that_changed_is_fetched_once_more(server: MediaServer, english: bytes) -> None:
    url = server.say("/talk.wav", silence(3), headers=VERSION)
    assert (await run_job(url)).document.transcription_text == ""
    server.replace("/talk.wav", english, headers={"ETag": '"second"'})
    job = await run_job(url)
    assert job.cached() == []
    assert word_error_rate(ENGLISH, job.document.transcription_text) <= 0.10


async def test_the_same_recording_elsewhere_is_only_fetched(server: MediaServer, english: bytes) -> None:
    await run_job(server.say("/one.wav", english))
    job = await run_job(server.say("/two.wav", english))
    assert job.cached() == ["normalization", "transcription"]


async def test_identical_jobs_at_one_moment_do_the_work_once(server: MediaServer, english: bytes) -> None:
    url = server.say("/talk.wav", english, headers=VERSION)
    jobs = await asyncio.gather(run_job(url), run_job(url))
    assert [job.document.status for job in jobs] == [JobStatus.COMPLETED] * 2
    for stage in STAGES:
        assert sorted(job.document.stages[stage].cached for job in jobs) == [False, True], stage
    assert jobs[0].document.transcription_text == jobs[1].document.transcription_text


async def test_a_file_that_is_gone_from_the_store_is_made_again(server: MediaServer, english: bytes) -> None:
    url = server.say("/talk.wav", english, headers=VERSION)
    first = await run_job(url)
    store = media_store(get_settings())
    store.remove(first.document.audio_file or "")
    again = await run_job(url)
    assert again.cached() == ["download", "transcription"]
    assert again.document.transcription_text == first.document.transcription_text
    assert store.exists(again.document.audio_file or "")
    assert (await run_job(url)).cached() == STAGES


async def test_a_stored_recording_is_a_source(english: bytes) -> None:
    store = media_store(get_settings())
    store.put_bytes(english, "talks/entrevista à noite.wav")
    job = await run_job("talks/entrevista à noite.wav")
    assert word_error_rate(ENGLISH, job.document.transcription_text) <= 0.10
    assert job.document.result is not None
    assert job.document.result["title"] == "entrevista à noite"


async def test_a_stage_that_is_not_asked_for_is_skipped(server: MediaServer, english: bytes) -> None:
    job = await run_job(
        server.say("/talk.wav", english), remove_noise=False, convert_to_mono=False, set_sample_rate_16k=False
    )
    assert job.stages()["normalization"] is StageStatus.SKIPPED
    assert job.document.overall_progress == 100
    assert word_error_rate(ENGLISH, job.document.transcription_text) <= 0.10


@pytest.mark.parametrize("sound", [silence(6), music(10)], ids=["silence", "music"])
async def test_a_recording_without_speech_has_an_empty_transcript(server: MediaServer, sound: bytes) -> None:
    job = await run_job(server.say("/sound.wav", sound))
    assert job.state.is_completed()
    assert job.document.transcription_text == ""
    assert job.document.transcription_segments == ()
    assert re.search(
        r"No speech was found.* Tried: track 1, mix, .*above the hum", job.artifacts["transcript"]
    )


async def test_a_server_error_that_passes_is_outlived(server: MediaServer, english: bytes) -> None:
    for status in (500, 503):
        server.say("/talk.wav", b"out of order", status, content_type="text/plain")
    job = await run_job(server.say("/talk.wav", english))
    assert job.state.is_completed()
    assert word_error_rate(ENGLISH, job.document.transcription_text) <= 0.10


async def test_a_cut_download_goes_on_where_it_was_cut(server: MediaServer, english: bytes) -> None:
    server.say("/talk.wav", english, headers=VERSION)  # the check before the download
    server.say("/talk.wav", english, headers=VERSION, cut_after=len(english) // 2)
    job = await run_job(server.say("/talk.wav", english, headers=VERSION, ranges=True))
    assert job.state.is_completed()
    assert server.requests("/talk.wav")[-1].headers["range"] == f"bytes={len(english) // 2}-"
    assert word_error_rate(ENGLISH, job.document.transcription_text) <= 0.10


@pytest.mark.parametrize("succeeds", [True, False], ids=["completed", "failed"])
async def test_the_end_of_a_job_is_notified_once(server: MediaServer, english: bytes, succeeds: bool) -> None:
    source = server.say("/talk.wav", english) if succeeds else f"{server.url}/nothing.wav"
    job = await run_job(
        source, webhook_url=server.say("/hook"), id_roteiro="r-7", metadata={"client": "ação"}
    )
    (sent,) = server.requests("/hook", "POST")
    message = json.loads(sent.body)
    assert message["jobId"] == job.document.job_id
    assert (message["idRoteiro"], message["metadata"]) == ("r-7", {"client": "ação"})
    assert message["status"] == ("COMPLETED" if succeeds else "FAILED")
    assert (message["error"] or {}).get("code") == job.document.error_code


async def test_the_same_recording_under_another_key_is_not_done_again(english: bytes) -> None:
    store = media_store(get_settings())
    store.put_bytes(english, "uploads/first.wav")
    store.put_bytes(english, "uploads/copy.wav")
    await run_job("uploads/first.wav")
    copy = await run_job("uploads/copy.wav")
    assert copy.cached() == ["normalization", "transcription"]
    assert (copy.document.result or {})["title"] == "copy"


@pytest.mark.models("speakers")
async def test_who_speaks_is_in_the_text_and_in_the_files(server: MediaServer, english: bytes) -> None:
    with wave.open(io.BytesIO(english)) as file:
        rate = file.getframerate()
        voice = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    other = voice[np.arange(0, voice.size - 1, 1.3).astype(int)]  # a throat of other size, at another pitch
    talk = as_wav(np.concatenate([voice, np.zeros(rate // 2, np.float32), other]), rate)
    job = await run_job(
        server.say("/talk.wav", talk),
        formats=["srt", "vtt", "txt", "tsv"],
        diarize=True,
        speakers_max=3,
        word_timestamps=False,
    )
    assert job.state.is_completed()
    segments = job.document.transcription_segments or ()
    who = [segment.speaker for segment in segments]
    assert who == sorted(who, key=str)
    assert set(who) == {"S1", "S2"}
    change = voice.size / rate
    assert all((segment.start > change - 0.5) == (segment.speaker == "S2") for segment in segments)
    assert not any(segment.words for segment in segments)
    result = TranscriptionResult.model_validate(job.document.result)
    assert [share.speaker for share in result.speakers or ()] == ["S1", "S2"]
    store = media_store(get_settings())
    text = {kind: store.read_bytes(key).decode() for kind, key in result.files.items()}
    assert text["srt"].count("[S1] ") == text["srt"].count("[S2] ") == 1
    assert "<v Speaker 2>" in text["vtt"]
    assert text["txt"].startswith("Speaker 1: ")
    assert text["tsv"].splitlines()[-1].endswith("\tS2")


async def test_numbers_of_speakers_that_fit_nothing_are_refused_before_the_fetch(server: MediaServer) -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        ({"diarize": True, "speakers_min": 3, "speakers_max": 2}, "no number of speakers fits"),
        ({"speakers_max": 2}, "diarize is false"),
    ]
    for parameters, said in asked:
        job = await run_job(server.say("/talk.wav", b""), **parameters)
        assert job.document.error_code == "invalid_input"
        assert said in str(job.document.error)
    assert server.requests("/talk.wav") == []
