"""Which media store, message bus, text model, voice and remote services the settings name."""

from typing import TYPE_CHECKING, Any, TypeVar

from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.local_media_store import LocalMediaStore
from blocks.media_store import MediaStore
from blocks.message_bus import MessageBus
from blocks.record_store import RecordStore
from blocks.remote_engine import RemoteEngine
from blocks.settings import Settings
from tasks.errors import InvalidSettingError, MissingEngineError
from tasks.prefect_internals import load_block
from tasks.remote.protocol import Stage
from tasks.remote.stage_service import StageService

if TYPE_CHECKING:
    from blocks.amqp_message_bus import AmqpMessageBus
    from blocks.text_model import TextModel
    from blocks.voice_endpoint import VoiceEndpoint

B = TypeVar("B", bound=Block)

_STAGE_SETTINGS: dict[Stage, str] = {
    "download": "video_downloader_url",
    "normalization": "audio_normalization_url",
    "transcription": "audio_transcriber_url",
}


def media_store(settings: Settings) -> MediaStore:
    """The media store that `settings.store` names. Saved blocks are loaded from the Prefect server.

    Raises InvalidSettingError if there is no such block, MissingEngineError if S3 support is not installed.
    """
    if settings.store == "local":
        return LocalMediaStore(root=settings.home / "store", base_url=settings.store_base_url)
    kind, _, name = settings.store.partition("/")
    if kind == LocalMediaStore.get_block_type_slug():
        return _saved(LocalMediaStore, name, "store")
    try:
        # The client library is an extra of the installation and takes its time to import.
        from blocks.s3_media_store import S3MediaStore  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(
            "The S3 media store needs the package boto3, which is not installed.",
            hint="Run: pip install 'contraponto[s3]'",
        ) from error
    if kind == S3MediaStore.get_block_type_slug():
        return _saved(S3MediaStore, name, "store")
    bucket, _, prefix = settings.store.removeprefix("s3://").partition("/")
    return S3MediaStore(
        bucket=bucket,
        prefix=prefix,
        endpoint_url=settings.s3_endpoint_url,
        public_endpoint_url=settings.s3_public_endpoint_url,
        region=settings.s3_region,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=settings.s3_secret_access_key,
        path_style=settings.s3_path_style,
        scratch_home=settings.home,
    )


def text_model(settings: Settings) -> "TextModel | None":
    """The text model that the settings name; None if they name none.

    Raises InvalidSettingError for a half-named one, MissingEngineError if its support is not installed.
    """
    if not settings.text_model and not settings.text_model_base_url:
        return None
    try:
        # The client library is an extra of the installation and takes its time to import.
        from blocks.text_model import TextModel  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(
            "The text model needs the package openai, which is not installed.",
            hint="Run: pip install 'contraponto[translation]'",
        ) from error
    if not settings.text_model:
        raise InvalidSettingError(
            "The setting text_model_base_url is given but not text_model.",
            hint="Set CONTRAPONTO_TEXT_MODEL to the name of a model there.",
        )
    kind, _, name = settings.text_model.partition("/")
    if kind == TextModel.get_block_type_slug():
        return _saved(TextModel, name, "text_model")
    model = TextModel(
        model=settings.text_model,
        api_key=settings.text_model_api_key,
        max_retries=settings.http_max_retries,
    )
    if settings.text_model_base_url:
        model.base_url = settings.text_model_base_url
    return model


def record_store(settings: Settings) -> RecordStore:
    """The record store that `settings.record_store` names. Saved blocks are loaded from the Prefect server.

    Raises InvalidSettingError if it names none.
    """
    # SQLAlchemy takes its time to import.
    from blocks.directus_record_store import DirectusRecordStore  # noqa: PLC0415
    from blocks.sql_record_store import SqlRecordStore  # noqa: PLC0415

    named = settings.record_store
    token = settings.record_store_token
    if named == "local":
        return SqlRecordStore(url=SecretStr(f"sqlite:///{settings.home / 'records.db'}"))
    if named.startswith(("https://", "http://")):
        if token is None:
            raise InvalidSettingError(
                "The record store is a Directus, and there is no token for it.",
                hint="Set CONTRAPONTO_RECORD_STORE_TOKEN to the static token of a user there.",
            )
        return DirectusRecordStore(
            base_url=named, token=token, allowed_private_hosts=settings.allowed_private_hosts
        )
    kind, _, name = named.partition("/")
    for block in (SqlRecordStore, DirectusRecordStore):
        if kind == block.get_block_type_slug():
            return _saved(block, name, "record_store")
    return SqlRecordStore(url=SecretStr(named), password=token)


