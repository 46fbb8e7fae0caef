"""A loop over many survives one: what is wrong with it is said, and the others have their turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from prefect.logging import get_logger

from tasks.jobs.children import OF_ONE


@dataclass
class Survivors:
    """A loop, and what it had to leave behind."""

    left: list[str] = field(default_factory=list)
    """One sentence for each."""

    @contextmanager
    def each(self, what: str) -> Iterator[None]:
        """One turn; `what` names it, as in "the run 1"."""
        try:
            yield
        except OF_ONE as error:
            self.leave(what, str(error) or type(error).__name__)

    def leave(self, what: str, reason: str) -> None:
        """Say that one is left behind."""
        self.left.append(f"{what}: {reason.partition(chr(10))[0]}")
        get_logger("jobs").warning("%s is left for now: %s", what, reason)
