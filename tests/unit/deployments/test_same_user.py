"""A server without credentials answers the users that it is meant for: a real one, asked by real users."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
import websockets

from blocks.settings import Settings
from deployments.guard import same_user
from deployments.guard.same_user import SameUser
from tasks.errors import InvalidSettingError
from tests.another_user import NOBODY, SOMEBODY, needs_root, says

_ASK = """
request = urllib.request.Request(sys.argv[1], headers=json.loads(sys.argv[2]))
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
_SHAKE_HANDS = """
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
connection.sendall(b"GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
    b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n")
print(connection.recv(100).split()[1].decode())
"""
_SEND_AND_GO = """
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30)
connection.sendall(b"POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 0\\r\\n\\r\\n")
connection.close()
print("gone")
"""


class Application:
    """Says yes, and counts."""

    def __init__(self) -> None:
        self.answered = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            self.answered += 1
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
        elif scope["type"] == "http":
            self.answered += 1
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"yes"})


@contextmanager
def serving(users: set[int]) -> Iterator[tuple[Application, httpx.URL]]:
    application = Application()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = httpx.URL("http://{}:{}".format(*listener.getsockname()))
        # Everything as in uvicorn.run(), which believes the headers of a proxy.
        config = uvicorn.Config(
            SameUser(application, frozenset(users)), log_level="error", lifespan="off", ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield application, address
        finally:
            server.should_exit = True
            thread.join(30)


def asked(user: int, address: httpx.URL, **headers: str) -> str:
    return says(
        user, _ASK, str(address), json.dumps({name.replace("_", "-"): headers[name] for name in headers})
    )


def test_its_own_user_notices_nothing() -> None:
    async def greet(address: httpx.URL) -> None:
        async with websockets.connect(str(address.copy_with(scheme="ws")), proxy=None):
            pass

    with serving({os.geteuid()}) as (application, address):
        assert httpx.get(address, trust_env=False).text == "yes"
        asyncio.run(greet(address))
    assert application.answered == 2


@needs_root
@pytest.mark.parametrize("user", [NOBODY, SOMEBODY])
def test_another_user_is_refused_with_a_sentence(user: int) -> None:
    with serving({0}) as (application, address):
        status, _, said = asked(user, address).partition(" ")
        assert status == "403"
        assert "CONTRAPONTO_SERVER_LOCAL_USERS" in json.loads(said)["detail"]
        assert says(user, _SHAKE_HANDS, address.host, str(address.port)) == "403"
    assert application.answered == 0


@needs_root
def test_a_request_that_says_it_comes_from_elsewhere_is_refused() -> None:
    with serving({0}) as (application, address):
        for claimed in ("10.0.0.1", "127.0.0.1", "::1", ""):
            assert asked(NOBODY, address, X_Forwarded_For=claimed).startswith("403"), claimed
    assert application.answered == 0


@needs_root
def test_a_blind_write_of_one_that_leaves_at_once_does_nothing() -> None:
    with serving({0}) as (application, address):
        for _ in range(20):
            says(NOBODY, _SEND_AND_GO, address.host, str(address.port))
        assert httpx.get(address, trust_env=False).text == "yes"
    assert application.answered == 1


@needs_root
def test_a_user_who_is_named_is_answered() -> None:
    with serving({0, SOMEBODY}) as (_, address):
        assert asked(SOMEBODY, address) == "200 yes"
        assert asked(NOBODY, address).startswith("403")


def settings(*users: str, **others: Any) -> Settings:
    return Settings(server_local_users=users, **others)


def test_the_server_is_told_whom_it_serves() -> None:
    told = same_user.environment(settings("root", "61234"), has_credentials=False)
    assert set(told[same_user.USERS_VARIABLE].split(",")) == {str(os.geteuid()), "0", "61234"}
    assert told["FORWARDED_ALLOW_IPS"] == ""


@pytest.mark.parametrize(("users", "has_credentials"), [((), True), (("*",), False), (("root", "*"), False)])
def test_with_credentials_or_for_everybody_it_looks_at_nobody(
    users: tuple[str, ...], has_credentials: bool
) -> None:
    assert same_user.environment(settings(*users), has_credentials=has_credentials) == {}


def test_a_user_who_is_not_there_is_named() -> None:
    with pytest.raises(InvalidSettingError, match="nobody-of-this-name"):
        same_user.environment(settings("nobody-of-this-name"), has_credentials=False)


def test_only_a_server_that_is_told_so_looks_at_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    application = Application()
    monkeypatch.delenv(same_user.USERS_VARIABLE, raising=False)
    assert same_user.as_told(application) is application
    monkeypatch.setenv(same_user.USERS_VARIABLE, "0,7")
    assert isinstance(same_user.as_told(application), SameUser)
