"""The bucket store against a real S3-speaking server: parts, links, what goes wrong."""

import hashlib
import pickle
import socket
import threading
import uuid
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from blocks import s3_media_store
from blocks.s3_media_store import S3MediaStore
from tasks.errors import InvalidInputError, StorageFullError, TransientError


@pytest.fixture
def store(s3_server: str, tmp_path: Path) -> S3MediaStore:
    store = S3MediaStore(
        bucket=f"media-{uuid.uuid4().hex[:12]}",
        prefix="/contraponto/",
        endpoint_url=s3_server,
        access_key_id=SecretStr("id"),
        secret_access_key=SecretStr("key"),
        scratch_home=tmp_path / "home",
    )
    store._client.create_bucket(Bucket=store.bucket)
    return store


def test_a_large_file_goes_up_in_parts(store: S3MediaStore, tmp_path: Path) -> None:
    source = tmp_path / "talk.wav"
    content = hashlib.sha256(b"seed").digest() * (40 * 1024 * 1024 // 32)
    source.write_bytes(content)
    stored = store.put_file(source, "talk.wav")
    assert (stored.size, stored.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    head = store._client.head_object(Bucket=store.bucket, Key="contraponto/talk.wav")
    assert head["ETag"].endswith('-3"'), "three parts"
    with store.open_local("talk.wav") as path:
        assert path.name == "talk.wav"
        assert path.read_bytes() == content
    assert not path.exists()
    assert list((tmp_path / "home" / "scratch").iterdir()) == []


def test_a_failed_upload_leaves_nothing(
    store: S3MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "talk.wav"
    source.write_bytes(b"x" * (33 << 20))
    client = store._client

    def refuse(**_: object) -> None:
        raise client.exceptions.ClientError(
            {"Error": {"Code": "XMinioStorageFull"}, "ResponseMetadata": {"HTTPStatusCode": 507}},  # type: ignore[typeddict-item]
            "UploadPart",
        )

    client.meta.events.register_last("before-send.s3.UploadPart", refuse)
    try:
        with pytest.raises(StorageFullError, match="is full"):
            store.put_file(source, "talk.wav")
    finally:
        client.meta.events.unregister("before-send.s3.UploadPart", refuse)
    assert not store.exists("talk.wav")
    assert "Uploads" not in client.list_multipart_uploads(Bucket=store.bucket)


def test_purge_withdraws_unfinished_uploads(store: S3MediaStore) -> None:
    client = store._client
    client.create_multipart_upload(Bucket=store.bucket, Key="contraponto/jobs/a.wav")
    client.create_multipart_upload(Bucket=store.bucket, Key="elsewhere/a.wav")
    store.purge(timedelta(days=36500 // 2))
    assert len(client.list_multipart_uploads(Bucket=store.bucket)["Uploads"]) == 2
    store.purge(timedelta(seconds=-60), dry_run=True)
    assert len(client.list_multipart_uploads(Bucket=store.bucket)["Uploads"]) == 2
    store.purge(timedelta(seconds=-60))
    assert [u["Key"] for u in client.list_multipart_uploads(Bucket=store.bucket)["Uploads"]] == [
        "elsewhere/a.wav"
    ]


def test_a_link_works_without_credentials(store: S3MediaStore) -> None:
    store.put_text("olá", "a b/ção.txt")
    answer = httpx.get(store.url("a b/ção.txt", expires=60))
    assert (answer.status_code, answer.text) == (200, "olá")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_links_are_signed_for_the_public_address(store: S3MediaStore) -> None:
    store.put_text("x", "a.txt")
    public = store.model_copy(update={"public_endpoint_url": "https://files.example.com"})
    assert public.url("a.txt", expires=60).startswith(
        f"https://files.example.com/{store.bucket}/contraponto/a.txt?"
    )


def test_foreign_objects_can_be_read(store: S3MediaStore) -> None:
    store._client.put_object(Bucket=store.bucket, Key="contraponto/foreign.mp3", Body=b"x")
    store._client.put_object(Bucket=store.bucket, Key="contraponto/folder/", Body=b"")
    store._client.put_object(Bucket=store.bucket, Key="outside.mp3", Body=b"x")
    assert [file.key for file in store.list()] == ["foreign.mp3"]
    assert store.stat("foreign.mp3").sha256 is None
    with store.open_local("foreign.mp3") as path:
        assert path.read_bytes() == b"x"


def test_more_than_a_page_is_listed(store: S3MediaStore) -> None:
    # The test server gives pages of 20.
    for number in range(45):
        store._client.put_object(Bucket=store.bucket, Key=f"contraponto/{number:04}", Body=b"")
    assert [file.key for file in store.list()] == [f"{number:04}" for number in range(45)]


def test_damage_on_the_way_is_noticed(store: S3MediaStore) -> None:
    store._client.put_object(
        Bucket=store.bucket, Key="contraponto/a.txt", Body=b"damaged", Metadata={"sha256": "0" * 64}
    )
    with pytest.raises(TransientError, match="arrived damaged"), store.open_local("a.txt"):
        pytest.fail("opened")


def test_a_missing_bucket_is_told_from_a_missing_file(store: S3MediaStore) -> None:
    wrong = store.model_copy(update={"bucket": "no-such-bucket"})
    for action in (wrong.stat, wrong.exists, wrong.read_bytes):
        with pytest.raises(InvalidInputError, match=r"no-such-bucket at http://.* does not exist"):
            action("a.txt")
    with pytest.raises(InvalidInputError, match="does not exist"):
        wrong.put_text("x", "a.txt")
    with pytest.raises(InvalidInputError, match="does not exist"):
        list(wrong.list())


def test_a_bucket_name_that_is_none_is_named(store: S3MediaStore) -> None:
    with pytest.raises(InvalidInputError, match="set up wrong"):
        store.model_copy(update={"bucket": "has spaces!"}).stat("a.txt")


def answering(status: int, code: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = f"<Error><Code>{code}</Code></Error>".encode() if self.command != "HEAD" else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = answer  # noqa: N815 - the names the base class calls

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.mark.parametrize(
    ("status", "code", "error", "said"),
    [
        (403, "AccessDenied", InvalidInputError, "refuses access"),
        (403, "SignatureDoesNotMatch", InvalidInputError, "SignatureDoesNotMatch"),
        (400, "AuthorizationHeaderMalformed", InvalidInputError, "another region"),
        (501, "NotImplemented", InvalidInputError, "refused to work"),
        (503, "SlowDown", TransientError, "out of order at the moment"),
        (500, "InternalError", TransientError, "out of order at the moment"),
        (507, "XMinioStorageFull", StorageFullError, "is full"),
    ],
)
def test_what_the_service_says_is_translated(
    store: S3MediaStore,
    status: int,
    code: str,
    error: type[Exception],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3_media_store, "MAX_ATTEMPTS", 1)
    s3_media_store._connect.cache_clear()
    server = answering(status, code)
    try:
        other = store.model_copy(update={"endpoint_url": f"http://127.0.0.1:{server.server_port}"})
        with pytest.raises(error, match=said):
            other.put_text("x", "a.txt")
    finally:
        server.shutdown()
        server.server_close()
        s3_media_store._connect.cache_clear()


def test_purge_works_where_unfinished_uploads_cannot_be_listed(store: S3MediaStore) -> None:
    store.put_text("x", "a.txt")
    client = store._client

    def refuse(**_: object) -> None:
        raise client.exceptions.ClientError(
            {"Error": {"Code": "NotImplemented"}, "ResponseMetadata": {"HTTPStatusCode": 501}},  # type: ignore[typeddict-item]
            "ListMultipartUploads",
        )

    client.meta.events.register_last("before-send.s3.ListMultipartUploads", refuse)
    try:
        assert store.purge(timedelta(seconds=-60)).count == 1
    finally:
        client.meta.events.unregister("before-send.s3.ListMultipartUploads", refuse)


def test_an_unreachable_service_is_transient(store: S3MediaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_media_store, "MAX_ATTEMPTS", 1)
    s3_media_store._connect.cache_clear()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = store.model_copy(update={"endpoint_url": f"http://127.0.0.1:{probe.getsockname()[1]}"})
        with pytest.raises(TransientError, match="cannot be reached"):
            other.stat("a.txt")
    s3_media_store._connect.cache_clear()


def test_no_credentials_is_said(store: S3MediaStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    s3_media_store._connect.cache_clear()
    other = store.model_copy(update={"access_key_id": None, "secret_access_key": None})
    with pytest.raises(InvalidInputError, match="no complete credentials"):
        other.stat("a.txt")
    s3_media_store._connect.cache_clear()


def test_secrets_stay_hidden_and_the_block_can_travel(store: S3MediaStore) -> None:
    store.put_text("x", "a.txt")
    assert "SecretStr('key')" not in repr(store)
    assert pickle.loads(pickle.dumps(store)).read_bytes("a.txt") == b"x"  # noqa: S301 - our own bytes
