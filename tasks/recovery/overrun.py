"""Jobs that go on after their time limit, because the process that should end them cannot: they are ended from outside.

A job ends itself in time as long as its process lives and its loop turns. One that hangs in a library, or swallows its
own end, is cancelled here: its worker kills it, and its job has failed for its time, as if it had seen to that itself.
"""

from datetime import datetime, timedelta
from typing import Any

from prefect import State
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelling, Failed
from prefect.types import DateTime

from tasks.recovery.runs import all_runs
from tasks.recovery.survival import Survivors

TIME_LIMIT = "contraponto.time_limit"
"""Label of a run: the minutes after which its process ends the job. Without one it may take as long as it does."""
_OVERRAN = "contraponto.overran"
"""Label of a run that was cancelled for its time: those minutes."""
_GRACE = timedelta(minutes=2)
"""In which a job that is late writes its end and notifies its endpoint."""
_TIMED_OUT = "TimedOut"
"""State of a job that has failed for its time, whoever has ended it."""


def is_timed_out(state: State[Any]) -> bool:
    """Whether a job has failed for its time."""
    return state.type is StateType.FAILED and state.name == _TIMED_OUT


async def end_overrun(client: PrefectClient, now: datetime, *, tag: str) -> int:
    """Have the jobs with this tag killed that have gone on beyond their limit; how many could not be."""
    begun = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[tag]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING])),
        start_time=FlowRunFilterStartTime(before_=DateTime.fromisoformat((now - _GRACE).isoformat())),
    )
    survivors = Survivors()
    for run in await all_runs(client, begun):
        minutes = _number(run, TIME_LIMIT)
        if minutes is None or run.state is None:
            continue
        if now - run.state.timestamp > timedelta(minutes=minutes) + _GRACE:
            with survivors.each(f"The job {run.id}, which goes on after its time"):
                # The label first: whoever sees the end of the process knows what it means.
                await client.update_flow_run_labels(run.id, {_OVERRAN: minutes})
                await client.set_flow_run_state(run.id, Cancelling(message=_sentence(minutes)))
    return len(survivors.left)


async def as_it_ended(client: PrefectClient, run: FlowRun, state: State[Any]) -> State[Any]:
    """The state of an ended run; one that was cancelled for its time has failed, and the server says so from now on."""
    if state.type not in (StateType.CANCELLED, StateType.CANCELLING):
        return state
    minutes = _number(await client.read_flow_run(run.id), _OVERRAN)
    if minutes is None:
        return state
    late: State[Any] = Failed(name=_TIMED_OUT, message=_sentence(minutes))
    await client.set_flow_run_state(run.id, late, force=True)
    return late


def _sentence(minutes: float) -> str:
    return f"The job took longer than {minutes:g} minutes, did not end by itself, and was killed."


def _number(run: FlowRun, label: str) -> float | None:
    value = run.labels.get(label)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
