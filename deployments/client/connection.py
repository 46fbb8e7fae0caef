"""Which Prefect server the command line talks to."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
from pydantic import SecretStr

from blocks.settings import get_settings
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.service import ServiceError
from deployments.server.api import Api
from tasks.net.urls import mask_url

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

_ENDS_IN_API = "Its address ends in /api, as http://127.0.0.1:4200/api does: check PREFECT_API_URL."


@contextmanager
def connected() -> Iterator["SyncPrefectClient"]:
    """A client of the server that `find_api` finds.

    Raises:
        ServiceError: no server is known, or the one that is does not answer, wants other credentials, or is none.
    """
    api = find_api()
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - takes seconds
    from prefect.exceptions import PrefectHTTPStatusError  # noqa: PLC0415

    try:
        with api.in_force(), get_client(sync_client=True) as client:
            yield client
    except PrefectHTTPStatusError as error:
        status = error.response.status_code
        raise ServiceError(
            f"The Prefect server at {api.shown} answered {status}.",
            hint=_advice(api.url, error.response),
        ) from error
    except httpx.TransportError as error:
        raise ServiceError(
            f"The Prefect server at {api.shown} does not answer.",
            hint="On this machine `contraponto up` starts it; elsewhere check PREFECT_API_URL.",
        ) from error
    except json.JSONDecodeError as error:
        # The server's own web page answers so to whatever is asked outside of /api.
        raise ServiceError(f"What answers at {api.shown} is no Prefect API.", hint=_ENDS_IN_API) from error


def find_api() -> Api:
    """`PREFECT_API_URL` if set, else the embedded stack that runs, else what Prefect's own profile names.

    Raises:
        ServiceError: none of them names a server, or what names one is no address.
    """
    embedded = EmbeddedStack.from_settings().status().api
    if from_environment := os.environ.get("PREFECT_API_URL"):
        url = _usable(from_environment.rstrip("/"))
        # What the server of this machine has made up for itself is told to no other.
        return Api(url, _credentials() or (embedded.auth if embedded and embedded.url == url else None))
    if embedded:
        return embedded
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL  # noqa: PLC0415 - takes seconds

    if from_profile := PREFECT_API_URL.value():
        secret = PREFECT_API_AUTH_STRING.value()
        return Api(str(from_profile).rstrip("/"), _credentials() or (SecretStr(secret) if secret else None))
    raise ServiceError(
        "No Prefect server is known here.",
        hint="Start the services on this machine with `contraponto up`, or set PREFECT_API_URL.",
    )


def _advice(url: str, answer: httpx.Response) -> str:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        return "Set CONTRAPONTO_API_AUTH to the user:password of that server."
    if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED) and "/api" not in url:
        return _ENDS_IN_API
    return f"{answer.text[:500]}\n`contraponto health` tells what is missing."


def _usable(url: str) -> str:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        parts = httpx.URL()
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ServiceError(
            f'PREFECT_API_URL is "{mask_url(url)}", which is no address of a server.', hint=_ENDS_IN_API
        )
    return url


def _credentials() -> SecretStr | None:
    """Those that the environment or a setting gives."""
    from_environment = os.environ.get("PREFECT_API_AUTH_STRING")
    return SecretStr(from_environment) if from_environment else get_settings().api_auth
