"""How long-running work reports its progress and learns that it should stop."""

from collections.abc import Callable

Progress = Callable[[float], None]
"""Called with the fraction done (0.0 to 1.0), at least about once a second while work is going on.

It may raise `tasks.errors.CancelledError`: the work must then release what it holds (children, files) and let the
exception through. This is the one way by which a running step is asked to stop.
"""


def ignore_progress(fraction: float) -> None:
    """The `Progress` of callers who want none."""


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """A `Progress` for one part of a larger piece of work: its 0..1 becomes `start`..`end` of `progress`."""

    def report(fraction: float) -> None:
        progress(start + (end - start) * min(max(fraction, 0.0), 1.0))

    return report
