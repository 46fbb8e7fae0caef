"""The commands about jobs, against a server that holds jobs in every state."""

import contextlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, LogCreate, WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelled, Completed, Failed, Pending, Running
from prefect.types import DateTime
from typer.testing import CliRunner, Result

from deployments.cli.app import app
from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.jobs.unexpected import UNEXPECTED_TAG
from tasks.sizing.history import read_jobs
from tasks.webhooks.endpoints import note_failure, resume

Command = Callable[..., Result]


@flow(name="transcribe")
async def stand_in(youtube_url: str) -> None:
    """A job of the operation `transcribe`, which no worker takes."""


@pytest.fixture
def client(home: object) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        with contextlib.suppress(ObjectAlreadyExists):
            client.create_work_pool(WorkPoolCreate(name="gpu", type="process"))
        yield client


@pytest.fixture
def deployment(client: SyncPrefectClient) -> str:
    flow_id = client.create_flow(stand_in)
    return str(
        client.create_deployment(flow_id, "transcribe", work_pool_name="gpu", work_queue_name="default")
    )


@pytest.fixture
def command(client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("PREFECT_API_URL", str(PREFECT_API_URL.value() or client.api_url))

    def type_in(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), catch_exceptions=True)

    return type_in


def submit(client: SyncPrefectClient, deployment: str, url: str) -> str:
    made = client.create_flow_run_from_deployment(
        UUID(deployment),
        parameters={"youtube_url": url},
        tags=["canal-3"],
        job_variables={"env": {"CONTRAPONTO_MODEL_HOST": "off"}},
    )
    return str(made.id)


def end(client: SyncPrefectClient, job: str, state: State[Any]) -> None:
    states: tuple[State[Any], ...] = (Pending(), Running(), state)
    for each in states:
        client.set_flow_run_state(job, each, force=True)


def test_listed_counted_cancelled_and_retried(
    client: SyncPrefectClient, deployment: str, command: Command
) -> None:
    queued, failed, completed = (submit(client, deployment, f"https://example.org/{n}") for n in "abc")
    end(client, failed, Failed(message="Nothing is there.\nmore"))
    end(client, completed, Completed())

    every = {line["job_id"]: line for line in json.loads(command("jobs", "--json").stdout)}
    assert {job: every[job]["status"] for job in (queued, failed, completed)} == {
        queued: "queued",
        failed: "failed",
        completed: "completed",
    }
    assert every[failed]["operation"] == "transcribe"
    some = json.loads(command("jobs", "--status", "failed", "--since", "1h", "--json").stdout)
    assert failed in [line["job_id"] for line in some]
    assert {line["status"] for line in some} == {"failed"}
    recent = json.loads(command("jobs", "--since", "1h", "--json").stdout)
    assert {queued, failed, completed} <= {line["job_id"] for line in recent}, "also those that wait"
    long_ago = json.loads(command("jobs", "--since", "0s", "--json").stdout)
    assert not {failed, completed} & {line["job_id"] for line in long_ago}
    assert len(json.loads(command("jobs", "--limit", "2", "--json").stdout)) == 2
    assert json.loads(command("jobs", "--operation", "img2vid-shard", "--json").stdout) == []
    shown = command("jobs", "--status", "failed").stdout
    assert failed in shown
    assert "Nothing is there." in shown
    assert "more" not in shown

    before = json.loads(command("stats", "--json").stdout)
    numbers = {entry["operation"]: entry for entry in before["operations"]}["transcribe"]
    assert all(numbers["jobs"][status] >= 1 for status in ("queued", "failed", "completed"))
    assert numbers["seconds_p50"] is not None
    queues = {(entry["pool"], entry["queue"]): entry for entry in before["queues"]}
    assert queues["gpu", "default"]["queued"] >= 1

    refused = command("retry", queued)
    assert isinstance(refused.exception, InvalidInputError)
    assert "has not ended" in refused.exception.message
    client.update_flow_run(UUID(failed), tags=["canal-3", UNEXPECTED_TAG])
    again = command("retry", failed).stdout.strip()
    retried = client.read_flow_run(UUID(again))
    assert again != failed
    assert retried.parameters == {"youtube_url": "https://example.org/b"}
    assert retried.work_queue_name == "default"
    assert retried.tags == ["canal-3"], "how the first one failed says nothing of this one"
    assert retried.job_variables == {"env": {"CONTRAPONTO_MODEL_HOST": "off"}}

    assert json.loads(command("cancel", queued, completed, "--json").stdout)["cancelled"] == {
        queued: True,
        completed: False,
    }
    ended = json.loads(command("status", queued, "--json").stdout)
    assert (ended["status"], ended["error_code"]) == ("cancelled", "cancelled")


