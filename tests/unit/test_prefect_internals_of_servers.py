"""What the server's processes take of Prefect beyond its documentation does what it did."""

import errno
import importlib
import inspect

import pytest
import redis
from asyncpg.exceptions import CannotConnectNowError
from prefect.server.api import server
from prefect.settings import PREFECT_LOGGING_LEVEL, PREFECT_SERVER_LOGGING_LEVEL, temporary_settings

from deployments.server import prefect_internals as of_servers
from deployments.server import prefect_startup as of_starts


def test_clients_are_told_to_wait_for_a_database_and_for_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "is_client_retryable_exception", server.is_client_retryable_exception)
    assert not server.is_client_retryable_exception(ConnectionRefusedError()), (
        "or this is not needed any more"
    )
    of_servers.have_clients_wait_for_the_database()
    away = (
        ConnectionRefusedError(),
        TimeoutError(),
        OSError(errno.EHOSTUNREACH, ""),
        FileNotFoundError(errno.ENOENT, "the socket of a server"),
        CannotConnectNowError(),
    )
    for error in (*away, redis.ConnectionError()):
        assert server.is_client_retryable_exception(error), error
    missing = FileNotFoundError(errno.ENOENT, "", "a file")
    for error in (OSError(errno.ENOSPC, ""), missing, ValueError(), redis.ResponseError()):
        assert not server.is_client_retryable_exception(error), error


def test_its_migrations_are_found() -> None:
    assert len(of_starts.known_migrations()) > 100


def test_a_server_reads_that_it_is_temporary() -> None:
    assert of_servers.EPHEMERAL_VARIABLE in inspect.getsource(server.create_app)


def test_a_route_is_made_when_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    route = importlib.import_module("prefect.server.utilities.server").PrefectAPIRoute
    monkeypatch.setattr(route, "__init__", route.__init__)
    monkeypatch.setattr(route, "__getattr__", None, raising=False)
    of_starts.make_routes_when_used()
    looked_at = []

    def answer(number: int) -> int:
        return number

    def identify(route: object) -> str:
        looked_at.append(route)
        return "numbers"

    made = route("/numbers", answer, methods=["POST"], generate_unique_id_function=identify)
    assert not looked_at
    assert made.path == "/numbers"
    assert len(looked_at) == 1
    assert made.dependant.query_params[0].name == "number"
    assert made.matches({"type": "http", "path": "/numbers", "method": "POST"})[0].name == "FULL"
    assert len(looked_at) == 1
    with pytest.raises(AttributeError):
        made.of_yesterday  # noqa: B018


def test_logging_is_set_up_as_it_would_be_by_all_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = importlib.import_module("prefect.logging.configuration")
    monkeypatch.setattr(configuration, "get_current_settings", configuration.get_current_settings)
    path = configuration.DEFAULT_LOGGING_SETTINGS_PATH
    with temporary_settings({PREFECT_LOGGING_LEVEL: "ERROR", PREFECT_SERVER_LOGGING_LEVEL: "DEBUG"}):
        by_all = configuration.load_logging_config(path)
        of_starts.look_up_settings_of_logging()
        assert configuration.load_logging_config(path) == by_all
    assert by_all["loggers"]["prefect"]["level"] == "ERROR"


def test_slots_can_be_kept_on_disk() -> None:
    """What Prefect's server does with the setting."""
    storage = importlib.import_module(of_servers.LEASES_ON_DISK)
    assert inspect.isclass(storage.ConcurrencyLeaseStorage)
