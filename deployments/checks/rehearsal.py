"""What a job of a pipeline would do, and what does not fit, without doing any of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from deployments.server.flow_catalogue import ListedFlow
from deployments.server.own_pipelines import PARAMETER
from deployments.server.pipelines import entry, pool_of, schema_of
from deployments.server.refusals import refusals
from flows.promotion_steps.forecast import Forecast, forecast
from flows.promotion_steps.types import STEP_TYPES
from tasks.errors import InvalidInputError
from tasks.promotion.graph import longest
from tasks.promotion.pipelines import Pipeline
from tasks.promotion.planning import Plan, plan_job
from tasks.promotion.product import CheckedProduct


class StepForecast(BaseModel):
    """What a step would do."""

    step: str
    type: str
    waits_for: tuple[str, ...]
    seconds: float
    """About; on two cores without a GPU, nothing of it done before."""
    limit_minutes: float


class Rehearsal(BaseModel):
    """What a job would do."""

    pipeline: str
    pool: str
    steps: tuple[StepForecast, ...] = ()
    seconds: float | None = None
    """About how long the job takes: its longest chain of steps."""
    faults: tuple[str, ...] = ()
    """Why the job would fail."""
    warnings: tuple[str, ...] = ()
    """What would be left out, or put in place of something else; `strict` makes a failure of it."""

    def lines(self) -> Iterator[str]:
        """For a person in front of a terminal."""
        yield f"{self.pipeline} in the pool {self.pool}"
        for step in self.steps:
            waits = f" after {', '.join(step.waits_for)}" if step.waits_for else ""
            yield f"  {step.step}{waits}: about {step.seconds:.0f} s, at most {step.limit_minutes:g} minutes"
        if self.seconds is not None:
            yield f"About {self.seconds:.0f} s altogether, on two cores without a GPU and with nothing done before."
        yield from (f"Does not fit: {fault}" for fault in self.faults)
        yield from (f"Warning: {warning}" for warning in self.warnings)
        if not self.faults:
            yield "Nothing was begun. The job can be submitted."


def rehearse(pipeline: Pipeline, parameters: Mapping[str, Any]) -> Rehearsal:
    """What a job of a pipeline with these parameters would do; what is wrong with them is in the result."""
    pool = pool_of(pipeline)
    listing = entry(pipeline)
    listed = ListedFlow(
        pipeline.name, listing["entrypoint"], flow=listing["flow_name"], description=pipeline.description
    )
    if faults := refusals({PARAMETER: pipeline.name, **parameters}, schema_of(listed)):
        return Rehearsal(pipeline=pipeline.name, pool=pool, faults=tuple(faults))
    try:
        product = _Facts(product=parameters["product"]).product if "product" in parameters else None
        images = parameters.get("images", [])
        plan = plan_job(
            pipeline,
            STEP_TYPES,
            config=parameters.get("config", {}),
            has_product=product is not None,
            images=len(images),
        )
    except InvalidInputError as error:
        return Rehearsal(pipeline=pipeline.name, pool=pool, faults=tuple(error.hint.splitlines()))
    except ValidationError as error:
        told = [detail["msg"].removeprefix("Value error, ") for detail in error.errors(include_url=False)]
        return Rehearsal(pipeline=pipeline.name, pool=pool, faults=tuple(f"product: {each}" for each in told))
    found = forecast(plan, product, tuple(images), strict=parameters.get("strict", False))
    return _told(plan, found, pool)


class _Facts(BaseModel):
    product: CheckedProduct


def _told(plan: Plan, found: Forecast, pool: str) -> Rehearsal:
    return Rehearsal(
        pipeline=plan.pipeline.name,
        pool=pool,
        steps=tuple(
            StepForecast(
                step=name,
                type=plan.step(name).type,
                waits_for=waits,
                seconds=round(found.seconds[name], 1),
                limit_minutes=plan.minutes(name),
            )
            for name, waits in plan.graph.items()
        ),
        seconds=round(longest(plan.graph, found.seconds), 1),
        faults=tuple(found.faults),
        warnings=tuple(found.warnings),
    )
