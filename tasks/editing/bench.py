"""What an operation is: a function that makes a file of others, and the bench that it works at.

A new one is a plain module with a model of its options (`EditOptions`), a model of what it tells (`Made`) and a
function `(inputs, options, target, bench) -> Made`. It writes `target` whole or not at all, and whatever else it needs
into `bench.scratch`. `tasks.editing.steps.edit_step` makes a step of the function.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from tasks.media.ffmpeg import FfmpegRun, run_ffmpeg
from tasks.progress import Progress, ignore_progress, part_of
from tasks.video.encoding import Encoder


class EditOptions(BaseModel):
    """What decides the result of an operation beside its inputs; part of the key under which it is kept."""

    model_config = ConfigDict(frozen=True)

    revision: ClassVar[int] = 1
    """Raised when the operation makes something else of the same options: old results are then not used."""


class Made(BaseModel):
    """What an operation tells of its result; the fields stand in the result of the job."""

    model_config = ConfigDict(frozen=True)

    warnings: tuple[str, ...] = ()
    """What was substituted or left out, a sentence each."""


@dataclass(frozen=True)
class Bench:
    """Where an operation works, and with what."""

    scratch: Path
    """A folder of its own that goes away afterwards."""
    encoder: Encoder = "libx264"
    threads: int = 0
    """Of encoders; 0 leaves it to them."""
    until: float = float("inf")
    """When the work must be done, by `time.monotonic`."""
    progress: Progress = ignore_progress

    def left(self) -> float:
        """Seconds until the work must be done: the deadline of a child process that starts now."""
        return min(max(self.until - time.monotonic(), 0.1), 7 * 24 * 3600.0)

    def part(self, start: float, end: float) -> "Bench":
        """The same bench for a piece of the work, whose progress is `start` to `end` of the whole."""
        return replace(self, progress=part_of(self.progress, start, end))

    def ffmpeg(self, arguments: Sequence[str], output: Path | None, seconds: float | None) -> FfmpegRun:
        """Runs ffmpeg to its end within the time that is left; see `run_ffmpeg`. `seconds`: length of the output."""
        return run_ffmpeg(
            arguments, output=output, duration=seconds, progress=self.progress, deadline=self.left()
        )


Options = TypeVar("Options", bound=EditOptions)
Operation = Callable[[Sequence[Path], Options, Path, Bench], Made]


def numbered(target: Path, number: int) -> Path:
    """Where an operation that makes several files puts them: beside its target, which then is not written."""
    return target.with_name(f"{target.stem}_{number:04d}{target.suffix}")
