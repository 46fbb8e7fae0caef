"""What the product takes of Prefect that its documentation does not promise: here what runs need of it.

What only the server's process needs is in `deployments.server.prefect_internals`; nothing else may touch such names
(`tests/unit/test_prefect_boundary.py`). Prefect may move them in any release, so each is an `Internal` that is looked
up when it is needed: where Prefect has moved it, the product says so in one sentence, or does without where it is only
faster with it. `tests/unit/test_prefect_internals.py` looks at each of them in the Prefect that is installed.

Some names Prefect calls instead, on classes of this project: `MediaStore._resolve_path`, and `_sync` of
`MediaStore.read_path` and `write_path`. They stand in `blocks.media_store` and are tested with these.

Prefect is imported by the functions, not here: whoever imports this module has not paid for Prefect yet.
"""

import asyncio
import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from operator import attrgetter
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from tasks.errors import MissingEngineError

if TYPE_CHECKING:
    from uuid import UUID

    from prefect import Task
    from prefect.blocks.core import Block
    from prefect.client.orchestration import PrefectClient
    from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
    from prefect.filesystems import WritableFileSystem

    B = TypeVar("B", bound=Block)

Handler = Callable[[int, FrameType | None], object]


class PrefectMovedError(MissingEngineError):
    """The installed Prefect lacks a name that is no part of its documented interface."""


@dataclass(frozen=True)
class Internal:
    """One name of Prefect that may go away without notice."""

    module: str
    name: str
    """In the module; with a dot for what belongs to a class."""
    purpose: str
    """What does not work without it, as in "without which …"."""
    parameters: tuple[str, ...] | None = None
    """Those that it is called with, or is called with by Prefect; None: it is not called."""

    def find(self) -> Any:
        """What Prefect has under the name.

        Raises:
            PrefectMovedError: nothing.
        """
        try:
            return attrgetter(self.name)(importlib.import_module(self.module))
        except (ImportError, AttributeError) as error:
            raise self.moved() from error

    def replace(self, value: object) -> None:
        """From now on, have Prefect find this under the name.

        Raises:
            PrefectMovedError: nothing has been there; then Prefect would never look.
        """
        self.find()
        owner: Any = importlib.import_module(self.module)
        above, _, name = self.name.rpartition(".")
        setattr(attrgetter(above)(owner) if above else owner, name, value)

    def moved(self, part: str = "") -> PrefectMovedError:
        """The error that says that it, or a part of it, is not where it was."""
        name = f"{self.module}.{self.name}{part}"
        return PrefectMovedError(
            f"Prefect {version('prefect')} has no {name}, without which {self.purpose}.",
            hint="Install the version of Prefect that pyproject.toml names.",
        )


# --- The end of runs ------------------------------------------------------------------------------------------

_SIGTERM_HANDLER = Internal(
    "prefect.utilities.engine",
    "_prefect_sigterm_handler",
    "a run that is told to end cannot put its work away",
    ("sig_num", "args"),
)


def install_sigterm_handler(change: Callable[[Handler], Handler]) -> None:
    """From now on, Prefect handles SIGTERM by what `change` makes of its own handler.

    Prefect's raises TerminationSignal wherever the main thread is. Replacing it with `signal.signal` would not do:
    Prefect acknowledges a cancel only while this very function is the handler. No public way in 3.8, see
    https://github.com/PrefectHQ/prefect/issues/17623 (a cancel is not injected into the flow).

    Flows are imported with this, so it also looks for everything else that a run may need, and a run that
    cannot be whole does not begin.

    Raises:
        PrefectMovedError: something is not where it was.
    """
    for internal in NEEDED_BY_RUNS:
        internal.find()
    _SIGTERM_HANDLER.replace(change(_SIGTERM_HANDLER.find()))


_PROPOSE_STATE = Internal(
    "prefect.utilities.engine",
    "propose_state",
    "a run cannot leave its worker until later",
    ("client", "state", "flow_run_id"),
)
_PAUSE = Internal("prefect.exceptions", "Pause", "a run cannot leave its worker until later", ("state",))


async def leave_until(client: "PrefectClient", flow_run_id: "UUID", at: datetime) -> NoReturn:
    """End the process of this run; a worker starts the run again at the given time.

    `suspend_flow_run` waits for somebody who resumes the run. This is how Prefect itself leaves: it proposes a state
    and raises Pause, which its engine takes for an orderly end. No public way in 3.8, see
    https://github.com/PrefectHQ/prefect/issues/7989.
    """
    from prefect.states import AwaitingRetry  # noqa: PLC0415

    pause = _PAUSE.find()
    state = await _PROPOSE_STATE.find()(client, AwaitingRetry(scheduled_time=at), flow_run_id=flow_run_id)
    raise pause(state=state)


