"""Pipelines as jobs: what is made, what is skipped, what is done again, and what a pipeline of one's own takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from blocks.local_media_store import LocalMediaStore
from flows.promotion import promote
from tests.flow.jobs import run_to_end
from tests.material import photograph
from tests.servers.media import MediaServer


@pytest.fixture
def pictures(server: MediaServer) -> list[str]:
    """Two photographs on the web."""
    return [
        server.say(f"/{number}.jpg", photograph(number, (320, 240)), content_type="image/jpeg")
        for number in range(2)
    ]


async def test_pictures_are_made_and_the_one_that_is_not_there_is_named(
    server: MediaServer, home: Path, pictures: list[str]
) -> None:
    gone = server.say("/gone.jpg", b"", 404)
    asked: dict[str, Any] = {
        "pipeline": "enhanced-images-only",
        "images": [pictures[0], gone, pictures[1]],
        "config": {"enhanced_images": {"aspect": "1:1", "longest_side": 320}},
        "webhook_url": server.say("/hook", b"", content_type=None),
        "path": "campanha",
    }
    document, artifacts = await run_to_end(promote, **asked)
    assert document.error is None
    assert (document.operation, list(document.stages)) == ("enhanced-images-only", ["enhanced_images"])
    result: Any = document.result
    (warning,) = result["warnings"]
    assert warning.startswith("enhanced_images: Image 2 (")
    assert "gone.jpg" in warning
    step = result["steps"]["enhanced_images"]
    assert [made["picture"]["source"] for made in step["made"]["pictures"]] == [0, 2]
    assert set(step["files"]) == {"picture_1", "picture_2"}
    with LocalMediaStore(root=home / "store").open_local(step["files"]["picture_1"]["file"]) as path:
        assert path.parent.name == "campanha"
        with Image.open(path) as picture:
            assert picture.size == (320, 320)
    assert artifacts["enhanced-images-picture-1"].startswith("data:image/jpeg;base64,")
    assert "picture_1" in artifacts["promotion"]
    rows = artifacts["steps"] if isinstance(artifacts["steps"], list) else json.loads(artifacts["steps"])
    assert [row["step"] for row in rows] == ["enhanced_images"]

    again, _ = await run_to_end(promote, **asked | {"images": pictures[:1]})
    assert again.stages["enhanced_images"].cached
    strict, _ = await run_to_end(promote, **asked, strict=True)
    assert (strict.status, strict.error_code) == ("failed", "source_not_found")
    assert (strict.error or "").startswith("The step enhanced_images failed: Image 2 (")
    told = [json.loads(message.body) for message in server.asked if message.path == "/hook"]
    assert [message["operation"] for message in told] == ["enhanced-images-only"] * 3
    assert [message["status"] for message in told] == ["COMPLETED", "COMPLETED", "FAILED"]


async def test_a_job_that_cannot_be_done_is_refused_before_anything_is_begun(server: MediaServer) -> None:
    document, _ = await run_to_end(promote, pipeline="enhanced-image-only", images=["a.jpg"])
    assert "There is no pipeline" in (document.error or "")
    document, _ = await run_to_end(
        promote, pipeline="enhanced-images-only", config={"enhanced_images": {"count": 99}}
    )
    assert "images is missing" in (document.error or "")
    assert "config.enhanced_images.count" in (document.error or "")
    assert not server.asked
