"""`make demo`: everything from nothing, ended by a real job on real speech.

The speech is made by the product's own voice and served over HTTP on this machine, so that the job goes the
whole way: download, normalisation, transcription, through server, queue and worker.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import UUID

import typer

from blocks.settings import get_settings
from deployments.checks.models import needed_models
from deployments.cli.model_downloads import fetch
from deployments.cli.output import console, say, show_error
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.sockets import free_port
from tasks.errors import ContrapontoError
from tasks.voice.speech import speak

TEXT = (
    "Good morning, and welcome to the first demonstration. A small team of engineers has built a "
    "machine that listens to recordings and writes down what people say. The work begins with a "
    "download. Then the noise is removed, the voice is brought to an even level, and every word is "
    "written with the moment at which it was spoken. Nothing leaves this computer. The weather outside "
    "is bright, the river is quiet, and a train is leaving the station on time. If you can read these "
    "sentences on your screen, the whole system works, from the first request to the last subtitle. "
    "Thank you for listening, and have a pleasant afternoon."
)
"""About forty seconds of speech; it is known, so the errors of the transcript can be counted."""

_PORTS = range(8790, 8800)


def main() -> None:
    """Run the demonstration. Exit code 0 if the job completed; the services stay up."""
    try:
        completed = _demonstrate()
    except ContrapontoError as error:
        show_error(error)
        sys.exit(1)
    except KeyboardInterrupt:
        say("Interrupted. `make demo` goes on where it stopped; `make down` stops the services.")
        sys.exit(130)
    sys.exit(0 if completed else 1)


def _demonstrate() -> bool:
    settings = get_settings()
    _title("1/4  Models")
    fetch(needed_models(settings))

    _title("2/4  Services")
    status = EmbeddedStack.from_settings().up(lambda line: say(f"  {line}"))
    say(f"  up: {status.ui_url}")

    _title("3/4  A recording")
    recording = settings.home / "demo" / "speech.wav"
    if not recording.exists():
        speech = speak(TEXT, language="en", target=recording, models_dir=settings.models_dir)
        say(f"  {speech.duration:.0f} s of speech by the voice {speech.voice} ({speech.engine})")

    _title("4/4  The job")
    with _served(recording) as (url, address):
        say(f"  {url}")
        return _transcribe(url, address, ui_url=status.ui_url or "")


def _transcribe(url: str, address: str, *, ui_url: str) -> bool:
    from deployments.cli.stage_display import stage_display  # noqa: PLC0415
    from deployments.cli.summary import summary  # noqa: PLC0415
    from deployments.client.connection import connected  # noqa: PLC0415 - Prefect takes seconds to import
    from deployments.client.read import follow_job  # noqa: PLC0415
    from deployments.client.submit import submit_job  # noqa: PLC0415

    # Only this job may reach the address on this machine, and only this port of it.
    allowed = ",".join((*get_settings().allowed_private_hosts, address))
    with connected() as client:
        job_id: UUID = submit_job(
            client,
            "transcribe",
            {"youtube_url": url},
            environment={"CONTRAPONTO_ALLOWED_PRIVATE_HOSTS": allowed},
        )
        say(f"  {ui_url}/runs/flow-run/{job_id}")
        with stage_display(console) as display:
            document = follow_job(client, job_id, display.show)
    typer.echo()
    for line in summary(document):
        typer.echo(line)
    if document.status != "completed":
        return False
    heard = (document.model_extra or {}).get("transcription_text")
    errors = word_error_rate(TEXT, str(heard or ""))
    typer.echo(f"\nWord error rate against the text that was spoken: {100 * errors:.1f} %")
    typer.echo(f"\nThe job in the web interface: {ui_url}/runs/flow-run/{job_id}")
    typer.echo(
        "Your own recording:           .venv/bin/contraponto submit transcribe -p youtube_url=URL --wait"
    )
    typer.echo("Stop the services:            make down")
    return True


@contextmanager
def _served(file: Path) -> Iterator[tuple[str, str]]:
    """A web server on this machine with the folder of one file: the file's URL, and `host:port`."""
    handler = partial(_QuietHandler, directory=str(file.parent))
    with ThreadingHTTPServer(("127.0.0.1", free_port(*_PORTS)), handler) as server:
        address = f"127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{address}/{file.name}", address
        finally:
            server.shutdown()


class _QuietHandler(SimpleHTTPRequestHandler):
    """Serves files with Last-Modified and writes no log between the progress bars."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def word_error_rate(spoken: str, heard: str) -> float:
    """Words to insert, delete or replace to get from one text to the other, per spoken word."""
    reference, hypothesis = _words(spoken), _words(heard)
    distances = list(range(len(hypothesis) + 1))
    for row, expected in enumerate(reference, start=1):
        diagonal, distances[0] = distances[0], row
        for column, found in enumerate(hypothesis, start=1):
            replaced = diagonal + (expected != found)
            diagonal = distances[column]
            distances[column] = min(replaced, diagonal + 1, distances[column - 1] + 1)
    return distances[-1] / max(len(reference), 1)


def _words(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "'" else " " for c in text.lower()).split()


def _title(text: str) -> None:
    console.print(f"\n{text}", style="bold")


if __name__ == "__main__":
    main()
