"""Edits as flows: films over HTTP, results in the store, one webhook."""

import json
from pathlib import Path
from typing import Any

import pytest

from blocks.local_media_store import LocalMediaStore
from flows.editing import concatenate, convert, thumbnail, trim
from flows.finishing import mix_audio, overlay, remove_silence
from tests.flow.conftest import Configure
from tests.flow.jobs import run_to_end
from tests.material import film, frames_of, photograph
from tests.servers.media import MediaServer


async def test_a_part_of_a_film_is_kept(
    server: MediaServer, home: Path, tmp_path: Path, configure: Configure
) -> None:
    configure(job_time_limits="trim=3")
    made = film(tmp_path / "v.mp4", "-g", "6", seconds=2)
    url = server.say("/v.mp4", made.read_bytes(), content_type="video/mp4")
    asked = {"url_video": url, "webhook_url": server.say("/hook", b"", content_type=None), "quality": "draft"}
    document, artifacts = await run_to_end(
        trim, **asked, start=0.5, end="00:01.500", path="saida", output_filename="trecho"
    )
    assert document.error is None
    result: Any = document.result
    assert (result["file"], result["copied"]) == ("saida/trecho.mp4", True)
    assert (result["width"], result["height"], result["fps"], result["warnings"]) == (160, 90, 12.0, [])
    assert [each["file"] for each in result["files"]] == ["saida/trecho.mp4"]
    with LocalMediaStore(root=home / "store").open_local(result["file"]) as path:
        assert len(frames_of(path)) == 12
        assert path.stat().st_size == result["size"]
    assert artifacts["frame"].startswith("data:image/jpeg;base64,")
    again, _ = await run_to_end(trim, **asked, start=0.5, end="00:01.500")
    assert again.stages["editing"].cached
    late, _ = await run_to_end(trim, **asked, start="01:00")
    assert (late.status, late.error_code) == ("failed", "invalid_input")
    assert "the film is 00:02 long" in (late.error or "")
    told = [json.loads(message.body) for message in server.asked if message.path == "/hook"]
    assert [message["status"] for message in told] == ["COMPLETED", "COMPLETED", "FAILED"]


async def test_a_copy_that_browsers_do_not_play_is_said_to_be_one(
    server: MediaServer, tmp_path: Path
) -> None:
    made = film(tmp_path / "v.mp4", "-pix_fmt", "yuv422p10le", "-g", "6", seconds=1)
    url = server.say("/v.mp4", made.read_bytes(), content_type="video/mp4")
    hook = server.say("/hook", b"", content_type=None)
    document, _ = await run_to_end(trim, url_video=url, start=0.5, webhook_url=hook)
    result: Any = document.result
    (warning,) = result["warnings"]
    assert (result["copied"], "yuv422p10le" in warning) == (True, True)


async def test_films_are_joined_and_the_one_that_is_none_is_named(
    server: MediaServer, home: Path, tmp_path: Path
) -> None:
    made = film(tmp_path / "v.mp4", seconds=0.5)
    url = server.say("/v.mp4", made.read_bytes(), content_type="video/mp4")
    page = server.say("/p.mp4", b"<html>not found</html>", content_type="text/html")
    hook = server.say("/hook", b"", content_type=None)
    document, _ = await run_to_end(
        concatenate, urls_video=[url, url], transition="fade", transition_seconds=0.25, webhook_url=hook
    )
    assert document.error is None
    result: Any = document.result
    assert (result["copied"], result["inputs"], result["starts"]) == (False, 2, [0.0, 0.25])
    with LocalMediaStore(root=home / "store").open_local(result["file"]) as path:
        assert len(frames_of(path)) == 9
    pictures, _ = await run_to_end(
        thumbnail, url_video=url, times=[0, 0.3], output_filename="capa.jpg", path="capas", webhook_url=hook
    )
    taken: Any = pictures.result
    assert [each["file"] for each in taken["files"]] == ["capas/capa_1.jpg", "capas/capa_2.jpg"]
    assert (taken["width"], taken["duration"]) == (160, None)
    sound, _ = await run_to_end(convert, url_video=url, container="mp3", loudness=-16, webhook_url=hook)
    heard: Any = sound.result
    assert heard["file"].endswith("/audio.mp3")
    assert (heard["width"], heard["container"], heard["sound_copied"]) == (None, "mp3", False)
    failed, _ = await run_to_end(concatenate, urls_video=[url, page, url], webhook_url=hook)
    assert failed.error_code == "not_media"
    assert "Number 2 (" in (failed.error or "")


async def test_a_talk_loses_its_silences_and_gets_music_and_a_logo(
    server: MediaServer, home: Path, tmp_path: Path
) -> None:
    spoken = "volume='between(mod(t,2),0.5,1.2)':eval=frame"
    talk = film(tmp_path / "v.mp4", "-af", spoken, "-preset", "ultrafast", seconds=4)
    url = server.say("/v.mp4", talk.read_bytes(), content_type="video/mp4")
    asked = {"webhook_url": server.say("/hook", b"", content_type=None), "path": "saida"}
    document, artifacts = await run_to_end(
        remove_silence, url_video=url, output_filename="corte", threshold=-50, **asked
    )
    assert document.error is None
    short: Any = document.result
    assert (short["cuts"], short["copied"], short["warnings"]) == (3, False, [])
    assert len(short["kept"]) == 2
    assert short["duration"] == pytest.approx(4 - short["removed"], abs=0.1)
    assert artifacts["frame"].startswith("data:image/jpeg;base64,")
    music = server.say("/m.mp4", film(tmp_path / "m.mp4", seconds=1).read_bytes(), content_type="video/mp4")
    tracks = [{"url": music, "loop": True}]
    document, _ = await run_to_end(mix_audio, url_video=short["file"], tracks=tracks, **asked)
    assert document.error is None
    mixed: Any = document.result
    assert (mixed["file"], mixed["copied"], mixed["ducked"]) == ("saida/video.mp4", True, True)
    assert mixed["loudness"] == pytest.approx(-14, abs=1)
    alone, _ = await run_to_end(
        mix_audio, url_video=short["file"], tracks=tracks, output_filename="som.m4a", **asked
    )
    assert alone.error is None
    sound: Any = alone.result
    assert (sound["file"], sound["width"]) == ("saida/som.m4a", None)
    logo = server.say("/logo.jpg", photograph(1), content_type="image/jpeg")
    layers = [{"url": logo, "width": 20}, {"text": "Fim", "position": "center"}]
    document, _ = await run_to_end(overlay, url_video=short["file"], layers=layers, **asked)
    assert document.error is None
    over: Any = document.result
    assert (over["layers"][0]["width"], over["warnings"]) == (32, [])
    page = server.say("/p.pdf", b"%PDF-1.7\n", content_type="application/pdf")
    failed, _ = await run_to_end(mix_audio, url_video=url, tracks=[*tracks, {"url": page}], **asked)
    assert (failed.status, failed.error_code) == ("failed", "not_media")
    assert "p.pdf" in (failed.error or "")
