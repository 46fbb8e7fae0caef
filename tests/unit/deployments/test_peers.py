"""Whose socket is at the other end: asked of the real kernel, about real connections."""

import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.processes import peers
from deployments.processes.peers import Address, user_of_peer
from tests.another_user import NOBODY, SOMEBODY, needs_root, starts
from tests.waiting import wait_until

_CONNECT = """
address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
connection = socket.socket(family, socket.SOCK_STREAM)
connection.connect((address, port))
sys.stdin.readline()
"""


def only_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in containers that may not ask the kernel."""
    monkeypatch.setattr(peers, "_SOCK_DIAG", 999)


@pytest.fixture(params=["asked", "table"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "table":
        monkeypatch.setattr(peers, "_asked", lambda *_: None)
    return str(request.param)


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as listener:
        listener.settimeout(30)
        yield listener


def ends(accepted: socket.socket) -> tuple[Address, Address]:
    return accepted.getpeername()[:2], accepted.getsockname()[:2]


@needs_root
@pytest.mark.parametrize("user", [0, NOBODY, SOMEBODY])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_it_is_the_user_who_connected(way: str, user: int, address: str) -> None:
    here = "::1" if address == "::1" else "127.0.0.1"
    with listening(here) as listener:
        port = str(listener.getsockname()[1])
        with starts(user, _CONNECT, address, port) as process, closing(listener.accept()[0]) as accepted:
            found = user_of_peer(*ends(accepted))
            process.communicate("\n", timeout=30)
        assert found == user


@needs_root
def test_one_that_has_gone_is_nobody_and_not_root(way: str) -> None:
    """It may have sent a whole request before."""
    with listening("127.0.0.1") as listener:
        with starts(NOBODY, _CONNECT, "127.0.0.1", str(listener.getsockname()[1])) as process:
            accepted = listener.accept()[0]
            process.communicate("\n", timeout=30)
        with closing(accepted):
            assert user_of_peer(*ends(accepted)) is None


def test_a_user_of_this_machine_is_known_without_root(way: str) -> None:
    with (
        listening("127.0.0.1") as listener,
        socket.create_connection(listener.getsockname()),
        closing(listener.accept()[0]) as accepted,
    ):
        assert user_of_peer(*ends(accepted)) == os.geteuid()


def test_who_listens_is_not_taken_for_who_connects(way: str) -> None:
    with listening("127.0.0.1") as listener:
        assert user_of_peer(listener.getsockname(), ("127.0.0.1", 9)) is None


def test_where_the_kernel_is_not_to_be_asked_the_table_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    only_the_table(monkeypatch)
    test_a_user_of_this_machine_is_known_without_root("table")


@given(st.one_of(st.text(), st.ip_addresses().map(str)), st.integers(0, 65_535))
def test_what_is_no_connection_is_nobodys(host: str, port: int) -> None:
    assert user_of_peer((host, port), ("127.0.0.1", 1)) is None


def test_a_port_that_another_user_takes_over_is_the_others(way: str) -> None:
    """Nothing is remembered of a port: its next owner is asked about anew."""
    with listening("127.0.0.1") as listener:
        first = socket.create_connection(listener.getsockname())
        accepted = listener.accept()[0]
        peer, here = ends(accepted)
        assert user_of_peer(peer, here) is not None
        first.close()
        accepted.close()
        wait_until(lambda: user_of_peer(peer, here) is None, what="the end of the connection", seconds=10)
