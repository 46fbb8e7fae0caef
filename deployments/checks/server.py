"""Checks of a Prefect server and its database, over the API."""

import time
from collections.abc import Iterator

import httpx

from deployments.checks.check import SLOW_SECONDS, Check, State, judged
from deployments.server.api import is_of_api

_ENDS_IN_API = "check PREFECT_API_URL: the address ends in /api"


def server(client: httpx.Client, *, fix: str, database_fix: str | None = None) -> Iterator[Check]:
    """Whether the server answers in time to these credentials, and whether it reaches its database.

    `database_fix` is what to do where it does not reach that, if not the same.
    """
    start = time.monotonic()
    try:
        alive = client.get("/health")
        ready = client.get("/ready")
        version = client.get("/admin/version")
    except httpx.TransportError as error:
        yield judged("server", well=False, remark=f"no answer ({type(error).__name__})", fix=fix)
        return
    seconds = (time.monotonic() - start) / 3
    if not alive.is_success:
        yield judged("server", well=False, remark=f"status {alive.status_code}", fix=fix)
    elif version.status_code == httpx.codes.UNAUTHORIZED:
        credentials = "set CONTRAPONTO_API_AUTH to its user:password"
        yield judged("server", well=False, remark="it wants other credentials", fix=credentials)
    elif not is_of_api(version):
        yield judged("server", well=False, remark="what answers is no Prefect API", fix=_ENDS_IN_API)
        return
    else:
        yield Check(
            subject="server",
            state=State.DEGRADED if seconds > SLOW_SECONDS else State.HEALTHY,
            remark=f"Prefect {version.text.strip()} answers in {1000 * seconds:.0f} ms".replace('"', ""),
        )
    yield judged(
        "database",
        well=ready.is_success,
        remark="reached by the server" if ready.is_success else "not reached by the server",
        fix="" if ready.is_success else database_fix or fix,
    )
