"""A flow in this process, without services: for one job at a time, for tests and for trying things out."""

import asyncio
import contextlib
import inspect
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blocks.settings import get_settings
from deployments.client.parameters import check_names
from deployments.local.run_log import logged_to, run_log
from deployments.local.scratch_server import collector_rests, scratch_server
from deployments.processes.environment import PROJECT
from deployments.server.flow_catalogue import ListedFlow
from tasks.errors import InvalidInputError

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import State

    from tasks.jobs.document import JobDocument

    Show = Callable[[JobDocument], None]

_FIRST_POLL_SECONDS = 1.0
"""A job whose every step is cached has ended by then; a look costs as much as one of its steps."""
_POLL_SECONDS = 0.3


def run_here(
    listed: ListedFlow,
    parameters: Mapping[str, Any],
    *,
    home: Path,
    show: "Show",
    say: "Callable[[str], None]",
    verbose: bool,
    begin: "Callable[[], None]" = lambda: None,
) -> "JobDocument":
    """Run a flow to its end and return its job document, also when the job failed.

    `show` gets the document whenever it may have changed, from a thread; `say` a line about what is waited for;
    `begin` is called when threads may be started. The log goes to the terminal if `verbose`, else to `run_log`.

    Results and caches stay in `home`, so a second run of the same job takes what the first one made.

    Raises:
        InvalidInputError: a parameter that the flow does not have, lacks or refuses.
        ServiceError: the temporary server did not start.
    """
    with (
        scratch_server(home, _environment(home)) as server,
        contextlib.redirect_stdout(sys.stderr),
        contextlib.nullcontext() if verbose else logged_to(run_log(home)),
    ):
        begin()
        with collector_rests():
            flow: Flow[Any, Any] = getattr(import_module(listed.module), listed.function)
        _check(flow, listed, parameters)
        server.wait_until_ready(say)
        _answer_messages_of(listed)
        return _run(flow, {**listed.parameters, **parameters}, show)


def _answer_messages_of(listed: ListedFlow) -> None:
    """Where a job's messages stay in this process, so do those who answer them."""
    settings = get_settings()
    stays = settings.message_bus == "local" or (settings.message_bus == "auto" and not settings.redis_url)
    if "messages" in listed.tags and stays:
        from deployments.local.listener import here  # noqa: PLC0415 - few runs need it
        from tasks.collection.here import HERE  # noqa: PLC0415

        HERE.set(here(PROJECT))


def _environment(home: Path) -> dict[str, str]:
    """This process's environment, aimed at a server of its own instead of one that Prefect may know."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return inherited | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), inherited.get("PYTHONPATH", "")])),
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_LOCAL_STORAGE_PATH": str(home / "results"),
        "PREFECT_LOGGING_LEVEL": "INFO",
        # The server goes away with the run, and the log with it.
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def _check(flow: "Flow[Any, Any]", listed: ListedFlow, parameters: Mapping[str, Any]) -> None:
    from prefect.exceptions import ParameterTypeError  # noqa: PLC0415

    if listed.flow:
        _check_variant(listed, parameters)
        parameters = {**listed.parameters, **parameters}
    signature = inspect.signature(flow.fn).parameters
    check_names(parameters, signature, of=f'The flow "{listed.name}"')
    for name, parameter in signature.items():
        if parameter.default is inspect.Parameter.empty and name not in parameters:
            raise InvalidInputError(
                f'The flow "{listed.name}" needs the parameter "{name}".', hint=f"Add: -p {name}=VALUE"
            )
    # Prefect would log every value, passwords and all, before it says what is wrong with one.
    logging.disable(logging.ERROR)
    try:
        flow.validate_parameters(dict(parameters))
    except ParameterTypeError as error:
        from deployments.server.refusals import refusals  # noqa: PLC0415 - few runs need it
        from deployments.server.schemas import strict  # noqa: PLC0415

        lines = refusals(parameters, strict(flow.parameters.model_dump_for_openapi()))
        raise InvalidInputError(
            f'The flow "{listed.name}" refuses these parameters.', hint="\n".join(lines) or str(error)
        ) from error
    finally:
        logging.disable(logging.NOTSET)


def _check_variant(listed: ListedFlow, parameters: Mapping[str, Any]) -> None:
    """What a job of one of several deployments of a flow takes is less than what the flow takes."""
    from deployments.server.pipelines import schema_of  # noqa: PLC0415
    from deployments.server.refusals import refusals  # noqa: PLC0415

    schema = schema_of(listed)
    check_names(parameters, schema["properties"], of=f'The deployment "{listed.name}"')
    if lines := refusals({**listed.parameters, **parameters}, schema):
        raise InvalidInputError(
            f'The deployment "{listed.name}" refuses these parameters.', hint="\n".join(lines)
        )


def _run(flow: "Flow[Any, Any]", parameters: Mapping[str, Any], show: "Show") -> "JobDocument":
    from prefect.client.orchestration import get_client  # noqa: PLC0415

    from deployments.client.read import read_job  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(client, show, ended), daemon=True)
        watcher.start()
        try:
            # The stubs know this call only for flows that are not awaited.
            outcome: Any = flow(**parameters, return_state=True)
            state: State[Any] = asyncio.run(_awaited(outcome)) if inspect.isawaitable(outcome) else outcome
        finally:
            ended.set()
            watcher.join()
        job_id = state.state_details.flow_run_id
        assert job_id is not None, "the engine puts the run's id into every final state"  # noqa: S101
        document = read_job(client, job_id)
    show(document)
    return document


async def _awaited(outcome: Any) -> Any:
    return await outcome


def _watch(client: "SyncPrefectClient", show: "Show", ended: threading.Event) -> None:
    """Show how the one job of this server gets on."""
    from deployments.client.read import read_job  # noqa: PLC0415

    pause = _FIRST_POLL_SECONDS
    while not ended.wait(pause):
        pause = _POLL_SECONDS
        jobs = [run for run in client.read_flow_runs(limit=20) if run.parent_task_run_id is None]
        if jobs:
            show(read_job(client, jobs[0].id))
