"""Promotional content of a product: one flow that runs any pipeline, with a deployment for each.

    images ────────────────────────────┐
    copy ──→ voice-over ──→ captions ──┴──→ film        (promotional-video-full)

Which steps there are, and which waits for which, stands in `pipelines.yaml` and in the user's own file. What each step
does is in `promotion_steps`.
"""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from blocks.store_keys import result_folder
from flows.job import job_flow
from flows.parameters import Source, StorePath
from flows.pipelines import known_pipelines, pipelines_of_product
from flows.promotion_steps.page import show_result
from flows.promotion_steps.running import Promotion
from flows.promotion_steps.types import STEP_TYPES
from tasks.errors import InvalidInputError
from tasks.jobs.operations import Operation, Variants
from tasks.jobs.tracker import current_job
from tasks.promotion.document import PromotionOutcome, promotion_summary
from tasks.promotion.graph import graph_of, longest
from tasks.promotion.loading import PipelineFileError
from tasks.promotion.pipelines import Pipeline, PipelineName
from tasks.promotion.planning import plan_job
from tasks.promotion.product import CheckedProduct
from tasks.promotion.scheduling import run_graph
from tasks.promotion.schemas import job_schema

Images = Annotated[list[Source], Field(max_length=30)]
StepConfigs = dict[str, dict[str, JsonValue]]

_BESIDES = 5.0
"""Minutes of a job beside its steps."""


def operation_of(pipeline: Pipeline) -> Operation:
    """The operation that a pipeline is: its stages are its steps."""
    limits = {
        step.name: (step.timeout_minutes or STEP_TYPES[step.type].minutes) * (1 + step.retries)
        for step in pipeline.steps
    }

    def narrow(schema: dict[str, Any]) -> dict[str, Any]:
        return job_schema(schema, pipeline, STEP_TYPES)

    return Operation(
        pipeline.name,
        tuple(step.name for step in pipeline.steps),
        time_limit=_BESIDES + longest(graph_of(pipeline.steps, STEP_TYPES), limits),
        summary=promotion_summary,
        narrow=narrow,
    )


def find_operation(name: str) -> Operation | None:
    """The operation of a pipeline; None if there is no such pipeline."""
    try:
        known = known_pipelines()
    except PipelineFileError:
        # What is wrong with the user's file is said where one of its pipelines is asked for.
        known = pipelines_of_product()
    return operation_of(known[name]) if name in known else None


@job_flow(
    operation="promote", stages=(), summary=promotion_summary, variants=Variants("pipeline", find_operation)
)
async def promote(
    pipeline: PipelineName,
    product: CheckedProduct | None = None,
    images: Images = [],  # noqa: B006 - Prefect shows the default in its form
    config: StepConfigs = {},  # noqa: B006
    strict: bool = False,
    path: StorePath | None = None,
) -> PromotionOutcome:
    """Make promotional content of a product: pictures, texts, a voice-over, captions, a film.

    Args:
        pipeline: Which steps are done; each deployment has its own.
        product: What is known of the product. No text is published with another fact in it.
        images: Pictures of the product: addresses, or keys of the media store, the best first.
        config: How single steps are set, by their names, such as viral_copy and promotional_video.
        strict: Fail where something would be put in place of what was asked for, instead of saying so in warnings.
        path: Folder of the media store for the results; empty for one of the job's own.
    """
    job = current_job()
    plan = plan_job(
        _asked(pipeline), STEP_TYPES, config=config, has_product=product is not None, images=len(images)
    )
    promotion = Promotion(plan, product, images, strict, result_folder(path, job.document.job_id))
    ended = await run_graph(plan.graph, promotion.do, skipped=promotion.skip)
    outcome = promotion.outcome(ended)
    # It stands in the document also where a step has failed.
    job.record(outcome)
    await show_result(outcome, ended)
    promotion.raise_failure(ended)
    return outcome


def _asked(name: str) -> Pipeline:
    known = known_pipelines()
    if name not in known:
        raise InvalidInputError(
            f'There is no pipeline "{name}" where this job runs.',
            hint=f"There are: {', '.join(known)}. Your own stand in the file of CONTRAPONTO_PIPELINES_FILE, on every "
            "machine that has workers.",
        )
    return known[name]
