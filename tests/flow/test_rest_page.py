"""Every call of docs/rest.md, sent to a server in the order of the page."""

import contextlib
import json
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentUpdate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL

from blocks.settings import PROJECT_ROOT
from deployments.schemas import strict
from flows.transcription import transcribe
from tests.readme import blocks

PAGE = (PROJECT_ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
CALLS = [block.text for block in blocks(PAGE) if block.language == "http"]


@pytest.fixture
def deployment(home: object) -> str:
    with get_client(sync_client=True) as client:
        _ensure_queues(client)
        made = client.create_deployment(
            client.create_flow(transcribe),
            "transcribe",
            work_pool_name="gpu",
            work_queue_name="default",
            enforce_parameter_schema=True,
        )
        schema = strict(transcribe.parameters.model_dump_for_openapi())
        client.update_deployment(made, DeploymentUpdate(parameter_openapi_schema=schema))
    return str(made)


def _ensure_queues(client: SyncPrefectClient) -> None:
    with contextlib.suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name="gpu", type="process"))
    if "high" not in [queue.name for queue in client.read_work_queues(work_pool_name="gpu")]:
        client.create_work_queue(name="high", work_pool_name="gpu")


def send(call: str, **names: str) -> httpx.Response:
    for name, value in names.items():
        call = call.replace(name, value)
    head, _, body = call.partition("\n")
    method, path = head.split()
    content = json.loads(body) if body.strip() else None
    return httpx.request(
        method, f"{PREFECT_API_URL.value()}{path}", json=content, timeout=60, trust_env=False
    )


def test_the_calls_answer_as_the_page_says(deployment: str) -> None:
    found, submit, *others = CALLS
    identifier = send(found).json()["id"]
    assert identifier == deployment
    made = send(submit, DEPLOYMENT_ID=identifier)
    assert made.status_code == 201
    job = made.json()["id"]
    again = send(submit, DEPLOYMENT_ID=identifier)
    assert (again.status_code, again.json()["id"]) == (200, job)
    refused = send(submit.replace("id_roteiro", "roteiro"), DEPLOYMENT_ID=identifier)
    assert refused.status_code == 409
    assert "'roteiro' is not one of" in refused.json()["detail"]

    answers: dict[str, list[Any]] = {}
    for call in others:
        answer = send(call, JOB_ID=job)
        path = call.partition("\n")[0].split()[1]
        assert answer.status_code == (201 if path.endswith("set_state") else 200), (call, answer.text)
        answers.setdefault(path, []).append(answer.json())
    assert answers["/flow_runs/JOB_ID"][0]["state_type"] == "SCHEDULED"
    assert answers["/flow_runs/JOB_ID"][0]["work_queue_name"] == "high"
    assert job in [run["id"] for run in answers["/flow_runs/filter"][0]]
    assert answers["/artifacts/filter"] == [[]]
    assert answers["/logs/filter"] == [[]]
    assert all(isinstance(count, int) for count in answers["/flow_runs/count"])
    assert send("GET /flow_runs/JOB_ID", JOB_ID=job).json()["state_type"] == "CANCELLED"
