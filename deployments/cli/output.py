"""What all commands print alike: results on stdout, everything else on stderr."""

import codecs
import io
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

import typer
from rich.console import Console

from tasks.errors import ContrapontoError
from tasks.foreign_text import printable

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from deployments.checks.check import Check
    from tasks.jobs.document import JobDocument

console = Console(stderr=True, highlight=False, soft_wrap=True)
"""Progress, hints and errors. Without a terminal it writes plain lines."""

results = Console(highlight=False, soft_wrap=True)
"""Results for a person, in colours where stdout is a terminal."""

_COLOURS = {"healthy": "green", "degraded": "yellow", "down": "red"}


def say(line: str) -> None:
    """Print one line about what is going on."""
    console.print(printable(line), markup=False)


def show_error(error: ContrapontoError) -> None:
    """Print an error and, below it, what to do about it."""
    console.print("Error: ", style="bold red", end="")
    say(error.message)
    if error.hint:
        say(error.hint)


def print_json(text: str) -> None:
    """Print a JSON document as the only thing on stdout; where that has not all of its letters, as their escapes."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        import json

        text = json.dumps(json.loads(text))
    typer.echo(text)
    sys.stdout.flush()


def print_whatever_it_is() -> None:
    """From now on, nothing on stdout fails for what its encoding lacks; stderr is so by itself.

    Names of files may be bytes that are no text: in UTF-8 they come out as those bytes.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_utf_8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf_8 else "backslashreplace")


def show_checks(checks: "Iterable[Check]", to: Console) -> None:
    """Print how each part is and, below it, what fixes it."""
    for check in checks:
        to.print(f"  {check.state:<9}", style=_COLOURS[check.state], end="")
        to.print(printable(f"{check.subject}: {check.remark}"), markup=False)
        if check.fix:
            to.print(f"           -> {check.fix}", markup=False)


def show(document: "JobDocument", *, as_json: bool) -> None:
    """Print a job document, for a program or for a person."""
    if as_json:
        print_json(document.model_dump_json())
        return
    from deployments.cli.summary import summary

    for line in summary(document):
        typer.echo(printable(line))


def finish(document: "JobDocument", *, as_json: bool) -> None:
    """Print the document of a job that ended; leave with exit code 1 unless it completed."""
    show(document, as_json=as_json)
    if document.status != "completed":
        raise typer.Exit(1)


def follow(client: "SyncPrefectClient", job_id: UUID) -> "JobDocument":
    """Show how far a job is until it has ended; its document then."""
    from deployments.cli.stage_display import stage_display
    from deployments.client.read import follow_job

    try:
        with stage_display(console) as display:
            return follow_job(client, job_id, display.show)
    except KeyboardInterrupt:
        say(f"The job goes on. Watch it again: contraponto status {job_id} --watch")
        raise typer.Exit(130) from None
