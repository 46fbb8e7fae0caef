"""A real server, a real worker of prefect-kubernetes and real runs; the cluster is a fake, which says what it fakes."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deployments.kubernetes.pods import GpuJobPods, Pods, Toleration
from deployments.kubernetes.pools import ensure_kubernetes_pools, kubernetes_pools
from tests.servers.cluster import ClusterJob, FakeCluster
from tests.system.checkout import FINAL, Checkout, Job
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

POOL = "gpu-kubernetes"
FLOWS = "cluster_flows.py"
CREDENTIALS = "caller:of-the-secret"
PODS = Pods(
    image="registry.example.org/contraponto:1",
    gpu=GpuJobPods(
        image="registry.example.org/contraponto:cuda",
        gpus=2,
        node_selector={"nvidia.com/gpu.present": "true"},
        tolerations=(Toleration(key="nvidia.com/gpu", effect="NoSchedule"),),
    ),
)


@dataclass(frozen=True)
class Stage:
    """The checkout's server with a Kubernetes pool, and the cluster that its worker sees."""

    checkout: Checkout
    cluster: FakeCluster

    def submit(self, flow: str, **job_variables: Any) -> Job:
        deployment = self.checkout.api("GET", f"/deployments/name/{flow}/on-a-cluster").json()["id"]
        answer = self.checkout.api(
            "POST", f"/deployments/{deployment}/create_flow_run", {"job_variables": job_variables}
        )
        assert answer.status_code == 201, answer.text
        return Job(self.checkout, answer.json()["id"])

    def job_of(self, run: Job) -> ClusterJob:
        run.wait_until(
            lambda: self.cluster.of_run(run.id) is not None, what="a Job of the cluster", seconds=240
        )
        found = self.cluster.of_run(run.id)
        assert found is not None
        return found

    def start(self, job: ClusterJob) -> None:
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        self.cluster.start(job, {"PATH": path}, self.checkout.directory)


def deploy(checkout: Checkout, flow: str) -> str:
    """The id of a deployment of the flow on the pool, without the pull step of the image's folder."""
    flow_id = checkout.api("POST", "/flows/", {"name": flow}).json()["id"]
    body = {
        "name": "on-a-cluster",
        "flow_id": flow_id,
        "entrypoint": f"{FLOWS}:{flow.replace('-', '_')}",
        "work_pool_name": POOL,
        "pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": "."}}],
    }
    answer = checkout.api("POST", "/deployments/", body)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module")
def stage(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    place = tmp_path_factory.mktemp("cluster")
    folders = {"/data": place / "data", "/tmp": place / "tmp", "/models": place / "models"}
    for folder in folders.values():
        folder.mkdir()
    cluster = FakeCluster({PODS.credentials: {"auth-string": CREDENTIALS}}, folders)
    shutil.copy(Path(__file__).with_name(FLOWS), checkout.directory)
    url = f"{checkout.address}/api"
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        ensure_kubernetes_pools(client, PODS, gpu_jobs=3)
    deployments = [deploy(checkout, flow) for flow in ("look-around", "stay")]
    given = {
        "KUBECONFIG": str(cluster.kubeconfig(place / "kubeconfig")),
        "PREFECT_API_URL": url,
        "PREFECT_HOME": str(place / "worker"),
        "PREFECT_WORKER_QUERY_SECONDS": "0.5",
        "PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES": PODS.namespace,
    }
    program = str(Path(sys.executable).with_name("prefect"))
    with (place / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [program, "worker", "start", "--pool", POOL, "--type", "kubernetes", "--name", "of-the-cluster"],
            env=checkout.environment | given,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Stage(checkout, cluster)
        assert worker.poll() is None, (place / "worker.log").read_text(encoding="utf-8")
    finally:
        worker.send_signal(signal.SIGINT)
        try:
            worker.wait(timeout=30)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        cluster.close()
        for deployment in deployments:
            checkout.api("DELETE", f"/deployments/{deployment}")
        for pool in kubernetes_pools(3):
            checkout.api("DELETE", f"/work_pools/{pool.name}")


def test_a_run_is_a_job_of_the_cluster_and_its_end_is_seen(stage: Stage) -> None:
    run = stage.submit("look-around", gpus=1, env={"GIVEN": "by the run"})
    job = stage.job_of(run)
    metadata, container = job.job["metadata"], job.container
    assert metadata["namespace"] == "contraponto"
    assert metadata["labels"]["prefect.io/work-pool-name"] == POOL
    assert container["image"] == "registry.example.org/contraponto:cuda"
    assert container["resources"]["limits"] == {"memory": "8Gi", "nvidia.com/gpu": 1}
    assert job.spec["nodeSelector"] == {"nvidia.com/gpu.present": "true"}
    assert job.spec["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]
    environment = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert environment["PREFECT_API_URL"] == f"{stage.checkout.address}/api"
    # The worker's own folder is none of the job's business.
    assert environment["PREFECT_HOME"] == "/data/prefect"
    assert run.run["state_type"] == "PENDING"

    stage.start(job)
    run.wait_until(lambda: run.run["state_type"] in FINAL, what="the end of the run", seconds=90)
    assert run.run["state_type"] == "COMPLETED"
    wait_until(lambda: job.job["status"]["succeeded"] == 1, what="the end of the Job", seconds=30)
    assert run.run["infrastructure_pid"] == f"contraponto:{metadata['name']}"


def test_a_run_whose_pod_dies_is_reported_as_crashed(stage: Stage) -> None:
    run = stage.submit("stay")
    job = stage.job_of(run)
    assert job.container["resources"]["limits"]["nvidia.com/gpu"] == 2
    stage.start(job)
    run.wait_until(lambda: run.run["state_type"] == "RUNNING", what="a run in the pod", seconds=90)
    assert job.process is not None
    # As the kernel does to a container that takes more memory than it may.
    for process in psutil.Process(job.process.pid).children(recursive=True):
        process.kill()
    job.process.kill()
    run.wait_until(lambda: run.run["state_type"] in FINAL, what="the end of the run", seconds=90)
    assert run.run["state_type"] == "CRASHED"
    assert job.job["status"]["failed"] == 1


def test_a_run_that_is_cancelled_ends_with_its_pod_and_does_not_begin_in_a_late_one(stage: Stage) -> None:
    runs, waits = stage.submit("stay"), stage.submit("stay")
    first, second = stage.job_of(runs), stage.job_of(waits)
    stage.start(first)
    runs.wait_until(lambda: runs.run["state_type"] == "RUNNING", what="a run in the pod", seconds=90)
    for run in (runs, waits):
        stage.checkout.api("POST", f"/flow_runs/{run.id}/set_state", {"state": {"type": "CANCELLING"}})
    runs.wait_until(lambda: runs.run["state_type"] == "CANCELLED", what="the end of the run", seconds=90)
    assert first.process is not None
    first.process.wait(timeout=30)
    # Prefect's worker deletes no Job whose pod still waits for a node: when there is one, the pod ends at once.
    stage.start(second)
    waits.wait_until(lambda: waits.run["state_type"] == "CANCELLED", what="the end of the other", seconds=90)
    assert second.process is not None
    second.process.wait(timeout=30)
    states = stage.checkout.api("GET", f"/flow_run_states/?flow_run_id={waits.id}").json()
    assert "RUNNING" not in [state["type"] for state in states]
