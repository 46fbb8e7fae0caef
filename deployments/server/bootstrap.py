"""What a Prefect server must hold before jobs can be submitted: pools, queues, deployments, automations.

Everything here may be repeated at any time: what exists is brought up to date, nothing is made twice, and
what a person may have tuned in the UI (limits of pools) stays.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterName, FlowFilter, FlowFilterName
from prefect.client.schemas.responses import DeploymentResponse
from prefect.exceptions import ObjectNotFound

from deployments.processes.commands import output_of
from deployments.processes.environment import prefect_program
from deployments.processes.service import ServiceError, revision_of
from deployments.server.api import one_authority
from deployments.server.automations import ensure_automations
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pools import Pool, Priority
from tasks.errors import InvalidInputError
from tasks.recovery.ends import JOB_TAG
from tasks.recovery.too_late import check_tags

_DEPLOY_SECONDS = 300
_NAMES_AT_ONCE = 50
"""Of deployments that are asked for: no answer has more than 200."""


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
    """Apply the deployments of prefect.yaml and of the user's pipelines, close their schemas, and react to their runs.

    Those of which nothing has changed since they were last applied stay as they are. `change` may change what
    prefect.yaml says before it is applied.

    Raises:
        PipelineFileError: The user's file of pipelines has faults.
        ServiceError: A flow cannot be read, or `prefect deploy` refused something; the message carries the output.
    """
    # It imports what the steps of pipelines are set by; most starts of a stack deploy nothing.
    from deployments.server.pipelines import declared  # noqa: PLC0415

    content = declared(project)
    change(content)
    for entry in content["deployments"]:
        try:
            check_tags(entry.get("tags", ()))
        except InvalidInputError as error:
            raise ServiceError(f"{entry['name']}: {error.message}", hint=error.hint) from error
    api_url = str(client.api_url)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = {
            **environment,
            "PREFECT_API_URL": api_url,
            # `prefect deploy` makes four clients for each deployment. The server's version was asked for by `client`.
            "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
            **one_authority(api_url, folder),
        }
        schemas = _schemas(folder / "schemas.json", project=project, environment=environment)
        versions = _versions(content, schemas)
        there = _deployed(client, versions)
        changed = {
            full_name
            for full_name, version in versions.items()
            if full_name not in there or there[full_name].version != version
        }
        if changed:
            kept = [entry for entry in content["deployments"] if _full_name(entry) in changed]
            file = folder / "prefect.yaml"
            file.write_text(yaml.safe_dump({**content, "deployments": kept}, allow_unicode=True), "utf-8")
            _run(
                [prefect_program(), "--no-prompt", "deploy", "--all", "--prefect-file", str(file)],
                project=project,
                environment=environment,
            )
    for full_name, deployment in _deployed(client, changed).items():
        is_job = "webhook_url" in schemas[full_name]["properties"]
        client.update_deployment(
            deployment.id,
            DeploymentUpdate(
                parameter_openapi_schema=schemas[full_name],
                enforce_parameter_schema=True,
                # Found by it when they end.
                tags=sorted({*deployment.tags, JOB_TAG}) if is_job else deployment.tags,
                # Last: one that was left half applied has another.
                version=versions[full_name],
            ),
        )
    ensure_automations(client)


def _full_name(entry: Mapping[str, Any]) -> str:
    return f"{entry.get('flow_name', entry['name'])}/{entry['name']}"


def _versions(content: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, str]:
    """By the full name of each deployment: what changes with all that is applied of it."""
    common = {name: value for name, value in content.items() if name not in ("deployments", "definitions")}
    return {
        _full_name(entry): revision_of(entry, common, schemas[_full_name(entry)], JOB_TAG)
        for entry in content["deployments"]
    }


def _deployed(client: SyncPrefectClient, full_names: Iterable[str]) -> dict[str, DeploymentResponse]:
    """Those of the deployments that the server has."""
    wanted = set(full_names)
    found: dict[str, DeploymentResponse] = {}
    ordered = sorted(wanted)
    for start in range(0, len(ordered), _NAMES_AT_ONCE):
        few = ordered[start : start + _NAMES_AT_ONCE]
        flows, names = (sorted({name.split("/")[place] for name in few}) for place in (0, 1))
        flow_filter = FlowFilter(name=FlowFilterName(any_=flows))
        flow_names = {flow.id: flow.name for flow in client.read_flows(flow_filter=flow_filter)}
        for deployment in client.read_deployments(
            flow_filter=flow_filter,
            deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=names)),
        ):
            full_name = f"{flow_names[deployment.flow_id]}/{deployment.name}"
            if full_name in wanted:
                found[full_name] = deployment
    return found


def _schemas(file: Path, *, project: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    _run(
        [sys.executable, "-m", "deployments.server.flow_schemas", str(file)],
        project=project,
        environment=environment,
    )
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _run(command: list[str], *, project: Path, environment: Mapping[str, str]) -> None:
    failure = "The deployments of prefect.yaml could not be applied"
    output_of(command, failure=failure, seconds=_DEPLOY_SECONDS, environment=environment, directory=project)


def has_deployments(client: SyncPrefectClient, *, project: Path) -> bool:
    """Whether the server has every deployment of prefect.yaml."""
    wanted = {listed.full_name for listed in listed_flows(project).values()}
    return _deployed(client, wanted).keys() == wanted
