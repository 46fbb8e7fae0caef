"""A conversation in the real stack, from a message to a webhook, while what carries it is killed."""

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from deployments.embedded import valkey
from deployments.processes.environment import PROJECT, Surroundings
from deployments.server.schemas import strict
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

TARGETS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "escavador-words": ("words", "escavador", {"text": {"type": "string"}, "fails": {"type": "boolean"}}),
    "executador-sum": ("add", "executador", {"coletas": {"type": "array"}, "title": {"type": "string"}}),
}


@contextmanager
def targets(checkout: Checkout) -> Iterator[None]:
    """A collector and an executor that come while everything runs."""
    shutil.copy(PROJECT / "tests" / "flow" / "targets.py", checkout.directory / "targets.py")
    like = checkout.api("GET", f"/deployments/{checkout.deployment_id('transcribe')}").json()
    made = []
    for name, (function, tag, properties) in TARGETS.items():
        flow = checkout.api("POST", "/flows/", {"name": name}).json()
        deployment = {
            "name": name,
            "flow_id": flow["id"],
            "tags": [tag, "job"],
            "entrypoint": f"targets.py:{function}",
            "work_pool_name": "cpu",
            "parameter_openapi_schema": strict({"type": "object", "properties": properties}),
            "enforce_parameter_schema": True,
            **{field: like[field] for field in ("path", "pull_steps")},
        }
        answer = checkout.api("POST", "/deployments/", deployment)
        assert answer.is_success, answer.text
        made.append(answer.json()["id"])
    try:
        yield
    finally:
        for deployment_id in made:
            checkout.api("DELETE", f"/deployments/{deployment_id}")


def test_a_conversation_outlives_the_listener_and_its_worker(checkout: Checkout, web: MediaServer) -> None:
    conversation = f"pedido-{uuid4().hex[:8]}"
    hook = web.say(f"/{conversation}", content_type=None)
    message = {
        "correlation_id": conversation,
        "tipo_evento": "iniciar_coleta",
        "payload": {
            "collectors": [
                {"name": "words", "parameters": {"text": "três palavras só"}},
                {"name": "words", "parameters": {"text": "nenhuma", "fails": True}},
                {"name": "words", "parameters": {"wrong": 1}},
            ],
            "executors": [{"name": "sum", "parameters": {"title": "Soma"}}],
            "collect_timeout_seconds": 300,
            "webhook_url": hook,
        },
        "timestamp": datetime.now(UTC).isoformat(),
    }
    # As a foreign program does it.
    bus = Redis.from_url(valkey.redis_url(Surroundings(home=checkout.home)))
    with targets(checkout), bus:
        for _ in range(2):
            bus.xadd("oraculo", {"mensagem": json.dumps(message)})
        wait_until(lambda: _runs(checkout, conversation), what="the job of the conversation")
        os.kill(checkout.pids()["listener"], signal.SIGKILL)
        stream = f"conversa_{conversation}"
        wait_until(lambda: bus.xlen(stream) >= 3, what="the requests to the collectors")
        os.kill(checkout.pids()["worker-conversations"], signal.SIGKILL)
        [run] = [
            run for run in _runs(checkout, conversation) if run["name"].startswith("collect-and-execute")
        ]
        document = Job(checkout, run["id"]).completed()
    assert document["correlation_id"] == conversation

    wait_until(lambda: web.requests(f"/{conversation}", "POST"), what="the webhook")
    [posted] = web.requests(f"/{conversation}", "POST")
    assert posted is not None
    found = json.loads(checkout.contraponto("trace", conversation, "--logs", "--json").stdout)
    assert sorted((run["operation"], run["status"]) for run in found["runs"]) == [
        ("collect-and-execute", "completed"),
        ("escavador-words", "completed"),
        ("escavador-words", "failed"),
        ("executador-sum", "completed"),
    ]
    told = [(event["kind"], event["subject"], event["what"]) for event in found["events"]]
    for expected in (
        ("message", "escavador_words", "iniciar_coleta"),
        ("message", stream, "resultado_coleta"),
        ("message", "executador_sum", "iniciar_execucao"),
        ("message", stream, "resultado_execucao"),
        ("dead letter", "escavador_words", "refused"),
        ("run", "collect-and-execute", "completed"),
        ("stage", "executador-sum / add", "completed"),
        ("delivery", f"127.0.0.1:{web.port}", "completed"),
    ):
        assert expected in told, told
    assert told.count(("message", "executador_sum", "iniciar_execucao")) == 1
    assert told.count(("message", "escavador_words", "iniciar_coleta")) == 3
    assert "log" in {kind for kind, _, _ in told}
    assert "Nothing is known" in checkout.contraponto("trace", "nobody", code=2).stderr

    letters = json.loads(checkout.contraponto("messages", "dead-letters", "--json").stdout)
    [letter] = [letter["id"] for letter in letters if letter["correlation_id"] == conversation]
    checkout.contraponto("messages", "discard", letter)
    assert "There is no dead letter" in checkout.contraponto("messages", "replay", letter, code=2).stderr


def _runs(checkout: Checkout, tag: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = checkout.api(
        "POST", "/flow_runs/filter", {"flow_runs": {"tags": {"all_": [tag]}}}
    ).json()
    return found
