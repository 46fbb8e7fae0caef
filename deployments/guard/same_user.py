"""Refuses other users of the machine at a server that asks for no credentials.

Such a server listens on this machine alone, but a port is everybody's: whoever may call the API may have commands run
as the server's user. So every request, from whichever connection, has to come from a socket of that user, of root or
of one of the setting `server_local_users`. It is asked each time: what is remembered of a port could be another's.

Browsers, the command line, curl, n8n and tunnels of ssh of the same user notice nothing.
"""

import os
import pwd
import sys
from typing import TYPE_CHECKING

from blocks.settings import Settings
from deployments.guard.refusal import refuse
from deployments.processes.peers import user_of_peer
from tasks.errors import InvalidSettingError

if TYPE_CHECKING:  # comes with Prefect's server
    from starlette.types import ASGIApp, Receive, Scope, Send

USERS_VARIABLE = "_CONTRAPONTO_SERVED_USERS"
"""In the environment of a server: the numbers of the users that it answers; absent: it answers everybody."""

_EVERYBODY = "*"
_ROOT = 0
_REFUSAL = (
    "This server has no password and answers only the user of this machine who runs it. To let others in, name them in "
    "CONTRAPONTO_SERVER_LOCAL_USERS, or set CONTRAPONTO_PROFILE=production, where the server asks for credentials."
)


def keeps_others_out(settings: Settings, *, has_credentials: bool) -> bool:
    """Whether a server with these settings looks at who asks; the kernel tells it on Linux only."""
    return not has_credentials and sys.platform == "linux" and _EVERYBODY not in settings.server_local_users


def served_users(settings: Settings) -> frozenset[int]:
    """The users that a server answers which looks at who asks.

    Raises:
        InvalidSettingError: the setting names one that this machine does not know.
    """
    return frozenset({os.geteuid(), _ROOT, *map(_number, settings.server_local_users)})


def environment(settings: Settings, *, has_credentials: bool) -> dict[str, str]:
    """What the server of a stack is told of it."""
    if not keeps_others_out(settings, has_credentials=has_credentials):
        return {}
    return {
        USERS_VARIABLE: ",".join(map(str, sorted(served_users(settings)))),
        # By default uvicorn believes who a request from this machine says that it comes from.
        "FORWARDED_ALLOW_IPS": "",
    }


def as_told(app: "ASGIApp") -> "ASGIApp":
    """The application for the users that the environment names."""
    told = os.environ.get(USERS_VARIABLE)
    return app if told is None else SameUser(app, frozenset(map(int, told.split(","))))


class SameUser:
    """An ASGI application that answers only these users of this machine: others get 403 and a sentence."""

    def __init__(self, app: "ASGIApp", users: frozenset[int]) -> None:
        self._app = app
        self._users = users

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan" or self._may_ask(scope):
            await self._app(scope, receive, send)
        else:
            await refuse(scope, receive, send, 403, _REFUSAL)

    def _may_ask(self, scope: "Scope") -> bool:
        """Whoever has gone already, or is not on this machine, may not: nobody knows who that is."""
        peer, here = scope.get("client"), scope.get("server")
        if peer is None or here is None or here[1] is None:
            return False
        return user_of_peer((peer[0], peer[1]), (here[0], here[1])) in self._users


def _number(user: str) -> int:
    if user.isascii() and user.isdecimal():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError as error:
        raise InvalidSettingError(
            f'The setting server_local_users names "{user}", whom this machine does not know.',
            hint="Name users as `id` does, or by their numbers; * stands for everybody.",
        ) from error
