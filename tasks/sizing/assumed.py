"""Jobs that nobody has recorded: described in a YAML file, or those of a class of machines that was measured."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tasks.errors import InvalidInputError
from tasks.sizing.kinds import Kind
from tasks.sizing.simulation import Numbers

_DRAWS = 2_000
"""Times that stand for a distribution."""
_SEED = 1
_P95 = 1.6448536269514722
"""Standard deviations from the median of a normal distribution to its 95th percentile."""
_SPREAD = 0.8
"""Of the logarithm of media lengths: one in twenty is more than 3.7 times as long as the median."""
_LONGEST = 400


@dataclass(frozen=True)
class MachineClass:
    """What a kind of machine was measured to do, one job at a time."""

    name: str
    fixed_seconds: float
    seconds_per_media_second: float
    measured: str
    """What with, in words: it is shown with every answer."""

    def kind(self, media_minutes: float) -> Kind:
        """Transcriptions of recordings with this mean length."""
        lengths = _spread(media_minutes * 60, _SPREAD)
        times = self.fixed_seconds + self.seconds_per_media_second * lengths
        return Kind("transcribe", "default", 1.0, tuple(times.tolist()))


MACHINE_CLASSES = {
    "2-cores": MachineClass(
        "2-cores",
        fixed_seconds=1.5,
        seconds_per_media_second=0.091,
        measured="transcribe with the model base, int8, on 2 cores of an AMD EPYC without a GPU: 54.2 s for 596 s of "
        "clean English, one round; older than today's way of hearing, so measure your own",
    ),
}
"""No class has a GPU: none was measured."""


class AssumedKind(BaseModel):
    """One kind of job in a file. One of `seconds`, `p50` with `p95`, or `media_minutes` with what a second costs."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    operation: str = "job"
    queue: Literal["high", "default", "low"] = "default"
    share: float = Field(default=1.0, gt=0)
    seconds: float | None = Field(default=None, gt=0)
    """Every job takes so long."""
    p50: float | None = Field(default=None, gt=0)
    p95: float | None = Field(default=None, gt=0)
    """Half of the jobs take less than `p50` seconds, 19 of 20 less than `p95` (log-normal)."""
    media_minutes: float | None = Field(default=None, gt=0)
    """Mean length of what the jobs are about."""
    fixed_seconds: float = Field(default=0.0, ge=0)
    seconds_per_media_second: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.seconds is not None, self.p50 is not None, self.media_minutes is not None]
        if sum(ways) != 1:
            raise ValueError("say how long it takes in one way: seconds, p50 and p95, or media_minutes")
        if (self.p50 is None) != (self.p95 is None) or (self.p50 or 0) > (self.p95 or 0):
            raise ValueError("p50 and p95 belong together, and p95 is not less")
        if (self.media_minutes is None) != (self.seconds_per_media_second is None):
            raise ValueError("media_minutes and seconds_per_media_second belong together")
        return self

    def kind(self) -> Kind:
        """With times that stand for its distribution."""
        with np.errstate(over="ignore"):  # what is without an end is refused where it is simulated
            times = self._times().tolist()
        return Kind(self.operation, self.queue, self.share, tuple(times))

    def _times(self) -> Numbers:
        if self.seconds is not None:
            return np.asarray([self.seconds])
        if self.p50 is not None and self.p95 is not None:
            return self.p50 * np.exp(math.log(self.p95 / self.p50) / _P95 * _normal())
        lengths = _spread((self.media_minutes or 0.0) * 60, _SPREAD)
        return self.fixed_seconds + (self.seconds_per_media_second or 0.0) * lengths


class Assumptions(BaseModel):
    """A file that describes jobs."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    jobs_per_day: float | None = Field(default=None, gt=0)
    hours: list[float] | None = None
    """Weights of the 24 hours of a day, midnight first."""
    slots: int | None = Field(default=None, ge=1, le=1000)
    """Jobs at once on a machine."""
    start_seconds: float | None = Field(default=None, ge=0)
    kinds: list[AssumedKind] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole_day(self) -> Self:
        if self.hours is not None and (len(self.hours) != 24 or min(self.hours) < 0 or sum(self.hours) <= 0):
            raise ValueError("hours are 24 numbers, not below 0 and not all 0")
        return self


def read_assumptions(file: Path) -> Assumptions:
    """The jobs that a YAML file describes.

    Raises:
        InvalidInputError: it cannot be read, or describes none; the message says where.
    """
    hint = "docs/sizing.md has an example."
    try:
        return Assumptions.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInputError(
            f"{file} cannot be read as YAML: {str(error)[:_LONGEST]}.", hint=hint
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidInputError(
            f"{file.name}, {place}: {first['msg'].removeprefix('Value error, ')}.", hint=hint
        ) from error


def _normal() -> Numbers:
    return np.random.default_rng(_SEED).standard_normal(_DRAWS)


def _spread(mean: float, spread: float) -> Numbers:
    """Log-normal values with exactly this mean."""
    values = np.exp(spread * _normal())
    return np.asarray(values * (mean / values.mean()))
