"""Which changes of the code restart the workers of a stack."""

import os
from pathlib import Path

import pytest

from blocks.settings import Settings
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.environment import Surroundings
from deployments.server.api import Api

RUN_BY_A_WORKER = ("deployments/launcher/service.py", "deployments/processes/kernel.py")


def revisions(project: Path) -> dict[str, str]:
    settings = Settings(whisper_device="cpu")
    stack = EmbeddedStack(Surroundings(home=project / "home", project=project), settings)
    return {
        service.name: service.revision or ""
        for service in stack._job_services(Api("http://127.0.0.1:1/api"))
        if service.name.startswith("worker")
    }


@pytest.mark.parametrize("file", [*RUN_BY_A_WORKER, "flows/video.py"])
def test_a_worker_restarts_when_the_code_that_it_runs_itself_has_changed(tmp_path: Path, file: str) -> None:
    for folder in ("tasks", "blocks", "deployments/in_process_worker"):
        (tmp_path / folder).mkdir(parents=True)
    for name in (*RUN_BY_A_WORKER, "flows/video.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# before\n")
    before = revisions(tmp_path)
    assert set(before) == {"worker-cpu", "worker-gpu", "worker-webhooks", "worker-conversations"}
    os.utime(tmp_path / file, (1, 1))
    after = revisions(tmp_path)
    # Deliveries are not forked: their worker has their code in its own process.
    restarted = {name for name in before if after[name] != before[name]}
    assert restarted == (
        {"worker-webhooks", "worker-conversations"} if file not in RUN_BY_A_WORKER else set(before)
    )


def test_all_that_runs_restarts_when_a_package_has_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nothing of the project's own code has changed."""
    packages = tmp_path / "packages"
    (packages / "prefect-3.8.5.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(packages))
    stack = EmbeddedStack(Surroundings(home=tmp_path, project=tmp_path), Settings(whisper_device="cpu"))

    def all_revisions() -> dict[str, str]:
        return revisions(tmp_path) | {
            service.name: service.revision for service in stack._server_services(port=4200)
        }

    before, made = all_revisions(), stack._fingerprint()
    assert {"server", "worker-cpu"} <= set(before)
    assert (all_revisions(), stack._fingerprint()) == (before, made)
    (packages / "prefect-3.8.5.dist-info").rename(packages / "prefect-3.8.8.dist-info")
    after = all_revisions()
    assert {name for name in before if after[name] != before[name]} == set(before)
    assert stack._fingerprint() != made


def test_credentials_that_were_made_up_and_removed_are_made_anew_by_up(tmp_path: Path) -> None:
    stack = EmbeddedStack(Surroundings(home=tmp_path, project=tmp_path), Settings(profile="production"))
    before = stack._fingerprint()
    assert stack._fingerprint() == before
    (tmp_path / "api-auth").unlink()
    assert stack._fingerprint() != before
