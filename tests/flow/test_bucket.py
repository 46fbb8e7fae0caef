"""A job whose media store is a bucket: files, links and finished work are there for every machine."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.config import Config

from tests.flow.conftest import Configure
from tests.flow.jobs import run_job, word_error_rate
from tests.flow.recordings import ENGLISH
from tests.servers.media import MediaServer
from tests.servers.s3 import s3_server

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an S3 server with the bucket `media`."""
    with s3_server(tmp_path_factory.mktemp("s3")) as address:
        client = boto3.client(
            "s3",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
            config=Config(s3={"addressing_style": "path"}),
        )
        client.create_bucket(Bucket="media")
        client.close()
        yield address


async def test_a_job_on_a_bucket(
    bucket: str, server: MediaServer, english: bytes, configure: Configure, home: Path
) -> None:
    configure(
        store="s3://media/contraponto",
        s3_endpoint_url=bucket,
        s3_access_key_id="key",
        s3_secret_access_key="secret",
    )
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
