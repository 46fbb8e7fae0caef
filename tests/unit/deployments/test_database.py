"""Which database the server of a stack uses."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from blocks.settings import Settings
from deployments.embedded import own_servers, server
from deployments.embedded.database import address, ask, server_variables
from deployments.embedded.migration import check_version
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.environment import Surroundings
from deployments.processes.service import ServiceError
from deployments.processes.sockets import free_port
from tests.servers.postgres import running_postgres
from tests.servers.valkey import running_valkey


def test_it_is_the_embedded_one_unless_a_setting_names_another(tmp_path: Path) -> None:
    here = Surroundings(home=tmp_path)
    embedded = server_variables(here, Settings())
    assert list(embedded) == ["PREFECT_API_DATABASE_CONNECTION_URL"]
    assert embedded.popitem()[1].startswith("postgresql+asyncpg://postgres@/postgres?host=%2F")
    assert address(here, Settings()).startswith("postgresql://postgres@/postgres?host=%2F")
    named = Settings(database_url=SecretStr("postgres://ana:a%40b@db.example.org:5433/jobs?sslmode=require"))
    served, *_ = server.services(here, named, port=4200, redis_url="unix:///s", processes=1)
    assert (
        served.environment["PREFECT_API_DATABASE_CONNECTION_URL"]
        == "postgresql+asyncpg://ana:a%40b@db.example.org:5433/jobs?ssl=require"
    )


def test_then_no_database_is_started_here(tmp_path: Path) -> None:
    settings = Settings(database_url=SecretStr("postgresql://db/jobs"))
    stack = EmbeddedStack(Surroundings(home=tmp_path), settings)
    assert [service.name for service in stack._lower_services()] == ["valkey"]
    assert not (tmp_path / "postgres").exists()


def test_files_for_tls_reach_the_server_as_its_driver_knows_them(tmp_path: Path) -> None:
    url = "postgresql://ana@db/jobs?sslmode=verify-full&sslrootcert=/etc/our ca.pem&sslcert=/c&sslkey=/k"
    given = server_variables(Surroundings(home=tmp_path), Settings(database_url=SecretStr(url)))
    assert given == {
        "PREFECT_API_DATABASE_CONNECTION_URL": "postgresql+asyncpg://ana@db/jobs?ssl=verify-full",
        "PGSSLROOTCERT": "/etc/our ca.pem",
        "PGSSLCERT": "/c",
        "PGSSLKEY": "/k",
    }


@pytest.mark.parametrize("value", ["mysql://db/jobs", "postgresql://", "db.example.org"])
def test_another_kind_of_address_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(ValidationError, match="postgresql://USER:PASSWORD@HOST:5432/DATABASE"):
        Settings(database_url=SecretStr(value))


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(ServiceError, match=r"The database at 127\.0\.0\.1:\d+ does not answer: ") as caught:
        ask(f"postgresql://ana:never-shown@127.0.0.1:{free_port()}/jobs", "SELECT 1")
    assert "never-shown" not in f"{caught.value}{caught.value.hint}"


def test_one_without_rights_or_with_another_password_is_said_to_be_so(tmp_path: Path) -> None:
    with running_postgres(tmp_path / "database") as url:
        ask(url, "CREATE ROLE ana LOGIN")
        as_ana = url.replace("postgres@", "ana@")
        with pytest.raises(
            ServiceError, match='role "ana" may make no tables in the database "postgres"'
        ) as caught:
            own_servers.check(Settings(database_url=SecretStr(as_ana)))
        assert 'ALTER DATABASE "postgres" OWNER TO "ana"' in str(caught.value.hint)
        ask(url, str(caught.value.hint).partition(": ")[2])
        own_servers.check(Settings(database_url=SecretStr(as_ana)))
        with pytest.raises(ServiceError, match='refuses: role "bia" does not exist'):
            own_servers.check(Settings(database_url=SecretStr(url.replace("postgres@", "bia@"))))


def test_a_database_of_a_later_prefect_is_not_touched(tmp_path: Path) -> None:
    here = Surroundings(home=tmp_path)
    with running_postgres(tmp_path) as url:
        check_version(here, Settings())
        ask(url, "CREATE TABLE alembic_version (version_num text)")
        check_version(here, Settings())
        ask(url, "INSERT INTO alembic_version VALUES ('d4a7e1c93f52')")
        check_version(here, Settings())
        ask(url, "UPDATE alembic_version SET version_num = 'of_tomorrow'")
        with pytest.raises(ServiceError, match=r"later Prefect than 3\..*migration of_tomorrow"):
            check_version(here, Settings())


def test_a_redis_that_refuses_or_does_not_answer_is_said_to_be_so() -> None:
    with running_valkey() as redis:
        with redis.client() as client:
            client.config_set("requirepass", "the-password")
        own_servers.check(Settings(redis_url=f"unix://:the-password@{redis.url.removeprefix('unix://')}"))
        with pytest.raises(ServiceError, match="refuses"):
            own_servers.check(Settings(redis_url=redis.url))
    with pytest.raises(ServiceError, match="CONTRAPONTO_REDIS_URL does not answer"):
        own_servers.check(Settings(redis_url=f"redis://127.0.0.1:{free_port()}"))


def test_up_starts_nothing_where_they_do_not_answer(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, redis_url=f"redis://127.0.0.1:{free_port()}")
    stack = EmbeddedStack(Surroundings(home=tmp_path), settings)
    with pytest.raises(ServiceError, match="CONTRAPONTO_REDIS_URL does not answer"):
        stack.up()
    assert stack.status().services == {}
