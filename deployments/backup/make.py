"""Make a backup while the stack runs, or while it does not.

The order makes the parts fit together. The bus first: a message that comes after it is not in the database either, and
one that a job was started for meanwhile starts no second, for its key is known there. The media store last: every file
that the database names is there by then.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from deployments.backup import bus, database, files, settings_files
from deployments.backup.manifest import (
    MANIFEST,
    UNFINISHED,
    BackupError,
    Manifest,
    explained,
    own_version,
    write_sums,
)
from deployments.backup.serving import serving
from deployments.embedded import postgres, valkey
from deployments.embedded.database import address
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.private import OWNER_ONLY, PRIVATE_UMASK
from deployments.processes.service import write_atomically
from tasks.foreign_text import printable
from tasks.net.urls import mask_urls

FONTS = "fonts"
_NAME = "contraponto-%Y%m%dT%H%M%SZ"
_BACKED_UP = ("postgres", "valkey", "store", FONTS)
"""Folders of a home that a backup is of, and so cannot lie in."""


def backup(stack: EmbeddedStack, folder: Path, report: Callable[[str], None]) -> Path:
    """Make a backup in a folder of its own below this one; that folder. Nothing that is there is touched.

    Args:
        stack: What is backed up.
        folder: Where backups lie; made if it is not there.
        report: Called with a line about what is going on.

    Raises:
        BackupError: there is nothing to back up, the folder cannot be written to or is one of those that are backed up,
            the disk is too small, or a part cannot be read. What was begun is removed.
        ServiceError: a service of a stack that is down does not start.
    """
    _check(stack, folder)
    with explained("The backup could not be made"):
        return _backup(stack, folder, report)


def _backup(stack: EmbeddedStack, folder: Path, report: Callable[[str], None]) -> Path:
    made_at = datetime.now(UTC)
    folder.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    target = folder / made_at.strftime(_NAME)
    unfinished = target.with_name(target.name + UNFINISHED)
    if target.exists() or unfinished.exists():
        raise BackupError(f"There is a backup of this second in {folder} already.", hint="Try again.")
    unfinished.mkdir(mode=OWNER_ONLY)
    try:
        with _answering(stack):
            manifest = _write_parts(stack, unfinished, made_at, report)
        report("digests of all files")
        manifest = manifest.model_copy(update={"sums": write_sums(unfinished, report)})
        write_atomically(
            unfinished / MANIFEST, manifest.model_dump_json(indent=2) + "\n", mode=0o600, encoding="utf-8"
        )
        return unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _check(stack: EmbeddedStack, folder: Path) -> None:
    if (
        stack.settings.database_url is None
        and not (stack.surroundings.home / "postgres" / "PG_VERSION").exists()
    ):
        raise BackupError(
            f"There is nothing to back up in {stack.surroundings.home}: no database.",
            hint="Run `contraponto up` first, or set CONTRAPONTO_HOME to the home that you mean.",
        )
    for name in _BACKED_UP:
        if folder.resolve().is_relative_to((stack.surroundings.home / name).resolve()):
            raise BackupError(
                f"{folder} lies in what is to be backed up: the backup would hold itself.",
                hint="Name a folder on another disk.",
            )


@contextlib.contextmanager
def _answering(stack: EmbeddedStack) -> Iterator[None]:
    """Database and bus of this machine answer; of a stack that is down, they are started for this alone."""
    embedded = []
    if stack.settings.database_url is None:
        embedded.append(postgres.service(stack.surroundings))
    if stack.settings.redis_url is None:
        embedded.append(valkey.service(stack.surroundings))
    with contextlib.ExitStack() as stays:
        if stack.status().services:
            for service in embedded:
                if not service.is_ready(0):
                    raise BackupError(f"'{service.name}' does not answer.", hint="Run: contraponto up")
        else:
            stays.enter_context(stack.locked())
            for service in embedded:
                stays.enter_context(serving(service, stack.surroundings))
        yield


def _write_parts(
    stack: EmbeddedStack, folder: Path, made_at: datetime, report: Callable[[str], None]
) -> Manifest:
    settings, home = stack.settings, stack.surroundings.home
    url, bus_url = address(stack.surroundings, settings), valkey.redis_url(stack.surroundings)
    store, records = home / "store", home / files.RECORDS
    has_bus, has_store, has_records = settings.redis_url is None, settings.store == "local", records.is_file()
    needed = database.size(url) + files.bytes_to_copy(store, folder)
    needed += (bus.size(bus_url) if has_bus else 0) + (records.stat().st_size if has_records else 0)
    files.check_space(folder, needed)
    if has_bus:
        report("the message bus")
        bus.snapshot(bus_url, folder)
    report("the database")
    database.dump(url, folder)
    if has_records:
        report("the record store")
        files.copy_records(records, folder / files.RECORDS)
    if has_store:
        report("the media store")
        store.mkdir(mode=OWNER_ONLY, exist_ok=True)
        files.link_tree(store, folder / "store", report)
    settings_files.collect(settings, folder / "settings")
    if (home / FONTS).is_dir():
        files.copy_tree(home / FONTS, folder / FONTS)
    _keep_private(folder)
    parts = {"bus": has_bus, "store": has_store, "records": has_records}
    return Manifest(
        made_at=made_at,
        contraponto=own_version(),
        prefect=version("prefect"),
        parts=("database", *(name for name, is_here in parts.items() if is_here), "settings"),
        left_out=tuple(map(printable, _left_out(stack))),  # folders need not be text
        environment=settings_files.given_by_environment(),
        sums="",
    )


def _left_out(stack: EmbeddedStack) -> Iterator[str]:
    settings = stack.settings
    if settings.redis_url is not None:
        yield f"The message bus is in {mask_urls(settings.redis_url)}, which is backed up by its own means."
    if settings.message_bus != "auto":
        yield f"The message bus is {mask_urls(settings.message_bus)}, which is backed up by its own means."
    if settings.store != "local":
        yield f"The media store is {settings.store}, which is backed up by its own means."
    if settings.record_store != "local":
        yield f"The record store is {mask_urls(settings.record_store)}, which is backed up by its own means."
    yield f"Models are fetched again: contraponto models get. Those here are in {settings.models_dir}."
    for inbox in settings.import_folders:
        yield f"What batches read, {inbox}, is yours to keep."


def _keep_private(folder: Path) -> None:
    # Files of the store may be links, whose mode is that of the store's.
    for path in (folder, *folder.iterdir()):
        path.chmod(path.stat().st_mode & ~PRIVATE_UMASK)
