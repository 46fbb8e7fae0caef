"""Checks of the work pools, over the API."""

from collections.abc import Iterator
from typing import Any

import httpx

from deployments.checks.check import UP, Check, State, judged
from deployments.server.pools import POOL_NAMES


def pools(client: httpx.Client, *, is_here: bool) -> Iterator[Check]:
    """Whether each pool takes jobs: those that jobs need, and what others the server has.

    Args:
        client: A client of the server.
        is_here: Whether the server is that of this machine, whose workers `up` starts.
    """
    found = {pool["name"]: pool for pool in _ask(client, "/work_pools/filter", {})}
    for name in dict.fromkeys((*POOL_NAMES, *found)):
        if name not in found:
            yield judged(f"pool {name}", well=False, remark="does not exist", fix=UP)
            continue
        online = {"workers": {"status": {"any_": ["ONLINE"]}}}
        workers = len(_ask(client, f"/work_pools/{name}/workers/filter", online))
        needed = name in POOL_NAMES
        start = UP if is_here and needed else f"prefect worker start --pool {name}"
        state, remark, fix = _state(name, workers, is_paused=found[name]["is_paused"], start=start)
        yield Check(subject=f"pool {name}", state=state, remark=remark, fix=fix, needed=needed)


def _state(name: str, workers: int, *, is_paused: bool, start: str) -> tuple[State, str, str]:
    """State, remark and fix; `start` is the command that starts a worker."""
    count = f"{workers} worker{'s' if workers != 1 else ''} listening"
    if is_paused:
        return State.DEGRADED, f"paused; {count}", f"prefect work-pool resume {name}"
    if not workers:
        return State.DOWN, "no worker listens", start
    return State.HEALTHY, count, ""


def _ask(client: httpx.Client, path: str, wanted: dict[str, Any]) -> list[Any]:
    found: list[Any] = client.post(path, json=wanted).raise_for_status().json()
    return found
