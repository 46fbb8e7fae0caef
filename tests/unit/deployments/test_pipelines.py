"""The deployments of pipelines: of the product's in prefect.yaml, of the user's when deployments are applied."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT, get_settings
from deployments.scripts.reference import generated_files
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pipelines import declared, schema_of
from flows.pipelines import known_pipelines
from flows.promotion import find_operation
from flows.promotion_steps.types import STEP_TYPES
from tasks.promotion.graph import graph_of
from tasks.promotion.loading import PipelineFileError

GRAPHS = {
    "enhanced-images-only": {"enhanced_images": ()},
    "viral-copy-only": {"viral_copy": ()},
    "product-description-only": {"product_description": ()},
    "voice-over-only": {"viral_copy": (), "voice_over": ("viral_copy",)},
    "promotional-video-basic": {"enhanced_images": (), "promotional_video": ("enhanced_images",)},
    "promotional-video-with-text": {
        "enhanced_images": (),
        "viral_copy": (),
        "promotional_video": ("enhanced_images", "viral_copy"),
    },
    "promotional-video-with-voiceover": {
        "enhanced_images": (),
        "viral_copy": (),
        "voice_over": ("viral_copy",),
        "promotional_video": ("enhanced_images", "viral_copy", "voice_over"),
    },
    "promotional-video-full": {
        "enhanced_images": (),
        "viral_copy": (),
        "voice_over": ("viral_copy",),
        "captions": ("viral_copy", "voice_over"),
        "promotional_video": ("enhanced_images", "viral_copy", "voice_over", "captions"),
    },
}
OWN = """\
pipelines:
  - name: story-film
    description: A short film of three pictures.
    steps:
      - {type: ENHANCED_IMAGES, config: {style: vivid}}
      - {type: VIRAL_COPY, config: {platform: instagram}}
      - {type: PROMOTIONAL_VIDEO, config: {duration: 30}}
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The user's own file."""
    file = tmp_path / "pipelines.yaml"
    file.write_text(OWN)
    monkeypatch.setenv("CONTRAPONTO_PIPELINES_FILE", str(file))
    get_settings.cache_clear()
    yield file
    get_settings.cache_clear()


def test_the_pipelines_of_the_product_are_these() -> None:
    assert {name: graph_of(each.steps, STEP_TYPES) for name, each in known_pipelines().items()} == GRAPHS


@pytest.mark.parametrize("file", generated_files(), ids=lambda file: file.name)
def test_what_is_generated_is_as_the_data_has_it(file: Path) -> None:
    made = generated_files()[file]
    assert file.read_text(encoding="utf-8") == made, "python -m deployments.scripts.reference rewrites it"


def test_every_pipeline_has_a_deployment_of_the_one_flow() -> None:
    listed = listed_flows(PROJECT_ROOT)
    for name in GRAPHS:
        assert listed[name].full_name == listed[name].operation == f"promote/{name}"
        assert listed[name].entrypoint == "flows/promotion.py:promote"
        assert listed[name].parameters == {"pipeline": name}
    assert listed["transcribe"].operation == "transcribe"


def test_a_form_has_only_what_the_steps_take() -> None:
    listed = listed_flows(PROJECT_ROOT)
    images, voice = schema_of(listed["enhanced-images-only"]), schema_of(listed["voice-over-only"])
    assert set(images["properties"]["config"]["properties"]) == {"enhanced_images"}
    assert "product" not in images["properties"]
    assert "voice" not in json.dumps(images["properties"])
    assert set(voice["properties"]["config"]["properties"]) == {"viral_copy", "voice_over"}
    assert "images" not in voice["properties"]
    for schema in (images, voice):
        assert {"webhook_url", "priority", "id_roteiro", "metadata"} <= set(schema["properties"])
        assert schema["additionalProperties"] is False


def test_a_pipeline_of_ones_own_is_deployed_listed_and_known_by_its_data_alone(own: Path) -> None:
    (entry,) = [each for each in declared(PROJECT_ROOT)["deployments"] if each["name"] == "story-film"]
    assert entry["work_pool"] == {"name": "gpu", "work_queue_name": "default"}
    listed = listed_flows(PROJECT_ROOT)["story-film"]
    assert listed.full_name == "promote/story-film"
    assert listed.description == "A short film of three pictures."
    config = schema_of(listed)["properties"]["config"]["properties"]
    assert config["promotional_video"]["properties"]["duration"]["default"] == 30
    operation = find_operation("story-film")
    assert operation is not None
    assert operation.stages == ("enhanced_images", "viral_copy", "promotional_video")
    assert operation.time_limit == 5 + 15 + 30
    own.unlink()
    assert "story-film" not in listed_flows(PROJECT_ROOT)
    with pytest.raises(PipelineFileError, match="cannot be read"):
        known_pipelines()


def test_a_faulty_file_stops_nothing_but_its_own_pipelines(own: Path) -> None:
    own.write_text(OWN.replace("VIRAL_COPY", "VIRAL_COPIES"))
    with pytest.raises(PipelineFileError) as refused:
        declared(PROJECT_ROOT)
    assert f"{own}:6: pipelines[0].steps[1].type" in refused.value.hint
    assert "story-film" in listed_flows(PROJECT_ROOT)
    assert find_operation("viral-copy-only") is not None
    own.write_text("pipelines: [")
    assert set(GRAPHS) <= set(listed_flows(PROJECT_ROOT))


def test_no_pipeline_takes_the_name_of_another_job(own: Path) -> None:
    own.write_text(OWN.replace("story-film", "transcribe"))
    with pytest.raises(PipelineFileError) as refused:
        declared(PROJECT_ROOT)
    assert '"transcribe" is already the name of another job' in refused.value.hint
