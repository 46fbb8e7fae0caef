"""The folder store: nothing leaves the folder, nothing half-written is seen."""

import errno
import hashlib
import os
import resource
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from blocks.local_media_store import LocalMediaStore
from tasks.errors import InvalidInputError, StorageFullError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> LocalMediaStore:
    return LocalMediaStore(root=root)


def unfinished(root: Path) -> list[Path]:
    return list(root.rglob(".unfinished*"))


def test_symbolic_links_lead_nowhere(store: LocalMediaStore, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("geheim")
    root.mkdir()
    (root / "folder").symlink_to(outside)
    (root / "file.txt").symlink_to(outside / "secret.txt")
    for key in ("folder/secret.txt", "file.txt"):
        with pytest.raises(InvalidInputError, match="symbolic link"):
            store.read_bytes(key)
        with pytest.raises(InvalidInputError, match="symbolic link"):
            store.put_text("x", key)
        with pytest.raises(InvalidInputError, match="symbolic link"):
            store.remove(key)
    assert list(store.list()) == []
    assert (outside / "secret.txt").read_text() == "geheim"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "disk")
    store = LocalMediaStore(root=tmp_path / "store")
    store.put_text("x", "a/b.txt")
    assert (tmp_path / "disk" / "a" / "b.txt").read_text() == "x"
    assert [file.key for file in store.list()] == ["a/b.txt"]


def test_a_file_changed_by_hand_is_measured_again(store: LocalMediaStore, root: Path) -> None:
    store.put_text("one", "a.txt")
    (root / "a.txt").write_text("another")
    (root / "new.wav").write_bytes(b"wave")
    assert store.stat("a.txt").sha256 == hashlib.sha256(b"another").hexdigest()
    stat = store.stat("new.wav")
    assert (stat.sha256, stat.content_type, stat.size) == (
        hashlib.sha256(b"wave").hexdigest(),
        "audio/wav",
        4,
    )


def test_a_full_disk_leaves_the_old_file(
    store: LocalMediaStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put_text("old", "a.txt")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFullError, match=r'full: "a\.txt" could not be written'):
        store.put_text("new", "a.txt")
    monkeypatch.undo()
    assert store.read_bytes("a.txt") == b"old"
    assert unfinished(root) == []


def test_a_real_limit_on_file_size_is_a_full_store(
    store: LocalMediaStore, root: Path, tmp_path: Path
) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(b"x" * 3_000_000)
    child = os.fork()
    if child == 0:
        # In a child of its own: a lowered limit cannot be trusted to be raised again.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        try:
            store.put_file(source, "big.bin")
        except StorageFullError:
            os._exit(0)
        except BaseException:  # noqa: BLE001 - a forked child must not come back into pytest
            os._exit(2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not store.exists("big.bin")
    assert unfinished(root) == []


def test_readers_see_the_old_or_the_new_file_whole(store: LocalMediaStore) -> None:
    versions = [bytes([letter]) * 300_000 for letter in (65, 66, 67)]
    store.put_bytes(versions[0], "a.bin")
    seen: set[bytes] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(store.read_bytes("a.bin"))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(60):
        store.put_bytes(versions[number % 3], "a.bin")
    stop.set()
    reader.join(30)
    assert seen <= set(versions)


def test_writers_and_removers_of_one_folder_do_not_trip_each_other(
    store: LocalMediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Waiting for the disk would hide the races.
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for _ in range(300):
                store.put_text("x", f"shared/folder/{number}.txt")
                store.remove(f"shared/folder/{number}.txt")
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert list(store.list()) == []


def test_a_file_and_a_folder_cannot_share_a_name(store: LocalMediaStore) -> None:
    store.put_text("x", "a")
    with pytest.raises(InvalidInputError, match="in the way"):
        store.put_text("x", "a/b")
    store.put_text("x", "c/d")
    with pytest.raises(InvalidInputError, match="in the way"):
        store.put_text("x", "c")


def test_purge_removes_what_killed_writers_left(store: LocalMediaStore, root: Path) -> None:
    store.put_text("x", "a/b.txt")
    (root / "a" / ".unfinished-old").write_bytes(b"half")
    os.utime(root / "a" / ".unfinished-old", (0, 0))
    (root / "a" / ".unfinished-young").write_bytes(b"half")
    store.purge(timedelta(days=365))
    assert [path.name for path in unfinished(root)] == [".unfinished-young"]


def test_links(store: LocalMediaStore, root: Path) -> None:
    store.put_text("x", "fala nº 1.txt")
    assert store.url("fala nº 1.txt") == (root / "fala nº 1.txt").as_uri()
    public = LocalMediaStore(root=root, base_url="https://media.example.com/files/")
    assert public.url("fala nº 1.txt") == "https://media.example.com/files/fala%20n%C2%BA%201.txt"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_says_so(store: LocalMediaStore, root: Path) -> None:
    root.mkdir(mode=0o555)
    with pytest.raises(InvalidInputError, match="may not be written"):
        store.put_text("x", "a.txt")


def test_what_has_a_public_address_can_be_read_by_the_web_server(tmp_path: Path) -> None:
    """Whatever the umask of the process; without such an address the umask decides."""
    mask = os.umask(0o077)
    try:
        for name, base_url, file_mode, folder_mode in (
            ("shown", "https://media.example.org", 0o644, 0o755),
            ("private", None, 0o600, 0o700),
        ):
            store = LocalMediaStore(root=tmp_path / name, base_url=base_url)
            store.put_bytes(b"words", "jobs/one/talk.txt")
            modes = [
                path.stat().st_mode & 0o777 for path in (tmp_path / name, tmp_path / name / "jobs" / "one")
            ]
            assert modes == [folder_mode, folder_mode]
            assert (tmp_path / name / "jobs" / "one" / "talk.txt").stat().st_mode & 0o777 == file_mode
    finally:
        os.umask(mask)
