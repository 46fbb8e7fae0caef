"""The project's own manifests for a cluster: what the schemas know, no rights, no secret, names that lead somewhere."""

from pathlib import Path
from typing import Any

import pytest
import typer.core
import typer.main
import yaml

from blocks.settings import Settings
from deployments.cli.app import app
from deployments.kubernetes.pods import read_pods
from deployments.server.pools import POOL_NAMES
from tests.kubernetes import (
    FOLDER,
    Object,
    check,
    check_restricted,
    check_secrets,
    environment,
    manifests,
    objects,
    pods,
)

OURS = list(manifests("services", "once", "warm"))
BUILT_IN = [(file, one) for file, one in OURS if one["kind"] != "ScaledObject"]
PODS = list(pods(one for _, one in OURS))
IMAGES = {"registry.example.org/contraponto:latest", "registry.example.org/contraponto:cuda"}


def named(value: Any) -> str | None:
    return value["metadata"].get("name") if isinstance(value, dict) and "metadata" in value else None


@pytest.mark.parametrize(("file", "one"), BUILT_IN, ids=named)
def test_kubernetes_knows_every_field(file: Path, one: Object) -> None:
    check(one)
    assert one["metadata"]["namespace"] == read_pods(FOLDER / "pods.yaml").namespace


def test_pods_have_no_rights_and_say_what_they_take() -> None:
    assert len(PODS) == 8
    for owner, pod in PODS:
        check_restricted(pod)
        check_secrets(pod)
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["image"] in IMAGES
        assert {"cpu", "memory"} <= set(container["resources"]["requests"])
        assert "memory" in container["resources"]["limits"]
        if owner["kind"] == "Deployment":
            assert {"startupProbe", "readinessProbe"} <= set(container)
            assert owner["spec"]["selector"]["matchLabels"].items() <= (
                owner["spec"]["template"]["metadata"]["labels"].items()
            )


def test_commands_settings_and_pools_exist() -> None:
    group: Any = typer.main.get_command(app)
    (settings,) = objects((FOLDER / "services" / "settings.yaml").read_text(encoding="utf-8"))
    names = set(settings["data"])
    for _, pod in PODS:
        (container,) = pod["containers"]
        names |= set(environment(container))
        # A command would replace the image's entry, which makes JSON of what services print.
        assert "command" not in container, container["name"]
        match container.get("args"):
            case ["contraponto", *rest]:
                command = group
                while isinstance(command, typer.core.TyperGroup):
                    command = command.commands[rest.pop(0)]
                command.make_context("", rest)
            case ["python", "-m", "deployments.listener"]:
                pass
            case other:
                # The image's own.
                assert other is None
                assert environment(container)["POOL"] in POOL_NAMES
        for source in container["envFrom"]:
            (reference,) = source.values()
            assert reference["name"] == settings["metadata"]["name"]
    for name in names:
        if name.startswith("CONTRAPONTO_"):
            assert name.removeprefix("CONTRAPONTO_").lower() in Settings.model_fields, name
    assert settings["data"]["CONTRAPONTO_STORE"].startswith("s3://")


def test_what_the_templates_of_jobs_name_is_there() -> None:
    of_jobs = read_pods(FOLDER / "pods.yaml")
    there = {(one["kind"], one["metadata"].get("name")) for _, one in OURS}
    assert ("ConfigMap", of_jobs.settings) in there
    assert ("PersistentVolumeClaim", of_jobs.models) in there
    assert {of_jobs.image, of_jobs.gpu.image} == IMAGES


def test_a_disruption_leaves_one_of_each_service_that_has_two() -> None:
    budgets = {
        one["metadata"]["name"]: one["spec"] for _, one in OURS if one["kind"] == "PodDisruptionBudget"
    }
    for owner, _ in PODS:
        name = owner["metadata"].get("name")
        if owner["kind"] == "Deployment" and owner["spec"]["replicas"] > 1 and "warm" not in name:
            assert budgets[name]["maxUnavailable"] == 1
            assert budgets[name]["selector"] == owner["spec"]["selector"]
    assert "prefect-server" in budgets


def test_only_the_warm_worker_of_the_gpu_pool_asks_for_a_gpu_and_it_is_what_scaling_scales() -> None:
    with_gpu = [
        owner["metadata"]["name"]
        for owner, pod in PODS
        if "nvidia.com/gpu" in pod["containers"][0]["resources"]["limits"]
    ]
    assert with_gpu == ["contraponto-warm-gpu"]
    (pod,) = (pod for owner, pod in PODS if owner["metadata"].get("name") == "contraponto-warm-gpu")
    of_jobs = read_pods(FOLDER / "pods.yaml").gpu
    assert pod["nodeSelector"] == of_jobs.node_selector
    assert pod["tolerations"] == [one.model_dump(exclude_none=True) for one in of_jobs.tolerations]
    scaled = yaml.safe_load((FOLDER / "warm" / "scaling.yaml").read_text(encoding="utf-8"))
    assert scaled["spec"]["scaleTargetRef"]["name"] == "contraponto-warm-gpu"
    (trigger,) = scaled["spec"]["triggers"]
    # The number that `contraponto metrics` writes of each queue.
    assert trigger["metadata"]["query"] == 'sum(contraponto_queue_jobs{pool="gpu"})'
