"""A job is added by one flow module and one entry in prefect.yaml, and has everything that jobs have."""

import json
from collections.abc import Iterator

import pytest

from tests.servers.media import MediaServer
from tests.system.checkout import Checkout
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

FLOW = '''
"""Counts the words of a text."""

import asyncio
from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from flows.job import job_flow
from tasks.errors import InvalidInputError
from tasks.jobs.document import JobDocument
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import run_step, step
from tasks.jobs.summary import entry
from tasks.jobs.tracker import current_job
from tasks.progress import Progress


class CountRequest(StepRequest):
    text: str


class Counted(BaseModel):
    words: int

    def store_keys(self) -> Iterable[str]:
        return ()


class Outcome(BaseModel):
    longest: str
    result: Counted


class CountDocument(JobDocument):
    longest: str | None = None


def summary(document: CountDocument) -> Iterator[str]:
    if document.result:
        yield entry("words", document.result["words"])
        yield entry("longest", document.longest)


@step("count")
def count(request: CountRequest, progress: Progress) -> Counted:
    progress(0.5)
    return Counted(words=len(request.text.split()))


@job_flow(
    operation="count-words", stages=("counting",), document=CountDocument, time_limit=0.05, summary=summary
)
async def count_words(text: str, seconds: float = 0.0) -> Outcome:
    """Count the words of a text.

    Args:
        text: What is counted.
        seconds: Wait so long first.
    """
    if not text.strip():
        raise InvalidInputError("There is no text.", hint="Send one.")
    with current_job().stage("counting"):
        await asyncio.sleep(seconds)
        counted = await run_step(count, CountRequest(text=text))
    return Outcome(longest=max(text.split(), key=len), result=counted)
'''
ENTRY = """
  - name: count-words
    entrypoint: flows/counting.py:count_words
    description: Count the words of a text.
    work_pool: *cpu
"""
TEXT = "Não há avó que não faça café às três"


@pytest.fixture(scope="module")
def project(checkout: Checkout) -> Iterator[Checkout]:
    flow, deployments = checkout.directory / "flows" / "counting.py", checkout.directory / "prefect.yaml"
    before = deployments.read_text(encoding="utf-8")
    flow.write_text(FLOW, encoding="utf-8")
    deployments.write_text(f"{before.rstrip()}\n{ENTRY}", encoding="utf-8")
    checkout.contraponto("up")
    yield checkout
    flow.unlink()
    deployments.write_text(before, encoding="utf-8")
    checkout.api("DELETE", f"/deployments/{checkout.deployment_id('count-words')}")
    # The worker of the webhooks has the flows loaded: `up` starts another one where they have changed, also back.
    checkout.contraponto("up")


def test_its_document_its_summary_and_its_webhook(project: Checkout, web: MediaServer) -> None:
    hook = web.say("/counted", content_type=None)
    text, own = (
        f"text={TEXT}",
        ("-p", f"webhook_url={hook}", "-p", "id_roteiro=R-7", "-p", 'metadata={"a": 1}'),
    )
    told = project.contraponto("submit", "count-words", "-p", text, *own, "--priority", "high", "--wait")
    assert "\nwords     9\nlongest   faça" in told.stdout
    job_id = told.stdout.split()[1]
    assert "\nwords     9\n" in project.contraponto("status", job_id).stdout
    document = json.loads(project.contraponto("status", job_id, "--json").stdout)
    assert document["operation"] == "count-words"
    assert document["result"] == {"words": 9}
    assert document["longest"] == "faça"
    assert document["stages"]["counting"]["status"] == "completed"
    assert (document["id_roteiro"], document["metadata"]) == ("R-7", {"a": 1})
    wait_until(lambda: bool(web.requests("/counted", "POST")), what="the message")
    message = json.loads(web.requests("/counted", "POST")[0].body)
    assert message["status"] == "COMPLETED"
    assert (message["operation"], message["idRoteiro"], message["metadata"]) == (
        "count-words",
        "R-7",
        {"a": 1},
    )


def test_its_second_run_comes_from_the_cache(project: Checkout) -> None:
    body = {"text": "a text of this test alone"}
    assert project.submit(body, "count-words").completed()["stages"]["counting"]["cached"] is False
    assert project.submit(body, "count-words").completed()["stages"]["counting"]["cached"] is True


def test_its_time_limit_and_its_errors(project: Checkout) -> None:
    late = project.submit({"text": TEXT, "seconds": 60}, "count-words").ended()
    assert (late["status"], late["error_code"]) == ("failed", "timeout")
    assert "longer than 0.05 minutes" in late["error"]
    wrong = project.submit({"text": " "}, "count-words").ended()
    assert wrong["error"] == "There is no text. Send one."


def test_its_form_refuses_what_it_does_not_know(project: Checkout) -> None:
    deployment = project.api("GET", "/deployments/name/count-words/count-words").json()
    assert set(deployment["parameter_openapi_schema"]["properties"]) == {
        *("text", "seconds"),
        *("webhook_url", "priority", "id_roteiro", "metadata"),
    }
    assert "job" in deployment["tags"]
    body = {"parameters": {"text": TEXT, "webhok_url": "http://example.org/"}}
    answer = project.api("POST", f"/deployments/{deployment['id']}/create_flow_run", body)
    assert answer.status_code == 409


def test_it_is_counted_and_the_installation_is_healthy(project: Checkout) -> None:
    project.submit({"text": TEXT}, "count-words").completed()
    project.submit({"text": " "}, "count-words").ended()
    listed = json.loads(project.contraponto("jobs", "--operation", "count-words", "--json").stdout)
    assert {line["status"] for line in listed} == {"completed", "failed"}
    numbers = json.loads(project.contraponto("stats", "--json").stdout)
    (own,) = (found for found in numbers["operations"] if found["operation"] == "count-words")
    assert own["jobs"]["completed"] >= 1
    assert 'operation="count-words"' in project.contraponto("metrics").stdout
    project.contraponto("health")
