"""A backup of a stack at work, restored into an empty home, and into servers that lie elsewhere.

Everything is there, and what was cut off is done.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from redis import Redis
from standardwebhooks.webhooks import Webhook

from deployments.embedded import valkey
from deployments.processes.environment import Surroundings
from deployments.processes.sockets import free_port
from tests.material import film
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout, Job
from tests.system.other_servers import OtherServers, other_servers
from tests.unit.documents.docx import body, paragraph, save
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

_PIECES, _BETWEEN = 80, 2.0
"""In so many pieces, with so many seconds between them, a film comes that is in flight while something is done."""

_FIRST, _SECOND = ("ana", "the-first-password"), ("ana", "the-second-password")
_OLD_SECRET = "whsec_dGhlIG9sZCBzZWNyZXQgb2YgYW4gZW5kcG9pbnQ="
_NEW_SECRET = "whsec_dGhlIG5ldyBzZWNyZXQgb2YgYW4gZW5kcG9pbnQ="
_UPDATED = ("flows/editing.py", "deployments/launcher/service.py", "deployments/embedded/serve.py")
"""Files of a job, of what runs it and of the server."""


@dataclass
class Restored:
    """A second stack, and what the first one had."""

    stack: Checkout
    servers: OtherServers | None
    """Where its data lie, if not in its home."""
    finished: str
    in_flight: str
    place: str
    """Folder of the web server for what its jobs ask for."""
    picture: bytes
    dead_letters: set[str]
    dead_messages: set[str]

    def content(self, key: str) -> bytes:
        """A file of its media store."""
        return (
            (self.stack.home / "store" / key).read_bytes()
            if self.servers is None
            else self.servers.content(key)
        )


@pytest.fixture(scope="module", params=["its own servers", "other servers"])
def restored(
    request: pytest.FixtureRequest,
    checkout: Checkout,
    web: MediaServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Restored]:
    work = tmp_path_factory.mktemp("restored")
    with contextlib.ExitStack() as stays:
        servers = None
        if request.param == "other servers":
            servers = stays.enter_context(other_servers(work, _FIRST[1]))
        yield stays.enter_context(_restored(checkout, web, work, servers))


@contextlib.contextmanager
def _restored(
    checkout: Checkout, web: MediaServer, work: Path, servers: OtherServers | None
) -> Iterator[Restored]:
    footage = film(work / "film.mp4").read_bytes()
    place = f"/{work.name}"
    shown = web.say(f"{place}/film.mp4", footage, content_type="video/mp4")
    finished = checkout.submit(
        {"url_video": shown, "webhook_url": web.say(f"{place}/refused", status=400)}, "thumbnail"
    )
    key = finished.completed()["result"]["file"]
    wait_until(lambda: _letters(checkout), what="the dead letter of the webhook")
    with Redis.from_url(valkey.redis_url(Surroundings(home=checkout.home))) as bus:
        bus.xadd("oraculo", {"mensagem": "no JSON"})
    wait_until(lambda: _messages(checkout), what="the dead message")
    model = save(work / "modelo.docx", body(paragraph("{{TAG-preço}}R$ 10{{/TAG-preço}}"))).read_bytes()
    contract = web.say(f"{place}/modelo.docx", model, content_type=None)
    checkout.submit({"modelo": contract, "titulo": place}, "import-contracts").completed()
    slow = _slowly_then_at_once(web, f"{place}-slow.mp4", footage + place.encode())
    in_flight = checkout.submit(
        {"url_video": slow, "webhook_url": web.say(f"{place}/ended", content_type=None)}, "thumbnail"
    )
    in_flight.wait_until(lambda: bool(web.requests(f"{place}-slow.mp4")), what="the download")
    _set_schedule(checkout, active=False)
    try:
        made = json.loads(checkout.contraponto("backup", str(work / "backups"), "--json").stdout)["backup"]
        assert in_flight.run["state_type"] == "RUNNING"
        settings = checkout.settings | {
            "CONTRAPONTO_METRICS_PORT": str(free_port()),
            "CONTRAPONTO_PROFILE": "production",
            "CONTRAPONTO_API_AUTH": ":".join(_FIRST),
            "CONTRAPONTO_WEBHOOK_SECRET": _OLD_SECRET,
            **(servers.named(_FIRST[1]) if servers else {}),
        }
        second = Checkout.copy(work / "second", settings, _FIRST)
        second.contraponto("restore", made)
        try:
            second.contraponto("up")
            yield Restored(
                second,
                servers,
                finished.id,
                in_flight.id,
                place,
                (checkout.home / "store" / key).read_bytes(),
                set(_letters(checkout)),
                set(_messages(checkout)),
            )
        finally:
            second.contraponto("down")
    finally:
        _set_schedule(checkout, active=True)


def _slowly_then_at_once(web: MediaServer, path: str, body: bytes) -> str:
    """The URL of a film that whoever asks first gets slowly: first for what it is (HEAD), then for all of it."""
    for _ in range(2):
        web.say(path, body, content_type="video/mp4", drip=(-(-len(body) // _PIECES), _BETWEEN))
    return web.say(path, body, content_type="video/mp4")


def _letters(stack: Checkout) -> list[str]:
    return [letter["id"] for letter in json.loads(stack.contraponto("dead-letters", "--json").stdout)]


def _messages(stack: Checkout) -> list[str]:
    told = stack.contraponto("messages", "dead-letters", "--json").stdout
    return [letter["id"] for letter in json.loads(told)]


def _schedule(stack: Checkout) -> dict[str, object]:
    found: dict[str, object] = stack.api(
        "GET", f"/deployments/{stack.deployment_id('cleanup')}/schedules"
    ).json()[0]
    return found


def _set_schedule(stack: Checkout, *, active: bool) -> None:
    path = f"/deployments/{stack.deployment_id('cleanup')}/schedules/{_schedule(stack)['id']}"
    assert stack.api("PATCH", path, {"active": active}).is_success


def test_what_was_cut_off_is_done_once(restored: Restored, web: MediaServer) -> None:
    job = Job(restored.stack, restored.in_flight)
    assert job.completed()["result"]["file"]
    assert len(web.requests(f"{restored.place}-slow.mp4")) == 2, "once by each stack"
    assert job.run["labels"]["contraponto.restarts"] == 1
    assert (
        restored.stack.api(
            "POST", "/flow_runs/count", {"flow_runs": {"name": {"any_": [job.run["name"]]}}}
        ).json()
        == 1
    )


def test_jobs_results_and_dead_letters_are_there(restored: Restored) -> None:
    stack = restored.stack
    document = Job(stack, restored.finished).document
    assert document["status"] == "completed"
    assert restored.content(document["result"]["file"]) == restored.picture
    assert set(_letters(stack)) >= restored.dead_letters
    assert set(_messages(stack)) == restored.dead_messages
    assert stack.contraponto("status", restored.finished).returncode == 0


def test_a_schedule_stays_as_its_user_left_it(restored: Restored) -> None:
    assert _schedule(restored.stack)["active"] is False


def test_the_restored_stack_is_well(restored: Restored) -> None:
    health = json.loads(restored.stack.contraponto("health", "--json").stdout)
    assert health["state"] == "healthy", health
    assert not (restored.stack.home / "run" / "restored").exists()
    limits = restored.stack.api("POST", "/v2/concurrency_limits/filter", {}).json()
    assert [limit["active_slots"] for limit in limits if limit["active_slots"]] == []
    for own in ("postgres/PG_VERSION", "valkey", "records.db"):
        assert (restored.stack.home / own).exists() == (restored.servers is None), own


def test_records_wait_for_the_restored_stack(restored: Restored) -> None:
    found = restored.stack.submit({}, "process-documents").completed()["result"]
    assert found["done"] >= 1
    assert found["failed"] == 0


def test_credentials_secrets_and_code_change_while_a_job_goes_on(
    restored: Restored, web: MediaServer
) -> None:
    old = restored.stack
    Job(old, restored.in_flight).ended()  # a second loss would be its end
    shown, called = f"{restored.place}/rotated.mp4", f"{restored.place}/rotated"
    footage = _slowly_then_at_once(web, shown, film(old.directory / "rotated.mp4").read_bytes())
    hook = web.say(called, content_type=None)
    job = old.submit({"url_video": footage, "webhook_url": hook}, "thumbnail")
    job.wait_until(lambda: bool(web.requests(shown)), what="the download")
    before = old.pids()
    for name in _UPDATED:
        with (old.directory / name).open("a") as file:
            file.write("\n# of another version\n")
    changed = {
        "CONTRAPONTO_API_AUTH": ":".join(_SECOND),
        "CONTRAPONTO_WEBHOOK_SECRET": f"{_NEW_SECRET},{_OLD_SECRET}",
    }
    if restored.servers:
        restored.servers.set_password(_SECOND[1])
        changed |= restored.servers.named(_SECOND[1])
    new = replace(old, settings=old.settings | changed, credentials=_SECOND)
    new.contraponto("up")
    restored.stack = new
    if restored.servers:
        restored.servers.forget_password(_FIRST[1])
    kept = {name for name, pid in new.pids().items() if before[name] == pid}
    assert kept <= {"postgres", "valkey", "model-host"}, (
        "with other credentials all that use them is started again"
    )
    assert old.api("POST", "/flow_runs/count", {}).status_code == 401
    assert Job(new, job.id).completed()["result"]["file"]
    wait_until(lambda: web.requests(called, "POST"), what="the webhook")
    [posted] = web.requests(called, "POST")
    headers = {name.lower(): value for name, value in posted.headers.items()}
    assert len(headers["webhook-signature"].split()) == 2
    for secret in (_OLD_SECRET, _NEW_SECRET):
        Webhook(secret).verify(posted.body, headers)
