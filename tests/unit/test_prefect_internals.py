"""What the product takes of Prefect beyond its documentation is still there, in the Prefect that is installed."""

import asyncio
import importlib
import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import AsyncMock, Mock
from uuid import uuid4

import httpx
import pytest
from prefect import State, task
from prefect.blocks.core import Block
from prefect.blocks.system import Secret
from prefect.client.orchestration import PrefectClient
from prefect.concurrency import services
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, concurrency
from prefect.exceptions import Pause, TerminationSignal
from prefect.results import ResultStore
from prefect.runtime import flow_run
from prefect.settings import (
    PREFECT_API_URL,
    temporary_settings,
)
from prefect.utilities import engine
from prefect.utilities.dispatch import get_registry_for_type

from blocks.local_media_store import LocalMediaStore
from deployments.server import prefect_internals as of_servers
from deployments.server import prefect_startup as of_starts
from tasks import prefect_internals as of_runs
from tasks.prefect_internals import Internal, PrefectMovedError

INTERNALS = (*of_runs.INTERNALS, *of_servers.INTERNALS, *of_starts.INTERNALS)
GONE = Internal("prefect.utilities.engine", "of_yesterday", "nothing works")


@pytest.mark.parametrize("internal", INTERNALS, ids=lambda internal: f"{internal.module}.{internal.name}")
def test_it_is_where_it_was_and_takes_what_it_took(internal: Internal) -> None:
    found = internal.find()
    if internal.parameters is None:
        return
    taken = inspect.signature(found).parameters
    missing = [name for name in internal.parameters if name not in taken]
    assert not missing, f"{internal.name} of Prefect does not take {', '.join(missing)} any more"
    others = [
        name
        for name, parameter in taken.items()
        if name not in internal.parameters
        and parameter.default is inspect.Parameter.empty
        and parameter.kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    ]
    assert not others, f"{internal.name} of Prefect now asks for {', '.join(others)}"


@pytest.mark.parametrize("name", of_runs.ENGINE_MODULES)
def test_what_is_imported_in_advance_can_be(name: str) -> None:
    importlib.import_module(name)


def test_what_has_moved_is_told_in_a_sentence() -> None:
    with pytest.raises(PrefectMovedError) as raised:
        GONE.find()
    assert str(raised.value).startswith("Prefect 3.")
    assert "has no prefect.utilities.engine.of_yesterday, without which nothing works." in str(raised.value)


@pytest.mark.parametrize(
    "internal", [GONE, Internal("prefect.of_yesterday", "x", "."), Internal("os", "path.of_yesterday", ".")]
)
def test_what_has_moved_is_not_put_back(internal: Internal) -> None:
    with pytest.raises(PrefectMovedError):
        internal.replace(1)
    assert not hasattr(engine, "of_yesterday")
    assert not hasattr(os.path, "of_yesterday")


# --- The end of runs ------------------------------------------------------------------------------------------