# --- Results, slots and blocks --------------------------------------------------------------------------------

_TASK_STORAGE = Internal("prefect.tasks", "Task", "steps cannot keep their results in the media store")


def keep_results_in(step: "Task[..., Any]", store: "WritableFileSystem") -> None:
    """Have a step keep its results in this store, which need not be a saved block.

    As an option Prefect takes only saved blocks, and a saved block shows its credentials to whoever may call the
    server: https://github.com/PrefectHQ/prefect/issues/15794. The engine reads this attribute.

    Raises:
        PrefectMovedError: steps have no such attribute.
    """
    if not hasattr(step, "result_storage"):
        raise _TASK_STORAGE.moved(".result_storage")
    step.result_storage = store


def all_slots_taken(error: "ConcurrencySlotAcquisitionError") -> bool:
    """Whether slots were refused because none is free, and not because the server is in trouble.

    Prefect tells the two apart by the cause of its error alone. No public way in 3.8. Where the cause changes, the
    answer is no, and the error goes to the caller.
    """
    import httpx  # noqa: PLC0415

    cause = error.__cause__
    return isinstance(cause, httpx.HTTPStatusError) and cause.response.status_code == httpx.codes.LOCKED


_LOAD_BLOCK = Internal(
    "prefect.blocks.core", "Block.load", "saved blocks cannot be loaded within a flow", ("name",)
)


def load_block(kind: "type[B]", name: str) -> "B":
    """A saved block, at once, also where an event loop runs.

    Without `_sync`, which is no part of the signature, callers inside a flow would get a coroutine:
    https://github.com/PrefectHQ/prefect/issues/15008.

    Raises:
        ValueError: there is none of that name.
        PrefectMovedError: Prefect does not know `_sync`.
    """
    try:
        loaded = kind.load(name, _sync=True)  # type: ignore[call-arg]
    except TypeError as error:
        if "_sync" in str(error):
            raise _LOAD_BLOCK.moved("(_sync)") from error
        raise
    assert isinstance(loaded, kind)  # noqa: S101 - for the type checker; `load` is of this class
    return loaded


def saved_name(block: "Block") -> str | None:
    """The name that a block is saved under; None if it is not saved.

    Prefect keeps it in this field, which Block's docstring calls reserved. No public way in 3.8. It only words
    messages: where it is gone, they name no block.
    """
    name = getattr(block, "_block_document_name", None)
    return name if isinstance(name, str) else None


# --- Runs that are forked -------------------------------------------------------------------------------------

FLOW_RUN_ID_VARIABLE = "PREFECT__FLOW_RUN_ID"
"""By which a worker tells a process which run it is. `prefect.runtime` has it too, but takes seconds to import."""

ENGINE_MODULES = (
    "prefect._internal.control_listener",
    "prefect._internal.metrics",
    "prefect.events.clients",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.deployments.steps",
)
"""What `prefect.engine` imports at once or for any run; itself it is the main program of the runs.

To be imported in advance: a run imports by itself what is not here any more. Prefect has no process that starts runs
by forking, see https://github.com/PrefectHQ/prefect/pull/16802.
"""

_REFRESH_SETTINGS = Internal(
    "prefect.context", "refresh_global_settings_context", "a forked run keeps the settings of its zygote", ()
)
_SETTINGS = Internal(
    "prefect.context", "get_settings_context", "a forked run keeps the settings of its zygote", ()
)
_SETUP_LOGGING = Internal(
    "prefect.logging.configuration",
    "setup_logging",
    "a forked run logs by the settings of its zygote",
    ("incremental",),
)


def check_forks() -> None:
    """Look for what `read_settings_again` needs.

    Raises:
        PrefectMovedError: something is not where it was.
    """
    for internal in NEEDED_BY_FORKS:
        internal.find()


def read_settings_again() -> bool:
    """Have Prefect read its settings and profile again, and set up its logging by them. Whether they have changed.

    Prefect reads them once in a process, when it is imported; `temporary_settings` reads no profile and does not
    reach other threads. No public way in 3.8.
    """
    settings = _SETTINGS.find()
    before = settings()
    _REFRESH_SETTINGS.find()()
    # Incremental, as it is by default from the second time on, it would leave the handlers as they are.
    _SETUP_LOGGING.find()(incremental=False)
    return bool(before != settings())


