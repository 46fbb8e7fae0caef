"""What the project's own server answers to parameters that a job cannot use: over REST, and in the form of the UI."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks.settings import PROJECT_ROOT
from deployments.client.overview import list_jobs, statistics
from deployments.client.read import read_job
from deployments.client.submit import submit_job
from deployments.processes.sockets import free_port
from deployments.server.flow_catalogue import listed_flows
from deployments.server.pipelines import schema_of
from deployments.server.prefect_internals import EPHEMERAL_VARIABLE
from tasks.errors import InvalidInputError
from tasks.jobs.document import JobStatus
from tests.waiting import wait_until

RAW = (
    "^(",
    "Undefined",
    "given schemas",
    "is not of type",
    "does not match",
    "is not one of",
    "required property",
)
BAD: dict[str, Any] = {
    "object": 3,
    "array": "x",
    "string": ["x"],
    "integer": 0.5,
    "number": "x",
    "boolean": "yes",
}
"""A value for each type that is none of it."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Asks the server as the stack runs it, on a database of its own, with every deployment."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")},
        "PREFECT_HOME": str(folder),
        "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder}/prefect.db",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        EPHEMERAL_VARIABLE: "1",
    }
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "deployments.embedded.serve", "--host", "127.0.0.1", "--port", str(port)],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}/api"
    try:
        wait_until(lambda: _answers(url), "the server answers")
        with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
            _deploy(client)
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as api:
            yield api
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def _url(api: httpx.Client) -> str:
    return str(api.base_url).rstrip("/")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _deploy(client: SyncPrefectClient) -> None:
    client.create_work_pool(WorkPoolCreate(name="gpu", type="process"))
    for listed in listed_flows(PROJECT_ROOT).values():
        flow = getattr(import_module(listed.module), listed.function)
        made = client.create_deployment(
            client.create_flow(flow),
            listed.name,
            parameters=dict(listed.parameters),
            work_pool_name="gpu",
            enforce_parameter_schema=True,
        )
        client.update_deployment(made, DeploymentUpdate(parameter_openapi_schema=schema_of(listed)))


def _bad(field: dict[str, Any]) -> list[Any]:
    """Values that a field cannot have: of another type, beyond its bounds, of another form."""
    choices = [field, *field.get("anyOf", [])]
    values = [BAD[choice["type"]] for choice in choices if choice.get("type") in BAD][:1]
    for choice in choices:
        values += [_unlike(choice["pattern"])] if "pattern" in choice else []
        values += ["no such choice"] if "enum" in choice or "const" in choice else []
        values += [choice["maximum"] + 2] if "maximum" in choice else []
        values += ["x" * (choice["maxLength"] + 1)] if "maxLength" in choice else []
    return values or [3]


def _unlike(pattern: str) -> str:
    return next(each for each in ("x:", ":x", "\t") if not re.search(pattern, each))


def test_every_parameter_of_every_job_is_refused_in_a_sentence(api: httpx.Client) -> None:
    sent = 0
    for listed in listed_flows(PROJECT_ROOT).values():
        deployment = api.get(f"/deployments/name/{listed.full_name}").json()
        schema = deployment["parameter_openapi_schema"]
        for name, field in schema["properties"].items():
            for value in _bad(field):
                sent += 1
                values = {name: value}
                form = api.post("/ui/schemas/validate", json={"schema": schema, "values": values}).json()
                of_field = [
                    entry for entry in form["errors"] if isinstance(entry, dict) and entry["property"] == name
                ]
                assert of_field, (listed.name, name, value)
                # Only this parameter is wrong: the others are not asked for.
                values |= {other: _good(schema["properties"][other]) for other in schema.get("required", [])}
                values[name] = value
                answer = api.post(
                    f"/deployments/{deployment['id']}/create_flow_run", json={"parameters": values}
                )
                assert answer.status_code == 409, (listed.name, name, value, answer.text)
                for raw in RAW:
                    assert raw not in json.dumps([form, answer.text])
                assert "give " in answer.json()["detail"]
                assert len(answer.json()["detail"]) < 700
    assert sent > 100


def _good(field: dict[str, Any]) -> Any:
    """Enough for the first check of a parameter beside the bad one."""
    return {"array": [], "object": {}, "integer": 1, "number": 1}.get(
        field.get("type", ""), "https://example.org/a"
    )


def test_what_where_and_what_to_change(api: httpx.Client) -> None:
    images = [
        {"id": "a", "image_url": "a.png", "duracao": 1},
        {"id": "b", "image_url": "b.png", "duracao": 3000},
    ]
    parameters = {"images": images, "webhook_url": "https://example.org/hook"}
    found = api.get("/deployments/name/img2vid/img2vid").json()
    refused = api.post(f"/deployments/{found['id']}/create_flow_run", json={"parameters": parameters})
    assert refused.json()["detail"].endswith(
        "field 'images[1].duracao'. Failure reason: 3000 is too large: give a number from 0.1 to 1000."
    )
    with temporary_settings({PREFECT_API_URL: _url(api)}), get_client(sync_client=True) as client:
        with pytest.raises(InvalidInputError) as raised:
            submit_job(client, "img2vid", {**parameters, "width": 65})
        job = submit_job(client, "transcribe", {"youtube_url": "in/aula.mp3", "id_roteiro": "R-34"})
        assert client.read_flow_run(job).name == "transcribe · R-34 · aula.mp3"
    assert raised.value.hint == (
        "images[1].duracao: 3000 is too large: give a number from 0.1 to 1000.\n"
        "width: 65 cannot be used: give an even whole number from 64 to 4096."
    )


def test_a_request_of_another_form_is_refused_in_a_sentence(api: httpx.Client) -> None:
    found = api.get("/deployments/name/transcribe/transcribe").json()
    call = f"/deployments/{found['id']}/create_flow_run"
    refused = api.post(call, json={"parameters": {"youtube_url": "x" * 10_000}, "priority": "high"})
    assert refused.status_code == 422
    assert refused.json()["detail"] == "priority is not known to this call: leave it out."
    assert refused.json()["exception_message"] == "Invalid request received."
    assert len(refused.content) < 3_000


def test_jobs_of_one_flow_are_told_apart_by_their_deployments(api: httpx.Client) -> None:
    product = {"product": {"name": "Cafeteira Aurora"}}
    with temporary_settings({PREFECT_API_URL: _url(api)}), get_client(sync_client=True) as client:
        copy = submit_job(client, "viral-copy-only", product)
        voice = submit_job(client, "voice-over-only", product)
        found = client.read_flow_run(copy)
        assert (found.parameters["pipeline"], found.name) == ("viral-copy-only", "viral-copy-only")
        assert read_job(client, copy).operation == "viral-copy-only"
        (line,) = list_jobs(client, ["promote/viral-copy-only"])
        assert (line.job_id, line.operation) == (copy, "viral-copy-only")
        both = list_jobs(client, ["transcribe", "promote/viral-copy-only", "promote/voice-over-only"])
        assert {voice: "voice-over-only", copy: "viral-copy-only"}.items() <= {
            each.job_id: each.operation for each in both
        }.items()
        numbers = {
            each.operation: each.jobs
            for each in statistics(
                client, ["promote/voice-over-only", "promote/promotional-video-full"]
            ).operations
        }
        assert numbers == {"voice-over-only": {JobStatus.QUEUED: 1}, "promotional-video-full": {}}
        with pytest.raises(InvalidInputError) as raised:
            submit_job(client, "viral-copy-only", {**product, "config": {"voice_over": {}}})
    assert "voice_over" in raised.value.hint
