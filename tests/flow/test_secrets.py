"""What a caller or an operator entrusts to a job stays out of everything that others can read."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest
from prefect.blocks.abstract import NotificationError
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    TaskRunFilter,
    TaskRunFilterFlowRunId,
)
from pydantic import SecretStr

from blocks.webhook import WebhookNotification
from flows.batch import TranscriptionOptions, transcribe_batch
from flows.notifications import deliver_webhook
from flows.transcription import transcribe
from flows.video import addaudio, img2vid
from tasks.errors import InvalidInputError
from tasks.webhooks.message import WebhookMessage
from tasks.webhooks.notify import check_endpoint, notify
from tests.flow.conftest import Configure
from tests.flow.jobs import SMALL, end_of
from tests.material import film, photograph
from tests.servers.endpoint import ended_job
from tests.servers.media import MediaServer, wav

PASSWORD, TOKEN, HOOK = "s3nh4-do-site", "geheim-do-link", "geheim-do-receptor"
SETTINGS = {
    "webhook_secret": "whsec_Z3VhcmRhZG8tYS1zZXRlLWNoYXZlcw==",
    "s3_secret_access_key": "chave-do-balde",
    "text_model_api_key": "sk-chave-do-modelo",
    "voice_endpoint_api_key": "sk-chave-da-voz",
    "remote_api_key": "chave-da-etapa",
}
SECRETS = (PASSWORD, TOKEN, HOOK, *SETTINGS.values())


class Collector(logging.Handler):
    """Every record of every logger, whatever it is that shows it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture(params=["usual", "debug"])
def logged(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What is logged, as usual and as somebody who looks for a fault has it."""
    collector = Collector()
    named = [found for found in logging.root.manager.loggerDict.values() if isinstance(found, logging.Logger)]
    levels = {logger: logger.level for logger in (logging.root, *named)}
    closed = [logger for logger in levels if logger is logging.root or not logger.propagate]
    for logger in closed:
        logger.addHandler(collector)
    if request.param == "debug":
        for logger in levels:
            logger.setLevel(logging.DEBUG)
    yield collector.texts
    for logger in closed:
        logger.removeHandler(collector)
    for logger, level in levels.items():
        logger.setLevel(level)


@contextmanager
def commands_of_children() -> Iterator[set[str]]:
    """The command lines of all processes that are started meanwhile and live for some milliseconds."""
    seen: set[str] = set()
    over, this = threading.Event(), psutil.Process()

    def watch() -> None:
        while not over.wait(0.005):
            for child in this.children(recursive=True):
                try:
                    seen.add(" ".join(child.cmdline()))
                except psutil.Error:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


async def what_the_server_holds(job_id: Any) -> str:
    """Artifacts, states and tasks of the run and of those it has started; parameters are the caller's own words."""
    async with get_client() as client:
        children = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[job_id]))
        )
        runs = [job_id, *(child.id for child in children)]
        artifacts = await client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=runs))
        )
        tasks = await client.read_task_runs(
            task_run_filter=TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=runs))
        )
        states = [state for run in runs for state in await client.read_flow_run_states(run)]
    assert artifacts
    assert states
    held = [found.model_dump_json() for found in (*artifacts, *tasks, *states)]
    return "\n".join(held)


def what_lies_in(home: Path) -> str:
    """All that the job has left in files: results, notes, locks, the database of what is done."""
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    return "\n".join(f"{path} {path.read_bytes().decode(errors='replace')}" for path in files)


def message_to(server: MediaServer) -> str:
    """The one message about the end of the job."""
    [sent] = [asked for asked in server.asked if asked.path.startswith("/hook")]
    return sent.body.decode()


def leaks(readable: dict[str, str]) -> list[tuple[str, str]]:
    """What is held where, of what nobody may read."""
    return [(place, secret) for place, text in readable.items() for secret in SECRETS if secret in text]


# A transcription that ends well takes a minute and shows nothing that img2vid does not.
@pytest.mark.parametrize(
    ("kind", "case"),
    [
        *(("img2vid", case) for case in ("well", "gone", "broken")),
        *(("transcribe", case) for case in ("gone", "broken")),
    ],
)
async def test_nothing_that_others_read_holds_a_secret(
    kind: str,
    case: str,
    server: MediaServer,
    configure: Configure,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
    home: Path,
) -> None:
    configure(**SETTINGS)
    answers: dict[str, dict[str, Any]] = {
        "well": {"body": photograph(1)},
        "gone": {"status": 404},
        "broken": {"body": b"\x00\x01 no picture " * 50},
    }
    plain = server.say("/x.bin", **answers[case])
    source = f"{plain.replace('//', f'//lia:{PASSWORD}@')}?token={TOKEN}"
    server.say(f"/x.bin?token={TOKEN}", **answers[case])
    hook = server.say("/hook", b"", content_type=None)
    asked = {"webhook_url": f"{hook}?key={HOOK}", "metadata": {"pedido": 1}}
    server.say(f"/hook?key={HOOK}", b"", content_type=None)
    with commands_of_children() as commands:
        if kind == "img2vid":
            images = [{"id": "a", "image_url": source, "duracao": 0.5}]
            state = await end_of(img2vid, images=images, **asked, **SMALL)
        else:
            state = await end_of(transcribe, source, language="en", model="tiny.en", **asked)
    assert state.is_completed() == (case == "well"), state.message
    assert case != "well" or any("ffmpeg" in command for command in commands), (
        "nobody looked at the processes"
    )
    printed = capfd.readouterr()
    readable = {
        "the log": "\n".join(logged),
        "what is printed": printed.out + printed.err,
        "the server": await what_the_server_holds(state.state_details.flow_run_id),
        "the message": message_to(server),
        "commands of processes": "\n".join(commands),
        "files": what_lies_in(home),
    }
    assert json.loads(readable["the message"])["metadata"] == {"pedido": 1}
    if case == "gone":
        assert "x.bin?token=***" in readable["the log"], "the source is named, but not its secrets"
    assert leaks(readable) == []


