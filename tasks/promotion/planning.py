"""A job of a pipeline before anything is begun: how each step is set, and everything that does not fit."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from pydantic import BaseModel, JsonValue, ValidationError

from tasks.errors import InvalidInputError
from tasks.foreign_text import one_line
from tasks.promotion.graph import Graph, Types, ancestors, graph_of, sources_of
from tasks.promotion.pipelines import Material, Pipeline, PipelineStep, StepType

StepConfigs = Mapping[str, Mapping[str, JsonValue]]
"""By the id of a step what a job sets otherwise than its pipeline."""

_SHOWN = 80


@dataclass(frozen=True)
class Plan:
    """A pipeline as a job runs it."""

    pipeline: Pipeline
    graph: Graph
    options: Mapping[str, BaseModel]
    """How each step is set, by its id."""
    types: Types

    @property
    def order(self) -> tuple[str, ...]:
        """The steps, each after those that it waits for."""
        return tuple(TopologicalSorter(self.graph).static_order())

    def step(self, name: str) -> PipelineStep:
        """The step of that id."""
        return self.pipeline.step(name)

    def kind(self, name: str) -> StepType:
        """The type of a step."""
        return self.types[self.step(name).type]

    def minutes(self, name: str) -> float:
        """Time limit of a step."""
        return self.step(name).timeout_minutes or self.kind(name).minutes

    def sources(self, name: str, material: Material) -> tuple[str, ...]:
        """The steps whose material a step takes."""
        gives = {step.name: self.types[step.type].gives for step in self.pipeline.steps}
        return sources_of(self.graph, gives, name, material)

    def behind(self, name: str, material: Material) -> tuple[str, ...]:
        """The steps that wait for this one, directly or not, and make the material."""
        return tuple(
            other
            for other in self.graph
            if self.kind(other).gives == material and name in ancestors(self.graph, other)
        )


def plan_job(
    pipeline: Pipeline, types: Types, *, config: StepConfigs, has_product: bool, images: int
) -> Plan:
    """How a job of a pipeline is done.

    Raises:
        InvalidInputError: With everything that must be changed before it can be.
    """
    graph = graph_of(pipeline.steps, types)
    faults = list(_unknown(config, graph))
    options: dict[str, BaseModel] = {}
    for step in pipeline.steps:
        try:
            made = types[step.type].options.model_validate({**step.config, **config.get(step.name, {})})
        except ValidationError as error:
            faults += [_sentence(step.name, detail) for detail in error.errors(include_url=False)]
        else:
            options[step.name] = made
    plan = Plan(pipeline, graph, options, types)
    inputs = {wanted for step in pipeline.steps for wanted in types[step.type].inputs}
    if "product" in inputs and not has_product:
        faults.append("product is missing: give what is known of it, at least its name.")
    if "images" in inputs and not images:
        faults.append("images is missing: give at least one picture of the product.")
    faults += [fault for name in options if (fault := _without_input(plan, name))]
    if faults:
        raise InvalidInputError(
            f'The pipeline "{pipeline.name}" cannot run like this.', hint="\n".join(faults)
        )
    return plan


def _unknown(config: StepConfigs, graph: Graph) -> Iterator[str]:
    for name in config:
        if name not in graph:
            close = difflib.get_close_matches(name, graph, n=1)
            meant = f' Did you mean "{close[0]}"?' if close else ""
            yield (
                f'config: there is no step "{one_line(name, _SHOWN)}" in this pipeline.{meant} '
                f"There are: {', '.join(graph)}."
            )


def _without_input(plan: Plan, name: str) -> str | None:
    """What a step lacks that nothing before it makes and its config does not give."""
    kind, options = plan.kind(name), plan.options[name]
    if not kind.instead or any(plan.sources(name, material) for material in kind.takes):
        return None
    if any(getattr(options, other) is not None for other in kind.instead):
        return None
    fields = " or ".join(f"config.{name}.{other}" for other in sorted(kind.instead))
    return f"{name} takes {' or '.join(sorted(kind.takes))}, which nothing before it makes: give {fields}."


def _sentence(step: str, detail: Any) -> str:
    place = ".".join(str(part) for part in detail["loc"] if isinstance(part, int) or "[" not in part)
    said = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return f"config.{step}.{place}: there is no such parameter."
    said = f"it must {said.removeprefix('Input should ')}" if said.startswith("Input should ") else said
    value = detail["input"]
    shown = f'"{one_line(str(value), _SHOWN)}"' if isinstance(value, str | int | float) else "this value"
    return f"config.{step}{f'.{place}' if place else ''}: {shown} cannot be used: {one_line(said, 300)}."
