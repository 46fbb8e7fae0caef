"""The flows that can be run, as prefect.yaml lists them."""

from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class ListedFlow:
    """One deployment of prefect.yaml."""

    name: str
    entrypoint: str
    """`path/to/module.py:function`"""
    description: str
    tags: tuple[str, ...] = ()

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
        """`flow/deployment`, as Prefect's API has it: a deployment is called like its flow."""
        return f"{self.name}/{self.name}"


def listed_flows(project: Path) -> dict[str, ListedFlow]:
    """Every deployment of prefect.yaml by its name."""
    declared = yaml.safe_load((project / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    return {
        entry["name"]: ListedFlow(
            entry["name"], entry["entrypoint"], entry.get("description", ""), tuple(entry.get("tags", ()))
        )
        for entry in declared
    }
