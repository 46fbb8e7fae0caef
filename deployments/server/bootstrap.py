"""What a Prefect server must hold before jobs can be submitted: pools, queues, deployments, automations.

Everything here may be repeated at any time: what exists is brought up to date, nothing is made twice, and
what a person may have tuned in the UI (limits of pools) stays.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.exceptions import ObjectNotFound

from deployments.processes.environment import prefect_program
from deployments.processes.service import ServiceError
from deployments.server.automations import ensure_automations
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pools import Pool, Priority
from tasks.recovery.ends import JOB_TAG

_DEPLOY_SECONDS = 300


def ensure_pools(client: SyncPrefectClient, pools: Iterable[Pool], *, command: str) -> None:
    """Make the process pools with their queues; bring those that exist up to date, except for their limits.

    `command`: what a worker starts for each run.
    """
    template = process_template(command)
    for pool in pools:
        ensure_pool(client, pool, kind="process", template=template)


def ensure_pool(client: SyncPrefectClient, pool: Pool, *, kind: str, template: dict[str, Any]) -> None:
    """Make one work pool for workers of this kind, or bring it up to date, except for its limit."""
    try:
        client.read_work_pool(pool.name)
    except ObjectNotFound:
        client.create_work_pool(
            WorkPoolCreate(
                name=pool.name,
                type=kind,
                description=pool.description,
                base_job_template=template,
                concurrency_limit=pool.concurrency,
            )
        )
    else:
        client.update_work_pool(
            pool.name, WorkPoolUpdate(description=pool.description, base_job_template=template)
        )
    _ensure_queues(client, pool)


def process_template(command: str) -> dict[str, Any]:
    """The base job template of the process pools: runs start where their worker did, by this command.

    It names no path: workers on other machines have theirs. Only the environment can differ from job to job: the
    server checks every variable that has a default, and the schema itself, at every submit.
    """
    return {
        "job_configuration": {
            "command": command,
            "env": "{{ env }}",
            "stream_output": True,
            "working_dir": ".",
        },
        "variables": {
            "type": "object",
            "properties": {
                "env": {
                    "type": "object",
                    "title": "Environment variables",
                    "description": "What the job finds in its environment besides that of the worker.",
                }
            },
        },
    }


def _ensure_queues(client: SyncPrefectClient, pool: Pool) -> None:
    existing = {queue.name: queue for queue in client.read_work_queues(work_pool_name=pool.name)}
    # Priorities are unique in a pool; the server moves the others: set in order, each ends where it belongs.
    for number, priority in enumerate(Priority, start=1):
        queue = existing.get(priority.value)
        if queue is None:
            client.create_work_queue(name=priority.value, work_pool_name=pool.name, priority=number)
        elif queue.priority != number:
            client.update_work_queue(queue.id, priority=number)


def deploy(
    client: SyncPrefectClient,
    *,
    project: Path,
    environment: Mapping[str, str],
    change: Callable[[dict[str, Any]], None] = lambda _content: None,
) -> None:
    """Apply every deployment of prefect.yaml and of the user's pipelines, close its schema, and react to its runs.

    `change` may change what prefect.yaml says before it is applied.

    Raises:
        PipelineFileError: The user's file of pipelines has faults.
        ServiceError: `prefect deploy` refused something; the message carries its output.
    """
    # It imports what the steps of pipelines are set by; most starts of a stack deploy nothing.
    from deployments.server.pipelines import declared, schema_of  # noqa: PLC0415

    content = declared(project)
    change(content)
    handle, name = tempfile.mkstemp(suffix=".yaml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file, allow_unicode=True)
        _apply(client, Path(name), project=project, environment=environment)
    finally:
        Path(name).unlink()
    for listed in listed_flows(project).values():
        deployment = client.read_deployment_by_name(listed.full_name)
        schema = schema_of(
            listed, deployment.parameter_openapi_schema or {"type": "object", "properties": {}}
        )
        is_job = "webhook_url" in schema["properties"]
        client.update_deployment(
            deployment.id,
            DeploymentUpdate(
                parameter_openapi_schema=schema,
                enforce_parameter_schema=True,
                # Found by it when they end.
                tags=sorted({*deployment.tags, JOB_TAG}) if is_job else deployment.tags,
            ),
        )
    ensure_automations(client)


def _apply(client: SyncPrefectClient, file: Path, *, project: Path, environment: Mapping[str, str]) -> None:
    result = subprocess.run(
        [prefect_program(), "--no-prompt", "deploy", "--all", "--prefect-file", str(file)],
        cwd=project,
        env={**environment, "PREFECT_API_URL": str(client.api_url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_DEPLOY_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        raise ServiceError(
            "The deployments of prefect.yaml could not be applied.",
            hint=f"{result.stdout}\n{result.stderr}".strip(),
        )


def has_deployments(client: SyncPrefectClient, *, project: Path) -> bool:
    """Whether the server has every deployment of prefect.yaml."""
    try:
        for listed in listed_flows(project).values():
            client.read_deployment_by_name(listed.full_name)
    except ObjectNotFound:
        return False
    return True
