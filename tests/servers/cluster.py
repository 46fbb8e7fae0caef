"""What stands in for a Kubernetes cluster: no cluster, but a fake that speaks the endpoints a worker asks.

The API is that of a cluster (discovery, Jobs, pods and their watches), and every Job must pass the schemas that
Kubernetes publishes. There is no scheduler, no kubelet and no container: a Job's container is a process of this
machine, with the variables of its manifest, once a test lets it start. Nothing is claimed of nodes, volumes, images,
security contexts or GPUs but that they were asked for.
"""

import http.server
import json
import queue
import subprocess
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import kubernetes_validate
import yaml

from tests.servers.http import LoopbackServer

KUBERNETES = "1.32"
_CLOSING_SECONDS = 0.2

Object = dict[str, Any]

_RESOURCES = {
    "/api/v1": [("pods", "Pod"), ("pods/log", "Pod"), ("events", "Event"), ("namespaces", "Namespace")],
    "/apis/batch/v1": [("jobs", "Job"), ("jobs/status", "Job")],
}


@dataclass
class ClusterJob:
    """A Job, its pod, and the process that stands for its container."""

    job: Object
    pod: Object
    process: "subprocess.Popen[bytes] | None" = None
    deleted: threading.Event = field(default_factory=threading.Event)

    @property
    def spec(self) -> Object:
        """Of the pod."""
        found: Object = self.job["spec"]["template"]["spec"]
        return found

    @property
    def container(self) -> Object:
        (found,) = self.spec["containers"]
        container: Object = found
        return container


