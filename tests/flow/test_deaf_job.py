"""A real worker and a job that hangs: it is killed after its time, its slot is free, its endpoint is notified."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import get_current_settings

from blocks.settings import PROJECT_ROOT
from deployments.server.bootstrap import process_template
from tasks.recovery import overrun
from tasks.recovery.ends import JOB_TAG
from tasks.recovery.overrun import TIME_LIMIT
from tasks.recovery.reconciliation import reconcile
from tests.waiting import wait_until

POOL = "one-slot"
URL = "https://hooks.example.org/done"


@contextmanager
def _worker(directory: Path) -> Iterator[None]:
    prefect = str(Path(sys.executable).with_name("prefect"))
    with (directory / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [prefect, "worker", "start", "--pool", POOL, "--type", "process"],
            cwd=PROJECT_ROOT,
            env={
                **os.environ,
                "PREFECT_API_URL": get_current_settings().api.url or "",
                "PREFECT_WORKER_QUERY_SECONDS": "1",
                "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
                "PYTHONPATH": str(PROJECT_ROOT),
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(60)


def _submit(client: SyncPrefectClient, deployment: Any, **parameters: Any) -> FlowRun:
    return client.create_flow_run_from_deployment(deployment, parameters=parameters)


@pytest.mark.timeout(280)
async def test_a_job_that_hangs_is_killed_and_the_next_one_has_its_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overrun, "_GRACE", timedelta())
    pid_file = tmp_path / "pid"
    with get_client(sync_client=True) as client:
        client.create_work_pool(
            WorkPoolCreate(
                name=POOL,
                type="process",
                concurrency_limit=1,
                base_job_template=process_template(f"{sys.executable} -m prefect.engine"),
            )
        )
        step = {"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT_ROOT)}}
        options: dict[str, Any] = {"enforce_parameter_schema": False, "work_pool_name": POOL}
        deployments = [
            client.create_deployment(
                client.create_flow_from_name("deaf"),
                name="deaf",
                entrypoint="tests/flow/deaf.py:deaf",
                pull_steps=[step],
                tags=[JOB_TAG],
                **options,
            ),
            client.create_deployment(
                client.create_flow_from_name("deliver-webhook"),
                name="deliver-webhook",
                enforce_parameter_schema=False,
            ),
        ]
        hanging = _submit(client, deployments[0], pid_file=str(pid_file), webhook_url=URL)
        next_one = _submit(client, deployments[0], pid_file=str(pid_file), deaf=False)
        with _worker(tmp_path):
            wait_until(lambda: pid_file.exists() and pid_file.read_text() != "", "the job", seconds=120)
            process = psutil.Process(int(pid_file.read_text()))
            wait_until(lambda: TIME_LIMIT in client.read_flow_run(hanging.id).labels, "its limit", seconds=30)
            limit_seconds = 60 * float(client.read_flow_run(hanging.id).labels[TIME_LIMIT])
            await asyncio.sleep(limit_seconds + 1)
            await reconcile()
            assert client.read_flow_run(hanging.id).state_type is StateType.CANCELLING
            wait_until(lambda: not process.is_running(), "the end of its process", seconds=60)
            wait_until(
                lambda: client.read_flow_run(next_one.id).state_type is StateType.COMPLETED,
                "the next one, in its slot",
                seconds=60,
            )
            wait_until(
                lambda: client.read_flow_run(hanging.id).state_type is not StateType.CANCELLING,
                "what the worker says of its end",
                seconds=60,
            )
        await reconcile()
        state = client.read_flow_run(hanging.id).state
        assert state is not None
        assert (state.type, state.name) == (StateType.FAILED, "TimedOut")
        messages = [
            run.parameters["message"]
            for run in client.read_flow_runs(
                flow_filter=FlowFilter(name=FlowFilterName(any_=["deliver-webhook"])),
                sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            )
            # Other tests let it run without parameters.
            if run.parameters.get("message", {}).get("jobId") == str(hanging.id)
        ]
        assert [(each["status"], each["error"]["code"]) for each in messages] == [("FAILED", "timeout")]
        for deployment in deployments:
            client.delete_deployment(deployment)
        client.delete_work_pool(POOL)