@pytest.fixture
def prefects_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next test may put another in its place."""
    monkeypatch.setattr(engine, "_prefect_sigterm_handler", engine._prefect_sigterm_handler)


@pytest.mark.usefixtures("prefects_handler")
def test_the_handler_is_the_one_that_prefect_installs_and_knows() -> None:
    heard: list[int] = []
    of_runs.install_sigterm_handler(lambda handler: lambda number, frame: heard.append(number))
    before = signal.getsignal(signal.SIGTERM)
    with engine.capture_sigterm():
        assert engine.is_prefect_sigterm_handler_installed()
        os.kill(os.getpid(), signal.SIGTERM)
    assert heard == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.usefixtures("prefects_handler")
def test_prefects_own_handler_raises() -> None:
    given: list[of_runs.Handler] = []

    def keep(handler: of_runs.Handler) -> of_runs.Handler:
        given.append(handler)
        return handler

    of_runs.install_sigterm_handler(keep)
    with pytest.raises(TerminationSignal):
        given[0](signal.SIGTERM, None)


@pytest.mark.usefixtures("prefects_handler")
def test_a_run_that_cannot_be_whole_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(engine, "propose_state")
    with pytest.raises(PrefectMovedError, match="propose_state, without which a run cannot leave its worker"):
        of_runs.install_sigterm_handler(lambda handler: handler)


async def test_a_run_leaves_by_a_state_that_the_server_has_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    proposed: dict[str, Any] = {}

    async def propose_state(client: object, state: State[Any], flow_run_id: object) -> State[Any]:
        proposed.update(client=client, state=state, flow_run_id=flow_run_id)
        return state

    monkeypatch.setattr(engine, "propose_state", propose_state)
    client, run = AsyncMock(PrefectClient), uuid4()
    at = datetime.now(UTC)
    with pytest.raises(Pause) as left:
        await of_runs.leave_until(client, run, at)
    state = proposed["state"]
    assert (proposed["client"], proposed["flow_run_id"]) == (client, run)
    assert (state.name, state.state_details.scheduled_time) == ("AwaitingRetry", at)
    assert left.value.state is state


# --- Results, slots and blocks --------------------------------------------------------------------------------


@pytest.fixture
def unused_server() -> Iterator[None]:
    """Prefect makes clients that ask nothing; without an address it would start a server for them."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        yield


@task
def of_prefect() -> None:
    """Does nothing."""


@pytest.mark.usefixtures("unused_server")
def test_a_step_keeps_its_results_in_a_store_that_is_not_saved(tmp_path: Path) -> None:
    store, step = LocalMediaStore(root=tmp_path), of_prefect.with_options(persist_result=True)
    of_runs.keep_results_in(step, store)
    used = ResultStore(result_storage=store).update_for_task(step)
    assert isinstance(used, ResultStore)
    assert used.result_storage is store


def test_a_step_without_a_place_for_its_results_is_told() -> None:
    class Step:
        __slots__ = ()

    with pytest.raises(PrefectMovedError, match=r"Task\.result_storage"):
        of_runs.keep_results_in(cast(Any, Step()), Mock())


async def test_prefect_keeps_results_under_the_keys_that_they_have(tmp_path: Path) -> None:
    """`_resolve_path` and `_sync` of the media store are called by Prefect, from either kind of code."""
    results = ResultStore(result_storage=LocalMediaStore(root=tmp_path))
    record = results.create_result_record({"a": 1}, key="kept")
    assert record.metadata.storage_key == "kept"
    await results.apersist_result_record(record)
    assert (tmp_path / "results" / "kept").is_file()
    assert (await results.aread("kept")).result == {"a": 1}

    def synchronous() -> Any:
        again = ResultStore(result_storage=LocalMediaStore(root=tmp_path))
        again.persist_result_record(again.create_result_record({"b": 2}, key="kept-too"))
        return again.read("kept-too").result

    assert await asyncio.to_thread(synchronous) == {"b": 2}