class FakeCluster(LoopbackServer):
    """The API server. Whoever starts a pod is the test (`start`)."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]], folders: Mapping[str, Path]) -> None:
        """`secrets`: entries by the names of Secrets; `folders`: what is mounted where in the containers."""
        self.jobs: dict[str, ClusterJob] = {}
        self._secrets = secrets
        self._folders = folders
        self._lock = threading.Lock()
        self._version = 1
        self._watches: list[tuple[str, queue.Queue[Object]]] = []
        super().__init__()

    def kubeconfig(self, file: Path) -> Path:
        """Write how clients find it."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "fake",
            "clusters": [{"name": "fake", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "worker", "user": {"token": "of-the-worker"}}],
            "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "worker"}}],
        }
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        return file

    def of_run(self, run_id: str) -> ClusterJob | None:
        """The Job of a flow run."""
        with self._lock:
            for job in self.jobs.values():
                if job.job["metadata"]["labels"]["prefect.io/flow-run-id"] == run_id:
                    return job
        return None

    def start(self, job: ClusterJob, environment: Mapping[str, str], directory: Path) -> None:
        """Let the pod begin: its container's process runs, and the Job ends as it ends.

        `environment` and `directory` take the place of what the image brings.
        """
        job.process = subprocess.Popen(
            job.container["args"],
            env={**environment, **self._variables(job)},
            cwd=directory,
            stdin=subprocess.DEVNULL,
        )
        self._show(job, phase="Running")
        threading.Thread(target=self._follow, args=(job,), daemon=True).start()

    def close(self) -> None:
        """End, and all processes with it."""
        for job in self.jobs.values():
            if job.process is not None and job.process.poll() is None:
                job.process.kill()
                job.process.wait()
        super().close()

    def _variables(self, job: ClusterJob) -> dict[str, str]:
        found = {}
        for variable in job.container["env"]:
            if "valueFrom" in variable:
                reference = variable["valueFrom"]["secretKeyRef"]
                found[variable["name"]] = self._secrets[reference["name"]][reference["key"]]
                continue
            found[variable["name"]] = self._here(variable["value"])
        return found

    def _here(self, value: str) -> str:
        """A path in the container as this machine has it; other values as they are."""
        for mounted, folder in self._folders.items():
            if value == mounted or value.startswith(f"{mounted}/"):
                return f"{folder}{value.removeprefix(mounted)}"
        return value

    def _follow(self, job: ClusterJob) -> None:
        assert job.process is not None
        code = job.process.wait()
        self._show(job, phase="Failed" if code else "Succeeded")

    def _show(self, job: ClusterJob, *, phase: str) -> None:
        """Tell all who watch what has become of a pod, and of its Job."""
        with self._lock:
            if job.deleted.is_set():
                return
            job.pod["status"] = {"phase": phase, "startTime": _now()}
            status = {"startTime": _now(), "active": 0, "failed": 0, "succeeded": 0}
            status[{"Failed": "failed", "Succeeded": "succeeded"}.get(phase, "active")] = 1
            job.job["status"] = status
            self._changed("pods", "MODIFIED", job.pod)
            self._changed("jobs", "MODIFIED", job.job)

    def _changed(self, plural: str, kind: str, changed: Object) -> None:
        self._version += 1
        changed["metadata"]["resourceVersion"] = str(self._version)
        event = {"type": kind, "object": json.loads(json.dumps(changed))}
        for watched, events in self._watches:
            if watched == plural:
                events.put(event)

    # --- The API ---

    def serve(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        path, _, query = handler.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        sent = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        match (handler.command, *path.strip("/").split("/")):
            case ("GET", "version"):
                self._answer(handler, 200, {"major": "1", "minor": "32", "gitVersion": "v1.32.0"})
            case ("GET", "api"):
                self._answer(handler, 200, {"kind": "APIVersions", "versions": ["v1"]})
            case ("GET", "apis"):
                version = {"groupVersion": "batch/v1", "version": "v1"}
                group = {"name": "batch", "versions": [version], "preferredVersion": version}
                self._answer(handler, 200, {"kind": "APIGroupList", "groups": [group]})
            case ("GET", *_) if path in _RESOURCES:
                self._answer(handler, 200, _discovered(path))
            case ("GET", *_, "namespaces", namespace, "jobs" | "pods" as plural):
                self._list(handler, plural, namespace, asked)
            case ("GET", *_, "jobs", name) if name in self.jobs:
                self._answer(handler, 200, self.jobs[name].job)
            case ("GET", *_, "pods", _, "log"):
                self._answer(handler, 200, {})
            case ("POST", *_, "namespaces", namespace, "jobs"):
                self._create(handler, namespace, json.loads(sent))
            case ("DELETE", *_, "jobs", name) if name in self.jobs:
                self._delete(handler, name)
            case _:
                self._refuse(handler, 404, "NotFound", f"{handler.command} {path} is not here.")

    def _list(
        self, handler: http.server.BaseHTTPRequestHandler, plural: str, namespace: str, asked: dict[str, str]
    ) -> None:
        with self._lock:
            found = [
                kept
                for job in self.jobs.values()
                for kept in ([job.job] if plural == "jobs" else [job.pod])
                if kept["metadata"]["namespace"] == namespace and _matches(kept, asked.get("labelSelector"))
            ]
            content = {
                "kind": "JobList" if plural == "jobs" else "PodList",
                "apiVersion": "batch/v1" if plural == "jobs" else "v1",
                "metadata": {"resourceVersion": str(self._version)},
                "items": json.loads(json.dumps(found)),
            }
            events: queue.Queue[Object] = queue.Queue()
            if asked.get("watch"):
                self._watches.append((plural, events))
        if not asked.get("watch"):
            self._answer(handler, 200, content)
            return
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        while not self.closing.is_set():
            try:
                event = events.get(timeout=_CLOSING_SECONDS)
            except queue.Empty:
                continue
            handler.wfile.write(json.dumps(event).encode() + b"\n")
            handler.wfile.flush()

    def _create(self, handler: http.server.BaseHTTPRequestHandler, namespace: str, job: Object) -> None:
        # A cluster drops what a field does not know, and the worker counts on it.
        pod = job["spec"]["template"]
        for misplaced in ("parallelism", "completions"):
            pod["spec"].pop(misplaced, None)
        try:
            kubernetes_validate.validate(job, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            self._refuse(handler, 422, "Invalid", str(error))
            return
        metadata = job["metadata"]
        metadata |= {
            "name": f"{metadata['generateName']}{uuid4().hex[:5]}",
            "namespace": namespace,
            "uid": str(uuid4()),
            "creationTimestamp": _now(),
        }
        job["status"] = {"active": 1, "startTime": _now()}
        kept = ClusterJob(
            job,
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    **pod["metadata"],
                    "name": f"{metadata['name']}-{uuid4().hex[:5]}",
                    "namespace": namespace,
                    "uid": str(uuid4()),
                    "creationTimestamp": _now(),
                },
                "spec": pod["spec"],
                "status": {"phase": "Pending"},
            },
        )
        with self._lock:
            self.jobs[metadata["name"]] = kept
            self._changed("jobs", "ADDED", job)
            self._changed("pods", "ADDED", kept.pod)
        self._answer(handler, 201, job)

    def _delete(self, handler: http.server.BaseHTTPRequestHandler, name: str) -> None:
        with self._lock:
            gone = self.jobs.pop(name)
            gone.deleted.set()
            self._changed("pods", "DELETED", gone.pod)
            self._changed("jobs", "DELETED", gone.job)
        if gone.process is not None:
            gone.process.terminate()
        self._answer(handler, 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def _refuse(
        self, handler: http.server.BaseHTTPRequestHandler, code: int, reason: str, message: str
    ) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure"}
        self._answer(handler, code, {**status, "reason": reason, "message": message, "code": code})

    def _answer(self, handler: http.server.BaseHTTPRequestHandler, code: int, content: Object) -> None:
        body = json.dumps(content).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


def _discovered(path: str) -> Object:
    verbs = ["create", "delete", "get", "list", "watch"]
    resources = [
        {"name": name, "kind": kind, "singularName": kind.lower(), "namespaced": True, "verbs": verbs}
        for name, kind in _RESOURCES[path]
    ]
    version = path.removeprefix("/apis/").removeprefix("/api/")
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


def _matches(kept: Object, selector: str | None) -> bool:
    """Whether the labels are as `name` or `name=value`, several with commas between."""
    labels = kept["metadata"].get("labels", {})
    for term in (selector or "").split(","):
        name, equals, value = term.partition("=")
        if name and (name not in labels or (equals and labels[name] != value)):
            return False
    return True


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
