"""What every check yields: how one part of the installation is, in words that all who check share."""

import subprocess
import time
from collections.abc import Callable, Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, computed_field

from tasks.errors import ContrapontoError

UP = "contraponto up"
"""What fixes most of what runs on this machine."""

ANSWER_SECONDS = 10.0
SLOW_SECONDS = 2.0


class State(StrEnum):
    """How a part is; from good to bad."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    """It works, but not as it should."""
    DOWN = "down"


class Check(BaseModel):
    """One part that was checked."""

    model_config = ConfigDict(frozen=True)

    subject: str
    state: State
    remark: str
    fix: str = ""
    """The command or step that fixes it, or that adds what is not needed; empty when there is nothing to do."""
    needed: bool = True
    """Whether jobs need it; what they can do without does not count for the whole."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def well(self) -> bool:
        """Whether jobs can do with how it is."""
        return self.state == State.HEALTHY or not self.needed

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mend(self) -> str:
        """The former name of `fix`, by which programs may still read it."""
        return self.fix


def worst(checks: Iterable[Check]) -> State:
    """How the whole is: the worst state of what is needed."""
    return max(
        (check.state for check in checks if check.needed), key=list(State).index, default=State.HEALTHY
    )


def judged(subject: str, *, well: bool, remark: str, fix: str = "") -> Check:
    """A part that is either as it should be or not usable at all."""
    return Check(subject=subject, state=State.HEALTHY if well else State.DOWN, remark=remark, fix=fix)


def used(subject: str, use: Callable[[], str], *, fix: str, slow_seconds: float | None = None) -> Check:
    """A part that is healthy if it can be used.

    Args:
        subject: What is used.
        use: Uses it and returns the remark; raises a ContrapontoError, an OSError or an error of `subprocess` if
            it cannot be used.
        fix: What fixes it when the error has no hint of its own.
        slow_seconds: If its use takes longer than this, it is degraded.
    """
    start = time.monotonic()
    try:
        remark = use()
    except ContrapontoError as error:
        return Check(subject=subject, state=State.DOWN, remark=error.message, fix=error.hint or fix)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(subject=subject, state=State.DOWN, remark=f"{type(error).__name__}: {error}", fix=fix)
    if slow_seconds is not None and time.monotonic() - start > slow_seconds:
        return Check(subject=subject, state=State.DEGRADED, remark=f"{remark}, but slowly")
    return Check(subject=subject, state=State.HEALTHY, remark=remark)
