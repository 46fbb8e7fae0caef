"""Steps: the pieces of a job whose results are kept, shared and tried again.

A step is a plain function that takes a request and a `Progress` and returns what it stored. `@step` makes a Prefect
task of it, which runs it in a thread; a flow calls it with `run_step` within a stage:

    @step("normalise")
    def normalise_audio(request: NormaliseRequest, progress: Progress) -> NormalisedAudio: ...

    with job.stage("normalization"):
        audio = await run_step(normalise_audio, NormaliseRequest(...))
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast, get_type_hints

from prefect import State, Task, task
from prefect.cache_policies import NO_CACHE, CacheKeyFnPolicy
from prefect.client.schemas.objects import TaskRun
from prefect.tasks import exponential_backoff

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from tasks.jobs.locks import work_lock
from tasks.jobs.requests import StepRequest
from tasks.jobs.retries import LONGEST_ASKED, RETRIES, asked_to_wait, is_transient
from tasks.jobs.threads import in_thread
from tasks.jobs.tracker import current_stage
from tasks.media.memory import choose_bound
from tasks.prefect_internals import keep_results_in
from tasks.progress import Progress


class StepResult(Protocol):
    """What a step returns: names of files in the media store, and facts."""

    def store_keys(self) -> Iterable[str]:
        """The files that must still be there for the result to be used again."""


Request = TypeVar("Request", bound=StepRequest)
Result = TypeVar("Result", bound=StepResult)
Work = Callable[[Request, Progress], Result]


class Step(Generic[Request, Result]):
    """A piece of work as a Prefect task: cached by its request, tried again after transient errors only."""

    def __init__(self, name: str, work: Work[Request, Result]) -> None:
        self.work = work
        self.result: type[Result] = get_type_hints(work)["return"]
        self.task = _task(name, work)


def step(name: str) -> Callable[[Work[Request, Result]], Step[Request, Result]]:
    """Makes a step of a function; `name` is what the UI calls its runs."""

    def decorate(work: Work[Request, Result]) -> Step[Request, Result]:
        return Step(name, work)

    return decorate


def _task(name: str, work: Work[Request, Result]) -> "Task[[Request], Coroutine[Any, Any, Result]]":
    settings = get_settings()
    lifetime = timedelta(hours=settings.cache_ttl_hours)

    async def run(request: Request) -> Result:
        choose_bound(settings.ffmpeg_memory_mb)
        return await in_thread(partial(work, request), current_stage().progress)

    run.__doc__ = work.__doc__
    return task(
        name=name,
        cache_policy=CacheKeyFnPolicy(cache_key_fn=_request_key) if lifetime else NO_CACHE,
        cache_expiration=lifetime or None,
        persist_result=bool(lifetime),
        retries=RETRIES,
        retry_delay_seconds=exponential_backoff(settings.retry_backoff_base_seconds),
        retry_jitter_factor=0.5,
        retry_condition_fn=_worth_another_try,
    )(run)


def _request_key(_context: object, parameters: dict[str, Any]) -> str | None:
    return cast(StepRequest, parameters["request"]).cache_key()


async def _worth_another_try(_task: object, _run: TaskRun, state: State[Any]) -> bool:
    error = await state.aresult(raise_on_failure=False)
    if not (isinstance(error, BaseException) and is_transient(error)):
        return False
    # Prefect knows the pause before the error: what is asked for beyond it is waited for here, or not at all.
    asked = asked_to_wait(error)
    if asked > LONGEST_ASKED:
        return False
    await asyncio.sleep(asked)
    return True


async def run_step(step: Step[Request, Result], request: Request) -> Result:
    """The step's result: from the cache if its files are still in the store, else by doing the work.

    Must be called within a stage (`JobTracker.stage`, `StageParts.part`), which the work reports to. Of several jobs
    that need the same work at the same moment one does it; the others wait for its result.
    """
    settings = get_settings()
    store = media_store(settings)
    key = request.cache_key()
    if key is None:
        return await _result_of(await _run(step, request, store), step)
    async with work_lock(key, settings.home, settings.redis_url):
        state = await _run(step, request, store)
        found = await _result_of(state, step)
        if state.name != "Cached":
            return found
        if await asyncio.to_thread(lambda: all(store.exists(file) for file in found.store_keys())):
            current_stage().found_in_cache()
            return found
        return await _result_of(await _run(step, request, store, refresh=True), step)


async def _run(
    step: Step[Request, Result], request: Request, store: MediaStore, *, refresh: bool = False
) -> State[Any]:
    stored = step.task.with_options(refresh_cache=refresh)
    # Results lie beside the files that they name, so that every machine with this store finds both.
    keep_results_in(stored, store)
    # Prefect's annotations know `return_state` only for tasks that are not awaited.
    return await cast(Any, stored)(request, return_state=True)  # type: ignore[no-any-return]


async def _result_of(state: State[Any], step: Step[Request, Result]) -> Result:
    found = await state.aresult()
    assert isinstance(found, step.result), f"the step returned {type(found).__name__}"  # noqa: S101
    return found
