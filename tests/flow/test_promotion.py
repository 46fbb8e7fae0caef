"""Pipelines as jobs: what is made, what is skipped, what is done again, and what a pipeline of one's own takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from blocks.local_media_store import LocalMediaStore
from flows.promotion import promote
from tests.flow.conftest import Configure
from tests.flow.jobs import run_to_end
from tests.material import frames_of, photograph
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

    again, _ = await run_to_end(promote, **asked | {"images": pictures[::-1]})
    assert again.stages["enhanced_images"].cached, "in whichever order"
    turned: Any = again.result
    made_before = {made["picture"]["source"]: made["sheet"] for made in step["made"]["pictures"]}
    made_now = turned["steps"]["enhanced_images"]["made"]["pictures"]
    assert [(made["picture"]["source"], made["sheet"]) for made in made_now] == [
        (0, made_before[2]),
        (1, made_before[0]),
    ]
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


PRODUCT: dict[str, Any] = {
    "name": "Cafeteira Aurora",
    "features": ["Café em 40 segundos", "Reservatório de 1,2 litro"],
    "price": "R$ 1.299,90",
    "old_price": "R$ 1.599,90",
    "brand": {"name": "Casa Aurora", "colors": ["#1F3A5F"]},
}
TINY = {"size": 240, "fps": 12, "duration": 3, "quality": "draft"}
"""A film that is made at once."""


async def test_a_failed_step_stops_what_waits_for_it_alone_and_a_second_run_goes_on_there(
    server: MediaServer, home: Path
) -> None:
    image = server.say("/product.jpg", b"", 404)
    asked: dict[str, Any] = {
        "pipeline": "promotional-video-with-text",
        "product": PRODUCT,
        "images": [image],
        "config": {"promotional_video": TINY, "enhanced_images": {"longest_side": 320}},
        "webhook_url": server.say("/hook", b"", content_type=None),
    }
    document, artifacts = await run_to_end(promote, **asked)
    assert (document.status, document.error_code) == ("failed", "source_not_found")
    assert (document.error or "").startswith("The step enhanced_images failed: Image 1 (")
    assert {name: str(stage.status) for name, stage in document.stages.items()} == {
        "enhanced_images": "failed",
        "viral_copy": "completed",
        "promotional_video": "skipped",
    }
    assert document.stages["promotional_video"].message == "It needs enhanced_images, which failed."
    result: Any = document.result
    assert result["steps"]["promotional_video"]["error"] == "It needs enhanced_images, which failed."
    assert "R$ 1.299,90" in result["steps"]["viral_copy"]["made"]["text"]
    assert "Cafeteira Aurora" in artifacts["promotion"]
    assert "which failed" in artifacts["summary"]

    server.say("/product.jpg", photograph(1, (320, 240)), content_type="image/jpeg")
    again, artifacts = await run_to_end(promote, **asked)
    assert again.error is None
    assert again.stages["viral_copy"].cached
    made: Any = again.result
    assert made["steps"]["viral_copy"]["cached"] is True
    film = made["steps"]["promotional_video"]
    assert (film["made"]["seconds"], film["made"]["height"]) == (3.0, 426)
    assert {"film", "contact_sheet", "thumbnail"} <= set(film["files"])
    with LocalMediaStore(root=home / "store").open_local(film["files"]["film"]["file"]) as path:
        assert len(frames_of(path)) == 36
    assert artifacts["promotional-video-contact-sheet"].startswith("data:image/jpeg;base64,")
    told = [json.loads(message.body) for message in server.asked if message.path == "/hook"]
    assert [message["status"] for message in told] == ["FAILED", "COMPLETED"]


@pytest.mark.models("kokoro-pt-br")
async def test_a_full_film_speaks_and_has_captions(
    server: MediaServer, home: Path, pictures: list[str]
) -> None:
    document, _ = await run_to_end(
        promote,
        pipeline="promotional-video-full",
        product=PRODUCT,
        images=pictures,
        config={"promotional_video": TINY | {"duration": 24}},
    )
    assert document.error is None
    result: Any = document.result
    steps = result["steps"]
    said, film = steps["voice_over"]["made"], steps["promotional_video"]["made"]
    assert said["duration"] <= 24
    assert film["seconds"] == 24.0
    words = [word["text"] for word in steps["captions"]["made"]["words"]]
    assert "1.299,90" in " ".join(words)
    with LocalMediaStore(root=home / "store").open_local(
        steps["captions"]["files"]["captions_srt"]["file"]
    ) as path:
        assert "-->" in path.read_text(encoding="utf-8")


async def test_without_a_voice_the_film_is_made_all_the_same_unless_the_job_is_strict(
    server: MediaServer,
    configure: Configure,
    tmp_path: Path,
    pictures: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configure(models_dir=tmp_path / "no-models")
    monkeypatch.setenv("PATH", "")
    asked: dict[str, Any] = {
        "pipeline": "promotional-video-full",
        "product": PRODUCT,
        "images": pictures[:1],
        "config": {"promotional_video": TINY | {"duration": 8}, "enhanced_images": {"longest_side": 320}},
    }
    document, _ = await run_to_end(promote, **asked)
    assert document.error is None
    result: Any = document.result
    assert any(warning.startswith("voice_over: There is no voice-over:") for warning in result["warnings"])
    assert result["steps"]["promotional_video"]["made"]["audio"] != "voiceover"
    strict, _ = await run_to_end(promote, **asked, strict=True)
    assert (strict.status, strict.error_code) == ("failed", "missing_engine")
    assert strict.stages["promotional_video"].status == "skipped"


async def test_a_pipeline_of_ones_own_is_data_alone(
    server: MediaServer, home: Path, configure: Configure, tmp_path: Path, pictures: list[str]
) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(
        "pipelines:\n"
        "  - name: two-posts\n"
        "    description: Two posts.\n"
        "    steps:\n"
        "      - {type: VIRAL_COPY, id: instagram, config: {platform: instagram}}\n"
        "      - {type: VIRAL_COPY, id: whatsapp, config: {platform: whatsapp, length: short}}\n"
    )
    configure(pipelines_file=own)
    document, _ = await run_to_end(
        promote, pipeline="two-posts", product=PRODUCT, config={"whatsapp": {"seed": 3}}
    )
    assert document.error is None
    assert (document.operation, list(document.stages)) == ("two-posts", ["instagram", "whatsapp"])
    result: Any = document.result
    files = {name: step["files"]["copy"]["file"] for name, step in result["steps"].items()}
    assert files["instagram"].endswith("/instagram/copy.txt")
    assert files["whatsapp"].endswith("/whatsapp/copy.txt")
    assert [step["made"]["platform"] for step in result["steps"].values()] == ["instagram", "whatsapp"]
