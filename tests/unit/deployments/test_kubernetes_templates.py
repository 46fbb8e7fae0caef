"""What the Kubernetes pools' templates make of a deployment's wishes: Jobs that the published schemas know."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import kubernetes_validate
import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    temporary_settings,
)
from prefect_kubernetes.worker import KubernetesWorkerJobConfiguration

from blocks.settings import PROJECT_ROOT
from deployments.kubernetes.pods import GpuJobPods, Pods, Toleration, read_pods
from deployments.kubernetes.templates import template
from tasks.errors import InvalidInputError

SECRET = "known-to-the-worker-alone"
PODS = Pods(image="registry.example.org/contraponto:1")
KUBERNETES = "1.32"
"""Of the schemas."""


async def job(made: dict[str, Any], **wishes: Any) -> dict[str, Any]:
    """The Job that a worker makes for a run, as it goes to the cluster."""
    # A template that names no block and no variable asks the server for nothing.
    no_server: Any = object()
    configuration = await KubernetesWorkerJobConfiguration.from_template_and_values(
        made, wishes, client=no_server
    )
    configuration.prepare_for_flow_run(FlowRun(id=uuid4(), flow_id=uuid4(), name="a-job"))
    manifest: dict[str, Any] = configuration.job_manifest
    # The worker wants these where no Job has them; a cluster drops them there.
    for misplaced in ("parallelism", "completions"):
        manifest["spec"]["template"]["spec"].pop(misplaced)
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    return manifest


def pod_of(manifest: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return spec


def container_of(manifest: dict[str, Any]) -> dict[str, Any]:
    (container,) = pod_of(manifest)["containers"]
    found: dict[str, Any] = container
    return found


def environment_of(manifest: dict[str, Any]) -> dict[str, Any]:
    listed = container_of(manifest)["env"]
    assert len({variable["name"] for variable in listed}) == len(listed)
    return {variable["name"]: variable.get("value", variable.get("valueFrom")) for variable in listed}


async def test_nothing_that_a_deployment_sets_loses_the_gpu_or_its_nodes() -> None:
    pods = read_pods(PROJECT_ROOT / "deployments" / "kubernetes" / "pods.yaml")
    made = template(pods, with_gpu=True)
    assert made["variables"]["additionalProperties"] is False
    found = await job(
        made, gpus=2, memory="16Gi", env={"A": "b"}, namespace="kube-system", service_account_name="root"
    )
    assert found["metadata"]["namespace"] == "contraponto"
    container = container_of(found)
    assert container["image"] == "registry.example.org/contraponto:cuda"
    assert container["resources"]["limits"] == {"memory": "16Gi", "nvidia.com/gpu": 2}
    assert container["resources"]["requests"] == {"cpu": "2", "memory": "16Gi"}
    assert environment_of(found)["A"] == "b"
    pod = pod_of(found)
    assert pod["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert pod["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]
    assert "serviceAccountName" not in pod
    assert pod["automountServiceAccountToken"] is False


async def test_pods_may_write_where_data_belongs_and_have_no_rights() -> None:
    found = await job(template(PODS, with_gpu=False))
    pod, container = pod_of(found), container_of(found)
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsNonRoot"]) == (10001, True)
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounts = {mount["mountPath"]: mount.get("readOnly", False) for mount in container["volumeMounts"]}
    assert mounts == {"/models": True, "/data": False, "/tmp": False, "/dev/shm": False}
    environment = environment_of(found)
    for folder in ("CONTRAPONTO_HOME", "PREFECT_HOME", "HOME"):
        assert any(
            Path(environment[folder]).is_relative_to(mount) for mount, closed in mounts.items() if not closed
        )
    assert (found["spec"]["backoffLimit"], found["spec"]["ttlSecondsAfterFinished"]) == (0, 3600)
    assert container["args"] == ["prefect", "flow-run", "execute"]


async def test_only_the_gpu_pool_asks_for_gpus() -> None:
    on_cpu = PODS.model_copy(update={"gpu": GpuJobPods(gpus=0)})
    for made in (template(PODS, with_gpu=False), template(on_cpu, with_gpu=True)):
        assert set(container_of(await job(made))["resources"]["limits"]) == {"memory"}
        assert "gpus" not in made["variables"]["properties"]


async def test_a_part_of_a_gpu_by_a_runtime_of_its_own() -> None:
    gpu = GpuJobPods(
        gpu_resource="nvidia.com/mig-1g.10gb",
        runtime_class="nvidia",
        tolerations=(Toleration(key="pool", operator="Equal", value="gpu", effect="NoExecute"),),
    )
    found = await job(template(PODS.model_copy(update={"gpu": gpu}), with_gpu=True))
    assert container_of(found)["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == 1
    assert pod_of(found)["runtimeClassName"] == "nvidia"
    assert pod_of(found)["tolerations"] == [
        {"key": "pool", "operator": "Equal", "value": "gpu", "effect": "NoExecute"}
    ]


async def test_secrets_stand_in_no_manifest_and_the_workers_settings_stay_with_it() -> None:
    of_the_worker = {
        PREFECT_SERVER_DATABASE_CONNECTION_URL: f"postgresql+asyncpg://u:{SECRET}@db/prefect",
        PREFECT_API_AUTH_STRING: f"admin:{SECRET}",
        PREFECT_API_URL: "http://prefect-server:4200/api",
        PREFECT_HOME: "/home/of/the/worker",
    }
    with temporary_settings(of_the_worker):
        found = await job(template(PODS, with_gpu=False))
    assert SECRET not in str(found)
    environment = environment_of(found)
    assert environment["PREFECT_API_AUTH_STRING"] == {
        "secretKeyRef": {"name": "contraponto-server", "key": "auth-string"}
    }
    assert environment["PREFECT_API_URL"] == "http://prefect-server:4200/api"
    assert environment["PREFECT_HOME"] == "/data/prefect"
    assert container_of(found)["envFrom"] == [
        {"configMapRef": {"name": "contraponto"}},
        {"secretRef": {"name": "contraponto"}},
    ]


def test_the_file_that_is_shipped_says_what_holds_without_it() -> None:
    shipped = read_pods(PROJECT_ROOT / "deployments" / "kubernetes" / "pods.yaml")
    assert shipped.model_copy(update={"gpu": PODS.gpu}) == Pods(image=shipped.image)
    of_gpus = {"image", "cpu", "node_selector", "tolerations"}
    assert shipped.gpu.model_dump(exclude=of_gpus) == PODS.gpu.model_dump(exclude=of_gpus)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the file cannot be used"),
        ("image: [", "is no YAML"),
        ("namespace: here", "image cannot be used: Field required"),
        ("{image: a, gpu: {memory: much}}", "gpu.memory cannot be used"),
        ("{image: a, gpu: {gpu: 1}}", "gpu.gpu cannot be used"),
        ("{image: a, cpu: {gpus: 1}}", "cpu.gpus cannot be used"),
        ("{image: a, warm: [webhooks]}", "warm.* cannot be used"),
    ],
)
def test_what_no_cluster_takes_is_refused_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "pods.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInputError, match=sentence):
        read_pods(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no-such cannot be read"):
        read_pods(tmp_path / "no-such")
