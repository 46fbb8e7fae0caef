"""A pipeline as data: steps, what each waits for, and how each is set."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

StepTypeName = Literal[
    "ENHANCED_IMAGES", "VIRAL_COPY", "VOICE_OVER", "CAPTIONS", "PROMOTIONAL_VIDEO", "PRODUCT_DESCRIPTION"
]
Material = Literal["pictures", "copy", "narration", "captions", "film", "description"]
"""What steps make, and hand each other."""
JobInput = Literal["product", "images"]
"""What a caller sends with a job."""
PoolName = Literal["cpu", "gpu"]

PipelineName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=60,
        json_schema_extra={"allowed": "a name of small letters, digits and hyphens, such as story-film"},
    ),
]
StepId = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        max_length=40,
        json_schema_extra={"allowed": "a name of small letters, digits and underscores, such as copy_tiktok"},
    ),
]


@dataclass(frozen=True)
class StepType:
    """What a kind of step takes and gives, for those who check, draw and schedule pipelines."""

    options: type[BaseModel]
    """Its config; every field has a default."""
    gives: Material
    takes: frozenset[Material] = frozenset()
    """What it makes use of where an earlier step made it."""
    needs: frozenset[Material] = frozenset()
    """Of that, without which it can do nothing."""
    instead: frozenset[str] = frozenset()
    """Fields of the config any of which stands in for what it takes."""
    inputs: frozenset[JobInput] = frozenset()
    """What it takes of the job itself."""
    pool: PoolName = "cpu"
    minutes: float = 10.0
    """Time limit of a step that names none."""


class PipelineStep(BaseModel):
    """One step of a pipeline."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    type: StepTypeName
    """What the step does."""
    id: StepId | None = None
    """What it is called in the pipeline; empty for its type in small letters. Two steps of a type need names."""
    depends_on: Annotated[tuple[StepId, ...], Field(max_length=20)] | None = None
    """Ids of the steps that it waits for; left out: the steps above it that make something which it takes."""
    config: dict[str, JsonValue] = {}
    """How it is set; a job may set each of these otherwise."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often it is begun again after a failure that may pass, beside the retries of each call."""
    timeout_minutes: Annotated[float, Field(gt=0, le=1440)] | None = None
    """After which it has failed; empty for the limit of its type."""
    pool: PoolName | None = None
    """Which workers it needs; empty for those of its type. A job runs in one pool: gpu if one of its steps needs it."""

    @property
    def name(self) -> str:
        """Its id, given or not."""
        return self.id or self.type.lower()


class Pipeline(BaseModel):
    """Steps that make promotional content of a product, and in which order."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: PipelineName
    """Of its deployment: what `contraponto submit` is given."""
    description: Annotated[str, Field(min_length=1, max_length=500)]
    """One sentence for those who choose among pipelines."""
    steps: Annotated[tuple[PipelineStep, ...], Field(min_length=1, max_length=20)]

    def step(self, name: str) -> PipelineStep:
        """The step of that id."""
        return next(step for step in self.steps if step.name == name)


class PipelineFile(BaseModel):
    """A file of pipelines."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    pipelines: Annotated[tuple[Pipeline, ...], Field(max_length=100)] = ()
