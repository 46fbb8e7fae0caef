"""Tells the server of runs lost with a worker of this machine: `python -m deployments.launcher.lost_runs DIR`.

`service` starts it when an earlier one was killed. By itself the server finds out after minutes that a run is silent,
and of one that was killed before its first heartbeat it never does.
"""

import argparse
import logging
import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from pydantic import BaseModel, SecretStr, TypeAdapter

from deployments.launcher.taken import TOUCH_SECONDS, LostRun, lost
from deployments.processes.log_lines import formatter
from deployments.server.api import Api

logger = logging.getLogger("contraponto.lost-runs")

_ATTEMPT = timedelta(seconds=TOUCH_SECONDS + 20)
"""A state this much younger than the last sign of life is that of a later start, perhaps elsewhere. Clocks differ."""
_LOOK_SECONDS = 2.0
_LEAST_SECONDS = 60.0
"""Runs outlive their worker, but some fail soon: whoever read what they write is gone. Later, their silence tells."""
_MOST_SECONDS = 600.0
_FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
_ENDS = {"PENDING": "CRASHED", "RUNNING": "CRASHED", "CANCELLING": "CANCELLED"}
_REASON = "The worker of this run was killed."


class _State(BaseModel):
    type: str
    timestamp: datetime


_STATES = TypeAdapter(list[_State])


class _FlowRun(BaseModel):
    state: _State | None = None


def report(client: httpx.Client, run: LostRun) -> None:
    """Have the server know that a run is lost, unless it has ended or started again since.

    Raises:
        httpx.HTTPError: the server does not take it.
    """
    answer = client.get(f"/flow_runs/{run.run_id}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        return
    state = _FlowRun.model_validate_json(answer.raise_for_status().content).state
    if state is None or state.type not in _ENDS or state.timestamp > run.alive + _ATTEMPT:
        return
    if _is_known(client, run):
        return
    end = _ENDS[state.type]
    client.post(
        f"/flow_runs/{run.run_id}/set_state",
        json={"state": {"type": end, "name": end.capitalize(), "message": _REASON}, "force": True},
    ).raise_for_status()
    logger.info("run %s was lost with its worker: %s", run.run_id, end)


def _is_known(client: httpx.Client, run: LostRun) -> bool:
    """Whether the run has ended since it was taken: what goes on is a later start of it.

    The answer to an earlier report may have come too late, or others have seen the loss, too: mostly the run itself,
    whose process then still took its time to end.
    """
    answer = client.get("/flow_run_states/", params={"flow_run_id": str(run.run_id)})
    states = _STATES.validate_json(answer.raise_for_status().content)
    return any(state.type in _FINAL and state.timestamp > run.taken for state in states)


def report_all(client: httpx.Client, directory: Path) -> int:
    """Report every lost run once; how many the server did not take."""
    left = 0
    for run in lost(directory):
        try:
            report(client, run)
        except (httpx.HTTPError, ValueError) as error:  # of an answer that is none
            logger.warning("run %s was lost, and the server was not told: %s", run.run_id, error)
            left += 1
        else:
            run.path.unlink(missing_ok=True)
    return left


def main() -> None:
    """Report until nothing is left, for some minutes at most: the next worker tries again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    handler = logging.StreamHandler()
    handler.setFormatter(formatter("%(asctime)s | lost-runs | %(message)s", "%H:%M:%S"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    secret = os.environ.get("PREFECT_API_AUTH_STRING")
    api = Api(os.environ["PREFECT_API_URL"], SecretStr(secret) if secret else None)
    begin = time.monotonic()
    with api.client(seconds=30) as client:
        while (left := report_all(client, directory)) or time.monotonic() - begin < _LEAST_SECONDS:
            if left and time.monotonic() - begin > _MOST_SECONDS:
                break
            time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    main()
