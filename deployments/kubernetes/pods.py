"""What `contraponto deploy --kubernetes FILE` reads: how the pods of jobs are made, and on which nodes they run."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.errors import InvalidInputError

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
"""Of an object of Kubernetes."""
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|[kKMGTP]i?)?$")]
"""As Kubernetes writes amounts: 500m, 2, 8Gi."""


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Toleration(_Form):
    """A taint of nodes that the pods of a pool do not mind; the names are those of Kubernetes."""

    key: str = Field(min_length=1)
    operator: Literal["Exists", "Equal"] = "Exists"
    value: str | None = None
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class JobPods(_Form):
    """The pods of one pool's jobs."""

    image: str | None = Field(None, min_length=1)
    """Where it is another than that of all."""
    cpu: Quantity = "1"
    """Requested, not limited: what is free may be used."""
    memory: Quantity = "4Gi"
    """Requested and limited: a job that takes more is killed, and not its neighbour."""
    scratch: Quantity = "20Gi"
    """The most that a job may write on its node's disk."""
    shared_memory: Quantity = "1Gi"
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()


class GpuJobPods(JobPods):
    """The pods of the gpu pool's jobs."""

    memory: Quantity = "8Gi"
    gpus: int = Field(1, ge=0)
    """GPUs that a job gets; 0: none, it computes on the CPU."""
    gpu_resource: str = Field("nvidia.com/gpu", pattern=r"^[a-z0-9.-]+/[A-Za-z0-9._-]+$")
    """What the device plugin of the nodes calls a GPU, or a part of one."""
    runtime_class: Name | None = None
    """Where containers get GPUs only by a RuntimeClass, its name."""


class Pods(_Form):
    """The pods of all jobs of a cluster."""

    image: str = Field(min_length=1)
    namespace: Name = "contraponto"
    pull_secrets: tuple[Name, ...] = ()
    """Secrets by which images are pulled."""
    settings: Name = "contraponto"
    """ConfigMap whose entries every job finds in its environment."""
    secrets: Name = "contraponto"
    """Secret with more of them: those that nobody else may read."""
    credentials: Name = "contraponto-server"
    """Secret with the server's credentials in the entry `auth-string`, as Prefect's charts have it."""
    models: Name = "contraponto-models"
    """PersistentVolumeClaim with the models; jobs only read it."""
    keep_seconds: int = Field(3600, ge=0)
    """How long the Job of an ended run stays to be looked at."""
    warm: frozenset[Literal["cpu", "gpu"]] = frozenset()
    """Pools whose jobs are no Jobs but processes in workers that stay (`warm` of deployments/kubernetes)."""
    cpu: JobPods = Field(default_factory=JobPods)
    gpu: GpuJobPods = Field(default_factory=GpuJobPods)


def read_pods(file: Path) -> Pods:
    """Read the file.

    Raises:
        InvalidInputError: it is not there, is no YAML, or says what no cluster takes.
    """
    hint = "deployments/kubernetes/pods.yaml has the form, with an explanation of every line."
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{file} cannot be read: {error}.", hint=hint) from error
    except yaml.YAMLError as error:
        raise InvalidInputError(f"{file} is no YAML: {error}", hint=hint) from error
    try:
        return Pods.model_validate(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"])) or "the file"
        raise InvalidInputError(f"{file}: {place} cannot be used: {problem['msg']}.", hint=hint) from error
