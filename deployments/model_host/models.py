"""What is loaded, what waits for it, and what has to go.

One request at a time for each loaded model, in the order in which they came. Different models work at once only as far
as the processors allow; where these would idle and memory is left, a model in demand is loaded once more. A model that
is to be loaded gets room from those used longest ago; one that nobody has used for a while is unloaded. Work that runs
out of memory is done once more when nothing else is loaded on its GPU.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deployments.model_host.handle import Handle, ProcessDiedError
from deployments.model_host.memory import usable_cpus
from tasks.errors import EngineError, OutOfMemoryError, StageTimeoutError, TransientError
from tasks.inference.protocol import Assign, Done, Failed, ModelStatus, Perform, WireError
from tasks.media.memory import usable_memory_mb

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_TICK_SECONDS = 5.0


def default_budget_mb() -> int:
    """Half of the machine: the other half is for the jobs, the server and the database."""
    return usable_memory_mb() // 2


@dataclass(frozen=True)
class Limits:
    """How much a host does and holds."""

    memory_mb: int = field(default_factory=default_budget_mb)
    """Of all models together. A larger model is loaded nevertheless, alone."""
    idle_seconds: float = 15 * 60
    queue: int = 32
    """Requests for one model, the one that is worked on included."""
    cpus: int = field(default_factory=usable_cpus)
    """Decide how many models work at the same moment."""
    abort_seconds: float = 10.0
    """How long cancelled work may go on before its process is ended."""
    overtime_seconds: float = 30.0
    """How long work may go on beyond its own time limit before its process is ended."""

    @property
    def at_once(self) -> int:
        """Models that work at the same moment.

        A recognition alone uses up to eight processors, but does not all the time; two must be possible, or a short
        piece of work waits for a long one.
        """
        return max(2, self.cpus // 4)

    def copies(self, threads: int) -> int:
        """How often a model that works with so many threads is worth loading."""
        return max(1, self.cpus // threads)


@dataclass
class Counters:
    """What has happened since the host started; the fields are those of `HostStatus`."""

    served: int = 0
    errors: int = 0
    cancelled: int = 0
    crashes: int = 0
    refused: int = 0
    evictions: int = 0


@dataclass
class _Model:
    name: str
    kind: str
    devices: str | None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    handle: Handle | None = None
    busy: bool = False
    """It works, or is being loaded for work."""
    pending: int = 0
    """Requests that wait or are worked on."""
    needed_mb: float = 0.0
    """The most it has held; until it has worked, what it is expected to."""
    last_used: float = field(default_factory=time.monotonic)
    served: int = 0
    errors: int = 0

    @property
    def loaded(self) -> bool:
        return self.handle is not None and self.handle.alive


class Models:
    """The models of a host."""

    def __init__(self, limits: Limits, kinds: Mapping[str, str]) -> None:
        self._limits = limits
        self._kinds = kinds
        self._models: list[_Model] = []
        self._slots = asyncio.Semaphore(limits.at_once)
        self._making_room = asyncio.Lock()
        self._short_of_memory = asyncio.Lock()
        self._closed = False
        self.counters = Counters()

    async def perform(self, request: Perform, progress: Callable[[float], None]) -> Done | Failed:
        """How the work ended. When cancelled, the work is aborted and the model stays if it can.

        Raises ConnectionAbortedError: the host stops.
        """
        if request.kind not in self._kinds:
            return _failed(
                "refused", EngineError(f"This model host does not know the work {request.kind!r}.")
            )
        model = self._place(request)
        if model.pending >= self._limits.queue:
            self.counters.refused += 1
            busy = TransientError(
                f"The model host is busy: {model.pending} requests wait for the model already.",
                hint="Lower the number of jobs at once, or wait.",
            )
            return _failed("busy", busy)
        model.pending += 1
        try:
            async with model.turn, self._slots:
                self._check_open()
                return await self._run(model, request, progress)
        except asyncio.CancelledError:
            self.counters.cancelled += 1
            raise
        finally:
            model.pending -= 1
            model.last_used = time.monotonic()

    def status(self) -> tuple[ModelStatus, ...]:
        """Those that are loaded or being loaded."""
        now = time.monotonic()
        return tuple(
            ModelStatus(
                model=model.name,
                kind=model.kind,
                pid=model.handle.pid,
                memory_mb=round(model.handle.memory_mb, 1),
                busy=model.busy,
                waiting=model.pending - model.busy,
                served=model.served,
                errors=model.errors,
                loading_seconds=model.handle.loading_seconds,
                idle_seconds=0.0 if model.busy else now - model.last_used,
            )
            for model in self._models
            if model.handle is not None and model.handle.alive
        )

    @property
    def waiting(self) -> int:
        """Requests that are not worked on yet."""
        return sum(model.pending - model.busy for model in self._models)

    @property
    def memory_mb(self) -> float:
        """What all models hold."""
        return sum(self._held(model) for model in self._models)

    async def unload_unused(self) -> int:
        """Unloads every model that is not busy. Returns how many."""
        unused = [model for model in self._models if model.loaded and not model.busy]
        for model in unused:
            await self._unload(model, "on request")
        return len(unused)

    async def tidy(self) -> None:
        """Unloads what has been idle for too long and what is too much, for ever."""
        while True:
            await asyncio.sleep(min(_TICK_SECONDS, self._limits.idle_seconds / 4))
            for model in list(self._models):
                idle = time.monotonic() - model.last_used
                if model.pending or idle < self._limits.idle_seconds:
                    continue
                if model.handle is not None:
                    await self._unload(model, f"idle for {idle:.0f} s")
                if not model.pending:
                    self._models.remove(model)

    async def close(self) -> None:
        """Ends all processes, whatever they do. Requests then raise ConnectionAbortedError."""
        self._closed = True
        handles = [model.handle for model in self._models if model.handle is not None]
        for handle in handles:
            handle.kill()
        for handle in handles:
            await handle.ended()

    def _place(self, request: Perform) -> _Model:
        """The copy of the model with the shortest queue; one more copy if that queue is not empty and there is room."""
        wanted = (request.model, request.kind, request.devices)
        copies = [model for model in self._models if (model.name, model.kind, model.devices) == wanted]
        if copies:
            first = min(copies, key=lambda model: model.pending)
            more = len(copies) < self._limits.copies(request.threads)
            room = self.memory_mb + (first.needed_mb or request.expected_mb) <= self._limits.memory_mb
            if not (first.pending and more and room):
                return first
        model = _Model(*wanted)
        self._models.append(model)
        return model

    async def _run(self, model: _Model, request: Perform, progress: Callable[[float], None]) -> Done | Failed:
        outcome = await self._attempt(model, request, progress)
        if isinstance(outcome, Failed) and outcome.error.name == OutOfMemoryError.__name__:
            await self._unload(model, f"out of memory ({outcome.error.message})")
            async with self._short_of_memory:
                await self._unload_others(model, request.deadline)
                return await self._attempt(model, request, progress)
        return outcome

    async def _attempt(
        self, model: _Model, request: Perform, progress: Callable[[float], None]
    ) -> Done | Failed:
        model.busy = True
        try:
            handle = await self._loaded(model, request)
            assignment = Assign(id=request.id, target=self._kinds[request.kind], body=request.body)
            work = asyncio.ensure_future(handle.perform(assignment, progress))
            try:
                limit = request.deadline + self._limits.overtime_seconds
                done, _ = await asyncio.wait({work}, timeout=limit)
            except asyncio.CancelledError:
                await self._abort(handle, request, work)
                raise
            if not done:
                handle.kill()
                await asyncio.wait({work})
                work.exception()  # looked at, so that asyncio does not complain that nobody did
                return self._overdue(model, request)
            return self._outcome(model, request, work)
        finally:
            if model.handle is not None:
                model.needed_mb = model.handle.peak_mb or model.needed_mb
            model.busy = False
            await self._unload_excess(model)

    async def _unload_others(self, wanted: _Model, seconds: float) -> None:
        """Unloads what else is on the GPUs of a model. Those at work are waited for, `seconds` at most.

        How much a model will take of a GPU is not known before, and other programs use it, too: therefore not until
        its memory has run out.
        """
        deadline = time.monotonic() + seconds
        while others := [
            other
            for other in self._models
            if other.loaded and other.devices == wanted.devices and other is not wanted
        ]:
            idle = [other for other in others if not other.busy]
            for other in idle:
                await self._unload(other, f"{wanted.name} ran out of memory beside it")
            if not idle:
                if time.monotonic() > deadline:
                    return
                await asyncio.sleep(_POLL_SECONDS)

    def _check_open(self) -> None:
        if self._closed:
            raise ConnectionAbortedError("the host stops")

    def _outcome(
        self, model: _Model, request: Perform, work: "asyncio.Future[Done | Failed]"
    ) -> Done | Failed:
        try:
            outcome = work.result()
        except ProcessDiedError as error:
            self._check_open()
            self.counters.crashes += 1
            model.handle = None
            logger.warning("request %s: the process of %s %s", request.id, model.name, error)
            return _failed("died", EngineError(f"The process of the model {model.name} {error}"))
        if isinstance(outcome, Failed):
            model.errors += 1
            self.counters.errors += 1
        else:
            model.served += 1
            self.counters.served += 1
        return outcome

    def _overdue(self, model: _Model, request: Perform) -> Failed:
        model.handle = None
        model.errors += 1
        self.counters.errors += 1
        logger.warning("request %s: ended %s, which did not heed its time limit", request.id, model.name)
        late = StageTimeoutError(
            f"The work ran into its time limit of {request.deadline:.0f} s.",
            hint="Raise the limit, choose a smaller model, or use a GPU.",
        )
        return _failed("work", late)

    async def _abort(self, handle: Handle, request: Perform, work: "asyncio.Future[Done | Failed]") -> None:
        logger.info("request %s: its run is gone, aborting", request.id)
        await handle.cancel(request.id)
        done, _ = await asyncio.wait({work}, timeout=self._limits.abort_seconds)
        if not done:
            logger.warning("request %s: the model does not stop, ending its process", request.id)
            handle.kill()
            await asyncio.wait({work})
        work.exception()

    async def _loaded(self, model: _Model, request: Perform) -> Handle:
        if model.handle is not None and model.handle.alive:
            return model.handle
        async with self._making_room:
            model.needed_mb = model.needed_mb or request.expected_mb
            await self._make_room(model)
            logger.info("loading %s", model.name)
            self._check_open()
            model.handle = await Handle.start(model.devices)
        return model.handle

    async def _make_room(self, wanted: _Model) -> None:
        while self.memory_mb + wanted.needed_mb > self._limits.memory_mb:
            others = [model for model in self._models if model.loaded and model is not wanted]
            if not others:
                logger.warning(
                    "%s needs about %.0f MB, more than the budget of %d MB",
                    wanted.name,
                    wanted.needed_mb,
                    self._limits.memory_mb,
                )
                return
            idle = [model for model in others if not model.busy]
            if idle:
                await self._unload(_least_used(idle), f"to make room for {wanted.name}")
            else:
                await asyncio.sleep(_POLL_SECONDS)

    async def _unload_excess(self, newest: _Model) -> None:
        while self.memory_mb > self._limits.memory_mb:
            idle = [
                model for model in self._models if model.loaded and not model.busy and model is not newest
            ]
            if not idle:
                return
            await self._unload(_least_used(idle), "all models together hold too much")

    async def _unload(self, model: _Model, reason: str) -> None:
        handle, model.handle = model.handle, None
        if handle is None:
            return
        logger.info("unloading %s: %s", model.name, reason)
        self.counters.evictions += 1
        handle.kill()
        await handle.ended()

    def _held(self, model: _Model) -> float:
        if model.handle is None or not model.handle.alive:
            return 0.0
        # While it works its memory grows to what it will need.
        return max(model.handle.memory_mb, model.needed_mb if model.busy else 0.0)


def _least_used(models: list[_Model]) -> _Model:
    """The one to unload: nobody waits for it, and it was used longest ago."""
    return min(models, key=lambda model: (model.pending > 0, model.last_used))


def _failed(cause: str, error: EngineError | TransientError | StageTimeoutError) -> Failed:
    return Failed.model_validate({"cause": cause, "error": WireError.of(error)})
