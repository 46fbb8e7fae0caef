"""How fast jobs are taken in and looked up: `python -m benchmarks.submit`.

On the embedded stack, with its workers running:
- 20 submits a second for a minute: how long each takes (goal: p50 under 20 ms, p99 under 100 ms), while the workers
  wait for jobs of this pool, and while they run them as fast as the machine can; first with Prefect's server as it is,
  then with ours (`deployments/embedded/serve.py`);
- a burst of 500 from 20 callers at once, a fifth of them sent twice with the same idempotency key: none lost, none
  doubled, no error of the server; then all run, in their order;
- the status of a job (the run and its document) with 10,000 finished jobs in the database (goal: p99 under 100 ms).
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from benchmarks.measure import machine
from benchmarks.own_stack import OwnStack, own_stack

POOL = "cpu"
SHORT = "benchmarks/short_flow.py:short"
_RATE, _CALLERS, _TWICE = 20, 20, 5
_LOOKS = 1000
_SLOTS = 8
"""Jobs of the pool that run at once: so far may one overtake another."""


async def steady(stack: OwnStack, seconds: int) -> list[float]:
    """Seconds that each submit took, at a steady rate whatever the answers take."""
    path = f"{stack.url}/deployments/{stack.deployment(POOL, SHORT)}/create_flow_run"
    took: list[float] = []
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def submit(number: int) -> None:
            begin = time.perf_counter()
            answer = await client.post(path, json={"parameters": {"number": number}})
            took.append(time.perf_counter() - begin)
            answer.raise_for_status()

        start = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(seconds * _RATE):
                await asyncio.sleep(max(0.0, start + number / _RATE - time.perf_counter()))
                group.create_task(submit(number))
    return took


def at_steady_rate(stack: OwnStack, seconds: int, server: str) -> dict[str, tuple[float, float]]:
    """Median and 99th percentile in milliseconds, while the workers wait and while they run what comes in."""
    stack.completed(stack.submit(POOL, SHORT, {"number": -1}))
    found = {}
    for paused, meanwhile in ((True, "wait"), (False, "run them")):
        stack.call("PATCH", f"/work_pools/{POOL}", {"is_paused": paused})
        middle, worst = found[meanwhile] = _percentiles(asyncio.run(steady(stack, seconds)))
        print(
            f"{server}, {_RATE} submits a second, workers {meanwhile}: p50 {middle:.0f} ms, p99 {worst:.0f} ms "
            "(goal: 20 and 100)",
            flush=True,
        )
        _clear(stack)
        time.sleep(10)
    return found


async def burst(stack: OwnStack, count: int) -> tuple[dict[int, str], list[float], list[int]]:
    """The run of each job, seconds of each request, and the statuses that were no success."""
    path = f"{stack.url}/deployments/{stack.deployment(POOL, SHORT)}/create_flow_run"
    numbers = [*range(count), *range(0, count, _TWICE)]
    runs: dict[int, str] = {}
    doubled: list[int] = []
    took: list[float] = []
    failures: list[int] = []
    limits = httpx.Limits(max_connections=_CALLERS)
    async with httpx.AsyncClient(timeout=120, trust_env=False, limits=limits) as client:

        async def caller() -> None:
            while numbers:
                number = numbers.pop(0)
                begin = time.perf_counter()
                body = {"parameters": {"number": number}, "idempotency_key": f"burst-{number}"}
                answer = await client.post(path, json=body)
                took.append(time.perf_counter() - begin)
                if not answer.is_success:
                    failures.append(answer.status_code)
                elif runs.setdefault(number, answer.json()["id"]) != answer.json()["id"]:
                    doubled.append(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(_CALLERS):
                group.create_task(caller())
    if doubled:
        print(f"  DOUBLED: {doubled}")
    return runs, took, failures


def order_of(stack: OwnStack, runs: dict[int, str]) -> int:
    """Waits until all have run; by how many places the worst one was overtaken."""
    found = [stack.completed(run) for run in runs.values()]
    created = sorted(found, key=lambda run: str(run["expected_start_time"]))
    started = {
        run["id"]: place for place, run in enumerate(sorted(found, key=lambda run: str(run["start_time"])))
    }
    return max(abs(place - started[run["id"]]) for place, run in enumerate(created))


async def fill(stack: OwnStack, run_id: str, count: int) -> None:
    """Copies of a finished run and of its document, straight into the database."""
    socket = next((stack.directory / ".contraponto").rglob(".s.PGSQL.5432"), None) or _short_socket(stack)
    connection = await asyncpg.connect(host=str(socket.parent), user="postgres", database="postgres")
    try:
        for table, key, unique in (
            ("flow_run", "id", ("idempotency_key",)),
            ("artifact", "flow_run_id", ("key",)),
        ):
            rows = await connection.fetch(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND is_generated = 'NEVER'",
                table,
            )
            names = [row["column_name"] for row in rows]
            values = [
                "gen_random_uuid()"
                if name == "id"
                else "md5(random()::text)"
                if name in unique
                else "NULL"
                if name == "state_id"
                else f'"{name}"'
                for name in names
            ]
            columns = ", ".join(f'"{name}"' for name in names)
            await connection.execute(
                f"INSERT INTO {table} ({columns}) SELECT {', '.join(values)} "  # noqa: S608 - names of the database's own
                f"FROM {table}, generate_series(1, {count}) WHERE {key} = $1",
                run_id,
            )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


def _short_socket(stack: OwnStack) -> Path:
    from deployments.processes.sockets import socket_directory  # noqa: PLC0415

    return socket_directory(stack.directory / ".contraponto", ".s.PGSQL.5432") / ".s.PGSQL.5432"


def statuses(stack: OwnStack, run_id: str) -> list[float]:
    """Seconds that a look at a job takes: its run and its artifact `result`."""
    took = []
    wanted = {"artifacts": {"flow_run_id": {"any_": [run_id]}, "key": {"any_": ["result"]}}}
    for _ in range(_LOOKS):
        begin = time.perf_counter()
        stack.run(run_id)
        stack.call("POST", "/artifacts/filter", wanted)
        took.append(time.perf_counter() - begin)
        time.sleep(random.uniform(0, 0.05))  # noqa: S311 - looks come at any moment
    return took


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds."""
    return 1000 * statistics.median(seconds), 1000 * statistics.quantiles(seconds, n=100)[98]


