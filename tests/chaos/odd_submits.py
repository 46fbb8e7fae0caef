"""Odd submits among normal ones: what is taken runs and is notified of once, and the rest is refused with a sentence.

`python -m tests.chaos.odd_submits --odd 1000 --normal 100` is the full one; the tests run some.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.chaos.webhooks import FailingEndpoint, make_checkout
from tests.system.checkout import FINAL, Checkout
from tests.waiting import wait_until

JOB = "end-somehow"
_CREATED, _KNOWN = 201, 200
_REFUSED = {400, 409, 413, 422}


def _nested(depth: int) -> list[str]:
    return ["[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth]


VALUES = (
    *(
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "-1e400",
        "1e308",
        "1e19",
        "-0.0",
        "5e-324",
        "9" * 19,
        "9" * 5000,
    ),
    *("18446744073709551615", "18446744073709551616", "-9223372036854775809"),
    *("true", "null", "0", '""', "[]", "{}", '{"": ""}', '{"__proto__": 1}', '{"$ref": "#/x"}'),
    *(json.dumps("x" * size) for size in (600, 100_000, 400_000, 600_000)),
    *(r'"\u0000"', r'"a\ud800"', r'"\udfff\ud800"', r'"\ud83d\ude00"', r'"\u001b[31mred"', r'"\r\n\t"'),
    *('"\u202e\u200b\ufeff"', '"🎬"', '"عربي"', '"{{ 7*7 }}"', '"${HOME}"', '"%s%n"', '"../../etc/passwd"'),
    *(nested for depth in (60, 65, 254, 300, 5_000) for nested in _nested(depth)),
    json.dumps({str(number): number for number in range(10_000)}),
    json.dumps([0] * 50_000),
    json.dumps({"k" * 5_000: 1}),
    r'{"a\u0000": 1}',
    *(
        '{"__prefect_kind": "jinja", "template": "{{ 1 }}"}',
        '{"__prefect_kind": "what"}',
        '{"__prefect_kind": 5}',
    ),
    json.dumps({"__prefect_kind": "json", "value": "[" * 300 + "]" * 300}),
    '{"__prefect_kind": "json", "value": "[[["}',
    '{"__prefect_kind": "workspace_variable", "variable_name": "none"}',
    *('"2026-13-45T99:99:99Z"', '"9999-12-31T23:59:59Z"', '"00000000-0000-0000-0000-000000000000"'),
)
"""JSON texts, and some that are none."""

_FIELDS = (
    *("name", "idempotency_key", "tags", "work_queue_name", "labels", "job_variables", "state", "context"),
    *("parent_task_run_id", "infrastructure_document_id", "enforce_parameter_schema", "empirical_policy"),
    *("parameters", "unknown"),
)
_WITHIN = {
    "tags": "[%s]",
    "labels": '{"a": %s}',
    "job_variables": '{"env": {"A": %s}}',
    "state": '{"type": "SCHEDULED", "message": %s}',
    "name": "%s",
}


def odd_body(chance: random.Random, webhook_url: str) -> bytes:
    """A submit of the job in which one or two things are odd."""
    parameters = {"way": '"complete"', "webhook_url": json.dumps(webhook_url)}
    fields: dict[str, str] = {}
    for _ in range(chance.choice((1, 1, 2))):
        value, kind = chance.choice(VALUES), chance.random()
        if kind < 0.4:
            parameters["metadata"] = chance.choice(("%s", '{"a": %s}', '{"a": [%s]}')) % value
        elif kind < 0.55:
            parameters[
                chance.choice((*parameters, "id_roteiro", "priority", "none", "é", r"a\u0000", ""))
            ] = value
        elif kind < 0.7:
            fields[chance.choice(_FIELDS)] = value
        elif kind < 0.9:
            field = chance.choice(tuple(_WITHIN))
            fields[field] = _WITHIN[field] % value
        else:
            fields["enforce_parameter_schema"] = "false"
            parameters["metadata"] = value
    fields.setdefault("parameters", _object(parameters))
    return _object(fields).encode("utf-8", "surrogatepass")


def _object(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


@dataclass(frozen=True)
class Outcome:
    """What became of the submits."""

    answers: dict[int, int]
    taken: int
    notified: int
    seconds: float


def run(checkout: Checkout, endpoint: FailingEndpoint, odd: int, normal: int, seed: int = 1) -> Outcome:
    """Submits; fails unless all is answered, what is taken ends, and each normal job is notified of once."""
    began, chance = time.monotonic(), random.Random(seed)
    endpoint.heals = True
    url = f"http://127.0.0.1:{endpoint.port}/hook"
    path = f"/api/deployments/{checkout.deployment_id(JOB)}/create_flow_run"
    bodies = [(odd_body(chance, url), False) for _ in range(odd)]
    plain = json.dumps({"parameters": {"way": "complete", "webhook_url": url}}).encode()
    bodies += [(plain, True)] * normal
    chance.shuffle(bodies)
    answers: Counter[int] = Counter()
    jobs: dict[str, bool] = {}
    with httpx.Client(base_url=checkout.address, trust_env=False, timeout=60) as client:
        for body, is_normal in bodies:
            answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
            answers[answer.status_code] += 1
            if answer.status_code in (_CREATED, _KNOWN):
                jobs.setdefault(answer.json()["id"], is_normal)
            else:
                assert answer.status_code in _REFUSED, (
                    f"{answer.status_code} {answer.text[:200]}: {body[:300]!r}"
                )
                assert not is_normal, answer.text
        wanted = {job for job, is_normal in jobs.items() if is_normal}
        assert len(wanted) == normal
        patience = 240 + 6 * len(jobs)
        wait_until(lambda: wanted <= endpoint.taken.keys(), what="the normal jobs", seconds=patience)
        wait_until(lambda: _ended(client, jobs), what="every end", seconds=patience)
        _everything_can_be_read(client)
    assert all(endpoint.taken[job] == ["COMPLETED"] for job in wanted)
    twice = {job: got for job, got in endpoint.taken.items() if len(got) > 1}
    assert not twice, f"notified more than once: {twice}"
    checkout.contraponto("jobs")
    return Outcome(dict(answers), len(jobs), len(endpoint.taken), time.monotonic() - began)


def _ended(client: httpx.Client, jobs: dict[str, bool]) -> bool:
    """Whether all have ended; one that is scheduled for a later year will not."""
    unended = {
        "flow_runs": {
            "id": {"any_": list(jobs)},
            "state": {"type": {"not_any_": list(FINAL)}},
            "next_scheduled_start_time": {"before_": "2100-01-01T00:00:00Z"},
        }
    }
    return bool(client.post("/api/flow_runs/count", json=unended).raise_for_status().json() == 0)


def _everything_can_be_read(client: httpx.Client) -> None:
    """Lists of runs to the end, as the web page and the commands ask for them, and what workers ask for."""
    offset = 0
    while (
        page := client.post("/api/flow_runs/filter", json={"limit": 100, "offset": offset})
        .raise_for_status()
        .json()
    ):
        offset += len(page)
    client.post("/api/flow_runs/paginate", json={"limit": 100}).raise_for_status()
    for pool in ("cpu", "gpu"):
        client.post(f"/api/work_pools/{pool}/get_scheduled_flow_runs", json={}).raise_for_status()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--odd", type=int, default=1000)
    parser.add_argument("--normal", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    endpoint = FailingEndpoint(asked.seed)
    with tempfile.TemporaryDirectory() as directory:
        checkout = make_checkout(Path(directory), endpoint.port)
        try:
            checkout.contraponto("up")
            print(run(checkout, endpoint, asked.odd, asked.normal, asked.seed))  # noqa: T201
        finally:
            checkout.contraponto("down")
            endpoint.close()


if __name__ == "__main__":
    main()
