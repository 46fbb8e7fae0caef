"""The temporary server of a run stands at a port of this machine, which is everybody's."""

import os
from pathlib import Path

import httpx

from deployments.local.scratch_server import scratch_server


def test_only_the_run_itself_may_call_it(tmp_path: Path) -> None:
    with scratch_server(tmp_path, {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}) as server:
        server.wait_until_ready()
        asked = f"{server.api_url}/flow_runs/filter"
        assert httpx.post(asked, json={}, trust_env=False).status_code == 401
        owner, _, password = server.auth.partition(":")
        assert httpx.post(asked, json={}, auth=(owner, "wrong"), trust_env=False).status_code == 401
        assert httpx.post(asked, json={}, auth=(owner, password), trust_env=False).status_code == 200
