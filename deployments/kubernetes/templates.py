"""The base job templates of the Kubernetes pools: what each run's Job is made of, and what of it a run may vary.

What no deployment and no run can replace is written into the manifest itself: the request for GPUs, the nodes, the
hardening of the pod, its volumes, and an environment without the worker's own settings. Secrets stand in none of it:
pods get them from the cluster's Secrets.
"""

from typing import Any

from deployments.kubernetes.pods import GpuJobPods, JobPods, Pods
from deployments.server.containers import APP, kept_from_jobs
from deployments.server.heartbeats import HEARTBEAT_SECONDS

USER = 10001
"""That of the image."""
_TEXT = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_QUANTITY = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(m|[kKMGTP]i?)?$"}


def template(pods: Pods, *, with_gpu: bool) -> dict[str, Any]:
    """The base job template of one Kubernetes pool, for the worker of prefect-kubernetes."""
    of_pool = pods.gpu if with_gpu else pods.cpu
    return {
        "job_configuration": {
            "command": "{{ command }}",
            # A dictionary here lies under the `env` of deployments and runs, which adds to it; null takes a name away.
            "env": {
                **dict.fromkeys(kept_from_jobs()),
                "PREFECT_API_AUTH_STRING": None,
                "CONTRAPONTO_HOME": "/data",
                "CONTRAPONTO_MODELS_DIR": "/models",
                "PREFECT_HOME": "/data/prefect",
                "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
                # The image's home of its user cannot be written to.
                "HOME": "/tmp",  # noqa: S108 - a volume of the pod's own
            },
            "labels": "{{ labels }}",
            "annotations": "{{ annotations }}",
            "name": "{{ name }}",
            "namespace": pods.namespace,
            "job_manifest": _manifest(pods, of_pool),
        },
        "variables": _variables(pods, of_pool),
    }


def _manifest(pods: Pods, of_pool: JobPods) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "labels": "{{ labels }}",
            "annotations": "{{ annotations }}",
            "generateName": "{{ name }}-",
            "namespace": pods.namespace,
        },
        "spec": {
            # Runs that are lost are restarted by the project, which knows how often each may be.
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": pods.keep_seconds,
            "template": {"spec": _pod(pods, of_pool)},
        },
    }


def _pod(pods: Pods, of_pool: JobPods) -> dict[str, Any]:
    spec: dict[str, Any] = {
        # These two are a Job's, but the worker asks for them here.
        "parallelism": 1,
        "completions": 1,
        "restartPolicy": "Never",
        # A job has no business with the cluster's API.
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "imagePullSecrets": [{"name": name} for name in pods.pull_secrets],
        "nodeSelector": dict(of_pool.node_selector),
        "tolerations": [one.model_dump(exclude_none=True) for one in of_pool.tolerations],
        "containers": [_container(pods, of_pool)],
        "volumes": [
            {"name": "models", "persistentVolumeClaim": {"claimName": pods.models, "readOnly": True}},
            {"name": "scratch", "emptyDir": {"sizeLimit": of_pool.scratch}},
            {"name": "shared-memory", "emptyDir": {"medium": "Memory", "sizeLimit": of_pool.shared_memory}},
        ],
    }
    if isinstance(of_pool, GpuJobPods) and of_pool.runtime_class:
        spec["runtimeClassName"] = of_pool.runtime_class
    return spec


def _container(pods: Pods, of_pool: JobPods) -> dict[str, Any]:
    limits: dict[str, Any] = {"memory": "{{ memory }}"}
    if isinstance(of_pool, GpuJobPods) and of_pool.gpus:
        limits[of_pool.gpu_resource] = "{{ gpus }}"
    return {
        "name": "prefect-job",
        "image": "{{ image }}",
        "imagePullPolicy": "IfNotPresent",
        "args": "{{ command }}",
        "workingDir": APP,
        "env": [
            {
                "name": "PREFECT_API_AUTH_STRING",
                "valueFrom": {"secretKeyRef": {"name": pods.credentials, "key": "auth-string"}},
            }
        ],
        "envFrom": [
            {"configMapRef": {"name": pods.settings}},
            {"secretRef": {"name": pods.secrets}},
        ],
        "resources": {"requests": {"cpu": "{{ cpu }}", "memory": "{{ memory }}"}, "limits": limits},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "models", "mountPath": "/models", "readOnly": True},
            {"name": "scratch", "mountPath": "/data", "subPath": "data"},
            {"name": "scratch", "mountPath": "/tmp", "subPath": "tmp"},  # noqa: S108 - as above
            {"name": "shared-memory", "mountPath": "/dev/shm"},  # noqa: S108 - as above
        ],
    }


def _variables(pods: Pods, of_pool: JobPods) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "name": {**_TEXT, "title": "Name", "description": "What the names of the Jobs begin with."},
        "command": {**_TEXT, "title": "Command", "description": "What a Job runs; by default the run."},
        "image": {
            **_TEXT,
            "title": "Image",
            "description": "The image that a Job runs.",
            "default": of_pool.image or pods.image,
        },
        "env": {
            "type": "object",
            "title": "Environment variables",
            "description": "What a job finds in its environment besides what the cluster gives it; no secrets.",
        },
        "labels": {**_TEXTS, "title": "Labels", "description": "Of the Jobs and their pods."},
        "annotations": {**_TEXTS, "title": "Annotations", "description": "Of the Jobs and their pods."},
        "cpu": {
            **_QUANTITY,
            "title": "CPU",
            "description": "Processors that a job is sure of, for example 500m.",
            "default": of_pool.cpu,
        },
        "memory": {
            **_QUANTITY,
            "title": "Memory",
            "description": "What a job is sure of and may not exceed, for example 8Gi.",
            "default": of_pool.memory,
        },
    }
    if isinstance(of_pool, GpuJobPods) and of_pool.gpus:
        properties["gpus"] = {
            "type": "integer",
            "title": "GPUs",
            "description": "How many GPUs a job gets.",
            "minimum": 1,
            "default": of_pool.gpus,
        }
    return {
        "type": "object",
        "description": "What a deployment of this pool may set for its Jobs.",
        "properties": properties,
        # What is not listed is refused when a deployment is made, instead of being dropped in silence.
        "additionalProperties": False,
    }