async def test_sounds_and_pictures_are_processed_without_a_secret_on_a_command_line(
    server: MediaServer, configure: Configure, home: Path, tmp_path: Path, logged: list[str]
) -> None:
    configure(**SETTINGS)
    server.say("/v.mp4", film(tmp_path / "v.mp4", seconds=2).read_bytes(), content_type="video/mp4")
    source = f"http://lia:{PASSWORD}@127.0.0.1:{server.port}/v.mp4?token={TOKEN}"
    hook = server.say("/hook", content_type=None) + f"?key={HOOK}"
    with commands_of_children() as commands:
        state = await end_of(addaudio, source, source, webhook_url=hook, quality="draft")
    assert state.is_completed(), state.message
    assert any("ffmpeg" in command for command in commands)
    readable = {
        "the log": "\n".join(logged),
        "the server": await what_the_server_holds(state.state_details.flow_run_id),
        "the message": message_to(server),
        "commands of processes": "\n".join(commands),
        "files": what_lies_in(home),
    }
    assert leaks(readable) == []


@pytest.mark.models
async def test_a_batch_names_its_sources_without_their_secrets(
    server: MediaServer, configure: Configure, home: Path, logged: list[str]
) -> None:
    configure(**SETTINGS)
    server.say("/good.wav", wav(2.0))
    server.say("/gone.wav", status=404)
    server.page("/page", "<p>nothing to hear</p>")
    at = f"http://lia:{PASSWORD}@127.0.0.1:{server.port}"
    sources = [f"{at}/{name}?token={TOKEN}" for name in ("good.wav", "gone.wav", "page")]
    hook = server.say("/hook", content_type=None) + f"?key={HOOK}"
    for only_new in (False, True):
        state = await end_of(
            transcribe_batch,
            sources,
            TranscriptionOptions(model="tiny.en", language="en", remove_noise=False, formats=["txt"]),
            only_new=only_new,
            webhook_url=hook,
        )
        assert state.is_completed(), state.message
    first, second = (
        json.loads(asked.body)["result"] for asked in server.asked if asked.path.startswith("/hook")
    )
    assert [item["source"].partition("127.0.0.1")[0] for item in first["items"]] == ["http://***@"] * 3
    assert second["skipped"] == 3, "they are known again"
    readable = {
        "the log": "\n".join(logged),
        "the server": await what_the_server_holds(state.state_details.flow_run_id),
        "the messages": f"{first} {second}",
        "files": what_lies_in(home),
    }
    assert leaks(readable) == []


@pytest.mark.parametrize("trouble", ["500", "410", "302", "nobody listens", "no address", "blocked"])
async def test_a_saved_endpoint_is_named_and_its_address_never_shown(
    server: MediaServer, configure: Configure, logged: list[str], trouble: str
) -> None:
    configure(webhook_retry_delays="0", webhook_max_retries=1)
    # Addresses of chats and of automations are secret as a whole.
    path = f"/services/{HOOK}"
    places = {
        "nobody listens": f"http://127.0.0.1:1{path}",
        "no address": f"http://exa mple{path}",
        "blocked": f"http://10.0.0.9{path}",
    }
    at = places.get(trouble) or server.say(path, status=int(trouble), content_type=None)
    block = WebhookNotification(url=SecretStr(at), allowed_private_hosts="127.0.0.1")
    await block.save("sala", overwrite=True)
    name = "webhook-notification/sala"
    said: list[str] = []
    try:
        await check_endpoint(name)
    except InvalidInputError as error:
        said.append(str(error))
    message = WebhookMessage.of(ended_job(job_id=str(uuid4())))
    state = await end_of(deliver_webhook, name, message, message.webhook_id)
    assert state.is_failed()
    await notify(ended_job(job_id=str(uuid4())), name)
    loaded: Any = await WebhookNotification.aload("sala")
    with pytest.raises(NotificationError) as refused:
        await loaded.notify("O disco está cheio.")
    async with get_client() as client:
        known = await client.read_variables()
        for variable in known:
            await client.delete_variable_by_name(variable.name)
    readable = {
        "the state": state.model_dump_json(),
        "the log": "\n".join(logged),
        "variables": "".join(variable.model_dump_json() for variable in known),
        "what is said": f"{said} {refused.value}",
    }
    assert leaks(readable) == []
    assert trouble == "blocked" or name in (state.message or "")
    assert known or trouble in ("no address", "blocked")
