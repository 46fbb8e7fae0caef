"""The compose file as Compose itself reads it."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from deployments.processes.environment import PROJECT
from tests.system.docker.debian import program

pytestmark = [pytest.mark.system, pytest.mark.engine]

FOLDER = PROJECT / "deployments" / "docker"


def compose(env_file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            str(program("docker-compose")),
            "--env-file",
            str(env_file),
            "-f",
            str(FOLDER / "compose.yaml"),
            *arguments,
        ],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.usefixtures("engine_wanted")
def test_compose_accepts_the_file_with_the_secrets_and_only_then(tmp_path: Path) -> None:
    example = (FOLDER / "env.example").read_text(encoding="utf-8")
    empty, filled = tmp_path / "empty.env", tmp_path / "filled.env"
    empty.write_text(example, encoding="utf-8")
    filled.write_text(
        example.replace("API_AUTH=", "API_AUTH=contraponto:a1b2c3d4e5f6")
        .replace("POSTGRES_PASSWORD=", "POSTGRES_PASSWORD=p1")
        .replace("REDIS_PASSWORD=", "REDIS_PASSWORD=r1"),
        encoding="utf-8",
    )
    refused = compose(empty, "config")
    assert refused.returncode != 0
    # Compose names the first one that it comes upon, in no order.
    assert any(name in refused.stderr for name in ("API_AUTH", "POSTGRES_PASSWORD", "REDIS_PASSWORD")), (
        refused.stderr
    )

    accepted = compose(filled, "config")
    assert accepted.returncode == 0, accepted.stderr
    services = yaml.safe_load(accepted.stdout)["services"]
    of_the_server = services["server"]["environment"]
    assert of_the_server["PREFECT_API_DATABASE_CONNECTION_URL"] == (
        "postgresql+asyncpg://prefect:p1@postgres:5432/prefect"
    )
    of_a_worker = services["worker-cpu"]["environment"]
    assert of_a_worker["POOL"] == "cpu"
    # A worker has the credentials of the API and of Redis, not those of the database.
    assert "p1" not in str(of_a_worker.values())
    assert of_a_worker["CONTRAPONTO_API_AUTH"] == "contraponto:a1b2c3d4e5f6"