_TYPE_REGISTRY = Internal(
    "prefect.utilities.dispatch",
    "get_registry_for_type",
    "Prefect warns of blocks that are imported again",
    ("cls",),
)


def forget_types(types: "list[type[Any]]") -> None:
    """Have Prefect forget blocks that are going to be imported again: it warns when one is defined twice.

    No public way in 3.8. Where Prefect has moved its registry, it warns.
    """
    try:
        registry_for = _TYPE_REGISTRY.find()
    except PrefectMovedError:
        return
    for forgotten in types:
        registry = registry_for(forgotten) or {}
        for key in [key for key, known in registry.items() if known is forgotten]:
            del registry[key]


# --- Runs that share a process --------------------------------------------------------------------------------

_SEND_HEARTBEATS = Internal(
    "prefect.flow_engine",
    "_send_heartbeats",
    "each run keeps a thread, to say that it lives",
    ("engine", "join_on_exit"),
)
_HEARTBEAT_EVENT = Internal(
    _SEND_HEARTBEATS.module,
    "BaseFlowRunEngine._build_heartbeat_event_template",
    _SEND_HEARTBEATS.purpose,
    ("self",),
)
_EMIT_HEARTBEAT = Internal(
    _SEND_HEARTBEATS.module,
    "BaseFlowRunEngine._emit_flow_run_heartbeat",
    _SEND_HEARTBEATS.purpose,
    ("self", "resource", "related"),
)


def keep_alive_by(keep: Callable[[Callable[[], None]], AbstractContextManager[None]]) -> None:
    """From now on, each run of this process is within `keep` of what says once that it lives.

    Prefect starts a thread for each, which it can only be told not to do for all. No public way in 3.8.

    Raises:
        PrefectMovedError: something is not where it was; then Prefect goes on as it does.
    """
    event, emit = _HEARTBEAT_EVENT.find(), _EMIT_HEARTBEAT.find()

    @contextmanager
    def kept_alive(engine: Any, **_options: bool) -> Iterator[None]:
        if engine.heartbeat_seconds is None:
            yield
            return
        resource, related = event(engine)

        def beat() -> None:
            state = engine.flow_run.state
            if state is None or not state.is_final():
                emit(engine, resource, related)

        with keep(beat):
            yield

    _SEND_HEARTBEATS.replace(kept_alive)


_SEND_REQUEST = Internal(
    "prefect.client.base",
    "PrefectHttpxAsyncClient._send_with_retry",
    "requests of hundreds of runs take long",
    ("self", "request", "send", "send_args", "send_kwargs", "retry_codes"),
)


def take_turns(most: int) -> None:
    """From now on, at most so many requests of the running event loop are under way to the server at once.

    Prefect's client opens 16 connections, and whenever one of them is free, httpx looks at all of them for each
    request that waits: the time grows with the square of the runs that begin together. Those that wait here cost
    nothing, and are not told after a minute that there was no connection. No public way in 3.8.

    Raises:
        PrefectMovedError: it is not where it was; then Prefect goes on as it does.
    """
    places, loop, original = asyncio.Semaphore(most), asyncio.get_running_loop(), _SEND_REQUEST.find()

    async def in_turn(client: Any, request: Any, send: Callable[..., Any], **options: Any) -> Any:
        async def placed(*arguments: Any, **named: Any) -> Any:
            async with places:
                return await send(*arguments, **named)

        # Prefect has event loops of its own in other threads.
        own = asyncio.get_running_loop() is loop
        return await original(client, request=request, send=placed if own else send, **options)

    _SEND_REQUEST.replace(in_turn)


NEEDED_BY_RUNS = (_SIGTERM_HANDLER, _PROPOSE_STATE, _PAUSE, _TASK_STORAGE, _LOAD_BLOCK)
NEEDED_BY_FORKS = (_REFRESH_SETTINGS, _SETTINGS, _SETUP_LOGGING)
_OF_SHARED_PROCESSES = (_SEND_HEARTBEATS, _HEARTBEAT_EVENT, _EMIT_HEARTBEAT, _SEND_REQUEST)
INTERNALS = (*NEEDED_BY_RUNS, *NEEDED_BY_FORKS, _TYPE_REGISTRY, *_OF_SHARED_PROCESSES)
"""All of them."""
