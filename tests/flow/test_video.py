"""img2vid and addaudio as flows: real images over HTTP, real clips, one webhook."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from prefect.client.orchestration import get_client

from blocks.local_media_store import LocalMediaStore
from flows.video import addaudio, img2vid
from tasks.jobs.correlation import LABEL
from tasks.media.ffmpeg import run_ffmpeg
from tests.flow.conftest import Configure
from tests.flow.jobs import SMALL, run_to_end
from tests.material import film, frames_of, photograph
from tests.servers.media import MediaServer
from tests.servers.runpod import Endpoint, serverless


def hook(server: MediaServer) -> str:
    return server.say("/hook", b"", content_type=None)


def messages(server: MediaServer) -> list[dict[str, Any]]:
    return [json.loads(asked.body) for asked in server.asked if asked.path == "/hook"]


async def test_images_become_clips_and_a_broken_one_costs_only_its_own(
    server: MediaServer, home: Path
) -> None:
    images = [
        {
            "id": f"cena {number}",
            "image_url": server.say(f"/{number}.jpg", photograph(number)),
            "duracao": 0.5,
        }
        for number in range(1, 6)
    ]
    images[2]["image_url"] = server.say("/3x.jpg", b"<html>not found</html>", content_type="text/html")
    document, artifacts = await run_to_end(
        img2vid,
        images=images,
        zoom_types=["zoomin", "zoompanright"],
        path="/Roteiros/São João/",
        webhook_url=hook(server),
        id_roteiro="r-7",
        metadata={"canal": "história"},
        **SMALL,
    )
    assert (document.status, document.error) == ("completed", None)
    result: Any = document.result
    assert (result["total"], result["completed"], result["failed"], result["shards"]) == (5, 4, 1, 1)
    videos = result["videos"]
    assert [video["id"] for video in videos] == [image["id"] for image in images]
    assert [video["status"] for video in videos] == ["completed"] * 2 + ["failed"] + ["completed"] * 2
    assert videos[2]["error_code"] == "not_an_image"
    assert "image" in videos[2]["error"]
    store = LocalMediaStore(root=home / "store")
    for number in (1, 2, 4, 5):
        video = videos[number - 1]
        assert video["file"] == f"Roteiros/São João/video_{number}.mp4"
        assert (video["subject"], video["background"]) == ("none", "fill")
        with store.open_local(video["file"]) as path:
            shown = frames_of(path)
        assert len(shown) == video["frames"] == 6
        original = np.asarray(Image.open(io.BytesIO(photograph(number))).resize((128, 96)))
        # The right picture is in the right clip.
        difference = np.abs(shown[3].astype(int) - original[12:84].astype(int)).mean()
        assert difference < 30, f"clip {number} shows something else"
    assert artifacts["clips"].startswith("data:image/jpeg;base64,")
    assert len(artifacts["videos"]) > 0
    [message] = messages(server)
    assert (message["status"], message["operation"], message["idRoteiro"]) == ("COMPLETED", "img2vid", "r-7")
    assert (message["metadata"], message["pathRaiz"]) == ({"canal": "história"}, "Roteiros/São João")
    async with get_client() as client:
        made = await client.read_flow_run(UUID(document.job_id))
    assert made.labels[LABEL] == "r-7", "by which its shards and its log are found too"


async def test_the_same_images_are_not_rendered_twice(server: MediaServer, home: Path) -> None:
    url = server.say("/a.jpg", photograph(1), headers={"ETag": '"1"'})
    asked = {
        "images": [{"id": "a", "image_url": url, "duracao": 0.5}],
        "webhook_url": hook(server),
        **SMALL,
    }
    first, _ = await run_to_end(img2vid, **asked)
    began = {path: path.stat().st_mtime_ns for path in (home / "store/clips").iterdir()}
    second, _ = await run_to_end(img2vid, **asked)
    assert began == {path: path.stat().st_mtime_ns for path in (home / "store/clips").iterdir()}
    one: Any = first.result
    two: Any = second.result
    # Each job has its own files all the same.
    assert one["videos"][0]["file"] != two["videos"][0]["file"]


async def test_a_job_without_a_single_clip_fails_and_says_why(server: MediaServer) -> None:
    gone = server.say("/gone.jpg", status=404)
    document, artifacts = await run_to_end(
        img2vid,
        images=[{"id": "a", "image_url": gone, "duracao": 1}],
        webhook_url=hook(server),
        **SMALL,
    )
    assert (document.status, document.error_code) == ("failed", "engine_failed")
    assert "404" in (document.error or "")
    assert "404" in json.dumps(artifacts["videos"])
    assert [message["status"] for message in messages(server)] == ["FAILED"]


@pytest.mark.parametrize("path", ["../outside", "a/../../b", "a//b", ".hidden", "a\\b"])
async def test_results_stay_in_the_store(server: MediaServer, path: str) -> None:
    document, _ = await run_to_end(
        img2vid,
        images=[{"id": "a", "image_url": server.say("/a.jpg", photograph(1)), "duracao": 0.5}],
        webhook_url=hook(server),
        path=path,
        **SMALL,
    )
    assert (document.status, document.error_code) == ("failed", "invalid_input")
    assert "store key" in (document.error or "")


async def test_a_video_is_fitted_to_its_narration(server: MediaServer, home: Path, tmp_path: Path) -> None:
    film(tmp_path / "v.mp4", seconds=2, rate=25, sound=False)
    run_ffmpeg(["-f", "lavfi", "-i", "sine=duration=3"], output=tmp_path / "a.mp3", duration=3, deadline=60)
    asked = {
        "url_video": server.say("/v.mp4", (tmp_path / "v.mp4").read_bytes(), content_type="video/mp4"),
        "url_audio": server.say("/a.mp3", (tmp_path / "a.mp3").read_bytes(), content_type="audio/mpeg"),
        "webhook_url": hook(server),
        "path": "saida",
    }
    document, _ = await run_to_end(addaudio, **asked, output_filename="narração final")
    result: Any = document.result
    assert document.error is None
    assert result["speed_factor"] == pytest.approx(2 / 3, rel=0.02)
    assert result["file"] == "saida/narração final.mp4"
    with LocalMediaStore(root=home / "store").open_local(result["file"]) as path:
        assert len(frames_of(path)) == result["frames"] == pytest.approx(75, abs=1)
    refused, _ = await run_to_end(addaudio, **asked, output_filename="../x.mp4")
    assert refused.error_code == "invalid_input"


@pytest.fixture
def endpoint(server: MediaServer, configure: Configure) -> Any:
    with serverless(Endpoint(key="geheim")) as running:
        configure(
            video_endpoint_url=running.address,
            remote_api_key="geheim",
            poll_interval=0.05,
            allowed_private_hosts=f"127.0.0.1:{server.port}",
        )
        yield running


def made_elsewhere(server: MediaServer, video: bytes) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def make(order: dict[str, Any]) -> dict[str, Any]:
        clips = [
            {
                "id": clip["image"]["id"],
                "index": clip["index"],
                "status": "completed",
                "zoom_type": clip["zoom_type"],
                "url": server.say(f"/made/{clip['index']}.mp4", video, content_type="video/mp4"),
                "frames": 6,
                "duration": 0.5,
                "encoder": "h264_nvenc",
            }
            for clip in order["clips"]
        ]
        return {"clips": clips, "store": "s3://elsewhere"}

    return make


async def test_clips_can_be_made_by_a_serverless_endpoint(
    server: MediaServer, home: Path, endpoint: Endpoint, tmp_path: Path
) -> None:
    video = film(tmp_path / "v.mp4", size="128x72", sound=False)
    endpoint.work = made_elsewhere(server, video.read_bytes())
    # The first poll is lost, and the job is followed all the same.
    images = [
        {"id": str(number), "image_url": f"https://example.com/{number}.jpg", "duracao": 0.5}
        for number in range(60)
    ]
    document, _ = await run_to_end(img2vid, images=images, webhook_url=hook(server), path="alugado", **SMALL)
    result: Any = document.result
    assert document.error is None
    assert (result["completed"], result["shards"]) == (60, 2)
    assert sorted(len(job["input"]["clips"]) for job in endpoint.jobs.values()) == [30, 30]
    assert [video["file"] for video in result["videos"]] == [f"alugado/video_{n}.mp4" for n in range(1, 61)]
    assert {video["encoder"] for video in result["videos"]} == {"h264_nvenc"}
    with LocalMediaStore(root=home / "store").open_local("alugado/video_60.mp4") as path:
        assert len(frames_of(path)) == 6


async def test_a_failing_endpoint_is_tried_once_more_and_named(
    server: MediaServer, endpoint: Endpoint
) -> None:
    endpoint.ending = "FAILED"
    document, _ = await run_to_end(
        img2vid,
        images=[{"id": "a", "image_url": "https://example.com/a.jpg", "duracao": 0.5}],
        webhook_url=hook(server),
        **SMALL,
    )
    assert document.error_code == "engine_failed"
    assert "out of memory" in (document.error or "")
    assert len(endpoint.jobs) == 2
