"""Identifiers of callers come back as they were sent: a number as a number, a text as a text."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.utilities.schema_tools.validation import ValidationError as SchemaError
from prefect.utilities.schema_tools.validation import validate
from pydantic import TypeAdapter, ValidationError

from deployments.server.schemas import strict
from flows.transcription import transcribe
from flows.video import img2vid
from tasks.jobs.document import JobDocument, JobStatus
from tasks.jobs.identifiers import Identifier
from tasks.webhooks.message import WebhookMessage
from tests.servers.endpoint import ended_job

IDENTIFIER: TypeAdapter[int | str] = TypeAdapter(Identifier)
SENT = st.integers(-(10**18), 10**18) | st.text(max_size=1000)


def check(body: dict[str, Any], schema: dict[str, Any]) -> None:
    """What the server does with what is submitted."""
    validate(body, schema, raise_on_error=True)


def schema_of(flow: Any) -> dict[str, Any]:
    return strict(flow.parameters.model_dump())


@given(SENT)
def test_they_come_back_as_they_were_sent(sent: int | str) -> None:
    document = JobDocument.first("1", "transcribe", JobStatus.QUEUED, {"id_roteiro": sent})
    read = JobDocument.model_validate_json(document.model_dump_json())
    assert (read.id_roteiro, type(read.id_roteiro)) == (sent, type(sent))
    body = json.loads(WebhookMessage.of(ended_job(id_roteiro=sent)).body())
    assert (body["idRoteiro"], type(body["idRoteiro"])) == (sent, type(sent))
    # A delivery reads the message again, from the parameters of its run.
    again = WebhookMessage.model_validate(body)
    assert again.id_roteiro == sent
    assert again.correlation_id == (str(sent) if sent != "" else again.job_id)


@pytest.mark.parametrize("sent", [True, False, 34.5, [34], {"id": 34}, "a" * 1001])
def test_what_is_neither_is_refused_at_submit_and_by_the_flow(sent: object) -> None:
    with pytest.raises(ValidationError):
        IDENTIFIER.validate_python(sent)
    with pytest.raises(SchemaError):
        check({"youtube_url": "https://example.org/a.mp3", "id_roteiro": sent}, schema_of(transcribe))


@pytest.mark.parametrize("sent", [34, 0, -1, "34", "R-34", "", None, 34.0])
def test_the_schema_that_the_server_checks_takes_both(sent: object) -> None:
    body = {"youtube_url": "https://example.org/a.mp3", "id_roteiro": sent}
    check(body, schema_of(transcribe))
    validated = transcribe.validate_parameters(body)["id_roteiro"]
    assert validated == sent
    assert not isinstance(validated, float)


@pytest.mark.parametrize("sent", [1, "1"])
def test_ids_of_images_are_the_callers_too(sent: int | str) -> None:
    image = {"id": sent, "image_url": "https://example.org/a.png", "duracao": 2}
    body = {"images": [image], "webhook_url": "https://example.org/hook"}
    check(body, schema_of(img2vid))
    [validated] = img2vid.validate_parameters(body)["images"]
    assert (validated.id, type(validated.id)) == (sent, type(sent))
