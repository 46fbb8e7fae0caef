"""The message bus in Redis Streams: Redis from 6.2 on, or Valkey."""

from pydantic import Field, SecretStr
from typing_extensions import override

from blocks.stream_message_bus import StreamMessageBus
from blocks.streams.redis_server import RedisServer
from blocks.streams.server import StreamServer


class RedisMessageBus(StreamMessageBus):
    """Messages in the streams of a Redis or Valkey server."""

    _block_type_name = "Redis Message Bus"
    _block_type_slug = "redis-message-bus"
    _description = "Messages between systems, in Redis Streams."

    url: SecretStr = Field(
        title="Server", description="redis://HOST:PORT/DATABASE, rediss://… with TLS, or unix://PATH."
    )

    @override
    def _connected(self) -> StreamServer:
        return RedisServer(self.url.get_secret_value())
