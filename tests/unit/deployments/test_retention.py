"""What Prefect's server is told of how long to keep what: as Prefect itself reads it."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.settings import PROJECT_ROOT, Settings
from deployments.embedded import retention

_READ = """
from prefect.settings import get_current_settings
server = get_current_settings().server
vacuum = server.services.db_vacuum
heartbeats = vacuum.event_retention_overrides["prefect.flow-run.heartbeat"]
print(sorted(vacuum.enabled_vacuum_types), server.events.retention_period.total_seconds(),
      heartbeats.total_seconds(), vacuum.loop_seconds, vacuum.orphan_cleanup_loop_seconds, vacuum.batch_size)
"""


def _as_prefect_reads(variables: dict[str, str], home: Path, code: str = _READ) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PREFECT_HOME": str(home), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (timedelta(days=30), "604800.0 86400.0 3600.0 86400.0 1000"),
        (timedelta(days=1), "86400.0 86400.0 3600.0 21600.0 1000"),
        (timedelta(minutes=1), "60.0 60.0 30.0 30.0 1000"),
    ],
)
def test_nothing_stays_for_longer_than_ended_jobs(
    kept: timedelta, read: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_QUEUE_JOB_TTL", f"{kept.total_seconds():.0f}")
    variables = retention.environment(Settings())
    assert _as_prefect_reads(variables, tmp_path) == f"['events', 'orphans'] {read}"


def test_the_background_services_say_so_by_themselves_and_alert_people(tmp_path: Path) -> None:
    """Wherever they run: in a stack, a container or a pod. What somebody has set counts."""
    code = f"""
import sys
from deployments.embedded.background import prepare
assert "prefect" not in sys.modules
prepare()
{_READ}
from prefect.blocks.core import Block
assert Block.get_block_class_from_key("contraponto-alerts").__name__ == "AlertsNotification"
"""
    here = {"CONTRAPONTO_HOME": str(tmp_path), "CONTRAPONTO_QUEUE_JOB_TTL": "86400"}
    told = retention.environment(Settings(queue_job_ttl=86400))
    assert _as_prefect_reads(here, tmp_path, code) == _as_prefect_reads(told, tmp_path)
    own = {"PREFECT_SERVER_SERVICES_DB_VACUUM_BATCH_SIZE": "7"}
    assert _as_prefect_reads(here | own, tmp_path, code) == _as_prefect_reads(told | own, tmp_path)


@pytest.mark.parametrize("file", ["docker/compose.yaml", "kubernetes/charts/server.yaml"])
def test_containers_and_pods_run_them(file: str) -> None:
    text = (PROJECT_ROOT / "deployments" / file).read_text(encoding="utf-8")
    assert "[python, -m, deployments.embedded.background]" in text
    assert "VACUUM" not in text
