"""What code a model host runs, in short."""

import hashlib
from pathlib import Path

_FOLDERS = ("tasks", "blocks", "deployments/model_host")
_FILES = ("requirements.txt",)


def code_fingerprint(project: Path) -> str:
    """Changes when the code that does the work, or the pinned packages, change."""
    digest = hashlib.sha256()
    sources = sorted(path for folder in _FOLDERS for path in (project / folder).rglob("*.py"))
    for path in (*sources, *(project / name for name in _FILES)):
        if path.is_file():
            digest.update(f"{path.relative_to(project)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
