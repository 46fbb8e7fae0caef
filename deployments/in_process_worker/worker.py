"""A Prefect worker whose runs are tasks of its own event loop."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect import Flow, State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import Abort, Pause, PrefectException
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult
from typing_extensions import override

from deployments.launcher.taken import TOUCH_SECONDS, TakenRun, take
from tasks.jobs.termination import CANCELLATION, Cancellation

_GRACE_SECONDS = 5.0
"""What runs under way have left when the worker is told to stop; the others are started again by its successor."""
_CANCEL_SECONDS = 3.0
"""How soon a run hears that it was cancelled."""
_PAGE = 200


class NoConfiguration(BaseJobConfiguration):
    """Of a run that no process is started for: nothing has to be asked for it."""

    @classmethod
    @override
    async def resolve_for_flow_run(cls, *_arguments: Any, **_named: Any) -> Self:
        return cls()


class _Frugal:
    """A client that spares the server what a worker asks and says of each run, and nobody needs here."""

    def __init__(self, client: PrefectClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def read_deployment(self, _deployment_id: UUID) -> None:
        """Asked only to know whether it is still there. The run goes on all the same."""

    async def update_flow_run(self, flow_run_id: UUID, **values: Any) -> None:
        """All but the process of the run, which is not one that could be killed instead of it."""
        if values.keys() != {"infrastructure_pid"}:
            await self._client.update_flow_run(flow_run_id, **values)


class InProcessResult(BaseWorkerResult):
    """A run that has come to its end, or leaves until later."""


def _nothing() -> None:
    """Nothing has to be prepared."""


class InProcessWorker(BaseWorker[NoConfiguration, BaseVariables, InProcessResult]):
    """Runs one flow, whatever the runs of its pool say that they are, many at once.

    Like the monitors of forked runs it leaves a mark of each run, so that those that are lost with it are known when
    it is started again.
    """

    # The pool is one of processes: a stock worker could do its work, too, if it had to.
    type = "process"
    job_configuration = NoConfiguration

    def __init__(
        self,
        flow: Flow[..., Any],
        marks: Path,
        *,
        pool: str,
        name: str,
        limit: int,
        prepare: Callable[[], object] = _nothing,
        interrupts: bool = False,
    ) -> None:
        """A worker of `pool` that runs at most `limit` runs of `flow` at once.

        Args:
            flow: What all runs of the pool are.
            marks: Folder of the marks.
            pool: The pool.
            name: That of the worker.
            limit: Runs at once.
            prepare: Is called in the context of each run before it begins.
            interrupts: Whether a run that was cancelled, or has to leave, is interrupted at once wherever it is.
        """
        # Runs that are due are taken when they are: one that is taken before waits in a slot.
        super().__init__(pool, name=name, limit=limit, prefetch_seconds=0, create_pool_if_not_found=False)
        self._flow = flow
        self._marks = marks
        self._taken: dict[UUID, TakenRun] = {}
        self._prepare = prepare
        self._interrupts = interrupts
        self._interruptible: dict[UUID, tuple[asyncio.Task[None], Cancellation]] = {}

    @classmethod
    def __dispatch_key__(cls) -> str:
        """Its place in Prefect's list of workers, where `process` is Prefect's own."""
        return "contraponto-in-process"

    @property
    @override
    def client(self) -> PrefectClient:
        """What the worker asks and tells the server with."""
        frugal: Any = _Frugal(super().client)
        return frugal  # type: ignore[no-any-return]

    # The next two Prefect calls before each run. Where it has renamed them, a run is later by a request each.

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Nothing: the only worker of its pool on this machine needs not say so in each run."""

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Nothing: between being claimed and running there is no process to wait for."""

    # And this one when it says for the first time that it is there. Where it is renamed, the worker takes more memory.

    async def _worker_metadata(self) -> None:
        """Nothing: to name the integrations that are installed, Prefect imports them, 55 MB with that of Kubernetes."""

    @override
    async def run(
        self,
        flow_run: FlowRun,
        configuration: NoConfiguration,
        task_status: anyio.abc.TaskStatus[str] | None = None,  # type: ignore[override] # Prefect's says int
    ) -> InProcessResult:
        """Run one to its end, or until it leaves for later."""
        with self._marked(flow_run.id):
            if task_status is not None:
                task_status.started(str(flow_run.id))
            cancellation = Cancellation()
            work = asyncio.create_task(self._run(flow_run, cancellation))
            self._interruptible[flow_run.id] = work, cancellation
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                await _end_soon(work, 0 if self._interrupts else _GRACE_SECONDS)
                raise
            finally:
                del self._interruptible[flow_run.id]
        return InProcessResult(identifier=str(flow_run.id), status_code=0)

    async def _run(self, flow_run: FlowRun, cancellation: Cancellation) -> None:
        state: State[Any] | None = None
        CANCELLATION.set(cancellation)
        self._prepare()
        # For each run of a deployment Prefect keeps a thread with a connection of its own, by which it would hear that
        # the run is suspended, and until that stands it holds up the event loop with all others. The run is
        # read again, with its deployment, before the flow begins.
        unwatched = flow_run.model_copy(update={"deployment_id": None})
        # It may leave for later, or somebody else may have it.
        with contextlib.suppress(Abort, Pause):
            state = await run_flow_async(
                self._flow, flow_run=unwatched, parameters=flow_run.parameters, return_type="state"
            )
        if state is None or not state.is_final():
            await _end_if_cancelling(flow_run.id)

    @contextlib.contextmanager
    def _marked(self, run_id: UUID) -> Iterator[None]:
        mark = take(self._marks, str(run_id))
        self._taken[run_id] = mark
        try:
            yield
            mark.remove()
        finally:
            del self._taken[run_id]
            mark.close()

    async def touch_marks(self) -> None:
        """Say now and then that the runs under way live; ends by cancellation."""
        while True:
            await asyncio.sleep(TOUCH_SECONDS)
            for mark in list(self._taken.values()):
                mark.touch()

    async def watch_cancellations(self) -> None:
        """Interrupt the runs that somebody has cancelled; ends by cancellation."""
        cancelling = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLING]))
        )
        pool = WorkPoolFilter(name=WorkPoolFilterName(any_=[self._work_pool_name]))
        async with get_client() as client:
            while self._interrupts:
                await asyncio.sleep(_CANCEL_SECONDS)
                if not self._interruptible:
                    continue
                try:
                    found = await client.read_flow_runs(
                        flow_run_filter=cancelling, work_pool_filter=pool, limit=_PAGE
                    )
                except (httpx.HTTPError, PrefectException) as error:
                    self._logger.warning("Whether runs were cancelled could not be asked: %s", error)
                    continue
                for run in found:
                    self._interrupt(run.id)

    def _interrupt(self, run_id: UUID) -> None:
        work, cancellation = self._interruptible.get(run_id, (None, None))
        if work is not None and cancellation is not None and not cancellation.asked:
            cancellation.asked = True
            work.cancel()


async def _end_soon(work: asyncio.Task[None], grace: float) -> None:
    """Let a run end, if it does so soon; else interrupt it: Prefect marks it as crashed, and it is started again."""
    with anyio.CancelScope(shield=True):
        done, _ = await asyncio.wait({work}, timeout=grace)
        if not done:
            work.cancel()
            await asyncio.wait({work}, timeout=_GRACE_SECONDS)


async def _end_if_cancelling(run_id: UUID) -> None:
    """End a run that somebody has cancelled: there is no process that Prefect could kill instead."""
    try:
        async with get_client() as client:
            state = (await client.read_flow_run(run_id)).state
            if state is not None and state.is_cancelling():
                cancelled: State[Any] = Cancelled(message="The run was cancelled.")
                await client.set_flow_run_state(run_id, cancelled, force=True)
    except (httpx.HTTPError, PrefectException):
        # The server ends it by itself after some minutes.
        return
