"""Handing a job to a server."""

import contextlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentFlowRunCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from deployments.client.parameters import check_names, choose
from deployments.client.read import read_run
from deployments.server.pools import Priority
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.jobs.run_names import run_name
from tasks.jobs.unexpected import UNEXPECTED_TAG
from tasks.jobs.unreadable import UNREADABLE

_REFUSED = (400, 409, 413, 422)


def submit_job(
    client: SyncPrefectClient,
    deployment: str,
    parameters: Mapping[str, Any],
    *,
    priority: Priority | None = None,
    idempotency_key: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> UUID:
    """Create a job of a deployment and return its id. `environment` is added to that of this one job.

    `priority` names the queue; without it the parameter of that name does, where the job has one.

    Raises:
        InvalidInputError: no such deployment, or parameters that its schema refuses.
    """
    found = _find(client, deployment)
    properties = (found.parameter_openapi_schema or {}).get("properties", {})
    check_names(parameters, properties, of=f'The deployment "{deployment}"')
    asked = DeploymentFlowRunCreate(
        parameters=dict(parameters),
        work_queue_name=(priority or _asked(parameters)).value,
        # Prefect's client sends again what a lost connection may have lost, with a key or without.
        idempotency_key=idempotency_key or str(uuid4()),
        name=run_name(found.name, parameters),
        job_variables={"env": dict(environment)} if environment else None,
    )
    try:
        # `create_flow_run_from_deployment` sends a state, too, and for that imports what runs flows: half a second. By
        # itself the server takes the same.
        answer = client.request(
            "POST",
            "/deployments/{id}/create_flow_run",
            path_params={"id": found.id},
            json=asked.model_dump(mode="json", exclude_unset=True),
        )
    except PrefectHTTPStatusError as error:
        detail = _detail(error.response) if error.response.status_code in _REFUSED else None
        if detail is None:
            raise
        raise _refused(found, parameters, detail) from error
    return UUID(answer.json()["id"])


def _detail(answer: Response) -> str | None:
    """What the server says of a request that it refuses."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return None


def _refused(deployment: DeploymentResponse, parameters: Mapping[str, Any], detail: str) -> InvalidInputError:
    from deployments.server.refusals import refusals  # noqa: PLC0415 - few submits need it

    schema = deployment.parameter_openapi_schema or {}
    # The server names one thing, and one of Prefect's own in the words of its validator.
    lines = refusals({**deployment.parameters, **parameters}, schema)
    if not lines:
        return InvalidInputError("The server refuses this job.", hint=detail)
    return InvalidInputError(
        f'The deployment "{deployment.name}" refuses these parameters.', hint="\n".join(lines)
    )


def retry_job(client: SyncPrefectClient, job_id: UUID) -> UUID:
    """Submit an ended job again, with its parameters, tags and environment, in its queue; the id of the new job.

    What the first one finished is found in the cache.

    Raises:
        SourceNotFoundError: the server has no such job.
        InvalidInputError: it has not ended, or it was not made from a deployment.
    """
    run = read_run(client, job_id)
    if run.state is None or not run.state.is_final():
        raise InvalidInputError(
            f"The job {job_id} has not ended.", hint=f"End it first: contraponto cancel {job_id}"
        )
    if run.deployment_id is None:
        raise InvalidInputError(
            f"The job {job_id} was not made from a deployment, so no worker can run it again.",
            hint="Submit it with `contraponto submit`.",
        )
    if run.state.message == UNREADABLE:
        raise InvalidInputError(f"The job {job_id} cannot be submitted again as it is. {UNREADABLE}")
    return client.create_flow_run_from_deployment(
        run.deployment_id,
        parameters=run.parameters,
        work_queue_name=run.work_queue_name,
        # How the first one has ended says nothing of this one.
        tags=[tag for tag in run.tags if tag != UNEXPECTED_TAG],
        name=run.name,
        job_variables=run.job_variables,
        idempotency_key=str(uuid4()),
    ).id


def _asked(parameters: Mapping[str, Any]) -> Priority:
    asked = parameters.get("priority")
    # Anything else is refused by the deployment's schema, with a sentence that lists what there is.
    return Priority(asked) if asked in tuple(Priority) else Priority.DEFAULT


def _find(client: SyncPrefectClient, deployment: str) -> DeploymentResponse:
    """A deployment by its name, or by `flow/deployment`."""
    full_name = deployment if "/" in deployment else f"{deployment}/{deployment}"
    flow, _, name = full_name.partition("/")
    if flow and name and "/" not in name:  # others are none that Prefect knows
        with contextlib.suppress(ObjectNotFound):
            return client.read_deployment_by_name(full_name)
    # Its flow may have another name.
    wanted = DeploymentFilter(name=DeploymentFilterName(any_=[deployment]))
    if found := client.read_deployments(deployment_filter=wanted, limit=1):
        return found[0]
    known = [found.name for found in client.read_deployments(limit=200)]
    choose(deployment, known, what="deployment")
    raise SourceNotFoundError(f"The server has no deployment {deployment}.")
