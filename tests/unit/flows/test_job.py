"""What `job_flow` makes of a function, before any job."""

import dataclasses
from typing import Any

import pytest
from pydantic import BaseModel, JsonValue

from blocks.settings import reload_settings
from flows.job import job_flow
from flows.parameters import from_job
from tasks.errors import InvalidSettingError
from tasks.jobs.operations import find_operation
from tasks.jobs.time_limits import how_to_raise, minutes_of


class Outcome(BaseModel):
    result: dict[str, JsonValue]


async def weigh(stone: str, twice: bool = False) -> Outcome:
    """Weigh a stone.

    Args:
        stone: Which.
        twice: Weigh it once more.
    """
    return Outcome(result={"stone": stone, "twice": twice})


def schema_of(**options: Any) -> dict[str, Any]:
    made = job_flow(operation="weigh", stages=("weighing",), **options)(weigh)
    return made.parameters.model_dump_for_openapi()


def test_the_envelope_is_part_of_the_form() -> None:
    schema = schema_of()
    assert list(schema["properties"]) == [
        *("stone", "twice", "webhook_url", "priority", "id_roteiro", "metadata")
    ]
    assert schema["required"] == ["stone"]
    assert schema["properties"]["twice"]["description"] == "Weigh it once more."
    assert (
        schema["properties"]["id_roteiro"]["description"]
        == "Your own identifier, a number or a text; echoed as it was sent."
    )


def test_a_job_that_needs_a_webhook_says_so() -> None:
    schema = schema_of(needs_webhook=True)
    assert schema["required"] == ["stone", "webhook_url"]
    assert schema["properties"]["webhook_url"]["type"] == "string"


def test_a_job_of_a_job_and_one_of_the_house_take_less() -> None:
    assert list(schema_of(envelope=from_job)["properties"]) == ["stone", "twice", "correlation_id"]
    assert list(schema_of(envelope=None)["properties"]) == ["stone", "twice"]


def test_a_function_without_a_text_gets_the_meanings_too() -> None:
    async def silent(stone: str) -> Outcome:
        return Outcome(result={"stone": stone})

    made = job_flow(operation="silent", stages=("weighing",))(silent)
    properties = made.parameters.model_dump_for_openapi()["properties"]
    assert properties["metadata"]["description"] == "Anything of yours; echoed."


def test_what_would_be_there_twice_is_refused() -> None:
    async def doubled(stone: str, webhook_url: str) -> Outcome:
        return Outcome(result={"stone": stone, "webhook_url": webhook_url})

    with pytest.raises(TypeError, match="job_flow adds webhook_url"):
        job_flow(operation="doubled", stages=("weighing",))(doubled)


def test_a_time_limit_is_a_setting_or_minutes() -> None:
    with pytest.raises(TypeError, match="no setting job_timeout_hours"):
        job_flow(operation="weigh", stages=("weighing",), time_limit="job_timeout_hours")
    schema_of(time_limit=0.5)
    known = find_operation("weigh")
    assert known is not None
    assert (known.time_limit, known.stages) == (0.5, ("weighing",))


def test_the_settings_may_give_any_job_another_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    schema_of(time_limit=0.5)
    known = find_operation("weigh")
    assert known is not None
    assert minutes_of(known) == 0.5
    monkeypatch.setenv("CONTRAPONTO_JOB_TIME_LIMITS", "count=3, weigh = 7.5")
    reload_settings()
    assert minutes_of(known) == 7.5
    assert how_to_raise(known) == "CONTRAPONTO_JOB_TIME_LIMITS=weigh=MINUTES"
    named = dataclasses.replace(known, name="other", time_limit="addaudio_timeout_minutes")
    assert minutes_of(named) == 5
    assert how_to_raise(named) == "CONTRAPONTO_ADDAUDIO_TIMEOUT_MINUTES"
    assert minutes_of(dataclasses.replace(named, time_limit=None)) is None


@pytest.mark.parametrize(
    "value", ["trim", "trim=", "=3", "trim=soon", "trim=0", "trim=-1", "trim=nan", "trim=1e9"]
)
def test_limits_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("CONTRAPONTO_JOB_TIME_LIMITS", value)
    with pytest.raises(InvalidSettingError, match="JOB=MINUTES"):
        reload_settings()
