"""A job whose media store is a bucket: files, links and finished work are there for every machine."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from deployments.runpod_worker.__main__ import handle
from tasks.errors import InvalidSettingError
from tests.flow.conftest import Configure
from tests.flow.jobs import run_job
from tests.material import ENGLISH, word_error_rate
from tests.servers.media import MediaServer
from tests.servers.s3 import in_bucket, s3_client, s3_server

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3 server with the bucket `media`."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        with s3_client(address) as client:
            client.create_bucket(Bucket="media")
        yield address


async def test_a_job_on_a_bucket(
    bucket: str, server: MediaServer, english: bytes, configure: Configure, home: Path
) -> None:
    configure(**in_bucket(bucket))
    url = server.say("/talk.wav", english, headers={"ETag": '"first"'})
    first = await run_job(url, formats=["srt"])
    again = await run_job(url, formats=["srt"])

    assert word_error_rate(ENGLISH, first.document.transcription_text) <= 0.1
    assert again.cached() == ["download", "normalization", "transcription"]
    assert again.document.transcription_text == first.document.transcription_text
    result = again.document.result or {}
    links = result["links"]
    assert isinstance(links, dict)
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(str(links["srt"]))
    assert "-->" in answer.text
    assert not list(home.glob("store/**/*.flac")), "nothing of the job stays on the machine"


def test_a_serverless_machine_makes_a_shard_in_a_process_of_its_own(
    bucket: str, server: MediaServer, configure: Configure
) -> None:
    image = io.BytesIO()
    Image.new("RGB", (320, 180), "teal").save(image, "JPEG")
    clips = [
        {"index": index, "image": {"id": name, "image_url": url, "duracao": 0.5}, "zoom_type": "zoomin"}
        for index, (name, url) in enumerate(
            [("a", server.say("/a.jpg", image.getvalue())), ("b", server.say("/gone.jpg", status=404))],
            start=1,
        )
    ]
    order = {"clips": clips, "folder": "rented", "options": {"width": 128, "height": 72, "fps": 12}}

    with pytest.raises(InvalidSettingError, match="goes away"):
        handle({"input": order})
    configure(**in_bucket(bucket))
    made, missing = handle({"input": order})["clips"]
    assert (made["id"], made["status"], made["file"]) == ("a", "completed", "rented/video_1.mp4")
    assert httpx.get(made["url"], timeout=30).content[4:8] == b"ftyp"
    assert (missing["status"], missing["error_code"]) == ("failed", "source_not_found")
    again, _ = handle({"input": order})["clips"]
    assert again["file"] == made["file"], "what was made is found in the bucket"
