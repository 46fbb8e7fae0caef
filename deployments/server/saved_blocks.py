"""The blocks that a server knows: their types, and the ones that the settings describe."""

from importlib.util import find_spec

from prefect.blocks.core import Block
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks.alerts import AlertsNotification
from blocks.directus_record_store import DirectusRecordStore
from blocks.from_settings import media_store, text_model
from blocks.local_media_store import LocalMediaStore
from blocks.redis_message_bus import RedisMessageBus
from blocks.remote_engine import RemoteEngine
from blocks.s3_media_store import S3MediaStore
from blocks.settings import Settings
from blocks.sql_record_store import SqlRecordStore
from blocks.text_model import TextModel
from blocks.voice_endpoint import VoiceEndpoint
from blocks.webhook import WebhookNotification

DOCUMENT = "contraponto"
"""The name under which the blocks of the settings in force are saved."""

TYPES: tuple[type[Block], ...] = (
    LocalMediaStore, S3MediaStore, SqlRecordStore, DirectusRecordStore, RedisMessageBus, TextModel, VoiceEndpoint,
    RemoteEngine, WebhookNotification, AlertsNotification,
)  # fmt: skip


def ensure_blocks(api_url: str, settings: Settings) -> None:
    """Register the types of block, and save the media store and the text model that the settings describe.

    A block that carries credentials is not saved: a server gives them in the clear to whoever may call it.
    They stay in the settings, from which jobs take the block in any case.
    """
    with temporary_settings({PREFECT_API_URL: api_url}):
        for block_type in (*TYPES, *_optional_types()):
            block_type.register_type_and_schema()
        _alerts().save(DOCUMENT, overwrite=True)
        if settings.store == "local":
            media_store(settings).save(DOCUMENT, overwrite=True)
        # A name with a slash is a block that somebody saved already.
        if settings.text_model and "/" not in settings.text_model and settings.text_model_api_key is None:
            model = text_model(settings)
            if model is not None:
                model.save(DOCUMENT, overwrite=True)


def _alerts() -> AlertsNotification:
    """As somebody has saved it, else as it is."""
    try:
        found = AlertsNotification.load(DOCUMENT)
    except ValueError:  # there is none
        return AlertsNotification()
    assert isinstance(found, AlertsNotification)  # noqa: S101 - not awaited: no loop runs here
    return found


def _optional_types() -> list[type[Block]]:
    """Those whose client library is an extra of the installation, where it is installed."""
    if find_spec("aio_pika") is None:
        return []
    from blocks.amqp_message_bus import AmqpMessageBus  # noqa: PLC0415

    return [AmqpMessageBus]
