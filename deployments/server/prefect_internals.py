"""What the processes of the server take of Prefect that its documentation does not promise.

See `tasks.prefect_internals`, which has what runs need, for the rules. The server itself is imported by the
functions, not here. What tunes it is only faster: a caller may go on where a function raises PrefectMovedError.
"""

import asyncio
import errno
import functools
import json
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from tasks.prefect_internals import Internal

logger = logging.getLogger("contraponto.server")

_KNOWN_SCHEMAS = 500
_SHOWN_BODY = 500
"""Characters."""

_VALIDATOR = Internal(
    "prefect.utilities.schema_tools.validation",
    "_VALIDATOR",
    "the server checks the same schemas at every submit",
)
_CHECK_SCHEMA = Internal(
    _VALIDATOR.module, "_VALIDATOR.check_schema", _VALIDATOR.purpose, ("schema", "format_checker")
)
_ITER_ERRORS = Internal(
    _VALIDATOR.module,
    "_VALIDATOR.iter_errors",
    "the server refuses parameters in the words of its validator",
    ("self", "instance"),
)
_REFUSE_FORM = Internal(
    "prefect.server.api.server",
    "validation_exception_handler",
    "the server refuses requests of another form in the words of its validator",
    ("request", "exc"),
)
_GET_DIALECT = Internal(
    "prefect.server.database.dependencies",
    "get_dialect",
    "the server reads the address of its database at every access",
    ("obj",),
)
_BIND_TIME = Internal(
    "prefect.server.utilities.database",
    "Timestamp.process_bind_param",
    "the server writes times slowly",
    ("self", "value", "dialect"),
)
_IS_PASSING = Internal(
    "prefect.server.api.server",
    "is_client_retryable_exception",
    "workers and runs do not wait for a database that is away for a moment",
    ("exc",),
)
_CREATE_APP = Internal(
    "prefect.server.api.server", "create_app", "the server cannot be served by this project", ("final",)
)

_RUN_SERVICES = Internal(
    "prefect.cli._server_utils", "_run_all_services", "there are no background services", ()
)
_CREATE_ENGINE = Internal(
    "prefect.server.database.configurations",
    "create_async_engine",
    "one stored value that cannot be told makes every answer about it an error",
)
_HAND_OUT = Internal(
    "prefect.server.models.workers",
    "get_scheduled_flow_runs",
    "runs whose parameters cannot be read are handed to workers",
    ("db", "session"),
)
_SET_STATE = Internal(
    "prefect.server.models.flow_runs",
    "set_flow_run_state",
    _HAND_OUT.purpose,
    ("session", "flow_run_id", "state", "force"),
)
_READ_RUN = Internal(
    _SET_STATE.module, "read_flow_run", _HAND_OUT.purpose, ("db", "session", "flow_run_id", "for_update")
)
_FAILED = Internal("prefect.server.schemas.states", "Failed", _HAND_OUT.purpose)
_DATABASE = Internal("prefect.server.database", "provide_database_interface", _HAND_OUT.purpose, ())
_REGISTER_BLOCKS = Internal(
    *("prefect.server.models.block_registration", "run_block_auto_registration"),
    *("several servers cannot start at once on an empty database", ("session",)),
)
EPHEMERAL_VARIABLE = "PREFECT__SERVER_EPHEMERAL"
"""Set in the environment of a server, has it run without background services, as Prefect's own temporary servers do.

`create_app(ephemeral=True)` is not the same: what the server asks of itself goes to `create_app()`, which would then
make a second application. Where Prefect does not read it any more, the services run, too, to no harm.
"""

WEBSERVER_ONLY_VARIABLE = "PREFECT__SERVER_WEBSERVER_ONLY"
"""Set in the environment of a server, has it run without background services, as `--no-services` does."""

LEASES_ON_DISK = "prefect.server.concurrency.lease_storage.filesystem"
"""Value of PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE: the setting is documented, this module of Prefect's is not.

Where Prefect has moved it, the server says so when it starts and ends.
"""


