"""The commands of the README and the manual, typed as they stand there, against a running stack."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from deployments.processes.environment import PROJECT
from tasks.voice.speech import speak
from tests.material import film
from tests.readme import blocks, section
from tests.servers.media import MediaServer
from tests.system.checkout import Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.models, pytest.mark.timeout(900)]

README = PROJECT / "README.md"
JOBS = PROJECT / "docs" / "jobs.md"
MODELS = PROJECT / "docs" / "models.md"
MONITORING = PROJECT / "docs" / "monitoring.md"
EXAMPLES = "https://example.org"
SENTENCE = "The train leaves in the morning, and the tickets are sold in the small house by the bridge."


@pytest.fixture(scope="module")
def recording(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("readme") / "talk.wav"
    speak(SENTENCE, language="en", target=target, models_dir=models_dir)
    return target.read_bytes()


@pytest.fixture
def typed(checkout: Checkout, web: MediaServer, recording: bytes, tmp_path: Path) -> "Terminal":
    (checkout.directory / "talk.mp3").write_bytes(recording)
    web.say("/talk.mp3", recording, headers={"ETag": '"talk"'})
    commands = tmp_path / "bin"
    commands.mkdir()
    # The commands of this environment, run in the copy's code.
    contraponto = commands / "contraponto"
    contraponto.write_text(
        f'#!/bin/sh\nPYTHONPATH="{checkout.directory}" exec "{sys.executable}" -m deployments.cli.app "$@"\n'
    )
    contraponto.chmod(0o755)
    (commands / "prefect").symlink_to(Path(sys.executable).with_name("prefect"))
    return Terminal(checkout, commands, web.url)


class Terminal:
    """A shell in the checkout."""

    def __init__(self, checkout: Checkout, commands: Path, url: str) -> None:
        self._checkout = checkout
        self._commands = commands
        self._url = url

    def type(self, shell: str, then: str = "") -> str:
        """What the statements print, and what `then` prints after them in the same shell."""
        shell = shell.replace(EXAMPLES, self._url).replace("http://127.0.0.1:4200", self._checkout.address)
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"{shell}\n{then}"],
            cwd=self._checkout.directory,
            env=self._checkout.environment
            | {"PATH": f"{self._commands}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert result.returncode == 0, f"{shell}\n{result.stdout}\n{result.stderr}"
        return result.stdout


def shell_of(page: Path, heading: str = "") -> list[str]:
    """The shell blocks of a page, or of one section of it."""
    text = page.read_text(encoding="utf-8")
    text = section(text, heading) if heading else text
    found = [block.text for block in blocks(text) if block.language == "sh"]
    assert found, heading
    return found


def says(text: str) -> bool:
    return {"train", "morning", "tickets", "bridge"} <= set(re.findall(r"\w+", text.lower()))


def test_one_job_as_the_readme_has_it(typed: Terminal, checkout: Checkout) -> None:
    (command_line,) = shell_of(README, "### Command line")
    activate, *commands = command_line.splitlines()
    assert activate.startswith("source "), "here the environment is on the path already"
    assert "completed" in typed.type("\n".join(commands))

    (rest,) = shell_of(README, "### REST")
    state, identifier = typed.type(rest, "echo $JOB").split()
    assert state in {"SCHEDULED", "PENDING", "RUNNING", "COMPLETED"}
    job = Job(checkout, identifier)
    assert job.run["work_queue_name"] == "high"
    # Another language was asked for than is spoken; the job has to end nevertheless.
    job.ended()


def test_one_recording_here_and_now(typed: Terminal) -> None:
    by_url, by_key = shell_of(JOBS, "### Here and now, without services")
    assert says(typed.type(by_url))
    assert says(typed.type(by_key))


def test_one_recording_through_a_queue(typed: Terminal, checkout: Checkout) -> None:
    submit, status = shell_of(JOBS, "### Through a queue, from the command line")[:2]
    lines = submit.replace("make up\n", "contraponto up\n").splitlines()
    *_, normal, keyed = typed.type("\n".join(lines)).split()
    assert typed.type(lines[-1]).split()[-1] == keyed, "the same key gives the same job"
    assert checkout.api("GET", f"/flow_runs/{normal}").json()["work_queue_name"] == "high"
    Job(checkout, keyed).completed()
    assert says(typed.type(status.replace("JOB_ID", keyed)))
    # Another language was asked for than is spoken; the job has to end nevertheless.
    Job(checkout, normal).ended()


def test_prefects_own_command(typed: Terminal) -> None:
    (command,) = shell_of(JOBS, "### Through a queue, from the command line")[2:]
    typed.type(command)


def test_one_recording_over_rest(typed: Terminal, checkout: Checkout) -> None:
    submit, look, cancel = shell_of(JOBS, "### Over REST")
    job = Job(checkout, typed.type(submit, "echo $JOB").split()[-1])
    document = job.completed()
    assert says(document["transcription_text"])
    assert (document["id_roteiro"], document["metadata"]) == ("R-42", {"episode": 7})
    assert job.run["work_queue_name"] == "high"
    again = typed.type(submit, f"{look}\n{cancel}")
    assert again.startswith("COMPLETED"), "the same idempotency key gives the same job"
    assert says(again)
    assert job.run["state_type"] == "COMPLETED", "a job that has ended stays as it is"

    late = submit.replace('"R-42"', '"R-43"')
    cancelled = Job(checkout, typed.type(late, f"{cancel}\necho; echo $JOB").split()[-1])
    # A job that had not begun has no document.
    cancelled.wait_until(lambda: cancelled.run["state_type"] == "CANCELLED", what="the cancellation")


def test_a_batch_and_its_schedule(typed: Terminal, checkout: Checkout) -> None:
    (command,) = shell_of(JOBS, "## Run many recordings")[:1]
    uploads = checkout.home / "store" / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    shutil.copy(checkout.directory / "talk.mp3", uploads)
    assert "completed" in typed.type(command)

    (schedule,) = shell_of(JOBS, "### On a schedule")
    assert "0 3 * * *" in typed.type(schedule)
    identifier = checkout.deployment_id("transcribe-batch")
    found = checkout.api("GET", f"/deployments/{identifier}").json()["schedules"]
    (inbox,) = [entry for entry in found if entry["slug"] == "inbox-every-night"]
    assert inbox["parameters"]["sources"] == [f"folder:{checkout.home}/inbox"]
    assert checkout.api("DELETE", f"/deployments/{identifier}/schedules/{inbox['id']}").status_code == 204


def operations_notified(web: MediaServer) -> list[str]:
    return sorted(json.loads(asked.body)["operation"] for asked in web.asked if asked.path == "/hook")


def test_videos(typed: Terminal, checkout: Checkout, web: MediaServer, tmp_path: Path) -> None:
    video = film(tmp_path / "film.mp4", seconds=2, size="320x180", sound=False)
    image = io.BytesIO()
    Image.new("RGB", (320, 180), "teal").save(image, "JPEG")
    subtitles = "1\n00:00:00,000 --> 00:00:02,000\nOlá\n"
    words = {"words": [{"word": "Olá", "start": 0, "end": 1}]}
    web.say("/one.jpg", image.getvalue(), content_type="image/jpeg")
    web.say("/film.mp4", video.read_bytes(), content_type="video/mp4")
    web.say("/film.srt", subtitles.encode(), content_type="text/plain")
    web.say("/words.json", json.dumps(words).encode(), content_type="application/json")
    web.say("/hook", content_type=None)
    (commands,) = shell_of(JOBS, "## Make videos")
    printed = typed.type(commands)
    assert printed.count("completed") >= 4
    assert "video_1.mp4" in printed
    wanted = ["addaudio", "caption", "caption-highlight", "img2vid"]
    wait_until(lambda: len(operations_notified(web)) >= len(wanted), "four messages")
    assert operations_notified(web) == wanted


def test_models_and_health(typed: Terminal) -> None:
    listing, *_ = shell_of(MODELS)[0].splitlines()
    assert "whisper-base" in typed.type(listing)
    typed.type("contraponto health")


def test_looking_after_jobs(typed: Terminal, checkout: Checkout, web: MediaServer) -> None:
    url = web.say("/gone.wav", b"not found", 404)
    job = checkout.submit({"youtube_url": url})
    job.ended()
    look, clean = shell_of(JOBS, "## Look after jobs")
    printed = typed.type(look.replace("JOB_ID", job.id))
    assert f"{job.id}  " in printed
    assert "gpu/default" in printed
    again = Job(checkout, printed.split()[-1])
    assert again.ended()["error_code"] == "source_not_found"
    assert again.run["parameters"] == job.run["parameters"]

    (numbers,) = shell_of(MONITORING, "## Numbers for Prometheus")
    printed_once, _served = numbers.splitlines()
    assert "contraponto_jobs" in typed.type(printed_once)

    dry, deep, _ = clean.splitlines()
    assert "completed" in typed.type(dry)
    assert "completed" in typed.type(deep)
    assert job.run["id"] == job.id, "a month has not passed"
    checkout.contraponto("cleanup", "--max-age-hours", "0", code=2)
    assert "deployment" in checkout.contraponto("factory-reset", "--confirmation", "yes", code=2).stderr
