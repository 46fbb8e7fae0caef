"""The deployments of pipelines: one each, of the same flow, with what its steps take.

Those of the product stand in `prefect.yaml`, between two markers; the user's own are added when deployments are
applied.
"""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from deployments.server.flow_catalogue import ListedFlow
from deployments.server.own_pipelines import PARAMETER
from deployments.server.schemas import strict
from flows.pipelines import known_pipelines, pipelines_of_product
from flows.promotion_steps.types import STEP_TYPES
from tasks.jobs.operations import find_operation
from tasks.promotion.pipelines import Pipeline

FLOW = "promote"
_ENTRYPOINT = f"flows/promotion.py:{FLOW}"
_PART = re.compile(r"(  # generated: pipelines\b[^\n]*\n)(.*?)(  # end of pipelines\n)", re.S)


def pool_of(pipeline: Pipeline) -> str:
    """A job runs in one pool: that of the step that needs the most."""
    pools = {step.pool or STEP_TYPES[step.type].pool for step in pipeline.steps}
    return "gpu" if "gpu" in pools else "cpu"


def entry(pipeline: Pipeline) -> dict[str, Any]:
    """A pipeline's entry of `prefect.yaml`."""
    return {
        "name": pipeline.name,
        "entrypoint": _ENTRYPOINT,
        "flow_name": FLOW,
        "description": pipeline.description,
        "tags": ["promotion"],
        "parameters": {PARAMETER: pipeline.name},
        "work_pool": {"name": pool_of(pipeline), "work_queue_name": "default"},
    }


def with_entries(text: str) -> str:
    """The text of `prefect.yaml` with the entries of the product's pipelines as its data has them now."""
    entries = []
    for pipeline in pipelines_of_product().values():
        made = entry(pipeline)
        pool = made.pop("work_pool")["name"]
        tags = ", ".join(made.pop("tags"))
        lines = yaml.safe_dump([made], sort_keys=False, allow_unicode=True, width=200).splitlines()
        lines += [f"  tags: [{tags}]", f"  work_pool: *{pool}", ""]
        entries += [f"  {line}".rstrip() + "\n" for line in lines]
    return _PART.sub(lambda part: f"{part[1]}{''.join(entries)}{part[3]}", text)


def declared(project: Path) -> dict[str, Any]:
    """What `prefect.yaml` says, with the user's own pipelines among the deployments.

    Raises:
        PipelineFileError: With every fault of the user's file.
    """
    read: dict[str, Any] = yaml.safe_load((project / "prefect.yaml").read_text(encoding="utf-8"))
    there = {deployment["name"] for deployment in read["deployments"]}
    if any(deployment.get("flow_name") == FLOW for deployment in read["deployments"]):
        known = known_pipelines(taken=there - set(pipelines_of_product()))
        read["deployments"] += [entry(pipeline) for name, pipeline in known.items() if name not in there]
    return read


def schema_of(listed: ListedFlow, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The schema of what a job of a deployment takes, closed.

    Args:
        listed: The deployment.
        schema: That of its flow, if it is known.
    """
    if schema is None or listed.flow:
        flow = getattr(import_module(listed.module), listed.function)
        schema = schema or flow.parameters.model_dump_for_openapi()
    operation = find_operation(listed.name) if listed.flow else None
    narrowed = operation.narrow(dict(schema)) if operation and operation.narrow else schema
    return strict(narrowed)