def have_clients_wait_for_the_database() -> None:
    """From now on, Prefect answers 503 while database or Redis cannot be reached, after which its clients try again.

    It does so where a connection was lost, and answers 500 where none is had: after a few of these, within seconds,
    its workers give up, and the jobs in them are lost. No public way in 3.8.
    """
    is_passing = _IS_PASSING.find()
    _IS_PASSING.replace(lambda exc: is_unreachable(exc) or is_passing(exc))


def is_unreachable(error: Exception) -> bool:
    """Whether a server that is asked over a network does not answer."""
    if isinstance(error, (ConnectionError, TimeoutError, socket.gaierror)):
        return True
    if isinstance(error, FileNotFoundError):
        return error.filename is None  # a socket that its server has taken away; of a file the name is told
    if isinstance(error, OSError):
        return error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH)
    redis = sys.modules.get("redis.exceptions")  # whoever had such an error has imported it
    return redis is not None and isinstance(error, (redis.ConnectionError, redis.TimeoutError))


def check_each_schema_once() -> None:
    """From now on, Prefect does not check a schema again that it has found to be one in this process.

    At each submit it checks twice that the schema of the work pool is one, and once that of the parameters: two
    milliseconds and more. No public way in 3.8.
    """
    check = _CHECK_SCHEMA.find()
    known: set[tuple[str, bool]] = set()

    def check_schema(schema: object, **options: Any) -> None:
        # `jsonschema.validate` asks without a checker of formats, Prefect with one.
        key = (repr(schema), "format_checker" in options)
        if key in known:
            return
        check(schema, **options)
        if len(known) >= _KNOWN_SCHEMAS:
            known.clear()
        known.add(key)

    _CHECK_SCHEMA.replace(check_schema)


def refuse_in_sentences() -> None:
    """From now on, what Prefect says of parameters that a schema refuses are sentences.

    So are the answers of the API and the errors in its forms: both show the messages of this validator. No public way
    in 3.8.
    """
    from deployments.server.refusals import reworded  # noqa: PLC0415 - only the server's process needs it

    iter_errors = _ITER_ERRORS.find()

    def in_sentences(self: Any, instance: Any, *schema: Any) -> Iterator[Any]:
        return iter(reworded(iter_errors(self, instance, *schema), self.schema))

    _ITER_ERRORS.replace(in_sentences)


def refuse_forms_in_sentences() -> None:
    """From now on, the answer to a request of a wrong form has a sentence, `detail`, beside Prefect's own fields.

    It shows the beginning of a long body: who sent it knows the rest. To be called before the application is made. No
    public way in 3.8.
    """
    from deployments.server.refusals import misfits  # noqa: PLC0415

    refuse = _REFUSE_FORM.find()

    async def with_a_sentence(request: Any, exc: Any) -> Any:
        answer = await refuse(request, exc)
        content = {"detail": " ".join(misfits(exc.errors())), **json.loads(answer.body)}
        _shorten(content, "request_body")
        for error in content.get("exception_detail", []):
            _shorten(error, "input")
        return type(answer)(status_code=answer.status_code, content=content)

    _REFUSE_FORM.replace(with_a_sentence)


def _shorten(content: dict[str, Any], field: str) -> None:
    if len(text := json.dumps(content.get(field), ensure_ascii=False)) > _SHOWN_BODY:
        content[field] = f"{text[:_SHOWN_BODY]}…"


def read_each_address_once() -> None:
    """From now on, Prefect knows the kind of a database whose address it has read in this process.

    For each access it reads the address anew, to know which kind it is. No public way in 3.8.
    """
    _GET_DIALECT.replace(functools.lru_cache(maxsize=8)(_GET_DIALECT.find()))


def write_plain_times() -> None:
    """From now on, Prefect gives the driver of its database times of the standard library, which mean the same.

    Its own are pendulum's, whose subtraction is slow, and the driver subtracts from each one that is written. No
    public way in 3.8.
    """
    bind = _BIND_TIME.find()

    def process_bind_param(self: Any, value: datetime | None, dialect: Any) -> datetime | None:
        time = bind(self, value, dialect)
        return time if time is None or type(time) is datetime else _plain(time)

    _BIND_TIME.replace(process_bind_param)


def _plain(time: datetime) -> datetime:
    return datetime(
        time.year,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
        time.microsecond,
        time.tzinfo,
        fold=time.fold,
    )


