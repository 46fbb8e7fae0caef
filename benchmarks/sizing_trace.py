"""A recorded trace for `contraponto sizing`: short jobs at random times on a real stack.

`python -m benchmarks.sizing_trace FILE.csv`. Jobs of the flow `wait` come as a Poisson process to the queues of the gpu
pool, for ten minutes, and hold a slot for times of an exponential distribution; what the server recorded of them is
written to the file, in the form that `contraponto sizing FILE.csv` reads.
"""

import argparse
import random
import time
from datetime import datetime
from pathlib import Path

from benchmarks.own_stack import OwnStack, own_stack
from tasks.sizing.history import QUEUES, RecordedJob, write_jobs

WAIT = "benchmarks/short_flow.py:wait"
POOL = "gpu"
_SHARES = (0.2, 0.6, 0.2)
"""Of the queues high, default and low."""
_LONGEST = 1800
"""Seconds until the last job has ended, on a machine that does other things, too."""


def submit_all(stack: OwnStack, chosen: argparse.Namespace) -> list[str]:
    """The ids of the runs, which come at random times."""
    numbers = random.Random(chosen.seed)  # noqa: S311 - no secret
    deployment = stack.deployment(POOL, WAIT)
    queues = {
        queue["name"]: queue["id"] for queue in stack.call("POST", f"/work_pools/{POOL}/queues/filter", {})
    }
    assert set(QUEUES) <= set(queues), queues
    ids, due = [], time.monotonic()
    for _ in range(chosen.jobs):
        due += numbers.expovariate(chosen.jobs / chosen.seconds)
        time.sleep(max(0.0, due - time.monotonic()))
        body = {
            "parameters": {"seconds": round(numbers.expovariate(1 / chosen.mean), 3)},
            "work_queue_name": numbers.choices(QUEUES, _SHARES)[0],
        }
        ids.append(stack.call("POST", f"/deployments/{deployment}/create_flow_run", body)["id"])
    return ids


def recorded(stack: OwnStack, run_id: str) -> RecordedJob:
    """A run that has ended, as the server recorded it."""
    run = stack.ended(run_id, seconds=_LONGEST)
    submitted, began, ended = (
        datetime.fromisoformat(run[name]) for name in ("expected_start_time", "start_time", "end_time")
    )
    return RecordedJob(
        submitted=submitted, began=began, ended=ended, operation="wait", queue=run["work_queue_name"]
    )


def main() -> None:
    """Record one trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=600, help="that they come in")
    parser.add_argument("--mean", type=float, default=7.0, help="seconds that a job holds its slot")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with own_stack(CONTRAPONTO_QUEUE_MAX_WORKERS=str(chosen.slots)) as stack:
        warm = [
            stack.call(
                "POST",
                f"/deployments/{stack.deployment(POOL, WAIT)}/create_flow_run",
                {"parameters": {"seconds": 0}},
            )["id"]
            for _ in range(chosen.slots)
        ]
        for run in warm:
            stack.completed(run)
        jobs = [recorded(stack, run) for run in submit_all(stack, chosen)]
    with chosen.file.open("w", encoding="utf-8", newline="") as opened:
        write_jobs(sorted(jobs, key=lambda job: job.submitted), opened)


if __name__ == "__main__":
    main()
