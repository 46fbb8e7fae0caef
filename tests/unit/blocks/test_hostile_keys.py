"""Keys, paths and file names that try to leave the store's folder; links and locks that others have planted in it."""

import hashlib
import os
import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest

from blocks.local_media_store import LocalMediaStore
from blocks.scratch import scratch_directory, sweep_scratch
from blocks.store_keys import result_file, result_folder
from tasks.errors import InvalidInputError

SECRET = "geheim"

CLIMBING = [
    *(
        "..",
        ".",
        "../x",
        "../../x",
        "a/..",
        "a/../..",
        "a/./../../x",
        "/etc/passwd",
        "//etc/passwd",
        "///x",
        "a//../x",
    ),
    *(
        "..\\..\\x",
        "a\\..\\x",
        "C:\\x",
        "\\\\server\\share\\x",
        "..%5cx/../x",
        "....//x",
        "..;/x",
        ".../x",
        "~/.ssh/x",
    ),
    *(
        "a/..\x00/x",
        "x\x00.mp4",
        "a\n/../x",
        "\x1b[2Jx",
        "a/\u202e../x",
        "\ufeff../x",
        "a\u2028b",
        ".facts/x",
    ),
    *("a" * 241, "é" * 121, "/".join(["abcdefgh"] * 120), "a/" * 600 + "x"),
]
"""Refused, all of them."""
LOOKALIKES = [
    *(
        "%2e%2e/%2e%2e/x",
        "%2e%2e%2fx",
        "..%2fx".lstrip("."),
        "%252e%252e/x",
        "a%00b",
        "a%2f..%2fx",
        "C:x",
        "C:/x",
    ),
    *(
        "․․/x",
        "‥/x",
        "…/x",
        "．．/x",
        "﹒﹒/x",
        "。。/x",
        "∕etc∕passwd",
        "⁄etc",
        "／etc／passwd",
        "a＼..＼x",
        "⧸x",
    ),
    *(
        "a./x",
        "a../x",
        "a.../b..",
        "x.",
        "x ",
        " x",
        "a /x",
        "~root/x",
        "$HOME/x",
        "`id`/x",
        "*",
        "?",
        "-rf",
        "nul",
    ),
]
"""Odd and harmless: each is the name of a file within the folder."""


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_text(SECRET)
    (folder / ".unfinished-old").write_text(SECRET)
    os.utime(folder / "secret.txt", (0, 0))
    os.utime(folder / ".unfinished-old", (0, 0))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "store"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def store(root: Path) -> LocalMediaStore:
    return LocalMediaStore(root=root)


