"""Programs of a Debian newer than this machine's, unpacked beside it and not installed."""

import shutil
import subprocess
from pathlib import Path

from tests.system.docker.image import CACHE

_RELEASE = "trixie"
_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
_PROGRAMS = {
    "docker-compose": "usr/libexec/docker/cli-plugins/docker-compose",
    "busybox-static": "usr/bin/busybox",
}


def program(package: str) -> Path:
    """One of `_PROGRAMS`, each of which needs no other package; fetched once a checkout."""
    found = CACHE / _RELEASE / _PROGRAMS[package]
    if not found.exists():
        _fetch()
    return found


def _fetch() -> None:
    folder, unfinished = CACHE / _RELEASE, CACHE / f"{_RELEASE}.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in ("lists/partial", "cache/archives/partial"):
        (unfinished / name).mkdir(parents=True)
    sources = unfinished / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYS}] {_archive(unfinished)} {_RELEASE} main\n")
    apt = [
        *("apt-get", "-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-"),
        *("-o", f"Dir::State::lists={unfinished}/lists", "-o", f"Dir::Cache={unfinished}/cache"),
        *("-o", "APT::Sandbox::User=root"),
    ]
    _run([*apt, "update"], unfinished)
    _run([*apt, "download", *_PROGRAMS], unfinished)
    for archive in unfinished.glob("*.deb"):
        _run(["dpkg", "-x", str(archive), str(unfinished)], unfinished)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _archive(directory: Path) -> str:
    """Where this machine's own packages come from."""
    listed = _run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(COMPONENT)",
            "Created-By: Packages",
            "Origin: Debian",
        ],
        directory,
    )
    return next(line.split()[0] for line in listed.splitlines() if line.endswith(" main"))


def _run(command: list[str], directory: Path) -> str:
    result = subprocess.run(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
    return result.stdout