def _clear(stack: OwnStack) -> None:
    """Removes what still waits: the workers are then free."""
    waiting: dict[str, Any] = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}, "limit": 200}
    while found := stack.call("POST", "/flow_runs/filter", waiting):
        for run in found:
            stack.call("DELETE", f"/flow_runs/{run['id']}")


def main() -> int:
    """Run, and say where the goals are missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="of the steady rate (60)")
    parser.add_argument("--burst", type=int, default=500, help="jobs of the burst (500)")
    parser.add_argument("--finished", type=int, default=10_000, help="jobs in the database (10,000)")
    chosen = parser.parse_args()
    print(machine(), flush=True)
    with own_stack(stock_server=True) as stack:
        stock = at_steady_rate(stack, chosen.seconds, "Prefect's server")
    with own_stack() as stack:
        ours = at_steady_rate(stack, chosen.seconds, "ours")
        for meanwhile, (middle, worst) in ours.items():
            print(
                f"Prefect's server ÷ ours, workers {meanwhile}: p50 {stock[meanwhile][0] / middle:.1f}, "
                f"p99 {stock[meanwhile][1] / worst:.1f}",
                flush=True,
            )
        missed = any(middle >= 20 or worst >= 100 for middle, worst in ours.values())

        begin = time.monotonic()
        runs, took, failures = asyncio.run(burst(stack, chosen.burst))
        middle, worst = _percentiles(took)
        print(
            f"burst of {chosen.burst} from {_CALLERS} callers: {len(took) / (time.monotonic() - begin):.0f} a second, "
            f"p50 {middle:.0f} ms, p99 {worst:.0f} ms; lost {chosen.burst - len(runs)}, "
            f"runs {len(set(runs.values()))}, errors {failures}",
            flush=True,
        )
        overtaken = order_of(stack, runs)
        print(
            f"  all ran; none was overtaken by more than {overtaken} (at most {_SLOTS} run at once)",
            flush=True,
        )
        missed |= bool(failures) or len(set(runs.values())) != chosen.burst

        job = stack.call(
            "POST",
            f"/deployments/{stack.call('GET', '/deployments/name/cleanup/cleanup')['id']}/create_flow_run",
            {"parameters": {"dry_run": True}},
        )["id"]
        stack.completed(job)
        asyncio.run(fill(stack, job, chosen.finished))
        count = stack.call("POST", "/flow_runs/count", {})
        middle, worst = _percentiles(statuses(stack, job))
        print(
            f"status with {count} runs: p50 {middle:.0f} ms, p99 {worst:.0f} ms (goal: p99 100)", flush=True
        )
        missed |= worst >= 100
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
