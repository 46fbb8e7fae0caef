"""Which Prefect server the command line talks to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from deployments.embedded import EmbeddedStack
from deployments.services.process import ServiceError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


@contextmanager
def connected() -> Iterator["SyncPrefectClient"]:
    """A client of the server that `find_api_url` finds, with the credentials of Prefect's own settings.

    Raises:
        ServiceError: no server is known, or the one that is does not answer.
    """
    api_url = find_api_url()
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - takes seconds
    from prefect.exceptions import PrefectHTTPStatusError  # noqa: PLC0415
    from prefect.settings import PREFECT_API_URL, temporary_settings  # noqa: PLC0415

    try:
        with temporary_settings({PREFECT_API_URL: api_url}), get_client(sync_client=True) as client:
            yield client
    except PrefectHTTPStatusError as error:
        raise ServiceError(
            f"The Prefect server at {api_url} answered {error.response.status_code}.",
            hint=f"{error.response.text[:500]}\n`contraponto health` tells what is missing.",
        ) from error
    except httpx.TransportError as error:
        raise ServiceError(
            f"The Prefect server at {api_url} does not answer.",
            hint="On this machine `contraponto up` starts it; elsewhere check PREFECT_API_URL.",
        ) from error


def find_api_url() -> str:
    """`PREFECT_API_URL` if set, else the embedded stack that runs, else what Prefect's own profile names.

    Raises:
        ServiceError: none of them names a server.
    """
    if from_environment := os.environ.get("PREFECT_API_URL"):
        return from_environment.rstrip("/")
    if embedded := EmbeddedStack.from_settings().status().api_url:
        return embedded
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 - takes seconds, seldom needed

    if from_profile := PREFECT_API_URL.value():
        return str(from_profile).rstrip("/")
    raise ServiceError(
        "No Prefect server is known here.",
        hint="Start the services on this machine with `contraponto up`, or set PREFECT_API_URL.",
    )
