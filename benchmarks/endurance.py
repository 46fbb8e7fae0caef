"""What many runs leave behind: memory, processes, descriptors, files. `python -m benchmarks.endurance`.

A thousand short jobs through one warm worker, then cancels at random moments. Exit code 1 if memory grows by more
than a tenth after the first hundred, or anything is left.
"""

import argparse
import contextlib
import random
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measure import machine
from benchmarks.own_stack import OwnStack, own_stack

POOL = "cpu"
SHORT = "benchmarks/short_flow.py:short"
WAIT = "benchmarks/short_flow.py:wait"
_AT_ONCE = 8
_SETTLE_SECONDS = 90
_GROWTH = 1.1
_PARTS = {
    "service": "service.py",
    "zygote": "deployments.launcher.zygote",
    "worker": "worker start",
    "server": "services.serve",
}


@dataclass(frozen=True)
class Part:
    """One process at one moment."""

    memory: float
    """MB in memory. What it shares with its forks counts: how much it shares changes with every run."""
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Sight:
    """The stack at one moment."""

    parts: dict[str, Part]
    processes: int
    files: int

    def __str__(self) -> str:
        parts = ", ".join(
            f"{name} {part.memory:.0f} MB / {part.descriptors} fds / {part.threads} threads"
            for name, part in self.parts.items()
        )
        return f"{parts}; {self.processes} processes, {self.files} temporary files"


def look(stack: OwnStack) -> Sight:
    """Everything that might grow."""
    members = [process for process in psutil.process_iter() if _belongs(process, stack.directory)]
    parts = {}
    for name, mark in _PARTS.items():
        for process in members:
            # Runs and their helpers come and go.
            with contextlib.suppress(psutil.NoSuchProcess):
                command = " ".join(process.cmdline())
                # The stack has a worker a pool; this is about the one that has runs.
                if mark in command and _is_ours(name, process, command):
                    parts[name] = Part(
                        process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()
                    )
    places = (stack.directory / ".contraponto" / "tmp", stack.directory / ".contraponto" / "run")
    files = sum(1 for place in places for path in place.rglob("*") if path.is_file())
    return Sight(parts, len(members), files)


def _belongs(process: psutil.Process, directory: Path) -> bool:
    try:
        return process.environ().get("CONTRAPONTO_HOME", "").startswith(str(directory))
    except (psutil.Error, OSError):
        return False


def _is_ours(name: str, process: psutil.Process, command: str) -> bool:
    if name == "server":
        return True
    if name == "zygote":
        parent = process.parent()
        return parent is not None and f"--pool {POOL}" in " ".join(parent.cmdline())
    return f"--pool {POOL}" in command and (name == "service") == ("service.py" in command)


def run_many(stack: OwnStack, count: int) -> None:
    """So many short jobs, a few at once; RuntimeError unless all complete."""
    waiting: list[str] = []
    for number in range(count):
        waiting.append(stack.submit(POOL, SHORT, {"number": number}))
        if len(waiting) == _AT_ONCE:
            stack.completed(waiting.pop(0))
    for run in waiting:
        stack.completed(run)


def cancel_many(stack: OwnStack, count: int) -> dict[str, int]:
    """How jobs ended that were cancelled at random moments of their start and their work."""
    ends: dict[str, int] = {}
    for batch in _batches(count, _AT_ONCE):
        due = []
        for _ in batch:
            due.append((time.monotonic() + random.uniform(0, 4), stack.submit(POOL, WAIT, {"seconds": 600})))  # noqa: S311
        for moment, run in sorted(due):
            time.sleep(max(0.0, moment - time.monotonic()))
            body = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
            stack.call("POST", f"/flow_runs/{run}/set_state", body)
        for _, run in due:
            end = stack.ended(run)["state_type"]
            ends[end] = ends.get(end, 0) + 1
    return ends


def _batches(count: int, size: int) -> Iterable[range]:
    for begin in range(0, count, size):
        yield range(begin, min(begin + size, count))


def settled(stack: OwnStack, before: Sight) -> Sight:
    """The stack once no more processes are there than before, or after a while."""
    deadline = time.monotonic() + _SETTLE_SECONDS
    while (sight := look(stack)).processes > before.processes and time.monotonic() < deadline:
        time.sleep(0.5)
    return sight


def problems(early: Sight, late: Sight) -> list[str]:
    """What has grown between two moments."""
    found = []
    for name, part in early.parts.items():
        now = late.parts.get(name)
        if now is None:
            found.append(f"the {name} is gone")
        elif now.memory > _GROWTH * part.memory:
            found.append(f"the {name} has grown from {part.memory:.0f} to {now.memory:.0f} MB")
        elif now.descriptors > part.descriptors + 5:
            found.append(f"the {name} has {now.descriptors} descriptors instead of {part.descriptors}")
    if late.processes > early.processes:
        found.append(f"{late.processes - early.processes} processes are left")
    if late.files > early.files + 5:
        found.append(f"{late.files - early.files} temporary files are left")
    return found


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000, help="short jobs (1000)")
    parser.add_argument("--cancels", type=int, default=50, help="cancelled jobs (50)")
    chosen = parser.parse_args()
    print(machine(), flush=True)
    with own_stack() as stack:
        run_many(stack, 100)
        early = settled(stack, look(stack))
        time.sleep(5)
        early = look(stack)
        print(f"after  100 runs: {early}", flush=True)
        begin = time.monotonic()
        run_many(stack, chosen.runs - 100)
        rate = 60 * (chosen.runs - 100) / (time.monotonic() - begin)
        late = settled(stack, early)
        print(f"after {chosen.runs:>4} runs: {late} ({rate:.0f} jobs a minute)", flush=True)
        found = problems(early, late)
        ends = cancel_many(stack, chosen.cancels)
        last = settled(stack, early)
        print(f"after {chosen.cancels} cancels ({ends}): {last}", flush=True)
        found += problems(early, last)
        if set(ends) - {"CANCELLED"}:
            found.append(f"cancelled jobs ended as {ends}")
    print("\n".join(found) or "nothing has grown, nothing is left")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
