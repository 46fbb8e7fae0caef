"""Addresses of servers: one reading for all clients, and a sentence for what has none."""

import pytest

from blocks.server_addresses import postgresql_address, redis_address
from blocks.settings import Settings

_ENCODED = "p%40s%2Fw%3Ao%23r%20d%3F%26%2541%2B%C3%A9"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgres://ana:a@b@db/jobs", "postgresql://ana:a%40b@db/jobs"),
        ("postgresql://ana:100%sure@db:5433/jobs/", "postgresql://ana:100%25sure@db:5433/jobs"),
        (f"postgresql://ana:{_ENCODED}@[::1]/jobs", f"postgresql://ana:{_ENCODED}@[::1]/jobs"),
        ("postgresql://ana@/jobs?host=/run/a b", "postgresql://ana@/jobs?host=%2Frun%2Fa%20b"),
        ("postgresql://db", "postgresql://db"),
        ("postgresql+asyncpg://ana@db/jobs", "postgresql://ana@db/jobs"),
    ],
)
def test_an_address_of_a_database_is_written_as_all_clients_read_it(given: str, read: str) -> None:
    assert postgresql_address(given) == read
    assert Settings(record_store=given).record_store == read


@pytest.mark.parametrize(
    "value",
    [
        *("postgresql://ana:p#w@db/jobs", "postgresql://ana:p/w@db/jobs", "postgresql://ana:p?w@db/jobs"),
        *("postgresql://ana:p[w@db/jobs", "postgresql://ana:p@w/x@db/jobs"),
    ],
)
def test_a_password_that_must_be_encoded_is_said_to_be_so(value: str) -> None:
    with pytest.raises(ValueError, match="special characters of its password written as %XX"):
        postgresql_address(value)
    with pytest.raises(ValueError, match="special characters of its password written as %XX"):
        redis_address(value.replace("postgresql", "redis"))


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("postgresql://db:x/jobs", "a port that is a number"),
        ("postgresql://one:5432,two:5432/jobs", "one host"),
        ("postgresql://db/jobs?sslmode=on", "one of disable, allow, prefer, require, verify-ca, verify-full"),
        ("postgresql://db/jobs?sslmode=require&channel_binding=require", "not channel_binding"),
    ],
)
def test_what_no_client_or_not_every_one_knows_is_refused(value: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        postgresql_address(value)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (
            "valkeys://:a%2Fb@cache:6380/1?ssl_cert_reqs=none",
            "rediss://:a%2Fb@cache:6380/1?ssl_cert_reqs=none",
        ),
        ("valkey://cache", "redis://cache"),
        ("unix:///run/a#b?db=1", "unix:///run/a#b?db=1"),
    ],
)
def test_an_address_of_a_redis_has_a_scheme_that_all_clients_know(given: str, read: str) -> None:
    assert redis_address(given) == read
    assert Settings(redis_url=given).redis_url == Settings(message_bus=given).message_bus == read
