"""What every media store must do, on a folder and on a real S3-speaking server."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.results import ResultStore
from pydantic import SecretStr

from blocks.local_media_store import LocalMediaStore
from blocks.media_store import RESULTS_PREFIX, MediaStore
from blocks.s3_media_store import S3MediaStore
from tasks.errors import InvalidInputError, SourceNotFoundError
from tests.servers.s3 import s3_client


def s3_store(address: str, home: Path) -> S3MediaStore:
    bucket = f"media-{uuid.uuid4().hex[:12]}"
    with s3_client(address) as client:
        client.create_bucket(Bucket=bucket)
    return S3MediaStore(
        bucket=bucket,
        prefix="contraponto",
        endpoint_url=address,
        access_key_id=SecretStr("id"),
        secret_access_key=SecretStr("key"),
        scratch_home=home,
    )


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    if request.param == "local":
        return LocalMediaStore(root=tmp_path / "store")
    return s3_store(request.getfixturevalue("s3_server"), tmp_path / "home")


def test_a_file_comes_back_as_it_went_in(store: MediaStore, tmp_path: Path) -> None:
    source = tmp_path / "fala.mp3"
    content = bytes(range(256)) * 1000
    source.write_bytes(content)
    before = datetime.now(UTC) - timedelta(seconds=2)
    stored = store.put_file(source, "entrevistas/São Paulo/ação nº 1 (final)+x.mp3")
    assert stored.key == "entrevistas/São Paulo/ação nº 1 (final)+x.mp3"
    assert stored.size == len(content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.content_type == "audio/mpeg"
    assert before <= stored.modified <= datetime.now(UTC) + timedelta(seconds=2)
    assert store.stat(stored.key) == stored
    with store.open_local(stored.key) as path:
        assert path.read_bytes() == content
        assert path.suffix == ".mp3"
    assert source.exists(), "the source is copied, not moved"


def test_text_is_utf8_and_says_so(store: MediaStore) -> None:
    stored = store.put_text("olá, coração", "a.vtt")
    assert stored.content_type == "text/vtt; charset=utf-8"
    assert store.read_bytes("a.vtt").decode() == "olá, coração"


def test_a_second_write_replaces_the_first(store: MediaStore) -> None:
    store.put_text("first and longer", "a.txt")
    second = store.put_text("second", "a.txt")
    assert store.read_bytes("a.txt") == b"second"
    assert store.stat("a.txt").sha256 == second.sha256 == hashlib.sha256(b"second").hexdigest()


def test_an_empty_file_is_a_file(store: MediaStore) -> None:
    assert store.put_bytes(b"", "empty").size == 0
    with store.open_local("empty") as path:
        assert path.read_bytes() == b""


def test_missing_files(store: MediaStore, tmp_path: Path) -> None:
    assert not store.exists("nothing/here.mp3")
    for action in (store.stat, store.read_bytes, store.url):
        with pytest.raises(SourceNotFoundError, match=r"nothing/here\.mp3"):
            action("nothing/here.mp3")
    with pytest.raises(SourceNotFoundError), store.open_local("nothing/here.mp3"):
        pytest.fail("there is nothing to open")
    store.remove("nothing/here.mp3")
    with pytest.raises(SourceNotFoundError):
        store.put_file(tmp_path / "missing.mp3", "a.mp3")
    assert not store.exists("a.mp3")


def test_bad_keys_are_refused_by_every_method(store: MediaStore, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    for key in ("../a", "/etc/passwd", "a/../../b", "a\x00b", ""):
        for action in (store.stat, store.exists, store.remove, store.url, store.read_bytes):
            with pytest.raises(InvalidInputError):
                action(key)
        with pytest.raises(InvalidInputError):
            store.put_file(tmp_path / "a", key)
        with pytest.raises(InvalidInputError), store.open_local(key):
            pytest.fail("opened")
    with pytest.raises(InvalidInputError):
        store.put_bytes(b"x", "canc\u0327a\u0303o")
    with pytest.raises(InvalidInputError):
        list(store.list("../"))


def test_listing_by_prefix_in_order(store: MediaStore) -> None:
    for key in ("b/2.txt", "a.txt", "b/1.txt", "b-side.txt", "b/c/3.txt", "ção/é.txt", "z"):
        store.put_bytes(key.encode(), key)
    assert [file.key for file in store.list()] == sorted(
        ["a.txt", "b-side.txt", "b/1.txt", "b/2.txt", "b/c/3.txt", "ção/é.txt", "z"]
    )
    assert [file.key for file in store.list("b/")] == ["b/1.txt", "b/2.txt", "b/c/3.txt"]
    assert [file.key for file in store.list("b")] == ["b-side.txt", "b/1.txt", "b/2.txt", "b/c/3.txt"]
    assert [file.key for file in store.list("b/c/3")] == ["b/c/3.txt"]
    assert list(store.list("nothing/")) == []
    assert [file.size for file in store.list("z")] == [1]


def test_removed_is_gone(store: MediaStore) -> None:
    store.put_text("x", "deep/er/a.txt")
    store.remove("deep/er/a.txt")
    assert not store.exists("deep/er/a.txt")
    assert list(store.list()) == []


def test_purge_takes_the_old_and_only_under_the_prefix(store: MediaStore) -> None:
    store.put_text("12345", "jobs/1.txt")
    store.put_text("123", "jobs/2.txt")
    store.put_text("1", "keep/3.txt")
    assert store.purge(timedelta(days=1)).count == 0
    report = store.purge(timedelta(seconds=-5), "jobs/", dry_run=True)
    assert (report.count, report.bytes) == (2, 8)
    assert store.exists("jobs/1.txt")
    assert store.purge(timedelta(seconds=-5), "jobs/") == report
    assert [file.key for file in store.list()] == ["keep/3.txt"]


async def test_it_is_prefect_result_storage(store: MediaStore) -> None:
    await store.awrite_path("4f/abc", b"result")
    assert await store.aread_path("4f/abc") == b"result"
    assert store.read_bytes(f"{RESULTS_PREFIX}4f/abc") == b"result"
    with pytest.raises(SourceNotFoundError):
        await store.aread_path("4f/other")


@pytest.mark.parametrize("way", ["synchronous", "asynchronous"])
async def test_prefect_keeps_results_in_it(store: MediaStore, way: str) -> None:
    results = ResultStore(result_storage=store)
    record = results.create_result_record({"text": "olá"}, key="4fabc")
    if way == "synchronous":
        results.persist_result_record(record)
        assert results.exists("4fabc")
        assert results.read("4fabc").result == {"text": "olá"}
        assert not results.exists("other")
    else:
        await results.apersist_result_record(record)
        assert await results.aexists("4fabc")
        assert (await results.aread("4fabc")).result == {"text": "olá"}
        assert not await results.aexists("other")
    assert [file.key for file in store.list(RESULTS_PREFIX)] == ["results/4fabc"]


def test_a_copy_is_a_file_of_its_own(store: MediaStore) -> None:
    store.put_bytes(b"old", "films/b.mp4")
    original = store.put_bytes(b"clip" * 1000, "clips/a.mp4")
    copied = store.copy_file("clips/a.mp4", "films/b.mp4")
    assert (copied.key, copied.size, copied.sha256) == ("films/b.mp4", original.size, original.sha256)
    assert copied.content_type == "video/mp4"
    store.remove("clips/a.mp4")
    assert store.read_bytes("films/b.mp4") == b"clip" * 1000


def test_only_what_is_there_can_be_copied(store: MediaStore) -> None:
    with pytest.raises(SourceNotFoundError, match=r"nothing\.mp4"):
        store.copy_file("nothing.mp4", "b.mp4")
    store.put_bytes(b"clip", "a.mp4")
    with pytest.raises(InvalidInputError, match="store key"):
        store.copy_file("a.mp4", "../b.mp4")
