"""Flows that end in every way; the test of the launcher copies them into a project of their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger


@flow(log_prints=True)
async def report(target: str, words: list[str]) -> None:
    """Writes down what a run can see of its surroundings."""
    print("printed")  # noqa: T201 - Prefect logs it
    os.write(1, f"on standard output of {os.environ.get('MINE')}\n".encode())
    get_run_logger().info("logged")
    found = {
        "words": words,
        "directory": str(Path.cwd()),
        "mine": os.environ.get("MINE"),
        "level": os.environ.get("PREFECT_LOGGING_LEVEL"),
    }
    Path(target).write_text(json.dumps(found))


@flow
async def fail() -> None:
    raise ValueError("as it should")


def _note(flow: Any, flow_run: Any, state: Any) -> None:
    Path(flow_run.parameters["target"]).write_text(state.type.value)


@flow(on_crashed=[_note])
async def leave(target: str, how: str) -> None:
    if how == "exit":
        sys.exit(3)
    os.kill(os.getpid(), signal.SIGKILL)


@flow(on_cancellation=[_note])
def stay(target: str, pids: str) -> None:
    child = subprocess.Popen(["sleep", "600"])
    Path(pids).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)


@flow(timeout_seconds=1)
async def linger() -> None:
    await asyncio.sleep(60)


@flow
async def take_turns(log: str) -> None:
    """Two of these must not overlap. Without the limit the second would begin while the first one lasts."""
    _append(log, "begin")
    await asyncio.sleep(4)
    _append(log, "end")


def _append(log: str, line: str) -> None:
    with Path(log).open("a") as file:
        file.write(f"{line}\n")
