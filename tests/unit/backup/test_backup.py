"""Backup and restore over real servers: all is there again, and what is not safe is refused."""

import contextlib
import errno
import json
import os
import shutil
import sqlite3
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis

from blocks.from_settings import media_store
from blocks.settings import reload_settings
from deployments.backup import files
from deployments.backup.make import backup
from deployments.backup.manifest import BackupError, Manifest, check_sums, write_sums
from deployments.backup.restore import restore
from deployments.backup.settings_files import place_settings
from deployments.embedded.stack import EmbeddedStack
from tests.servers.postgres import running_postgres
from tests.servers.s3 import s3_server
from tests.servers.valkey import running_valkey
from tests.unit.backup.conftest import Installation, Place, ask, bus_content, running


def no_report(_line: str) -> None:
    pass


def make(folder: Path) -> Path:
    reload_settings()
    return backup(EmbeddedStack.from_settings(), folder, no_report)


def test_all_is_there_again_in_an_empty_home(
    installation: Installation, elsewhere: Place, tmp_path: Path
) -> None:
    made = installation.backup
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["parts"] == ["database", "bus", "store", "records", "settings"]
    assert manifest["environment"] == ["CONTRAPONTO_HOME"]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=made, check=True, timeout=60)
    # It holds secrets.
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE((made / "settings" / ".env").stat().st_mode) == 0o600

    elsewhere.enter()
    restore(made, no_report)
    assert (elsewhere.directory / ".env").read_bytes() == (installation.directory / ".env").read_bytes()
    assert (elsewhere.home / "api-auth").read_bytes() == (installation.home / "api-auth").read_bytes()
    assert not (elsewhere.home / ".restoring").exists()
    store = elsewhere.home / "store"
    assert {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()} == {
        *("results/1.txt", "results/2.txt", ".facts/ab/cd.json"),
    }
    # By its time the store knows that what it remembers of a file is still true.
    for file in ("results/1.txt", "results/2.txt"):
        assert (store / file).stat().st_mtime_ns == (installation.home / "store" / file).stat().st_mtime_ns
    with contextlib.closing(sqlite3.connect(elsewhere.home / "records.db")) as records:
        assert records.execute("SELECT title FROM contract").fetchall() == [("aluguel",)]
    with running(installation.home) as (_, before), running(elsewhere.home) as (url, after):
        assert ask(url, "SELECT count(*) || max(result) FROM run") == "50results/9.txt"
        with Redis.from_url(before) as first, Redis.from_url(after) as second:
            assert bus_content(second) == bus_content(first)


def test_it_moves_into_servers_of_ones_own(
    installation: Installation, elsewhere: Place, tmp_path: Path
) -> None:
    with (
        running_postgres(tmp_path / "database") as url,
        running_valkey() as redis,
        s3_server(tmp_path) as address,
    ):
        elsewhere.enter(
            database_url=url,
            redis_url=redis.url,
            record_store=url,
            store="s3://shop/films",
            s3_endpoint_url=address,
            s3_access_key_id="k",
            s3_secret_access_key="s",
        )
        bucket = media_store(reload_settings())
        bucket._client.create_bucket(Bucket="shop")  # type: ignore[attr-defined]
        restore(installation.backup, no_report)
        assert not (elsewhere.home / "postgres").exists()
        assert not (elsewhere.home / "valkey").exists()
        assert sorted(file.key for file in bucket.list()) == ["results/1.txt", "results/2.txt"]
        assert bucket.read_bytes("results/2.txt") == b"results/2.txt"
        assert ask(url, "SELECT count(*) FROM run") == "50"
        assert ask(url, "SELECT numero || versoes FROM contrato WHERE id = 'c1'") == '7/2026["v1", "v2"]'
        assert not (elsewhere.home / "records.db").exists()
        with (
            running(installation.home) as (_, before),
            Redis.from_url(before) as first,
            redis.client() as second,
        ):
            assert bus_content(second) == bus_content(first)

        with pytest.raises(BackupError, match="CONTRAPONTO_DATABASE_URL has tables already"):
            restore(installation.backup, no_report)
        # And from there: what lies elsewhere is said, the database is in the backup all the same.
        again = make(tmp_path / "later")
        manifest = json.loads((again / "manifest.json").read_text())
        assert manifest["parts"] == ["database", "settings"]
        assert any("s3://shop/films" in sentence for sentence in manifest["left_out"])


@pytest.mark.parametrize("data", ["postgres/PG_VERSION", "valkey/dump.rdb", "store/a/b", "records.db"])
def test_a_home_with_data_is_refused_and_stays_as_it_is(
    installation: Installation, elsewhere: Place, data: str
) -> None:
    elsewhere.enter()
    (elsewhere.home / data).parent.mkdir(parents=True)
    (elsewhere.home / data).write_text("kept")
    with pytest.raises(BackupError, match=f"has data already: .*{data.partition('/')[0]}"):
        restore(installation.backup, no_report)
    assert [path for path in elsewhere.home.rglob("*") if path.is_file() and path.name != "stack.lock"] == [
        elsewhere.home / data
    ]
    assert not (elsewhere.directory / ".env").exists()


@pytest.mark.parametrize("file", ["store/results/2.txt", "database.dump", "SHA256SUMS", "settings/.env"])
def test_a_damaged_backup_is_refused_before_anything_is_changed(
    installation: Installation, elsewhere: Place, tmp_path: Path, file: str
) -> None:
    made = shutil.copytree(installation.backup, tmp_path / "backup")
    damaged = made / file
    content = damaged.read_bytes()
    damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elsewhere.enter()
    with pytest.raises(BackupError, match=f'"{file}" is missing or is not what it was'):
        restore(made, no_report)
    assert list(elsewhere.directory.iterdir()) == []
    assert (installation.home / "store" / "results" / "2.txt").read_text() == "results/2.txt"


