"""What the image is built from where no registry can be reached: a bare Debian and the wheels of the lock file."""

import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from packaging.requirements import Requirement

from deployments.processes.environment import PROJECT

LOCK_FILE = PROJECT / "deployments" / "docker" / "requirements.txt"
CACHE = PROJECT / ".contraponto" / "cache" / "docker"
RELEASE, PYTHON = "bookworm", "3.11.2"
_INCLUDED = "ca-certificates,python3,python3-venv"
_CONTEXT = ("flows", "tasks", "blocks", "deployments")


def base_archive() -> Path:
    """A Debian with Python as a tar file; made once a checkout."""
    archive = CACHE / f"{RELEASE}.tar"
    if not archive.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        root = CACHE / f"{RELEASE}.new"
        shutil.rmtree(root, ignore_errors=True)
        _run(["debootstrap", "--variant=minbase", f"--include={_INCLUDED}", RELEASE, str(root)])
        shutil.rmtree(root / "var" / "cache" / "apt")
        unfinished = archive.with_suffix(".part")
        _run(["tar", "-C", str(root), "-cf", str(unfinished), "."])
        shutil.rmtree(root)
        unfinished.rename(archive)
    return archive


def wheels() -> Path:
    """The folder with every wheel that the lock file names for the base's Python; fetched when it has changed."""
    wanted = _without_markers(LOCK_FILE.read_text(encoding="utf-8"))
    folder = CACHE / "wheels"
    stamp = folder / f".{hashlib.sha256(wanted.encode()).hexdigest()}"
    if not stamp.exists():
        # Wheels that are there already are not fetched again, but those of an earlier lock file must go.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        listed = CACHE / "wheels.txt"
        listed.write_text(wanted, encoding="utf-8")
        _run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
                *("--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp"),
                *("--requirement", str(listed), "--dest", str(folder)),
            ]
        )
        stamp.touch()
    return folder


def _without_markers(lock: str) -> str:
    """The requirements that hold for the base's Python: pip itself would judge by the Python that it runs in."""
    return "".join(f"{requirement}\n" for requirement in _for_the_base(lock))


def _for_the_base(lock: str) -> Iterator[str]:
    target = {"python_version": PYTHON.rpartition(".")[0], "python_full_version": PYTHON}
    for entry in re.sub(r"\\\n", "", lock).splitlines():
        if entry and not entry.startswith("#"):
            named, _, hashes = entry.partition("--hash")
            requirement = Requirement(named)
            if requirement.marker is None or requirement.marker.evaluate(target):
                yield f"{requirement.name}{requirement.specifier} --hash{hashes}"


def context(directory: Path) -> Path:
    """The build context: the files of this checkout that `.dockerignore` lets through, and the wheels."""
    for name in _CONTEXT:
        shutil.copytree(PROJECT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "prefect.yaml"):
        shutil.copy(PROJECT / name, directory)
    shutil.copytree(wheels(), directory / "wheels", ignore=shutil.ignore_patterns(".*"))
    return directory


def _run(command: list[str]) -> None:
    result = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False
    )
    assert result.returncode == 0, f"{command[:4]}…\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"


def fetch() -> None:
    """Fill the cache: both at once, because most of it is waiting for servers."""
    with ThreadPoolExecutor() as at_once:
        for made in [at_once.submit(base_archive), at_once.submit(wheels)]:
            made.result()


if __name__ == "__main__":
    fetch()
