"""A job of a pipeline: how each step is set, and everything that does not fit, before anything is begun."""

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tasks.errors import InvalidInputError
from tasks.promotion.pipelines import Pipeline, StepType
from tasks.promotion.planning import Plan, plan_job
from tests.unit.promotion.test_loading import TYPES as PLAIN


class VoiceOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")
    speed: float = Field(1, ge=0.25, le=4)
    script_text: str | None = None


TYPES = PLAIN | {
    "VOICE_OVER": StepType(
        VoiceOptions, "narration", takes=frozenset({"copy"}), instead=frozenset({"script_text"}), minutes=3
    )
}


def _plan(*steps: dict[str, Any], config: Any = None, has_product: bool = True, images: int = 1) -> Plan:
    pipeline = Pipeline.model_validate({"name": "mine", "description": "Mine.", "steps": steps})
    return plan_job(pipeline, TYPES, config=config or {}, has_product=has_product, images=images)


def test_a_job_overrides_single_fields_of_its_pipeline() -> None:
    step = {"type": "ENHANCED_IMAGES", "config": {"count": 3, "aspect": "1:1"}, "timeout_minutes": 2}
    plan = _plan(step, config={"enhanced_images": {"count": 2}})
    assert plan.options["enhanced_images"].model_dump() == {"count": 2, "aspect": "1:1"}
    assert plan.minutes("enhanced_images") == 2


def test_everything_that_does_not_fit_is_said_at_once() -> None:
    steps = ({"type": "ENHANCED_IMAGES"}, {"type": "VIRAL_COPY"}, {"type": "VOICE_OVER", "depends_on": []})
    config = {"voice_ovr": {}, "enhanced_images": {"count": 9, "colour": 1}}
    with pytest.raises(InvalidInputError) as refused:
        _plan(*steps, config=config, has_product=False, images=0)
    said = refused.value.hint.splitlines()
    assert len(said) == 6
    assert 'there is no step "voice_ovr" in this pipeline. Did you mean "voice_over"?' in said[0]
    assert 'config.enhanced_images.count: "9" cannot be used: it must be less than or equal to 8.' in said
    assert "config.enhanced_images.colour: there is no such parameter." in said
    assert any(line.startswith("product is missing") for line in said)
    assert any(line.startswith("images is missing") for line in said)
    assert "voice_over takes copy, which nothing before it makes: give config.voice_over.script_text." in said


def test_a_script_stands_in_for_copy() -> None:
    plan = _plan({"type": "VOICE_OVER"}, config={"voice_over": {"script_text": "Hello."}})
    assert plan.minutes("voice_over") == 3


def test_who_waits_for_what() -> None:
    plan = _plan(
        {"type": "ENHANCED_IMAGES"},
        {"type": "VIRAL_COPY"},
        {"type": "VOICE_OVER"},
        {"type": "PROMOTIONAL_VIDEO"},
    )
    assert plan.sources("promotional_video", "copy") == ("viral_copy",)
    assert plan.behind("voice_over", "film") == ("promotional_video",)
    assert plan.behind("promotional_video", "film") == ()
