"""What open conversations cost the worker that has all of them: `python -m benchmarks.conversations --runs 500`.

Real jobs `collect-and-execute` on a stack of their own, each of which waits for a collector that nobody is. Memory is
what belongs to the process alone, and the processor time of 60 seconds in which nothing happens.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence

import psutil

from benchmarks.measure import machine
from benchmarks.own_stack import OwnStack, own_stack
from deployments.embedded.supervisor import Supervisor

_DEPLOYMENT = "collect-and-execute/collect-and-execute"
_POOL = "conversations"
_START_SECONDS = 1800
_QUIET_SECONDS = 60.0


def worker_of(stack: OwnStack) -> psutil.Process:
    """The process of the conversations."""
    states = Supervisor(stack.directory / ".contraponto").states()
    pid = next(state.pid for name, state in states.items() if _POOL in name)
    return psutil.Process(pid)


def open_conversations(stack: OwnStack, number: int) -> None:
    """Starts so many, and returns when all of them wait."""
    deployment = stack.call("GET", f"/deployments/name/{_DEPLOYMENT}")["id"]
    parameters = {"collectors": [{"name": "nobody"}], "collect_timeout_seconds": 86_400}
    before = _running(stack)
    for _ in range(number):
        stack.call("POST", f"/deployments/{deployment}/create_flow_run", {"parameters": parameters})
    deadline = time.monotonic() + _START_SECONDS
    while _running(stack) < before + number:
        if time.monotonic() > deadline:
            raise TimeoutError(f"not all of the {number} conversations began")
        time.sleep(2)
    time.sleep(20)


def _running(stack: OwnStack) -> int:
    running = {"flow_runs": {"state": {"type": {"any_": ["RUNNING"]}}}}
    return int(stack.call("POST", "/flow_runs/count", running))


def line(worker: psutil.Process, conversations: int) -> str:
    """A row of the table."""
    before = sum(worker.cpu_times()[:2])
    time.sleep(_QUIET_SECONDS)
    cpu = sum(worker.cpu_times()[:2]) - before
    own, threads = worker.memory_full_info().uss / 1e6, worker.num_threads()
    return f"| {conversations} | {own:.0f} | {threads} | {cpu / _QUIET_SECONDS:.3f} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, nargs="+", default=[1, 500], help="how many at once (1 500)")
    chosen = parser.parse_args(arguments)
    # Whatever ends this ends the stack as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    print(machine(), flush=True)
    with own_stack(CONTRAPONTO_MODEL_HOST="off") as stack:
        worker, opened = worker_of(stack), 0
        print("| conversations | MB | threads | CPU s a second |\n|---|---|---|---|", flush=True)
        print(line(worker, 0), flush=True)
        for number in sorted(chosen.runs):
            open_conversations(stack, number - opened)
            opened = number
            print(line(worker, number), flush=True)


if __name__ == "__main__":
    main()