def test_recorded_jobs_say_how_many_machines_it_takes(
    client: SyncPrefectClient, command: Command, tmp_path: Path
) -> None:
    pool = "conversations"  # no other test has jobs there
    with contextlib.suppress(ObjectAlreadyExists):
        client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
    refused = command("sizing", "--pool", pool, "--since", "36h")
    assert isinstance(refused.exception, InvalidInputError)
    assert "No job of the pool conversations has ended within 36h," in refused.exception.message
    assert "--machine-class" in refused.exception.hint

    deployment = client.create_deployment(client.create_flow(stand_in), "sized", work_pool_name=pool)
    made = [submit(client, str(deployment), f"https://example.org/{number}") for number in range(3)]
    for number, job in enumerate(made):
        end(client, job, Completed())
        document = {
            "job_id": job,
            "operation": "transcribe",
            "status": "completed",
            "result": {"duration": 600 + 300 * number},
        }
        client.create_artifact(ArtifactCreate(key="result", data=document, flow_run_id=UUID(job)))
    never = submit(client, str(deployment), "https://example.org/never")
    client.set_flow_run_state(UUID(never), Cancelled(), force=True)

    saved = tmp_path / "jobs.csv"
    asked = ("sizing", "--pool", pool, "--jobs-per-day", "5000", "--slots", "2")
    found = json.loads(command(*asked, "--save", str(saved), "--json").stdout)
    jobs = read_jobs(saved)
    assert [job.media_seconds for job in jobs] == [600, 900, 1200]
    assert {(job.operation, job.queue) for job in jobs} == {("transcribe", "default")}
    runs = [client.read_flow_run(UUID(job)) for job in made]
    services = [
        (run.end_time - run.start_time).total_seconds() for run in runs if run.start_time and run.end_time
    ]
    assert [job.service for job in jobs] == pytest.approx(services, abs=0.002)
    assert found["basis"].startswith("3 recorded here, pool conversations")
    assert found["service_mean"] == pytest.approx(statistics.fmean(services), rel=0.1)
    assert (found["machines"], found["jobs_per_day"]) == (1, 5000)
    longer = json.loads(command(*asked, "--media-minutes", "150", "--json").stdout)
    assert found["service_mean"] <= longer["service_mean"] <= 11 * found["service_mean"]


