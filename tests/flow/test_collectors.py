"""The included collectors as jobs."""

import json
from pathlib import Path
from typing import Any

import pytest

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.batch import TranscriptionOptions
from flows.collectors import collect_files, collect_videos
from tasks.collectors.document import FilesResult, VideosResult
from tests.flow.jobs import run_to_end
from tests.servers.media import MediaServer

QUICK = TranscriptionOptions(model="tiny.en", language="en", remove_noise=False, formats=["txt"])


def stored(key: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(media_store(get_settings()).read_bytes(key))
    return content


async def test_files_of_a_folder_and_of_the_store(home: Path) -> None:
    inbox = home / "inbox"
    inbox.mkdir(parents=True)
    for number in range(300):
        (inbox / f"nota {number:03}.txt").write_text("ação " * 200)
    media_store(get_settings()).put_text("olá", "docs/a.md")
    document, _ = await run_to_end(
        collect_files,
        [f"folder:{inbox}", "docs/", "none/"],
        text=True,
        checksums=False,
        correlation_id="conversa-1",
        id_roteiro="R-42",
    )
    assert (document.status, document.id_roteiro) == ("completed", "R-42")
    result = FilesResult.model_validate(document.result)
    assert (result.files, result.more, result.complete) == (301, False, False)
    assert [(each.type, each.files) for each in result.types] == [("text/plain", 300), ("text/markdown", 1)]
    assert [(each.source, each.error_code) for each in result.bad_sources] == [("none/", "source_not_found")]
    assert len(result.items) == 301, "the texts were shortened instead"
    everything = stored(result.file)
    assert [each["text"]["text"] for each in everything["items"]][-2:] == ["ação " * 200, "olá"]
    assert len(document.model_dump_json()) < 250_000


async def test_files_that_nobody_may_read() -> None:
    document, _ = await run_to_end(collect_files, ["folder:/etc"])
    assert (document.status, document.error_code) == ("failed", "invalid_input")
    assert "may not be read by jobs" in (document.error or "")


@pytest.mark.models
async def test_videos_of_a_page_with_what_is_said(server: MediaServer, english: bytes) -> None:
    server.say("/talk.wav", english)
    server.say("/silence.wav", b"this is no recording")
    page = server.say(
        "/aulas",
        b'<html><title>Aulas</title><video src="/talk.wav"></video><p><video src="/silence.wav"></video></html>',
        content_type="text/html",
    )
    gone = server.say("/gone", status=404)
    document, _ = await run_to_end(collect_videos, [gone, page], transcripts=True, options=QUICK)
    assert document.status == "completed", document.error
    result = VideosResult.model_validate(document.result)
    assert [each.title for each in result.lists] == ["Aulas"]
    assert [(each.source, each.error_code) for each in result.bad_sources] == [(gone, "source_not_found")]
    by_url = {each.url: each for each in result.items}
    talk = by_url[server.url + "/talk.wav"]
    assert talk.transcript is not None
    assert "thousands of trees" in (talk.transcript.text or "").lower()
    assert talk.transcript.segments
    assert talk.transcript.files
    broken = by_url[server.url + "/silence.wav"]
    assert broken.error or (broken.transcript and broken.transcript.error)
    assert (result.videos, result.transcripts, result.complete) == (2, 1, True)
    assert len(stored(result.file)["items"]) == 2


async def test_videos_of_nothing(server: MediaServer) -> None:
    document, _ = await run_to_end(collect_videos, [server.say("/gone", status=404)])
    assert (document.status, document.error_code) == ("failed", "source_not_found")
    assert document.stages["listing"].status == "failed"
