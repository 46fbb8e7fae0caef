"""Which media store the settings name."""

from blocks.local_media_store import LocalMediaStore
from blocks.media_store import MediaStore
from blocks.settings import Settings
from tasks.errors import InvalidSettingError, MissingEngineError


def media_store(settings: Settings) -> MediaStore:
    """The media store that `settings.store` names. Saved blocks are loaded from the Prefect server.

    Raises InvalidSettingError if there is no such block, MissingEngineError if S3 support is not installed.
    """
    if settings.store == "local":
        return LocalMediaStore(root=settings.home / "store", base_url=settings.store_base_url)
    kind, _, name = settings.store.partition("/")
    if kind == LocalMediaStore.get_block_type_slug():
        return _saved(LocalMediaStore, name)
    try:
        # The client library is an extra of the installation and takes its time to import.
        from blocks.s3_media_store import S3MediaStore  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(
            "The S3 media store needs the package boto3, which is not installed.",
            hint="Run: pip install 'contraponto[s3]'",
        ) from error
    if kind == S3MediaStore.get_block_type_slug():
        return _saved(S3MediaStore, name)
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


def _saved(block: type[MediaStore], name: str) -> MediaStore:
    try:
        # Without `_sync`, which is no part of the signature, callers inside a flow would get a coroutine.
        loaded = block.load(name, _sync=True)  # type: ignore[call-arg]
    except ValueError as error:
        raise InvalidSettingError(
            f'There is no saved block "{block.get_block_type_slug()}/{name}", which the setting store names.',
            hint="Make it on the Blocks page of the Prefect UI, or correct CONTRAPONTO_STORE.",
        ) from error
    assert isinstance(loaded, MediaStore)  # noqa: S101 - for the type checker; `load` is of this class
    return loaded
