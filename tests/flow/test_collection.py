"""Conversations in one process: collectors and executors are called as jobs within the job."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import State
from prefect.client.orchestration import get_client

from deployments.local.listener import here_of
from flows.collection import collect_and_execute
from tasks.collection.document import ConversationDocument, conversation_summary
from tasks.collection.here import HERE
from tasks.jobs.correlation import LABEL
from tests.flow.conftest import Configure
from tests.flow.targets import TARGETS
from tests.servers.endpoint import WebhookEndpoint

COUNT = {"name": "words", "parameters": {"text": "um dois três"}}
SUM = {"name": "sum", "parameters": {"title": "Relatório"}}


@pytest.fixture(autouse=True)
def targets() -> Iterator[None]:
    token = HERE.set(here_of(TARGETS))
    yield
    HERE.reset(token)


async def converse(**parameters: Any) -> "State[Any]":
    run: Any = collect_and_execute
    state: State[Any] = await run(**parameters, return_state=True)
    return state


async def ended(state: "State[Any]") -> tuple[ConversationDocument, Any]:
    """The document, and its result."""
    document = await state.aresult()
    assert isinstance(document, ConversationDocument)
    return document, document.result


async def test_what_some_collect_others_execute(
    home: Path, configure: Configure, endpoint: WebhookEndpoint
) -> None:
    configure(allowed_private_hosts="127.0.0.0/8")
    failing = {"name": "words", "parameters": {"text": "x", "fails": True}}
    state = await converse(
        collectors=[COUNT, failing],
        executors=[SUM],
        correlation_id="pedido-7",
        id_roteiro="R-1",
        webhook_url=endpoint.url,
    )
    document, result = await ended(state)
    assert {each.name: str(each.status) for each in document.collectors} == {
        "words": "concluida",
        "words-2": "erro",
    }
    assert document.collectors[1].error == "There are no words."
    assert result["results"]["sum"] == {
        "title": "Relatório",
        "counts": [3],
        "states": ["words concluida", "words-2 erro There are no words."],
    }
    assert document.warnings == ("Collector words-2: There are no words.",)
    stored = json.loads((home / "store" / result["file"]).read_text())
    assert stored["correlation_id"] == "pedido-7"
    assert stored["collected"][0]["dados"] == {"words": 3, "text": "um dois três", "conversation": "pedido-7"}
    # Which of them ended last, their speed decides.
    assert document.stages["collect"].message in ("2 of 2 · words", "2 of 2 · words-2")
    lines = list(conversation_summary(document))
    assert any(line.startswith("executor  sum: concluida") for line in lines)
    assert len(endpoint.received) == 1
    run_id = state.state_details.flow_run_id
    assert run_id is not None
    async with get_client() as client:
        assert (await client.read_flow_run(run_id)).labels[LABEL] == "pedido-7"


async def test_large_data_travel_as_files(home: Path, configure: Configure) -> None:
    configure(message_max_kb=16)
    large = {"name": "words", "parameters": {"text": "palavra " * 1000}}
    _, result = await ended(await converse(collectors=[large, large, COUNT], executors=[SUM]))
    told = result["results"]["sum"]["states"]
    assert [each.split()[-1].rpartition(".")[2] for each in told] == ["json", "json", "concluida"]
    assert json.loads((home / "store" / told[0].split()[-1]).read_text())["words"] == 1000


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "Nobody is asked."),
        ({"collectors": [{"name": "nobody"}]}, "There is no collector nobody in this process."),
        (
            {"collectors": [COUNT], "answers_needed": 2},
            "answers_needed is 2, but only 1 collectors are asked.",
        ),
        (
            {"collectors": [COUNT], "collect_timeout_seconds": 604_800},
            "The conversation may take 169.0 hours",
        ),
        (
            {
                "collectors": [{"name": "words", "parameters": {"text": "x", "fails": True}}],
                "executors": [SUM],
            },
            "The collector has not done what was asked for. words: There are no words.",
        ),
        (
            {"collectors": [COUNT], "executors": [{"name": "sum", "parameters": {"titel": "x"}}]},
            'The executor has not done what was asked for. sum: "executador-sum" refuses these parameters. There is no '
            'parameter "titel" here',
        ),
        (
            {
                "collectors": [COUNT, {"name": "words", "parameters": {"text": "x", "seconds": 60}}],
                # Long enough for the other one, also where much else goes on.
                "collect_timeout_seconds": 8,
                "strict": True,
            },
            "Not all of the 2 collectors have done what was asked for. words-2: No answer within 8 seconds.",
        ),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(parameters: dict[str, Any], sentence: str) -> None:
    state = await converse(**parameters)
    assert state.is_failed()
    assert str(state.message).startswith(sentence)


async def test_any_of_them_may_be_enough() -> None:
    slow = {"name": "words", "parameters": {"text": "x", "seconds": 60}}
    document, _ = await ended(await converse(collectors=[slow, COUNT], executors=[SUM], answers_needed="any"))
    assert [str(each.status) for each in document.collectors] == ["timeout", "concluida"]
    assert document.collectors[0].error == "It was not waited for: 1 of 2 were enough."
