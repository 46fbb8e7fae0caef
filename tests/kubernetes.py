"""What is asked of everything that goes to a cluster."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml

from blocks.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "deployments" / "kubernetes"
KUBERNETES = "1.32"
"""Of the schemas that are published."""
SECRETS = {
    "contraponto-server": {"auth-string", "connection-string", "redis-password", "docket-url"},
}
"""What docs/kubernetes.md has in the Secrets whose entries are asked for by name."""

Object = dict[str, Any]


def objects(text: str) -> list[Object]:
    """The objects of a file or of what helm prints."""
    return [found for found in yaml.safe_load_all(text) if found]


def manifests(*folders: str) -> Iterator[tuple[Path, Object]]:
    """Every object of the project's own manifests, with its file."""
    for folder in folders:
        for file in sorted((FOLDER / folder).glob("*.yaml")):
            for found in objects(file.read_text(encoding="utf-8")):
                yield file, found


def pods(found: Iterable[Object]) -> Iterator[tuple[Object, Object]]:
    """What pods are made of, each with the object that makes them."""
    for one in found:
        if one["kind"] in ("Deployment", "Job"):
            yield one, one["spec"]["template"]["spec"]


def check(one: Object) -> None:
    """What Kubernetes' schemas know, and no more."""
    kubernetes_validate.validate(one, KUBERNETES, strict=True)


def check_restricted(pod: Object) -> None:
    """The profile `restricted` of the Pod Security Standards, and a closed file system."""
    security = pod["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        of_container = container["securityContext"]
        assert of_container["allowPrivilegeEscalation"] is False
        assert of_container["capabilities"] == {"drop": ["ALL"]}
        assert of_container["readOnlyRootFilesystem"] is True
        mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert "/tmp" in mounted
    allowed = {"emptyDir", "configMap", "secret", "persistentVolumeClaim", "projected"}
    assert all((set(volume) - {"name"}) <= allowed for volume in pod["volumes"])


def check_secrets(pod: Object) -> None:
    """Passwords come from Secrets that the manual has, and stand nowhere."""
    for container in pod["containers"]:
        for variable in container["env"]:
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                assert reference["key"] in SECRETS[reference["name"]]
            else:
                name = variable["name"]
                assert not any(word in name for word in ("PASSWORD", "AUTH_STRING", "CONNECTION_URL")) or (
                    name.endswith(("_SECRET_NAME", "_SECRET_KEY"))
                ), name


def environment(container: Object) -> dict[str, Any]:
    return {variable["name"]: variable.get("value") for variable in container["env"]}
