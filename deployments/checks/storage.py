"""Checks of what the processes of all jobs share: Redis and the media store."""

import uuid

from blocks.settings import Settings
from deployments.checks.check import SLOW_SECONDS, UP, Check, used
from deployments.embedded import valkey
from deployments.embedded.stack import EmbeddedStack


def redis_server(stack: EmbeddedStack) -> Check:
    """Whether Redis, or what stands in for it on this machine, answers."""
    url = stack.settings.redis_url
    return used(
        "redis",
        lambda: _ping(url or valkey.redis_url(stack.surroundings)),
        fix="check CONTRAPONTO_REDIS_URL" if url else UP,
        slow_seconds=SLOW_SECONDS,
    )


def media_store(settings: Settings) -> Check:
    """Whether the media store takes a file and gives it back."""
    return used(
        "media store",
        lambda: _write_and_read(settings),
        fix="see CONTRAPONTO_STORE",
        slow_seconds=SLOW_SECONDS,
    )


def _ping(url: str) -> str:
    import redis  # noqa: PLC0415 - only where there is one to ask

    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        raise ConnectionError(str(error)) from error
    return "answers"


def _write_and_read(settings: Settings) -> str:
    from blocks.from_settings import media_store  # noqa: PLC0415 - brings Prefect, which takes seconds

    store = media_store(settings)
    key, content = f"health/{uuid.uuid4().hex}", uuid.uuid4().bytes
    store.put_bytes(content, key)
    try:
        if store.read_bytes(key) != content:
            raise OSError("what was read is not what was written")
    finally:
        store.remove(key)
    return f"{settings.store}: written, read and deleted"