def message_bus(settings: Settings) -> MessageBus:
    """The message bus that `settings.message_bus` names; `auto` is the Redis of `redis_url`, or else this process.

    Raises InvalidSettingError if there is no such saved block, MissingEngineError if RabbitMQ support is not installed.
    """
    # The clients take their time to import.
    from blocks.local_message_bus import LocalMessageBus  # noqa: PLC0415
    from blocks.redis_message_bus import RedisMessageBus  # noqa: PLC0415

    named = settings.message_bus
    if named == "auto":
        named = settings.redis_url or "local"
    kind, _, name = named.partition("/")
    if kind == RedisMessageBus.get_block_type_slug():
        return _saved(RedisMessageBus, name, "message_bus")
    if kind == "amqp-message-bus":
        return _saved(_amqp_message_bus(), name, "message_bus")
    limits: dict[str, Any] = {
        "max_bytes": settings.message_max_kb * 1024,
        "most_waiting": settings.message_most_waiting,
        "retention_seconds": settings.message_retention_hours * 3600,
    }
    if named == "local":
        return LocalMessageBus(**limits)
    if named.startswith(("amqp://", "amqps://")):
        return _amqp_message_bus()(url=SecretStr(named), **limits)
    return RedisMessageBus(url=SecretStr(named), **limits)


def _amqp_message_bus() -> "type[AmqpMessageBus]":
    try:
        # The client library is an extra of the installation and takes its time to import.
        from blocks.amqp_message_bus import AmqpMessageBus  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(
            "RabbitMQ as the message bus needs the package aio-pika, which is not installed.",
            hint="Run: pip install -e '.[amqp]'",
        ) from error
    return AmqpMessageBus


def voice_endpoint(settings: Settings) -> "VoiceEndpoint | None":
    """The speech endpoint that the settings name; None if they name none.

    Raises InvalidSettingError for a half-named one, MissingEngineError if its support is not installed.
    """
    if not settings.voice_endpoint_model and not settings.voice_endpoint_base_url:
        return None
    try:
        # The client library is an extra of the installation and takes its time to import.
        from blocks.voice_endpoint import VoiceEndpoint  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(
            "The speech endpoint needs the package openai, which is not installed.",
            hint="Run: pip install 'contraponto[translation]'",
        ) from error
    if not settings.voice_endpoint_model:
        raise InvalidSettingError(
            "The setting voice_endpoint_base_url is given but not voice_endpoint_model.",
            hint="Set CONTRAPONTO_VOICE_ENDPOINT_MODEL to the name of a speech model there.",
        )
    kind, _, name = settings.voice_endpoint_model.partition("/")
    if kind == VoiceEndpoint.get_block_type_slug():
        return _saved(VoiceEndpoint, name, "voice_endpoint_model")
    endpoint = VoiceEndpoint(
        model=settings.voice_endpoint_model,
        voice=settings.voice_endpoint_voice,
        api_key=settings.voice_endpoint_api_key,
        max_retries=settings.http_max_retries,
    )
    if settings.voice_endpoint_base_url:
        endpoint.base_url = settings.voice_endpoint_base_url
    return endpoint


def remote_stage(settings: Settings, stage: Stage) -> StageService | None:
    """The service that does a stage instead of this machine; None if the settings name none.

    Raises InvalidSettingError if they name a saved block that does not exist.
    """
    setting = _STAGE_SETTINGS[stage]
    address: str | None = getattr(settings, setting)
    if address is None:
        return None
    kind, _, name = address.partition("/")
    engine = (
        _saved(RemoteEngine, name, setting)
        if kind == RemoteEngine.get_block_type_slug()
        else RemoteEngine(
            base_url=address,
            api_key=settings.remote_api_key,
            poll_interval=settings.poll_interval,
            max_poll_attempts=settings.max_poll_attempts,
            max_retries=settings.http_max_retries,
            backoff=settings.retry_backoff_base_seconds,
        )
    )
    return engine.service(stage, settings.allowed_private_hosts)


def _saved(block: type[B], name: str, setting: str) -> B:
    try:
        return load_block(block, name)
    except ValueError as error:
        raise InvalidSettingError(
            f'There is no saved block "{block.get_block_type_slug()}/{name}", which {setting} names.',
            hint="Make it on the Blocks page of the Prefect UI, or correct the setting.",
        ) from error
