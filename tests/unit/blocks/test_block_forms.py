"""The forms that the Prefect UI shows for the blocks, and which blocks the settings choose."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks import from_settings
from blocks.directus_record_store import DirectusRecordStore
from blocks.from_settings import media_store, remote_stage
from blocks.local_media_store import LocalMediaStore
from blocks.remote_engine import RemoteEngine
from blocks.s3_media_store import S3MediaStore
from blocks.settings import Settings
from blocks.sql_record_store import SqlRecordStore
from blocks.text_model import TextModel
from blocks.voice_endpoint import VoiceEndpoint
from tasks.errors import InvalidSettingError

BLOCKS: list[type[Block]] = [
    *(
        LocalMediaStore,
        S3MediaStore,
        SqlRecordStore,
        DirectusRecordStore,
        TextModel,
        VoiceEndpoint,
        RemoteEngine,
    )
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_the_form_explains_itself(block: type[Block]) -> None:
    assert " " in block.get_block_type_name()
    assert block.get_description()
    schema = block.model_json_schema()
    for name, field in schema["properties"].items():
        assert field.get("title"), name
        assert field.get("description") or name == "cancel_method", name


def test_secrets_are_hidden_in_the_form() -> None:
    assert S3MediaStore.model_json_schema()["secret_fields"] == ["access_key_id", "secret_access_key"]
    assert SqlRecordStore.model_json_schema()["secret_fields"] == ["url", "password"]
    assert DirectusRecordStore.model_json_schema()["secret_fields"] == ["token"]
    assert TextModel.model_json_schema()["secret_fields"] == ["api_key"]
    assert VoiceEndpoint.model_json_schema()["secret_fields"] == ["api_key"]
    assert RemoteEngine.model_json_schema()["secret_fields"] == ["api_key"]


def test_stores_can_be_result_storage() -> None:
    for block in (LocalMediaStore, S3MediaStore):
        assert block.get_block_capabilities() >= {"read-path", "write-path"}


def test_the_local_store_is_the_default(tmp_path: Path) -> None:
    store = media_store(Settings(home=tmp_path))
    assert isinstance(store, LocalMediaStore)
    store.put_text("x", "a.txt")
    assert (tmp_path / "store" / "a.txt").is_file()


def test_a_bucket_by_settings(s3_server: str, tmp_path: Path) -> None:
    bucket = f"media-{uuid.uuid4().hex[:12]}"
    store = media_store(
        Settings(
            home=tmp_path,
            store=f"s3://{bucket}/a/b",
            s3_endpoint_url=s3_server,
            s3_access_key_id=SecretStr("id"),
            s3_secret_access_key=SecretStr("key"),
        )
    )
    assert isinstance(store, S3MediaStore)
    store._client.create_bucket(Bucket=bucket)
    store.put_text("x", "c.txt")
    assert store._client.get_object(Bucket=bucket, Key="a/b/c.txt")["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("name", "block"), [("local-media-store/home", LocalMediaStore), ("s3-media-store/minio", S3MediaStore)]
)
def test_a_saved_block_by_settings(
    name: str, block: type[Block], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    saved = LocalMediaStore(root=tmp_path) if block is LocalMediaStore else S3MediaStore(bucket="media")
    asked: list[str] = []

    def load(cls: type[Block], /, name: str, **_: Any) -> Block:
        asked.append(f"{cls.get_block_type_slug()}/{name}")
        return saved

    monkeypatch.setattr(Block, "load", classmethod(load))
    assert media_store(Settings(store=name)) is saved
    assert asked == [name]


def test_a_saved_block_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(cls: type[Block], /, name: str, **_: Any) -> Block:
        raise ValueError(f"Unable to find block document named {name}")

    monkeypatch.setattr(Block, "load", classmethod(load))
    with pytest.raises(
        InvalidSettingError, match='no saved block "local-media-store/home", which store names'
    ):
        media_store(Settings(store="local-media-store/home"))


def test_stages_are_done_here_unless_settings_say_otherwise() -> None:
    assert [remote_stage(Settings(), stage) for stage in from_settings._STAGE_SETTINGS] == [None] * 3


def test_a_remote_stage_by_settings() -> None:
    settings = Settings(
        audio_transcriber_url="http://10.0.0.5:8003",
        poll_interval=7,
        max_poll_attempts=9,
        http_max_retries=1,
        retry_backoff_base_seconds=4,
    )
    assert remote_stage(settings, "download") is None
    service = remote_stage(settings, "transcription")
    assert service is not None
    assert (service.name, service.base_url) == ("transcription", "http://10.0.0.5:8003")
    rules = service.rules
    assert (rules.poll_interval, rules.max_poll_attempts, rules.max_retries, rules.backoff) == (7, 9, 1, 4)


def test_a_remote_stage_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = RemoteEngine(base_url="http://gpu.lan", submit_path="/run", cancel_method="POST")
    monkeypatch.setattr(Block, "load", classmethod(lambda cls, name, **_: saved))
    service = remote_stage(Settings(video_downloader_url="remote-engine/rented"), "download")
    assert service is not None
    assert (service.paths.submit, service.paths.cancel_method) == ("/run", "POST")
