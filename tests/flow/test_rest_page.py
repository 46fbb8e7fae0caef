"""Every call of docs/rest.md, docs/contraponto.http and docs/n8n-transcribe.json, sent to a server."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, DeploymentUpdate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL

from blocks.settings import PROJECT_ROOT
from deployments.server.schemas import strict
from flows.maintenance import cleanup
from flows.transcription import transcribe
from tasks.jobs.document import JobStatus
from tasks.speech.document import TranscriptionDocument
from tasks.webhooks.message import WebhookMessage
from tests.http_file import Collection
from tests.n8n import Execution, StoppedError, Waiting
from tests.readme import blocks

DOCS = PROJECT_ROOT / "docs"
PAGE = (DOCS / "rest.md").read_text(encoding="utf-8")
CLEANUP = "/deployments/name/cleanup/cleanup"
CALLS = [block.text for block in blocks(PAGE) if block.language == "http"]


@pytest.fixture
def deployment(home: object) -> str:
    with get_client(sync_client=True) as client:
        _ensure_queues(client)
        _deploy(client, cleanup)
        return _deploy(client, transcribe)


def _deploy(client: SyncPrefectClient, flow: Flow[..., Any]) -> str:
    made = client.create_deployment(
        client.create_flow(flow),
        flow.name,
        work_pool_name="gpu",
        work_queue_name="default",
        enforce_parameter_schema=True,
    )
    schema = strict(flow.parameters.model_dump_for_openapi())
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
        answer = send(call, JOB_ID=job, CLEANUP_ID=answers.get(CLEANUP, [{"id": ""}])[0]["id"])
        path = call.partition("\n")[0].split()[1]
        makes = path.endswith(("set_state", "create_flow_run"))
        assert answer.status_code == (201 if makes else 200), (call, answer.text)
        answers.setdefault(path, []).append(answer.json())
    assert answers["/flow_runs/JOB_ID"][0]["state_type"] == "SCHEDULED"
    assert answers["/flow_runs/JOB_ID"][0]["work_queue_name"] == "high"
    assert job in [run["id"] for run in answers["/flow_runs/filter"][0]]
    assert answers["/artifacts/filter"] == [[]]
    assert answers["/logs/filter"] == [[]]
    assert all(isinstance(count, int) for count in answers["/flow_runs/count"])
    assert send("GET /flow_runs/JOB_ID", JOB_ID=job).json()["state_type"] == "CANCELLED"


def test_the_requests_of_the_collection(deployment: str) -> None:
    collection = Collection(
        (DOCS / "contraponto.http").read_text(encoding="utf-8"), {"api": str(PREFECT_API_URL.value())}
    )
    answers = {request.title: collection.send(request) for request in collection.requests()}
    refused = {title: answer.text for title, answer in answers.items() if not answer.is_success}
    assert not refused
    submitted = collection.answers["submit"].json()
    assert submitted["deployment_id"] == deployment
    assert submitted["parameters"]["webhook_url"].startswith("https://")
    assert send(f"GET /flow_runs/{submitted['id']}").json()["state_type"] == "CANCELLED"
    # Whatever the page tells can be sent from the collection too.
    ids = {"JOB_ID": submitted["id"], "DEPLOYMENT_ID": deployment}
    ids["CLEANUP_ID"] = collection.answers["cleanup"].json()["id"]
    sent = {answer.request.url.path.removeprefix("/api") for answer in answers.values()}
    for call in CALLS:
        path = call.partition("\n")[0].split()[1]
        for name, identifier in ids.items():
            path = path.replace(name, identifier)
        assert path in sent


def test_the_n8n_workflow_from_its_trigger_to_the_text(deployment: str) -> None:
    workflow = json.loads((DOCS / "n8n-transcribe.json").read_text(encoding="utf-8"))
    for node in workflow["nodes"]:
        if node["name"] == "Job":
            (api,) = (e for e in node["parameters"]["assignments"]["assignments"] if e["name"] == "api")
            api["value"] = str(PREFECT_API_URL.value())
    execution = Execution(workflow, uuid4().hex, "https://n8n.example.org/webhook-waiting/7?signature=abc")
    asked = {"body": {"youtube_url": "https://example.org/aula.mp3", "id_roteiro": "R-44"}}
    waiting = execution.run("Start by webhook", asked)
    assert isinstance(waiting, Waiting)
    submitted = execution.sent[-1].json()
    assert submitted["deployment_id"] == deployment
    assert submitted["parameters"] == {
        **asked["body"],
        "webhook_url": "https://n8n.example.org/webhook-waiting/7?signature=abc",
    }

    document = _completed(submitted["id"])
    resumed = execution.run(waiting.node, {"body": json.loads(WebhookMessage.of(document).body())})
    assert resumed == {
        "id_roteiro": "R-44",
        "text": "Bom dia.",
        "links": {"srt": "https://example.org/a.srt"},
    }

    by_hand = Execution(workflow, uuid4().hex, "https://n8n.example.org/webhook-waiting/8")
    waiting = by_hand.run("Start by hand", {})
    assert isinstance(waiting, Waiting)
    failed = document.model_copy(
        update={"status": JobStatus.FAILED, "error": "Nothing is there.", "error_code": "source_not_found"}
    )
    with pytest.raises(StoppedError, match="Nothing is there"):
        by_hand.run(waiting.node, {"body": json.loads(WebhookMessage.of(failed).body())})
    with pytest.raises(StoppedError, match="not ended in time"):
        by_hand.run(waiting.node, by_hand.sent[-1].json())


def _completed(job: str) -> TranscriptionDocument:
    """The job has been done: its document lies on the server."""
    document = TranscriptionDocument(
        job_id=job,
        operation="transcribe",
        status=JobStatus.COMPLETED,
        completed_at=datetime.now(UTC),
        id_roteiro="R-44",
        transcription_text="Bom dia.",
        result={"links": {"srt": "https://example.org/a.srt"}},
    )
    with get_client(sync_client=True) as client:
        data = document.model_dump(mode="json")
        client.create_artifact(ArtifactCreate(key="result", type="json", data=data, flow_run_id=UUID(job)))
    return document
