from pathlib import Path

from deployments.processes.environment import PROJECT
from deployments.server.flow_catalogue import listed_flows


def test_entrypoints_name_modules_and_functions(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text(
        "deployments:\n  - name: notify\n    entrypoint: flows/more/notify.py:notify_all\n"
    )
    listed = listed_flows(tmp_path)["notify"]
    assert (listed.module, listed.function) == ("flows.more.notify", "notify_all")
    assert listed.full_name == "notify/notify"


def test_every_deployment_is_described() -> None:
    assert all(listed.description for listed in listed_flows(PROJECT).values())