def read_stored_json_with(read: Callable[[str], Any]) -> None:
    """From now on, the server reads all JSON of its database with this.

    Neither Prefect nor its settings give the engine a reader of JSON. No public way in 3.8.
    """
    create = _CREATE_ENGINE.find()
    _CREATE_ENGINE.replace(functools.partial(create, json_deserializer=read))


def hand_out_only(reason_against: Callable[[object], str | None]) -> None:
    """From now on, a run against whose parameters or job variables there is a reason is handed to no worker.

    It has failed, for that reason: a worker would start it with whatever could be read of them. No public way in 3.8:
    Prefect looks at parameters when a run is submitted, and never again.
    """
    hand_out = _HAND_OUT.find()
    for internal in (_SET_STATE, _READ_RUN, _FAILED, _DATABASE):
        internal.find()
    failing: dict[UUID, asyncio.Task[None]] = {}

    def fail(run: UUID, reason: str) -> None:
        # In a transaction of its own, when that of the poll is over: what goes wrong with it concerns nobody else.
        failing[run] = asyncio.create_task(_fail(run, reason))
        failing[run].add_done_callback(lambda _: failing.pop(run))

    async def hand_out_good(*arguments: Any, **options: Any) -> list[Any]:
        good = []
        for found in await hand_out(*arguments, **options):
            run = found.flow_run
            reason = reason_against([run.parameters, run.job_variables])
            if reason is None:
                good.append(found)
            elif run.id not in failing:
                fail(run.id, reason)
        return good

    _HAND_OUT.replace(hand_out_good)


async def _fail(run: UUID, reason: str) -> None:
    try:
        database = _DATABASE.find()()
        async with database.session_context(begin_transaction=True, with_for_update=True) as session:
            known = await _READ_RUN.find()(session=session, flow_run_id=run, for_update=True)
            if known is None or known.state is None or known.state.type != "SCHEDULED":
                return  # another server was faster, or its caller has cancelled it
            failed = _FAILED.find()(message=reason)
            await _SET_STATE.find()(session=session, flow_run_id=run, state=failed, force=True)
    except Exception:  # nobody awaits this; the next poll tries again
        logger.exception("The run %s cannot be handed to a worker, and could not be ended.", run)
    else:
        logger.error("The run %s was not handed to a worker and has failed. %s", run, reason)


def serve_through(wrap: Callable[[Any], Any]) -> None:
    """From now on, `prefect server start` serves what `wrap` makes of its ASGI application.

    Only that one is made with `final`; what the server calls within itself stays as it is. Prefect's servers take no
    middleware. No public way in 3.8.
    """
    create_app = _CREATE_APP.find()

    def create(*arguments: Any, final: bool = False, **options: Any) -> Any:
        app = create_app(*arguments, final=final, **options)
        return wrap(app) if final else app

    _CREATE_APP.replace(create)


async def register_block_types() -> None:
    """Enter Prefect's kinds of blocks in the database of its settings, as a server does that starts. No public way.

    Raises:
        PrefectMovedError: something is not where it was.
    """
    async with await _DATABASE.find()().session() as session:
        await _REGISTER_BLOCKS.find()(session=session)


def application(*, final: bool = False) -> Any:
    """The server as an ASGI application, for a caller that serves it on sockets of its own.

    `prefect server start` takes a host and a port, no socket, and outlives its parent. No public way in 3.8.

    Raises:
        PrefectMovedError: it is not where it was.
    """
    return _CREATE_APP.find()(final=final)


async def background_services() -> None:
    """Be `prefect server services start`, until it is cancelled. No public way in 3.8 from within a process.

    Raises:
        PrefectMovedError: it is not where it was.
    """
    await _RUN_SERVICES.find()()


INTERNALS = (
    *(_VALIDATOR, _CHECK_SCHEMA, _ITER_ERRORS, _REFUSE_FORM, _GET_DIALECT, _BIND_TIME, _CREATE_APP),
    *(_RUN_SERVICES, _IS_PASSING),
    *(_CREATE_ENGINE, _HAND_OUT, _SET_STATE, _READ_RUN, _FAILED, _DATABASE, _REGISTER_BLOCKS),
)
"""All of them."""