def everything(folder: Path) -> dict[str, str]:
    """The files of a folder; links are not followed."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


@pytest.mark.parametrize("key", CLIMBING)
def test_no_key_climbs(store: LocalMediaStore, tmp_path: Path, key: str) -> None:
    before = everything(tmp_path)
    with pytest.raises(InvalidInputError):
        store.put_text("x", key)
    for read in (store.read_bytes, store.stat, store.exists, store.url, store.remove):
        with pytest.raises(InvalidInputError):
            read(key)
    with pytest.raises(InvalidInputError):
        store.read_path(f"../{key}")
    for name in (f"a/{key}", f"{key}/a"):
        # Within another part some of them are no danger; then they stay inside.
        with suppress(InvalidInputError):
            store.put_text("x", name)
    assert {name for name in everything(tmp_path) if not name.startswith("home/store/")} == set(before)


@pytest.mark.parametrize("key", LOOKALIKES)
def test_what_looks_like_climbing_is_a_name(
    store: LocalMediaStore, root: Path, tmp_path: Path, key: str
) -> None:
    stored = store.put_text("x", key)
    assert [file.key for file in store.list()] == [stored.key] == [key]
    with store.open_local(key) as path:
        assert path.resolve().is_relative_to(root)
    public = LocalMediaStore(root=root, base_url="https://media.example.com")
    # Once decoded, as a web server does it, the link still names the key.
    assert unquote(public.url(key).removeprefix("https://media.example.com/")) == key
    assert all(name.startswith("home/store/") for name in everything(tmp_path))
    store.remove(key)
    assert list(store.list()) == []


@pytest.mark.parametrize("name", [*CLIMBING, *LOOKALIKES])
def test_results_land_in_the_folder_whatever_they_are_called(
    store: LocalMediaStore, tmp_path: Path, name: str
) -> None:
    for path, file in ((name, "video"), ("a", name), (name, name)):
        with suppress(InvalidInputError):
            key = f"{result_folder(path, 'job')}/{result_file(file, 'video', '.mp4')}"
            assert ".." not in key.split("/")
            store.put_text("x", key)
            assert [stored.key for stored in store.list()] == [key]
            store.remove(key)
    assert all(found.startswith("home/store/") for found in everything(tmp_path))


@pytest.mark.parametrize("name", [key for key in CLIMBING if key.strip("/ ").startswith(".") or "\\" in key])
def test_a_result_that_would_leave_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        result_folder(name, "job")
    with pytest.raises(InvalidInputError):
        result_file(name, "video", ".mp4")


@pytest.mark.parametrize("ending", ["", ".mp4", ".jpg", ".mp4.mp4"])
def test_a_result_takes_no_name_of_a_source_or_a_step(ending: str) -> None:
    digest = hashlib.sha256(b"somebody else's").hexdigest()
    for name in (digest, digest.upper()):
        with pytest.raises(InvalidInputError, match="stored sources"):
            result_file(f"{name}{ending}", "video", ".mp4")
    assert result_file(f"{digest[:32]}{ending}", "video", ".mp4").endswith(".mp4")


def test_nothing_goes_through_a_planted_link(store: LocalMediaStore, root: Path, outside: Path) -> None:
    (root / "file.txt").symlink_to(outside / "secret.txt")
    (root / "new.txt").symlink_to(outside / "new.txt")
    (root / "folder").symlink_to(outside)
    (root / "up").symlink_to("../..")
    (root / "loop").symlink_to("loop")
    (root / "real").mkdir()
    (root / "real" / "deep").symlink_to(outside)
    store.put_text("x", "mine.txt")
    before = everything(outside)
    keys = (
        "file.txt",
        "new.txt",
        "folder/secret.txt",
        "folder/new.txt",
        "up/outside/secret.txt",
        "loop",
        "loop/x",
    )
    for key in (*keys, "real/deep/secret.txt"):
        for action in (store.stat, store.exists, store.url, store.read_bytes, store.remove):
            with pytest.raises(InvalidInputError, match="symbolic link"):
                action(key)
        with pytest.raises(InvalidInputError, match="symbolic link"), store.open_local(key):
            pytest.fail("opened")
        for source, target in ((key, "copy.txt"), ("mine.txt", key)):
            with pytest.raises(InvalidInputError, match="symbolic link"):
                store.copy_file(source, target)
        with pytest.raises(InvalidInputError, match="symbolic link"):
            store.put_file(outside / "secret.txt", key)
    for prefix in ("folder/", "real/deep/"):
        with pytest.raises(InvalidInputError, match="symbolic link"):
            list(store.list(prefix))
    assert [file.key for file in store.list()] == ["mine.txt"]
    assert everything(outside) == before


def test_a_purge_follows_no_link(store: LocalMediaStore, root: Path, outside: Path) -> None:
    (root / "folder").symlink_to(outside)
    (root / "file.txt").symlink_to(outside / "secret.txt")
    (root / ".unfinished-link").symlink_to(outside / "secret.txt")
    (root / ".unfinished-folder").symlink_to(outside)
    os.utime(root / ".unfinished-link", (0, 0), follow_symlinks=False)
    os.utime(root / ".unfinished-folder", (0, 0), follow_symlinks=False)
    store.put_text("x", "mine.txt")
    before = everything(outside)
    assert store.purge(timedelta(seconds=-9)).count == 1
    assert everything(outside) == before
    assert not list(root.glob(".unfinished*")), "the links themselves are leftovers"


def test_what_is_noted_of_files_goes_through_no_link(
    store: LocalMediaStore, root: Path, outside: Path
) -> None:
    store.put_text("x", "a.txt")
    [noted] = (root / ".facts").glob("*/*.json")
    shutil.move(root / ".facts", outside / "facts")
    before = everything(outside)
    (root / ".facts").symlink_to(outside / "facts")
    for action in (
        store.stat,
        store.remove,
        lambda key: list(store.list()),
        lambda key: store.put_text("y", key),
    ):
        with pytest.raises(InvalidInputError, match="symbolic link"):
            action("a.txt")
    (root / ".facts").unlink()
    noted.parent.mkdir(parents=True)
    noted.symlink_to(outside / "secret.txt")
    for action in (store.stat, store.remove):
        with pytest.raises(InvalidInputError, match="symbolic link"):
            action("a.txt")
    assert everything(outside) == before


def test_scratch_goes_through_no_link(tmp_path: Path, outside: Path) -> None:
    home = tmp_path / "home"
    left = home / "scratch" / "left"
    left.mkdir(parents=True)
    (left / "link").symlink_to(outside)
    (home / "scratch" / "linked").symlink_to(outside)
    locked = home / "scratch" / "locked"
    locked.mkdir()
    (home / "scratch" / "locked.lock").symlink_to(outside / "secret.txt")
    before = everything(outside)
    assert sweep_scratch(home) == 2
    assert everything(outside) == before
    with scratch_directory(home, "../../x") as folder:
        assert folder.resolve().parent == (home / "scratch").resolve()
    assert everything(outside) == before
    assert not left.exists()


def test_a_lock_that_is_a_link_costs_only_the_link(tmp_path: Path, outside: Path) -> None:
    scratch = tmp_path / "home" / "scratch"
    scratch.mkdir(parents=True)
    (scratch / "gone.lock").symlink_to(outside / "secret.txt")
    before = everything(outside)
    sweep_scratch(tmp_path / "home")
    assert everything(outside) == before
    assert not (scratch / "gone.lock").is_symlink()