def test_a_backup_of_a_later_version_and_what_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="is not a backup"):
        restore(tmp_path, no_report)
    later = {
        "made_at": "2027-01-01T00:00:00Z",
        "contraponto": "99.1",
        "prefect": "3.0",
        "parts": [],
        "sums": "",
    }
    (tmp_path / "manifest.json").write_text(json.dumps(later))
    with pytest.raises(BackupError, match=r"later version \(Contraponto 99\.1\)"):
        restore(tmp_path, no_report)


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\\b", "a\u2028b", "\\", "a  b", "ação", "\udce3"])
def test_a_name_of_any_file_survives_the_list_of_digests(name: str, tmp_path: Path) -> None:
    """Others than the store may have put a file into its folder."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / name).write_text("1")
    sums = write_sums(tmp_path, no_report)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True, timeout=60)
    manifest = Manifest(made_at=datetime.now(UTC), contraponto="1", prefect="3", parts=(), sums=sums)
    check_sums(tmp_path, manifest, no_report)
    (tmp_path / "store" / name).write_text("2")
    with pytest.raises(BackupError, match="is not what it was"):
        check_sums(tmp_path, manifest, no_report)


@pytest.mark.parametrize("content", [b"\xff", b"{", b'{"contraponto": "one", "prefect": "3"}'])
def test_a_damaged_manifest_is_refused_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    whole = {"made_at": "2027-01-01T00:00:00Z", "parts": [], "sums": ""}
    if content.endswith(b"}"):
        content = json.dumps({**whole, **json.loads(content)}).encode()
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(BackupError, match=r"manifest\.json is damaged"):
        restore(tmp_path, no_report)


@pytest.mark.parametrize("place", ["file", "file/backups", "/proc/backups"])
def test_a_folder_that_cannot_be_written_to_is_said(
    place: str, installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(installation.home))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BackupError, match=r"^The backup could not be made: ") as caught:
        make(tmp_path / place)
    assert caught.value.hint
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("place", ["store", "store/results/deep", "postgres/backups", "fonts"])
def test_a_backup_does_not_hold_itself(
    place: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(installation.home))
    with pytest.raises(BackupError, match="the backup would hold itself"):
        make(installation.home / place)
    assert not list(installation.home.rglob("contraponto-*"))


def test_a_disk_that_fills_up_leaves_nothing(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(installation.home))

    monkeypatch.setattr(shutil, "copyfile", _full)
    with pytest.raises(BackupError, match="could not be made: No space left") as caught:
        make(tmp_path / "backups")
    assert "free some space" in caught.value.hint
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_that_fails_leaves_nothing(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRAPONTO_HOME", str(installation.home))
    monkeypatch.setattr(files, "_SPARE", 1e12)
    with pytest.raises(BackupError, match="MB are needed"):
        make(tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
    monkeypatch.setenv("CONTRAPONTO_HOME", str(tmp_path / "empty"))
    with pytest.raises(BackupError, match="nothing to back up"):
        make(tmp_path / "backups")


def test_a_restore_that_fails_leaves_nothing(
    installation: Installation, elsewhere: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.enter()

    def fail(*_: object) -> None:
        raise BackupError("pg_restore failed.")

    monkeypatch.setattr("deployments.backup.database.restore", fail)
    with pytest.raises(BackupError, match="pg_restore"):
        restore(installation.backup, no_report)
    assert not (elsewhere.directory / ".env").exists()
    left = {path.name for path in elsewhere.home.iterdir()}
    assert not left & {"postgres", "valkey", "store", "records.db", ".restoring", "api-auth"}


def test_a_restore_that_fails_can_be_repeated(
    installation: Installation, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the next one would be refused: a Redis with data in it is somebody's."""
    with running_valkey() as redis:
        elsewhere.enter(redis_url=redis.url)
        with monkeypatch.context() as broken:
            broken.setattr("deployments.backup.database.restore", _full)
            with pytest.raises(BackupError, match="The backup could not be restored: No space left"):
                restore(installation.backup, no_report)
            with redis.client() as client:
                assert client.dbsize() == 0
        restore(installation.backup, no_report)
        with redis.client() as client:
            assert client.dbsize() > 0


def test_settings_that_cannot_be_put_in_place_leave_none(
    installation: Installation, elsewhere: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere.enter()
    made = shutil.copytree(installation.backup, elsewhere.directory.parent / "backup")
    (made / "settings" / "contraponto.toml").write_text("")
    placed: list[Path] = []
    monkeypatch.setenv("CONTRAPONTO_SETTINGS_FILE", "/proc/contraponto.toml")
    with pytest.raises(OSError, match=r"/proc"):
        place_settings(made / "settings", placed.append)
    assert placed == [elsewhere.directory / ".env"], "whoever is told takes it away again"


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_files_on_another_disk_are_copied_with_their_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "a").write_text("1")
    os.utime(tmp_path / "store" / "a", ns=(5, 5))

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert files.link_tree(tmp_path / "store", tmp_path / "copy", no_report) == 1
    assert (tmp_path / "copy" / "a").stat().st_mtime_ns == 5
    assert (tmp_path / "copy" / "a").stat().st_ino != (tmp_path / "store" / "a").stat().st_ino