def _refused(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """A server that answers so to whoever asks for slots."""
    answer: Future[Any] = Future()
    request = httpx.Request("POST", "http://server/api")
    answer.set_exception(
        httpx.HTTPStatusError("refused", request=request, response=httpx.Response(status, request=request))
    )
    service = services.ConcurrencySlotAcquisitionWithLeaseService
    monkeypatch.setattr(service, "instance", lambda *_names: Mock(send=lambda _item: answer))


@pytest.mark.parametrize(("status", "taken"), [(423, True), (500, False)])
async def test_slots_that_are_taken_are_no_trouble(
    monkeypatch: pytest.MonkeyPatch, status: int, taken: bool
) -> None:
    _refused(monkeypatch, status)
    with pytest.raises(ConcurrencySlotAcquisitionError) as raised:
        async with concurrency("a-slot", max_retries=0, raise_on_lease_renewal_failure=False):
            pass
    assert of_runs.all_slots_taken(raised.value) is taken


def test_another_error_does_not_say_that_slots_are_taken() -> None:
    assert not of_runs.all_slots_taken(ConcurrencySlotAcquisitionError("no cause"))


@pytest.mark.usefixtures("unused_server")
async def test_a_block_is_loaded_at_once_within_a_running_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Mock()
    monkeypatch.setattr(Secret, "_get_block_document", lambda name, client: (document, name))
    monkeypatch.setattr(Secret, "_load_from_block_document", lambda *_, **__: Secret(value="found"))
    assert of_runs.load_block(Secret, "a-name").get() == "found"


def test_a_prefect_that_cannot_load_blocks_at_once_is_told() -> None:
    class OfTomorrow(Block):
        @classmethod
        def load(cls, name: str) -> "OfTomorrow":  # type: ignore[override]
            raise NotImplementedError

    with pytest.raises(PrefectMovedError, match="_sync"):
        of_runs.load_block(OfTomorrow, "a-name")


def test_another_type_error_stays_one() -> None:
    class Broken(Block):
        @classmethod
        def load(cls, name: str, *, _sync: bool) -> "Broken":  # type: ignore[override]
            raise TypeError("broken")

    with pytest.raises(TypeError, match="broken"):
        of_runs.load_block(Broken, "a-name")


def test_a_block_knows_the_name_that_it_is_saved_under() -> None:
    block: Secret[str] = Secret(value="x")
    assert of_runs.saved_name(block) is None
    # As Prefect's server does when it loads a block for an automation.
    block._block_document_name = "a-name"
    assert of_runs.saved_name(block) == "a-name"
    assert of_runs.saved_name(cast(Any, object())) is None


# --- Runs that are forked -------------------------------------------------------------------------------------


def test_a_run_is_named_by_this_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    run = str(uuid4())
    monkeypatch.setenv(of_runs.FLOW_RUN_ID_VARIABLE, run)
    assert flow_run.id == run


_READS_AGAIN = """
import logging.config
import os

from prefect.logging import configuration
from prefect.settings import PREFECT_API_URL, get_current_settings

from tasks.prefect_internals import read_settings_again

setups = []
set_up = logging.config.dictConfig
logging.config.dictConfig = lambda given: (setups.append(given), set_up(given))
assert not read_settings_again()
os.environ["PREFECT_API_URL"] = "http://elsewhere:1/api"
assert read_settings_again()
assert PREFECT_API_URL.value() == get_current_settings().api.url == "http://elsewhere:1/api"
del os.environ["PREFECT_API_URL"]
assert read_settings_again()
assert [setup["incremental"] for setup in setups] == [False] * 3, "the handlers stay as they were"
configuration.setup_logging()
assert setups[-1]["incremental"] is True, "the flow's own set-up would replace the handlers"
"""


def _in_a_process(code: str, environment: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stderr.strip()


def test_settings_are_read_again_and_logging_is_set_up_anew(tmp_path: Path) -> None:
    assert _in_a_process(_READS_AGAIN, {"PREFECT_HOME": str(tmp_path)}) == (0, "")


def test_a_block_that_is_forgotten_can_be_defined_again(recwarn: pytest.WarningsRecorder) -> None:
    def define() -> type[Block]:
        class DefinedTwice(Block):
            """Only here."""

        return DefinedTwice

    first = define()
    registry = get_registry_for_type(first) or {}
    assert first in registry.values()
    of_runs.forget_types([first, int])
    assert first not in registry.values()
    second = define()
    of_runs.forget_types([second])
    assert not recwarn.list


def test_where_the_registry_has_moved_prefect_warns_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_runs, "_TYPE_REGISTRY", GONE)
    of_runs.forget_types([Secret])
    assert Secret in (get_registry_for_type(Secret) or {}).values()


def test_forks_are_checked_before_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    of_runs.check_forks()
    monkeypatch.setattr(of_runs, "NEEDED_BY_FORKS", (GONE,))
    with pytest.raises(PrefectMovedError):
        of_runs.check_forks()


def test_neither_module_brings_prefect_along() -> None:
    code = (
        "import sys, deployments.server.prefect_internals\n"
        "sys.exit(', '.join(name for name in sys.modules if name.split('.')[0] == 'prefect') or 0)"
    )
    assert _in_a_process(code) == (0, "")
