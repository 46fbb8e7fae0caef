"""The schemas of pipelines: that of their files agrees with the loader, that of a job has what its steps take."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tasks.promotion.loading import PipelineFileError, load_pipelines
from tasks.promotion.pipelines import Pipeline
from tasks.promotion.schemas import file_schema, job_schema
from tests.unit.promotion.test_loading import CASES, FULL, TYPES

FLOW: dict[str, Any] = {
    "type": "object",
    "properties": {
        "pipeline": {"type": "string", "position": 0},
        "product": {
            "anyOf": [{"$ref": "#/definitions/Product"}, {"type": "null"}],
            "default": None,
            "position": 1,
        },
        "images": {"type": "array", "items": {"type": "string"}, "default": [], "position": 2},
        "config": {"type": "object", "default": {}, "position": 3},
    },
    "required": ["pipeline"],
    "definitions": {"Product": {"type": "object"}},
}
SEEN_BY_THE_LOADER_ALONE = {
    "unknown dependency",
    "circle",
    "same id",
    "name of another job",
    "video without images",
    "syntax",
    "key twice",
}


def _pipeline(*steps: dict[str, Any]) -> Pipeline:
    return Pipeline.model_validate({"name": "mine", "description": "Mine.", "steps": steps})


def test_editors_take_what_the_loader_takes() -> None:
    schema = file_schema(TYPES)
    Draft202012Validator.check_schema(schema)
    assert Draft202012Validator(schema).is_valid(yaml.safe_load(FULL))
    assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("name", sorted(set(CASES) - SEEN_BY_THE_LOADER_ALONE))
def test_editors_mark_what_the_loader_refuses(name: str, tmp_path: Path) -> None:
    text = CASES[name][0]
    assert not Draft202012Validator(file_schema(TYPES)).is_valid(yaml.safe_load(text))
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(PipelineFileError):
        load_pipelines([tmp_path / "p.yaml"], TYPES)


def test_a_job_takes_only_what_its_steps_take() -> None:
    schema = job_schema(FLOW, _pipeline({"type": "ENHANCED_IMAGES", "config": {"count": 3}}), TYPES)
    Draft202012Validator.check_schema(schema)
    assert "product" not in schema["properties"]
    assert schema["definitions"] == {}
    assert schema["required"] == ["images", "pipeline"]
    assert list(schema["properties"]["config"]["properties"]) == ["enhanced_images"]
    assert (
        schema["properties"]["config"]["properties"]["enhanced_images"]["properties"]["count"]["default"] == 3
    )
    takes = Draft202012Validator(schema).is_valid
    sent: dict[str, Any] = {"pipeline": "mine", "images": ["a.jpg"]}
    assert takes(sent)
    assert takes(sent | {"config": {"enhanced_images": {"count": 2}}})
    assert not takes(sent | {"config": {"voice_over": {}}})
    assert not takes(sent | {"config": {"enhanced_images": {"count": 99}}})
    assert not takes(sent | {"config": {"enhanced_images": {"cont": 2}}})
    assert not takes(sent | {"pipeline": "other"})
    assert not takes(sent | {"images": []})
    assert not takes({"pipeline": "mine"})
    assert "product" in FLOW["properties"], "the flow's own schema stays as it is"


def test_two_steps_of_a_type_are_set_apart() -> None:
    steps = (
        {"type": "VIRAL_COPY", "id": "a"},
        {"type": "VIRAL_COPY", "id": "b", "config": {"platform": "x"}},
    )
    schema = job_schema(FLOW, _pipeline(*steps), TYPES)
    config = schema["properties"]["config"]["properties"]
    assert [config[name]["properties"]["platform"]["default"] for name in ("a", "b")] == ["instagram", "x"]
    assert schema["properties"]["product"]["$ref"] == "#/definitions/Product"
    assert "images" not in schema["properties"]
