"""What a stage service was found to be, and what its jobs brought."""

from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from tasks.errors import EngineError

Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True)
class ServiceHealth:
    """Whether a service answers."""

    name: str
    url: str
    healthy: bool
    seconds: float
    """How long the answer took."""
    detail: str
    """What is wrong, in one sentence; empty if nothing is."""


@dataclass(frozen=True)
class FinishedJob:
    """A remote job that was completed."""

    service: str
    job_id: str
    result: dict[str, JsonValue]
    """As the service gave it; `read` checks it."""

    def read(self, form: type[Result]) -> Result:
        """The result in the form of its stage. Raises EngineError if it has another."""
        try:
            return form.model_validate(self.result)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise EngineError(
                f'The {self.service} service gave a result of an unknown form ("{where}" is wrong).'
            ) from error
