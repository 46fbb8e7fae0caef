"""A Prefect worker whose runs are tasks of its own event loop."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import anyio
import anyio.abc
import httpx
from prefect import Flow, State
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause, PrefectException
from prefect.flow_engine import run_flow_async
from prefect.states import Cancelled
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult
from typing_extensions import override

from deployments.launcher.taken import TOUCH_SECONDS, TakenRun, take
from tasks.webhooks.lanes import LANES, Lanes

_GRACE_SECONDS = 5.0
"""What runs under way have left when the worker is told to stop; the others are started again by its successor."""


class NoConfiguration(BaseJobConfiguration):
    """Of a run that no process is started for: nothing has to be asked for it."""

    @classmethod
    @override
    async def resolve_for_flow_run(cls, *_arguments: Any, **_named: Any) -> Self:
        return cls()


class _Frugal:
    """A client that spares the server what a worker asks and says of each run, and nobody needs of a delivery."""

    def __init__(self, client: PrefectClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def read_deployment(self, _deployment_id: UUID) -> None:
        """Asked only to know whether it is still there. A message is delivered all the same."""

    async def update_flow_run(self, flow_run_id: UUID, **values: Any) -> None:
        """All but the process of the run, which is not one that could be killed instead of it."""
        if values.keys() != {"infrastructure_pid"}:
            await self._client.update_flow_run(flow_run_id, **values)


class WebhookWorkerResult(BaseWorkerResult):
    """A run that has come to its end, or leaves until later."""


class WebhookWorker(BaseWorker[NoConfiguration, BaseVariables, WebhookWorkerResult]):
    """Runs one flow, whatever the runs of its pool say that they are, many at once.

    Like the monitors of forked runs it leaves a mark of each run, so that those that are lost with it are known when
    it is started again.
    """

    # The pool is one of processes: a stock worker could do its work, too, if it had to.
    type = "process"
    job_configuration = NoConfiguration

    def __init__(self, flow: Flow[..., Any], marks: Path, *, pool: str, name: str, limit: int) -> None:
        """A worker of `pool` that runs at most `limit` runs of `flow` at once; `marks` is the folder of the marks."""
        # Runs that are due are taken when they are: one that is taken before waits in a slot.
        super().__init__(pool, name=name, limit=limit, prefetch_seconds=0, create_pool_if_not_found=False)
        self._flow = flow
        self._marks = marks
        self._taken: dict[UUID, TakenRun] = {}
        # Half of the places stay free of endpoints that fail.
        self._lanes = Lanes(slow=max(1, limit // 2))

    @classmethod
    def __dispatch_key__(cls) -> str:
        """Its place in Prefect's list of workers, where `process` is Prefect's own."""
        return "contraponto-webhooks"

    @property
    @override
    def client(self) -> PrefectClient:
        """What the worker asks and tells the server with."""
        frugal: Any = _Frugal(super().client)
        return frugal  # type: ignore[no-any-return]

    # The next two Prefect calls before each run. Where it has renamed them, a delivery is later by a request each.

    async def _give_worker_labels_to_flow_run(self, flow_run_id: UUID) -> None:
        """Nothing: the only worker of its pool on this machine needs not say so in each run."""

    async def _propose_submitting_state(self, flow_run: FlowRun) -> None:
        """Nothing: between being claimed and running there is no process to wait for."""

    @override
    async def run(
        self,
        flow_run: FlowRun,
        configuration: NoConfiguration,
        task_status: anyio.abc.TaskStatus[str] | None = None,  # type: ignore[override] # Prefect's says int
    ) -> WebhookWorkerResult:
        """Run one delivery to its end, or until it leaves for later."""
        with self._marked(flow_run.id):
            if task_status is not None:
                task_status.started(str(flow_run.id))
            work = asyncio.create_task(self._run(flow_run))
            try:
                await asyncio.shield(work)
            except asyncio.CancelledError:
                await _end_soon(work)
                raise
        return WebhookWorkerResult(identifier=str(flow_run.id), status_code=0)

    async def _run(self, flow_run: FlowRun) -> None:
        state: State[Any] | None = None
        LANES.set(self._lanes)
        # For each run of a deployment Prefect keeps a thread with a connection of its own, by which it would hear that
        # the run is suspended, and until that stands it holds up the event loop with all other deliveries. The run is
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


async def _end_soon(work: asyncio.Task[None]) -> None:
    """Let a run end, if it does so soon; else interrupt it: Prefect marks it as crashed, and it is started again."""
    with anyio.CancelScope(shield=True):
        done, _ = await asyncio.wait({work}, timeout=_GRACE_SECONDS)
        if not done:
            work.cancel()
            await asyncio.wait({work}, timeout=_GRACE_SECONDS)


async def _end_if_cancelling(run_id: UUID) -> None:
    """End a run that somebody has cancelled: there is no process that Prefect could kill instead."""
    try:
        async with get_client() as client:
            state = (await client.read_flow_run(run_id)).state
            if state is not None and state.is_cancelling():
                cancelled: State[Any] = Cancelled(message="The delivery was cancelled.")
                await client.set_flow_run_state(run_id, cancelled, force=True)
    except (httpx.HTTPError, PrefectException):
        # The server ends it by itself after some minutes.
        return
