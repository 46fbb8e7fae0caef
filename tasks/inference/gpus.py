"""The GPUs of this machine, found by using each of them: `python -m tasks.inference.gpus` tries the first.

Asked in processes of their own: whoever has initialised CUDA keeps memory on the GPU and must not fork.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tasks.errors import MissingEngineError
from tasks.inference.devices import cuda_device_count, cuda_problem

logger = logging.getLogger(__name__)

VISIBLE_VARIABLE = "CUDA_VISIBLE_DEVICES"
_ANSWER_SECONDS = 60


class Answer(BaseModel):
    """What a process found that tried to use a GPU."""

    model_config = ConfigDict(frozen=True)

    count: int = 0
    """GPUs that it saw."""
    problem: str | None = None
    """Why the first of them cannot be used, as part of a sentence."""


Ask = Callable[[Mapping[str, str]], Answer]
"""Tries the first GPU that a process with this environment sees."""


def ask(environment: Mapping[str, str]) -> Answer:
    """Try it in a process of its own, which may hang or crash in the driver."""
    try:
        child = subprocess.run(
            [sys.executable, "-m", "tasks.inference.gpus"],
            cwd=Path(__file__).parents[2],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
        return Answer.model_validate_json(child.stdout)
    except subprocess.TimeoutExpired:
        return Answer(problem=f"the driver has not answered within {_ANSWER_SECONDS} s")
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or [f"exit code {error.returncode}"])[-1]
        return Answer(problem=f"trying it failed ({last})")
    except ValidationError as error:
        return Answer(problem=f"trying it gave no answer ({error.errors()[0]['msg']})")


def usable_gpus(environment: Mapping[str, str] = os.environ, *, ask: Ask = ask) -> tuple[str, ...]:
    """The GPUs that compute, each by the value of CUDA_VISIBLE_DEVICES that shows it alone."""
    first = ask(environment)
    # With "2,3" the second GPU is called 3; names such as GPU-… and MIG-… are taken over, too.
    visible = [name.strip() for name in environment.get(VISIBLE_VARIABLE, "").split(",") if name.strip()]
    names = visible[: first.count] if visible else [str(number) for number in range(first.count)]
    if not names:
        logger.info("No GPU is used: %s.", first.problem or "no NVIDIA GPU was found")
    usable = []
    for name in names:
        problem = ask({**environment, VISIBLE_VARIABLE: name}).problem
        if problem is None:
            usable.append(name)
        else:
            logger.warning("The GPU %s is not used: %s.", name, problem)
    return tuple(usable)


def _try_first() -> Answer:
    try:
        return Answer(count=cuda_device_count(), problem=cuda_problem())
    except MissingEngineError as error:
        return Answer(problem=str(error).rstrip("."))


if __name__ == "__main__":
    sys.stdout.write(_try_first().model_dump_json())