def test_the_place_in_the_queue(client: SyncPrefectClient, command: Command) -> None:
    client.create_work_pool(WorkPoolCreate(name="place", type="process", concurrency_limit=1))
    client.create_work_queue("urgent", work_pool_name="place", priority=1)
    client.update_work_queue(client.read_work_queue_by_name("default", "place").id, priority=2)
    made = client.create_deployment(
        client.create_flow(stand_in), "place", work_pool_name="place", work_queue_name="default"
    )
    first, second, third = (submit(client, str(made), f"https://example.org/{n}") for n in "abc")

    def place(job: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(command("status", job, "--json").stdout)["queue"]
        return found

    assert "no worker listens" in place(first)["remark"]
    client.send_worker_heartbeat("place", "one", 60)
    assert "no job of this kind" in place(first)["remark"]
    assert (place(second)["position"], place(second)["starts_in_seconds"]) == (2, None)

    done = submit(client, str(made), "https://example.org/done")
    client.set_flow_run_state(done, Running(), force=True)
    time.sleep(0.3)
    client.set_flow_run_state(done, Completed(), force=True)
    typical = place(third)["typical_seconds"]
    assert typical >= 0.3
    assert [place(job)["starts_in_seconds"] for job in (first, second)] == [0, typical]
    assert place(third) == {
        "pool": "place",
        "queue": "default",
        "position": 3,
        "running": 0,
        "slots": 1,
        "typical_seconds": typical,
        "starts_in_seconds": pytest.approx(2 * typical),
        "ends_in_seconds": pytest.approx(3 * typical),
        "remark": None,
    }
    urgent = client.create_flow_run_from_deployment(
        made, parameters={"youtube_url": "https://example.org/u"}, work_queue_name="urgent"
    )
    assert place(str(urgent.id))["position"] == 1
    assert place(third)["position"] == 4
    states: tuple[State[Any], ...] = (Pending(), Running())
    for state in states:
        client.set_flow_run_state(first, state, force=True)
    assert place(third)["running"] == 1
    assert "place/default: 2 jobs first, 1 of 1 running; begins" in command("status", third).stdout
    client.update_work_pool("place", WorkPoolUpdate(is_paused=True))
    assert "is paused" in place(third)["remark"]


def test_the_log_in_its_order(client: SyncPrefectClient, deployment: str, command: Command) -> None:
    job = submit(client, deployment, "https://example.org/log")
    start = DateTime.now("UTC")
    client.create_logs(
        [
            LogCreate(
                name="prefect.flow_runs",
                level=40 if number == 204 else 20,
                message=f"line {number}",
                timestamp=start.add(seconds=number),
                flow_run_id=job,
            ).model_dump(mode="json")
            for number in range(205)
        ]
    )
    end(client, job, Completed())
    lines = command("logs", job).stdout.splitlines()
    assert [line.split()[-1] for line in lines] == [str(number) for number in range(205)]
    assert "ERROR" in lines[-1]
    followed = command("logs", job, "--follow", "--json").stdout.splitlines()
    assert [json.loads(line)["message"] for line in followed][-1] == "line 204"


@pytest.mark.parametrize("words", [("logs",), ("cancel",), ("retry",), ("status",)])
def test_a_job_that_does_not_exist(command: Command, words: tuple[str, ...]) -> None:
    missing = str(uuid4())
    error = command(*words, missing).exception
    assert isinstance(error, SourceNotFoundError)
    assert missing in error.message


def test_wrong_use(command: Command) -> None:
    assert isinstance(command("jobs", "--since", "soon").exception, InvalidInputError)
    unknown = command("jobs", "--operation", "transcribr").exception
    assert isinstance(unknown, InvalidInputError)
    assert 'Did you mean "transcribe"' in unknown.hint
    for name in ("transcribe/transcribe/transcribe", "transcribe/", "/", "trânscribe"):
        assert isinstance(command("submit", name).exception, InvalidInputError), name
    assert command("jobs", "--status", "odd").exit_code == 2


async def test_health_names_endpoints_that_are_paused(command: Command, client: SyncPrefectClient) -> None:
    url = f"https://hooks.example.org/{uuid4()}?token=geheim"

    def paused_endpoints() -> list[dict[str, Any]]:
        shown = command("health", "--json").stdout
        assert "geheim" not in shown
        return [check for check in json.loads(shown)["checks"] if check["subject"] == "webhooks"]

    before = paused_endpoints()
    await note_failure(url, "HTTP 500", gone=False, pause_after=timedelta(days=3))
    assert paused_endpoints() == before, "it fails, and still gets what is sent"
    await note_failure(url, "HTTP 410", gone=True, pause_after=timedelta(days=3))
    [paused] = [check for check in paused_endpoints() if check not in before]
    assert paused["state"] == "degraded"
    assert "HTTP 410" in paused["remark"]
    assert "hooks.example.org" in paused["remark"]
    assert "contraponto replay" in paused["fix"]
    assert paused["mend"] == paused["fix"]
    resume(client, url)
    assert paused_endpoints() == before
