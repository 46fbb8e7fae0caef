"""How far the ends of runs have been dealt with, by the clocks of the server alone.

A poll reads what has ended since shortly before the newest end that is known; now and then one reads far back, for ends
that were written late or by a server whose clock is behind. What has been dealt with is remembered for that long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

NEAR = timedelta(seconds=5)
FAR = timedelta(minutes=10)
"""Clocks differ, and a run that ended during the last poll may have been written after it."""


@dataclass
class Watermark:
    """What is known of ends."""

    reached: datetime
    """The newest end that is known."""
    _done: dict[UUID, datetime] = field(default_factory=dict)
    _open: dict[UUID, datetime] = field(default_factory=dict)

    def since(self, *, far: bool) -> datetime:
        """The end after which ends are to be read."""
        return self.reached - (FAR if far else NEAR)

    @property
    def kept(self) -> datetime:
        """From where another process goes on: nothing before it is left to be done, except what FAR finds."""
        return min([self.reached, *self._open.values()])

    @property
    def open(self) -> list[UUID]:
        """Runs whose end could not be dealt with yet."""
        return list(self._open)

    def is_done(self, run: UUID, ended: datetime) -> bool:
        """Whether this end of the run was dealt with; one that was restarted ends again."""
        return self._done.get(run) == ended

    def done(self, run: UUID, ended: datetime, now: datetime) -> None:
        """This end was dealt with. `now` is a bound for clocks that are ahead: what they say moves nothing forward."""
        self._open.pop(run, None)
        self._done[run] = ended
        self._advance(ended, now)

    def leave(self, run: UUID, ended: datetime, now: datetime) -> None:
        """This end could not be dealt with; it is one of `open` until it is done or dropped."""
        self._open[run] = ended
        self._advance(ended, now)

    def drop(self, runs: Iterable[UUID]) -> None:
        """These have not ended (any more)."""
        for run in runs:
            self._open.pop(run, None)

    def _advance(self, ended: datetime, now: datetime) -> None:
        self.reached = max(self.reached, min(ended, now))

    def forget(self) -> None:
        """Let go of what no poll reads again."""
        oldest = self.since(far=True) - NEAR
        self._done = {run: ended for run, ended in self._done.items() if ended >= oldest}
