"""The message bus in the memory of one process, for a pipeline that runs in a single one."""

from typing_extensions import override

from blocks.stream_message_bus import StreamMessageBus
from blocks.streams.local_server import LocalServer
from blocks.streams.server import StreamServer


class LocalMessageBus(StreamMessageBus):
    """Messages that all who ask in this process share, and that end with it."""

    _block_type_name = "Local Message Bus"
    _block_type_slug = "local-message-bus"
    _description = "Messages between the parts of one process; they end with it."

    @override
    def _connected(self) -> StreamServer:
        return LocalServer()
