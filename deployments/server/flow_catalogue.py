"""The flows that can be run, as prefect.yaml lists them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from deployments.server.own_pipelines import PARAMETER, own_pipelines


@dataclass(frozen=True)
class ListedFlow:
    """One deployment of prefect.yaml."""

    name: str
    entrypoint: str
    """`path/to/module.py:function`"""
    description: str = ""
    tags: tuple[str, ...] = ()
    flow: str = ""
    """What the flow is called, where several deployments share it."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What every run of it is given."""

    @property
    def serves_jobs(self) -> bool:
        """Whether it is housekeeping and not a job that callers ask for."""
        return not {"webhook", "maintenance", "shard"}.isdisjoint(self.tags)

    @property
    def module(self) -> str:
        """The importable name of the entrypoint's module."""
        return self.entrypoint.partition(":")[0].removesuffix(".py").replace("/", ".")

    @property
    def function(self) -> str:
        """The name of the flow in its module."""
        return self.entrypoint.partition(":")[2]

    @property
    def full_name(self) -> str:
        """`flow/deployment`, as Prefect's API has it: a deployment is called like its flow, unless others share it."""
        return f"{self.flow or self.name}/{self.name}"

    @property
    def operation(self) -> str:
        """What its jobs are found by: its name, and before that the flow's if that is another."""
        return self.full_name if self.flow else self.name


def listed_flows(project: Path) -> dict[str, ListedFlow]:
    """Every deployment of prefect.yaml and of the user's own pipelines, by its name."""
    declared = yaml.safe_load((project / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    found = {
        entry["name"]: ListedFlow(
            entry["name"],
            entry["entrypoint"],
            entry.get("description", ""),
            tuple(entry.get("tags", ())),
            entry.get("flow_name", ""),
            entry.get("parameters", {}),
        )
        for entry in declared
    }
    return found | {
        name: ListedFlow(name, like.entrypoint, description, like.tags, like.flow, {PARAMETER: name})
        for like in found.values()
        if PARAMETER in like.parameters
        for name, description in own_pipelines()
        if name not in found
    }
