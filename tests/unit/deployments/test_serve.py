"""What the server's process changes of Prefect costs less, and means the same."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prefect.cli import _server_utils
from prefect.server.api import server
from prefect.server.database import dependencies
from prefect.server.utilities import database
from prefect.utilities.schema_tools import validation
from rich.console import Console
from sqlalchemy import Dialect, make_url

from deployments.embedded.serve import guard, tune
from deployments.guard.door import Door
from deployments.processes.watchdog import Watched
from deployments.server.prefect_internals import (
    check_each_schema_once,
    read_each_address_once,
    serve_through,
    write_plain_times,
)
from tasks.prefect_internals import Internal

_VARIABLES: dict[str, Any] = {
    "type": "object",
    "properties": {"env": {"type": "object", "additionalProperties": {"type": "string"}}},
}


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The schemas that were looked at, in a process that looks once at each."""
    schemas: list[Any] = []
    check = validation._VALIDATOR.check_schema

    def counting(schema: Any, **options: Any) -> None:
        schemas.append(schema)
        check(schema, **options)

    monkeypatch.setattr(validation._VALIDATOR, "check_schema", counting)
    check_each_schema_once()
    return schemas


def _submit(variables: dict[str, Any]) -> None:
    """What Prefect does with the variables of a pool at each submit."""
    validation.is_valid_schema(_VARIABLES, preprocess=False)
    validation.validate(variables, _VARIABLES, raise_on_error=True, ignore_required=True)


def test_a_schema_is_checked_once(checked: list[Any]) -> None:
    for number in range(5):
        _submit({"env": {"NUMBER": str(number)}})
    assert len(checked) <= 2  # with and without a checker of formats


def test_each_object_is_checked_against_it(checked: list[Any]) -> None:
    _submit({"env": {"A": "1"}})
    with pytest.raises(validation.ValidationError, match="env"):
        _submit({"env": {"A": 1}})


def test_another_schema_is_checked(checked: list[Any]) -> None:
    validation.is_valid_schema(_VARIABLES)
    validation.is_valid_schema(_VARIABLES | {"title": "Another"})
    assert len(checked) == 2


def test_a_schema_that_is_none_is_refused_each_time(checked: list[Any]) -> None:
    for _ in range(3):
        with pytest.raises(ValueError, match="Invalid schema"):
            validation.is_valid_schema({"type": "something"})
    assert len(checked) == 3


def test_true_is_not_one(checked: list[Any]) -> None:
    validation.is_valid_schema({"properties": {"number": {"const": 1}}})
    validation.is_valid_schema({"properties": {"number": {"const": True}}})
    assert len(checked) == 2


def test_the_address_of_the_database_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    get_dialect = vars(dependencies)["get_dialect"]

    def counting(address: Any) -> Any:
        read.append(address)
        return get_dialect(address)

    monkeypatch.setattr(dependencies, "get_dialect", counting)
    read_each_address_once()
    first, second = (dependencies.provide_database_interface() for _ in range(2))
    assert first is second
    assert len(read) == 1


@pytest.fixture
def plain_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.Timestamp, "process_bind_param", database.Timestamp.process_bind_param)
    write_plain_times()


def _dialect(address: str) -> Dialect:
    return make_url(address).get_dialect()()


_ZONES = st.one_of(
    st.timezones(),
    st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(timezone),
    st.sampled_from([UTC, ZoneInfo("America/Sao_Paulo")]),
)


@pytest.mark.usefixtures("plain_times")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.datetimes(datetime(1000, 1, 2), datetime(9000, 1, 1), timezones=_ZONES))  # noqa: DTZ001 - bounds have no zone
def test_the_database_gets_the_same_time(time: datetime) -> None:
    """From pendulum's and from Python's own, also in the hour that an autumn night has twice."""
    bind = database.Timestamp().process_bind_param
    for given_time in (time, pendulum.instance(time)):
        for dialect in (_dialect("postgresql+asyncpg://"), _dialect("sqlite+aiosqlite://")):
            bound = bind(given_time, dialect)
            assert type(bound) is datetime
            assert bound.astimezone(UTC) == given_time.astimezone(UTC)


@pytest.mark.usefixtures("plain_times")
def test_no_time_is_no_time_and_one_without_a_zone_is_refused() -> None:
    bind, dialect = database.Timestamp().process_bind_param, _dialect("postgresql+asyncpg://")
    assert bind(None, dialect) is None
    with pytest.raises(ValueError, match="must have a timezone"):
        bind(pendulum.naive(2026, 1, 1), dialect)


def test_a_change_that_prefect_does_not_allow_any_more_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    made: list[str] = []
    moved = Internal("prefect.server.api.server", "of_yesterday", "the server is slow")
    tune(lambda: made.append("first"), lambda: moved.replace(None), lambda: made.append("last"))
    assert made == ["first", "last"]
    assert "has no prefect.server.api.server.of_yesterday, without which the server is slow" in caplog.text


def test_the_application_that_is_served_has_its_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of `prefect server start`, not one that the server calls within itself."""
    made: list[dict[str, Any]] = []

    def create_app(**options: Any) -> str:
        made.append(options)
        return "application"

    served: dict[str, Any] = {}
    monkeypatch.setattr(server, "create_app", create_app)
    monkeypatch.setattr(uvicorn, "run", lambda **options: served.update(options))
    serve_through(guard)
    _server_utils._run_in_foreground(Console(), {}, "127.0.0.1", 1, 5, no_services=False, workers=1)
    assert isinstance(served["app"], Watched)
    assert isinstance(served["app"].app, Door)
    assert made == [{"final": True, "webserver_only": False}]
    assert server.create_app() == "application"  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("option", ["--workers=2", "--workers", "--background", "-b"])
def test_no_server_starts_that_would_have_none(option: str) -> None:
    """Prefect would start it in another process."""
    ended = _serve(option)
    assert ended.returncode == 1
    assert f"leave out {option.partition('=')[0]}." in ended.stderr


def test_no_server_starts_with_names_that_it_does_not_understand() -> None:
    ended = _serve(CONTRAPONTO_SERVER_NAMES="https://jobs.example.org/")
    assert ended.returncode == 1
    assert '"https://jobs.example.org/" is no name of a host. Write it as jobs.example.org' in ended.stderr


def _serve(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployments.embedded.serve", *options],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
