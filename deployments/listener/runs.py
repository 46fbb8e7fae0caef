"""Runs that messages start, on a Prefect server that may be away for a while."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentFlowRunCreate
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from deployments.server.pools import Priority
from tasks.errors import InvalidInputError, TransientError
from tasks.jobs.run_names import run_name

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 10.0
_REFUSED = (
    httpx.codes.BAD_REQUEST,
    httpx.codes.CONFLICT,
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNPROCESSABLE_ENTITY,
)
_ABOUT_THE_REQUEST = (httpx.codes.INTERNAL_SERVER_ERROR, httpx.codes.NOT_FOUND)
"""May be about this one request: others have their turn, and it is tried again some times only."""


_logger = logging.getLogger("contraponto.listener")


class RefusedRunError(InvalidInputError):
    """The server refuses the run that a message asks for."""

    code = "refused_run"


@dataclass(frozen=True)
class Deployment:
    """A deployment as far as its runs depend on it."""

    id: UUID
    name: str
    parameters: tuple[str, ...]
    """Names of those that it takes."""

    @classmethod
    def of(cls, found: Any) -> "Deployment":
        """Of what the server says."""
        schema = found.parameter_openapi_schema or {}
        return cls(found.id, found.name, tuple(schema.get("properties", ())))


@dataclass(frozen=True)
class WantedRun:
    """A run that a message asks for."""

    deployment: Deployment
    parameters: Mapping[str, Any]
    key: str
    """The server makes one run of it, however often it is asked."""
    tag: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """What the server is sent."""
        asked = self.parameters.get("priority")
        queue = {"work_queue_name": asked} if asked in tuple(Priority) else {}
        return DeploymentFlowRunCreate(
            parameters=dict(self.parameters),
            idempotency_key=self.key,
            name=run_name(self.deployment.name, self.parameters),
            tags=[self.tag],
            labels=dict(self.labels),
            **queue,
        ).model_dump(mode="json", exclude_unset=True)


async def make_run(client: PrefectClient, wanted: WantedRun, stop: asyncio.Event) -> UUID:
    """Has the server make a run, or gives the one that it has made of the same key; its id.

    A server that is away is waited for, however long.

    Raises:
        RefusedRunError: the server does not take such a run.
        TransientError: it failed at this one, or `stop` is set while it is away.
    """
    body, wait = wanted.body(), _FIRST_WAIT
    while True:
        try:
            return await _made(client, wanted.deployment, body)
        except (httpx.TransportError, PrefectHTTPStatusError) as error:
            reason = _judged(error, wanted.deployment)
        _logger.warning(
            "The message waits for the Prefect server, which %s. It is asked again in %g s.", reason, wait
        )
        try:
            async with asyncio.timeout(wait):
                await stop.wait()
        except TimeoutError:
            wait = min(_LONGEST_WAIT, 2 * wait)
            continue
        raise TransientError("The listener is stopping, and the Prefect server is away.")


async def _made(client: PrefectClient, deployment: Deployment, body: Mapping[str, Any]) -> UUID:
    try:
        answer = await client.request(
            "POST", "/deployments/{id}/create_flow_run", path_params={"id": deployment.id}, json=body
        )
    except ObjectNotFound as error:
        raise TransientError(f"The server has no deployment {deployment.name} any more.") from error
    return UUID(answer.json()["id"])


def _judged(error: httpx.TransportError | PrefectHTTPStatusError, deployment: Deployment) -> str:
    """What the server does, if that passes for all alike."""
    if not isinstance(error, PrefectHTTPStatusError):
        return f"does not answer ({type(error).__name__})"
    status = error.response.status_code
    if status in _REFUSED:
        raise RefusedRunError(
            f'The server refuses a run of "{deployment.name}".', hint=_detail(error.response)
        ) from error
    if status in _ABOUT_THE_REQUEST:
        raise TransientError(
            f'The server answers {status} when a run of "{deployment.name}" is asked for.'
        ) from error
    return f"answers {status}"


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
