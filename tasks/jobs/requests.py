"""What a step is asked to do, and the key under which its result is kept."""

import hashlib
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from blocks.settings import get_settings


class StepRequest(BaseModel):
    """Everything that decides a step's result, and nothing else."""

    model_config = ConfigDict(frozen=True)

    version: ClassVar[int] = 1
    """Raised when the code makes something else of the same request: results of the old code are then not used."""

    store: str = Field(default_factory=lambda: get_settings().store)
    """The media store that the result's keys are for."""

    def cache_key(self) -> str | None:
        """The same for the same work; None if a result must not be used twice."""
        asked = f"{type(self).__qualname__}\n{self.version}\n{self.model_dump_json()}"
        return hashlib.sha256(asked.encode()).hexdigest()
