"""Restore a backup into what the settings name: an empty home, and the database, Redis and bucket of one's own.

That is also how an installation moves: with other settings in force, the same backup goes into other servers. What
lies in the home is made in a folder of its own and put in place in the end.

Jobs that went on when the backup was made go on as after a loss of power: the next `up` says that their processes are
gone (`deployments.server.after_restore`), and `tasks/recovery/` starts them again.
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from blocks.settings import Settings, reload_settings
from deployments.backup import bus, bus_copy, database, files, records, settings_files
from deployments.backup.make import FONTS
from deployments.backup.manifest import BackupError, Manifest, check_sums, explained, read_manifest
from deployments.backup.serving import serving
from deployments.embedded import postgres, valkey
from deployments.embedded.database import address
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.environment import Surroundings
from deployments.processes.private import OWNER_ONLY, keep_private
from deployments.processes.service import write_atomically

_UNFINISHED = ".restoring"
_DATA = ("postgres", "valkey", "store", files.RECORDS)
"""What a home with data has, as far as it does not lie elsewhere. The first is put in place last: `up` looks for it."""

_EMPTY_BYTES = 200_000_000
_DATABASE_FACTOR = 10
"""Times that a database is larger than its packed dump, at most, beside what an empty cluster takes."""

Report = Callable[[str], None]


def restore(folder: Path, report: Report) -> list[str]:
    """Restore a backup for the settings in force, those of its own files among them; what there is to say of it.

    Raises:
        BackupError: it is damaged or of a later version, or there is data already: nothing was changed then; or a part
            could not be restored: what was begun is taken back, and it may be tried again.
        ServiceError: PostgreSQL or Valkey does not start, or the stack is up.
    """
    with explained("The backup could not be restored"):
        return _restored(folder.expanduser().absolute(), report)


def _restored(folder: Path, report: Report) -> list[str]:
    manifest = read_manifest(folder)
    report("digests of all files")
    check_sums(folder, manifest, report)
    with contextlib.ExitStack() as undone:
        sentences = settings_files.place_settings(
            folder / "settings", lambda path: undone.callback(path.unlink)
        )
        reload_settings()
        stack = EmbeddedStack.from_settings()
        with stack.locked():
            _check_empty(stack, folder, manifest)
            _restore(stack, folder, manifest, report, undone)
        undone.pop_all()
    return [*sentences, *_remarks(stack.settings, manifest)]


def _check_empty(stack: EmbeddedStack, folder: Path, manifest: Manifest) -> None:
    home, settings = stack.surroundings.home, stack.settings
    if stack.status().services:
        raise BackupError(f"The stack of {home} is up.", hint="A backup is restored into an empty home.")
    for name in _DATA:
        place = home / name
        if place.is_file() or (place.is_dir() and any(place.iterdir())):
            raise BackupError(
                f"{home} has data already: {place}.",
                hint="Set CONTRAPONTO_HOME to a new folder, or move that home away first.",
            )
    if settings.database_url is not None and not database.is_empty(address(stack.surroundings, settings)):
        raise BackupError(
            "The database of CONTRAPONTO_DATABASE_URL has tables already.", hint="Name an empty one."
        )
    needed = _EMPTY_BYTES + _DATABASE_FACTOR * (folder / database.FILE).stat().st_size
    if settings.store == "local" and "store" in manifest.parts:
        needed += files.bytes_in(folder / "store")
    files.check_space(home, needed)


def _restore(
    stack: EmbeddedStack, folder: Path, manifest: Manifest, report: Report, undone: contextlib.ExitStack
) -> None:
    home, settings = stack.surroundings.home, stack.settings
    making = Surroundings(home=home / _UNFINISHED, project=stack.surroundings.project)
    shutil.rmtree(making.home, ignore_errors=True)
    try:
        for place in (making.home, making.temporary):
            place.mkdir(mode=OWNER_ONLY)
        if "store" in manifest.parts:
            report("the media store")
            _restore_store(folder / "store", settings, making.home / "store")
        if "records" in manifest.parts:
            _restore_records(folder, settings, making.home / files.RECORDS, report)
        if (folder / FONTS).is_dir():
            files.copy_tree(folder / FONTS, home / FONTS)
        if "bus" in manifest.parts:
            report("the message bus")
            _restore_bus(folder, settings, making, undone)
        report("the database")
        with contextlib.ExitStack() as stays:
            if settings.database_url is None:
                stays.enter_context(serving(postgres.service(making), making))
            database.restore(folder, address(making, settings))
        for name in reversed(_DATA):
            if (making.home / name).exists():
                with contextlib.suppress(FileNotFoundError):
                    (home / name).rmdir()  # an empty folder of the store may be there
                (making.home / name).rename(home / name)
        settings_files.place_own(folder / "settings", settings)
        write_atomically(stack.restored, f"{folder}\n", mode=0o600)
        keep_private(home, store_is_shown=settings.store_is_shown)
    finally:
        # Of a home that lies deep, the sockets have a folder elsewhere.
        shutil.rmtree(postgres.socket_folder(making), ignore_errors=True)
        shutil.rmtree(making.home, ignore_errors=True)


def _restore_store(source: Path, settings: Settings, local: Path) -> None:
    if settings.store == "local":
        files.copy_tree(source, local)
        return
    from blocks.from_settings import media_store  # noqa: PLC0415 - brings Prefect, which takes seconds

    bucket = media_store(settings)
    for path in sorted(source.rglob("*")):
        key = path.relative_to(source).as_posix()
        if not path.is_file() or key.startswith("."):
            continue
        if bucket.exists(key) and bucket.stat(key).size != path.stat().st_size:
            raise BackupError(
                f'The store {settings.store} has another file "{key}" already.',
                hint="Name an empty bucket or another prefix in CONTRAPONTO_STORE.",
            )
        bucket.put_file(path, key)


def _restore_records(folder: Path, settings: Settings, local: Path, report: Report) -> None:
    shutil.copyfile(folder / files.RECORDS, local)
    if settings.record_store == "local":
        return
    # Reading an SQLite writes beside it, and the backup stays as it is.
    if records.can_take(settings):
        report("the records")
        records.copy(local, settings)
    local.unlink()


def _restore_bus(
    folder: Path, settings: Settings, making: Surroundings, undone: contextlib.ExitStack
) -> None:
    bus.place(folder, making.home / "valkey")
    if settings.redis_url is None:
        return
    with serving(valkey.service(making), making):
        copied = bus_copy.copy(valkey.redis_url(making), settings.redis_url)
    undone.callback(bus_copy.remove, settings.redis_url, copied)
    shutil.rmtree(making.home / "valkey")


def _remarks(settings: Settings, manifest: Manifest) -> Iterator[str]:
    yield from manifest.left_out
    missing = sorted(set(manifest.environment) - set(settings_files.given_by_environment()))
    if missing:
        yield f"Set again what the environment gave where the backup was made: {', '.join(missing)}."
    if "records" in manifest.parts and settings.record_store != "local" and not records.can_take(settings):
        yield f"The records stay in the backup ({files.RECORDS}): CONTRAPONTO_RECORD_STORE names no database."
