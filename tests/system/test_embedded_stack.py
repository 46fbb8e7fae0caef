"""The real stack: its services, what it prepares, and what becomes of it when parts are killed."""

import json
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from standardwebhooks.webhooks import Webhook

from deployments.processes.environment import PROJECT
from deployments.server.flow_catalogue import listed_flows
from tests.another_user import NOBODY, SOMEBODY, needs_root, says
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

SERVICES = {
    *("postgres", "valkey", "server", "model-host", "metrics", "listener"),
    *("worker-cpu", "worker-gpu", "worker-webhooks", "worker-conversations"),
}


def test_every_service_runs_and_the_server_is_only_reachable_from_here(checkout: Checkout) -> None:
    checkout.contraponto("up")  # all answer, whatever another test has ended
    pids = checkout.pids()
    assert set(pids) == SERVICES
    listening = {
        connection.laddr.ip
        for pid in pids.values()
        for connection in psutil.Process(pid).net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    health = json.loads(checkout.contraponto("health", "--json").stdout)
    assert health["state"] == "healthy"


@needs_root
@pytest.mark.parametrize("user", [NOBODY, SOMEBODY])
def test_another_user_of_the_machine_reads_nothing_and_is_not_answered(checkout: Checkout, user: int) -> None:
    for folder in checkout.home.parents:
        if folder.stat().st_mode & 0o011 != 0o011:
            folder.chmod(0o711)  # pytest's own folders are private; those of a checkout are not
    beside = checkout.home.with_name("beside")
    beside.write_text("read")
    found = [path for path in checkout.home.rglob("*") if not path.is_dir()]
    assert {"server.log", "valkey.sock", ".s.PGSQL.5432", "supervisor.sock", "server.json"} <= {
        path.name for path in found
    }
    reached = says(user, _REACH, given=json.dumps([str(beside), *map(str, found)]))
    assert json.loads(reached) == [str(beside)]
    for method, path in (("GET", "/"), ("GET", "/api/health"), ("POST", "/api/flow_runs/filter")):
        assert says(user, _CALL, method, f"{checkout.address}{path}") == "403"
    assert checkout.api("POST", "/flow_runs/filter", {}).status_code == 200


_REACH = """
reached = []
for path in json.load(sys.stdin):
    try:
        if path.endswith((".sock", ".5432")):
            socket.socket(socket.AF_UNIX).connect(path)
        else:
            open(path, "rb").close()
        reached.append(path)
    except PermissionError:
        pass
print(json.dumps(reached))
"""
_CALL = """
request = urllib.request.Request(sys.argv[2], data=b"{}" if sys.argv[1] == "POST" else None,
    headers={"Content-Type": "application/json"})
try:
    print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


def test_prometheus_can_scrape_it(checkout: Checkout) -> None:
    port = checkout.settings["CONTRAPONTO_METRICS_PORT"]
    scraped = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False, timeout=60).text
    assert "contraponto_up 1.0" in scraped
    assert 'contraponto_workers{pool="gpu"} 1.0' in scraped
    assert "contraponto_model_host_up 1.0" in scraped


def test_both_pools_have_their_queues_in_order(checkout: Checkout) -> None:
    for pool, limit in {"cpu": None, "gpu": 3}.items():
        found = checkout.api("GET", f"/work_pools/{pool}").json()
        assert (found["type"], found["concurrency_limit"]) == ("process", limit)
        queues = checkout.api("POST", f"/work_pools/{pool}/queues/filter", {}).json()
        assert [(queue["name"], queue["priority"]) for queue in queues] == [
            ("high", 1),
            ("default", 2),
            ("low", 3),
        ]


def test_the_blocks_are_known_and_the_store_lies_in_the_home(checkout: Checkout) -> None:
    types = {found["slug"] for found in checkout.api("POST", "/block_types/filter", {}).json()}
    assert {"local-media-store", "s3-media-store", "text-model", "remote-engine"} <= types
    assert {"sql-record-store", "directus-record-store", "voice-endpoint"} <= types
    store = checkout.api("GET", "/block_types/slug/local-media-store/block_documents/name/contraponto").json()
    assert store["data"]["root"] == str(checkout.home / "store")


SCHEDULED = {"cleanup", "end-jobs"}
"""Deployments of which the server makes runs by itself."""


def test_every_deployment_refuses_an_unknown_parameter_at_submit(checkout: Checkout) -> None:
    deployments = checkout.api("POST", "/deployments/filter", {}).json()
    names = {deployment["name"] for deployment in deployments}
    assert names == set(listed_flows(PROJECT))
    submitted = {"deployments": {"name": {"any_": sorted(names - SCHEDULED)}}}
    before = checkout.api("POST", "/flow_runs/count", submitted).json()
    for deployment in deployments:
        refused = checkout.api(
            "POST",
            f"/deployments/{deployment['id']}/create_flow_run",
            {"parameters": {"yutube_url": "https://a.b"}},
        )
        assert refused.status_code == 409
        assert 'There is no parameter "yutube_url" here.' in refused.json()["detail"]
    assert checkout.api("POST", "/flow_runs/count", submitted).json() == before


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("transcribe-batch", {"sources": []}),
        ("img2vid", {"images": [], "webhook_url": "https://example.org/hook"}),
    ],
)
def test_a_job_without_anything_to_do_is_refused_at_submit(
    checkout: Checkout, name: str, parameters: dict[str, object]
) -> None:
    path = f"/deployments/{checkout.deployment_id(name)}/create_flow_run"
    refused = checkout.api("POST", path, {"parameters": parameters})
    assert refused.status_code == 409
    assert "The empty list cannot be used" in refused.json()["detail"]
    given = [part for key, value in parameters.items() for part in ("-p", f"{key}={json.dumps(value)}")]
    told = checkout.contraponto("submit", name, *given, code=2)
    assert "The empty list cannot be used" in told.stderr


def test_the_command_line_names_the_right_parameter(checkout: Checkout) -> None:
    refused = checkout.contraponto("submit", "transcribe", "-p", "yutube_url=https://a.b", code=2)
    assert 'Did you mean "youtube_url"?' in refused.stderr
    assert refused.stdout == ""


def test_up_again_changes_nothing(checkout: Checkout) -> None:
    before = checkout.pids()
    told = json.loads(checkout.contraponto("up", "--json").stdout)
    assert checkout.pids() == before
    assert {name: service["pid"] for name, service in told["services"].items()} == before
    assert told["api_url"] == f"{checkout.address}/api"


def test_health_names_what_is_wrong_and_what_mends_it(checkout: Checkout, tmp_path: Path) -> None:
    wrong = {"CONTRAPONTO_MODELS_DIR": str(tmp_path), "CONTRAPONTO_REDIS_URL": "redis://127.0.0.1:1"}
    try:
        assert checkout.api("PATCH", "/work_pools/cpu", {"is_paused": True}).status_code == 204
        printed = replace(checkout, settings=checkout.settings | wrong).contraponto(
            "health", "--json", code=1
        )
    finally:
        checkout.api("PATCH", "/work_pools/cpu", {"is_paused": False})
    health = json.loads(printed.stdout)
    assert health["state"] == "down"
    found = {check["subject"]: (check["state"], check["mend"]) for check in health["checks"]}
    assert found["pool cpu"] == ("degraded", "prefect work-pool resume cpu")
    assert found["redis"] == ("down", "check CONTRAPONTO_REDIS_URL")
    assert found["models"] == ("down", "contraponto models get whisper-base deepfilternet3")
    assert {found[name][0] for name in ("server", "database", "pool gpu", "media store")} == {"healthy"}


def test_prefect_in_the_checkout_talks_to_this_stack(checkout: Checkout) -> None:
    listed = checkout.prefect("work-pool", "ls")
    assert "cpu" in listed
    assert "gpu" in listed


def test_what_is_killed_comes_back_by_itself_and_nothing_else_is_touched(checkout: Checkout) -> None:
    before, address = checkout.pids(), checkout.address
    killed = {"valkey", "worker-gpu"}
    for name in killed:
        os.kill(before[name], signal.SIGKILL)
    wait_until(
        lambda: all(checkout.pids().get(name) not in (before[name], None) for name in killed),
        what="new processes",
        seconds=60,
    )
    # `up` waits until they answer, and has nothing else to do.
    checkout.contraponto("up")
    after = checkout.pids()
    assert {name for name in after if after[name] != before[name]} == killed
    assert checkout.address == address
    assert json.loads(checkout.contraponto("health", "--json").stdout)["state"] == "healthy"


def test_down_leaves_no_process_and_up_finds_everything_again(checkout: Checkout) -> None:
    variable = checkout.api("POST", "/variables/", {"name": "kept", "value": "over a restart"})
    assert variable.status_code == 201
    checkout.contraponto("down")
    assert checkout.processes() == []
    assert checkout.pids() == {}
    assert not (checkout.directory / "prefect.toml").exists()
    checkout.contraponto("down")

    checkout.contraponto("up")
    assert checkout.api("GET", "/variables/name/kept").json()["value"] == "over a restart"


def test_an_automation_of_the_server_sends_a_signed_message(checkout: Checkout, web: MediaServer) -> None:
    secret = "whsec_dGhlIHNlY3JldCBvZiBhdXRvbWF0aW9ucw=="
    kind = checkout.api("GET", "/block_types/slug/webhook-notification").json()["id"]
    wanted = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
    [schema] = checkout.api("POST", "/block_schemas/filter", wanted).json()
    block = {
        "name": "automation",
        "block_type_id": kind,
        "block_schema_id": schema["id"],
        "data": {
            "url": web.say("/automation", content_type=None),
            "secrets": secret,
            "allowed_private_hosts": f"127.0.0.1:{web.port}",
        },
    }
    saved = checkout.api("POST", "/block_documents/", block).json()["id"]
    automation = {
        "name": "tells of a delivery",
        "trigger": {"type": "event", "expect": ["stock.empty"], "posture": "Reactive", "threshold": 1},
        "actions": [
            {
                "type": "send-notification",
                "block_document_id": saved,
                "subject": "Acabou o estoque",
                "body": "De {{ event.resource.name }}",
            }
        ],
    }
    made = checkout.api("POST", "/automations/", automation).json()["id"]

    def told() -> bool:
        happened = {
            "occurred": datetime.now(UTC).isoformat(),
            "event": "stock.empty",
            "resource": {"prefect.resource.id": "shop.1", "prefect.resource.name": "maçã"},
            "id": str(uuid4()),
        }
        # The server takes up an automation some moments after it was made.
        assert checkout.api("POST", "/events", [happened]).is_success
        return any(asked.path == "/automation" for asked in web.asked)

    try:
        wait_until(told, what="the message", seconds=60)
    finally:
        checkout.api("DELETE", f"/automations/{made}")
    message = next(asked for asked in web.asked if asked.path == "/automation")
    Webhook(secret).verify(message.body, {name.lower(): value for name, value in message.headers.items()})
    assert json.loads(message.body) == {"subject": "Acabou o estoque", "body": "De maçã"}
