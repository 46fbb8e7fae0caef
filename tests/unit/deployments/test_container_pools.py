"""Which deployments move to pools of containers, and where `deploy --kubernetes` is refused."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blocks.settings import get_settings
from deployments.cli.app import app
from deployments.server.containers import APP, on_container_pools

APP_FOLDER = [{"prefect.deployments.steps.set_working_directory": {"directory": APP}}]


def content() -> dict[str, Any]:
    pools = ("cpu", "gpu", "webhooks", "conversations")
    return {
        "deployments": [
            {"name": f"on-{pool}", "work_pool": {"name": pool, "work_queue_name": "low"}} for pool in pools
        ]
    }


def test_jobs_move_with_the_folder_of_the_image_and_what_runs_in_one_process_stays() -> None:
    made = content()
    on_container_pools("kubernetes")(made)
    cpu, gpu, *others = made["deployments"]
    assert cpu["work_pool"] == {"name": "cpu-kubernetes", "work_queue_name": "low"}
    assert gpu["work_pool"]["name"] == "gpu-kubernetes"
    assert cpu["pull"] == gpu["pull"] == APP_FOLDER
    assert others == content()["deployments"][2:]


def test_a_warm_pool_keeps_its_deployments() -> None:
    made = content()
    on_container_pools("kubernetes", stay={"gpu"})(made)
    assert made["deployments"][1:] == content()["deployments"][1:]
    assert made["deployments"][0]["work_pool"]["name"] == "cpu-kubernetes"


@pytest.mark.parametrize(
    ("options", "store", "sentence"),
    [
        ((), "local", "share no disk"),
        (("--image", "a"), "s3://bucket/a", "exclude each other"),
    ],
)
def test_deploy_to_a_cluster_is_refused_before_any_server_is_asked(
    options: tuple[str, ...], store: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("CONTRAPONTO_STORE", store)
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path))
    get_settings.cache_clear()
    result = CliRunner().invoke(app, ["deploy", "--kubernetes", str(tmp_path / "pods.yaml"), *options])
    get_settings.cache_clear()
    assert result.exit_code != 0
    assert sentence in f"{result.output}{result.exception}"
