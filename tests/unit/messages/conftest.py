"""One Valkey for the tests of messages; each of them finds it empty."""

from collections.abc import Iterator

import pytest

from tests.servers.valkey import Valkey, running_valkey

pytest.register_assert_rewrite(
    "tests.message_bus_suite", "tests.message_bus_room_suite", "tests.message_bus_histories"
)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    with running_valkey() as server:
        yield server


@pytest.fixture
def valkey(valkey_server: Valkey) -> Iterator[Valkey]:
    yield valkey_server
    valkey_server.flush()
