"""Watches for the ends of runs: each is dealt with once, or again with the same keys, whatever is killed meanwhile."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectException
from prefect.variables import Variable

from deployments.listener.watermark import Watermark
from tasks.errors import TransientError
from tasks.jobs.children import OF_ONE
from tasks.jobs.correlation import LABEL, correlated
from tasks.recovery.ends import can_restart, has_end
from tasks.recovery.runs import FINAL, all_runs, read_page

Deal = Callable[[FlowRun], Awaitable[None]]
"""Does what is to be done about the end of a run; TransientError: it is to be done again later."""

_FAR_SECONDS = 30.0
_KEEP_SECONDS = 15.0
_SETTLED_SECONDS = 3.0
"""Who restarts a crashed run writes down first that it does: after so long it has done it."""
_RESTART_SECONDS = 900.0
"""A crashed run that has not been restarted within this time is not restarted."""
_MOST_OPEN = 200
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_logger = logging.getLogger("contraponto.listener")


@dataclass
class EndWatch:
    """Finds the ends of runs that have one of `tags`, and has `deal` deal with them."""

    client: PrefectClient
    tags: Sequence[str]
    variable: str
    """Name of the Prefect variable that keeps how far it is."""
    deal: Deal
    poll_seconds: float
    dealt: int = 0
    """How many ends were dealt with since the start."""
    well: bool = False
    """Whether the last poll went through."""
    _warned: bool = False
    _mark: Watermark | None = None
    _next_far: float = 0.0
    _next_keep: float = 0.0
    _kept: datetime | None = None
    _first_seen: dict[UUID, float] = field(default_factory=dict)

    @property
    def has_begun(self) -> bool:
        """Whether ends from now on will be dealt with."""
        return self._mark is not None

    async def watch(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            try:
                await self.poll()
                self.well = True
            except (httpx.HTTPError, PrefectException) as error:
                if self.well or not self._warned:
                    self._warned = True
                    _logger.warning(
                        "The ends of runs cannot be read now: %s", str(error) or type(error).__name__
                    )
                self.well = False
            try:
                async with asyncio.timeout(self.poll_seconds):
                    await stop.wait()
            except TimeoutError:
                continue
        if self._mark is not None:
            await self._keep(self._mark)

    async def poll(self) -> None:
        """Deal with what has ended since the last time, and what was left then."""
        mark = self._mark or await self.begin()
        far = time.monotonic() >= self._next_far
        found = await self._ended(mark.since(far=far), mark.open)
        for run in found:
            assert run.end_time is not None  # noqa: S101 - the filter asked for it
            if not mark.is_done(run.id, run.end_time):
                await self._deal_with(mark, run, run.end_time)
        if far:
            self._next_far = time.monotonic() + _FAR_SECONDS
            mark.forget()
        if time.monotonic() >= self._next_keep:
            await self._keep(mark)

    async def begin(self) -> Watermark:
        """Find out from where on ends are to be dealt with: from the newest one, where nobody has watched before."""
        if self._mark is None:
            known = _kept(await Variable.aget(self.variable))
            self._mark = Watermark(known) if known else await self._from_the_newest()
            await self._keep(self._mark)
        return self._mark

    async def _from_the_newest(self) -> Watermark:
        page = await read_page(
            self.client, flow_run_filter=_ended_with(self.tags), sort=FlowRunSort.END_TIME_DESC, limit=1
        )
        newest = page.runs[0].end_time if page.runs else None
        mark = Watermark(newest or _LONG_AGO)
        # Nobody was there to hear of what has ended before.
        for run in await all_runs(self.client, _ended_with(self.tags, mark.since(far=True))):
            if run.end_time is not None:
                mark.done(run.id, run.end_time, datetime.now(UTC))
        return mark

    async def _ended(self, since: datetime, still_open: Sequence[UUID]) -> list[FlowRun]:
        found = await all_runs(self.client, _ended_with(self.tags, since))
        seen = {run.id for run in found}
        if waiting := [run for run in still_open if run not in seen][:_MOST_OPEN]:
            wanted = _ended_with(self.tags).model_copy(update={"id": FlowRunFilterId(any_=waiting)})
            found += (again := await all_runs(self.client, wanted))
            assert self._mark is not None  # noqa: S101 - whoever has open runs has one
            self._mark.drop({*waiting} - {run.id for run in again})
        return sorted((run for run in found if run.end_time), key=lambda run: run.end_time or since)

    async def _deal_with(self, mark: Watermark, run: FlowRun, ended: datetime) -> None:
        now = datetime.now(UTC)
        if run.state_type is StateType.CRASHED and not await self._is_over(run):
            mark.leave(run.id, ended, now)
            return
        with correlated(str(run.labels.get(LABEL) or run.id)):
            try:
                await self.deal(run)
                self.dealt += 1
            except (TransientError, httpx.HTTPError, PrefectException) as error:
                _logger.warning(
                    "The end of the run %s waits: %s",
                    run.id,
                    str(error).partition("\n")[0] or type(error).__name__,
                )
                mark.leave(run.id, ended, now)
                return
            except OF_ONE as error:
                # It would fail each time.
                _logger.error("The end of the run %s cannot be told: %s", run.id, error)  # noqa: TRY400
        mark.done(run.id, ended, now)
        self._first_seen.pop(run.id, None)

    async def _is_over(self, run: FlowRun) -> bool:
        """Whether a crashed run stays crashed."""
        assert run.state is not None  # noqa: S101 - it has ended
        seconds = time.monotonic() - self._first_seen.setdefault(run.id, time.monotonic())
        if not can_restart(run, run.state):
            return seconds >= _SETTLED_SECONDS
        return seconds >= _RESTART_SECONDS or await has_end(self.client, run)

    async def _keep(self, mark: Watermark) -> None:
        self._next_keep = time.monotonic() + _KEEP_SECONDS
        if mark.kept != self._kept:
            await Variable.aset(self.variable, mark.kept.isoformat(), overwrite=True)
            self._kept = mark.kept


def _kept(value: object) -> datetime | None:
    """How far another listener was; None where none has been, or somebody has edited the variable."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(str(value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        _logger.warning("The variable says %.100r, which is no time: ends are told from now on.", value)
        return None


def _ended_with(tags: Sequence[str], since: datetime | None = None) -> FlowRunFilter:
    return FlowRunFilter(
        tags=FlowRunFilterTags(any_=list(tags)),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=FINAL)),
        end_time=FlowRunFilterEndTime(after_=since or _LONG_AGO - timedelta(days=1)),
    )
