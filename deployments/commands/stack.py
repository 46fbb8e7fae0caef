"""`up`, `down`, `health`: the services on this machine."""

import time
from typing import Annotated

import httpx
import typer

from deployments.commands.output import console, print_json, say

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else there.")]


def up() -> None:
    """Start the services on this machine and prepare the server; repair what has died.

    PostgreSQL, Valkey, Prefect's server (port 4200 or the next free one) and a worker for each pool start in
    the background and stay until `contraponto down`. Their logs are in the folder `logs` of CONTRAPONTO_HOME.
    """
    from deployments.embedded import EmbeddedStack

    start = time.monotonic()
    stack = EmbeddedStack.from_settings()
    with console.status("") as spinner:

        def report(line: str) -> None:
            spinner.update(line)
            say(f"{time.monotonic() - start:5.1f} s  {line}")

        status = stack.up(report)
    say(f"Up. Web page: {status.ui_url}   API: {status.api_url}")
    say("Submit a job: contraponto submit transcribe -p youtube_url=URL --wait")


def down() -> None:
    """Stop the services that `up` started on this machine. Data, models and finished jobs stay."""
    from deployments.embedded import EmbeddedStack

    stopped = EmbeddedStack.from_settings().down(say)
    say(f"Down: {stopped} services stopped." if stopped else "Nothing was running.")


def health(as_json: JsonOption = False) -> None:
    """Say whether the server answers and which workers listen. Exit code 1 if anything is missing."""
    import json

    from deployments.connection import find_api_url
    from deployments.pools import POOL_NAMES

    api_url = find_api_url()
    parts: dict[str, bool] = {"server": _answers(api_url)}
    for pool in POOL_NAMES:
        parts[f"workers of {pool}"] = parts["server"] and _has_worker(api_url, pool)
    healthy = all(parts.values())
    if as_json:
        print_json(json.dumps({"healthy": healthy, "api_url": api_url, "parts": parts}))
    else:
        say(f"API: {api_url}")
        for part, well in parts.items():
            console.print("  ok      " if well else "  MISSING ", style="green" if well else "red", end="")
            say(part)
        if not healthy:
            say("On this machine `contraponto up` starts what is missing.")
    if not healthy:
        raise typer.Exit(1)


def _answers(api_url: str) -> bool:
    try:
        return httpx.get(f"{api_url}/ready", timeout=10).is_success
    except httpx.TransportError:
        return False


def _has_worker(api_url: str, pool: str) -> bool:
    try:
        response = httpx.post(
            f"{api_url}/work_pools/{pool}/workers/filter",
            json={"workers": {"status": {"any_": ["ONLINE"]}}},
            timeout=10,
        )
    except httpx.TransportError:
        return False
    return response.is_success and bool(response.json())
