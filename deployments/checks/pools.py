"""Checks of the work pools, over the API."""

from collections.abc import Iterator
from typing import Any

import httpx
from pydantic import ValidationError

from deployments.checks.check import UP, Check, State, judged
from deployments.checks.queue_watch import PoolSlots, standstill
from deployments.client.queue_place import usual_slots
from deployments.server.pools import POOL_NAMES


def pools(client: httpx.Client, *, is_here: bool) -> Iterator[Check]:
    """Whether each pool takes jobs and its queues move: those that jobs need, and what others the server has.

    Args:
        client: A client of the server.
        is_here: Whether the server is that of this machine, whose workers `up` starts.
    """
    found = {pool["name"]: pool for pool in _ask(client, "/work_pools/filter", {})}
    for name in dict.fromkeys((*POOL_NAMES, *found)):
        if name not in found:
            yield judged(f"pool {name}", well=False, remark="does not exist", fix=UP)
            continue
        needed = name in POOL_NAMES
        start = UP if is_here and needed else f"prefect worker start --pool {name}"
        try:
            state, remark, fix = _state(client, PoolSlots.model_validate(found[name]), start=start)
        except (httpx.HTTPStatusError, ValidationError) as error:
            # The other pools are looked at all the same.
            state, remark, fix = State.DOWN, str(error).partition("\n")[0], ""
        yield Check(subject=f"pool {name}", state=state, remark=remark, fix=fix, needed=needed)


def _state(client: httpx.Client, pool: PoolSlots, *, start: str) -> tuple[State, str, str]:
    """State, remark and fix; `start` is the command that starts a worker."""
    online = {"workers": {"status": {"any_": ["ONLINE"]}}}
    workers = len(_ask(client, f"/work_pools/{pool.name}/workers/filter", online))
    count = f"{workers} worker{'s' if workers != 1 else ''} listening"
    if pool.is_paused:
        return State.DEGRADED, f"paused; {count}", f"prefect work-pool resume {pool.name}"
    if not workers:
        return State.DOWN, "no worker listens", start
    still = standstill(
        # A server resets the connection on which it has failed to answer.
        lambda path, body: client.post(path, json=body, headers={"Connection": "close"}),
        pool,
        usual_slots=usual_slots(pool.name, workers),
    )
    if still is None:
        return State.HEALTHY, count, ""
    if still.is_fault:
        ended = " ".join(map(str, still.runs)) or "JOB_ID of the newest jobs that wait"
        return State.DOWN, f"{count}, but {still.remark}", f"contraponto cancel {ended}"
    return State.DEGRADED, f"{count}, {still.remark}", f"look at the log of the workers of {pool.name}"


def _ask(client: httpx.Client, path: str, wanted: dict[str, Any]) -> list[Any]:
    found: list[Any] = client.post(path, json=wanted).raise_for_status().json()
    return found
