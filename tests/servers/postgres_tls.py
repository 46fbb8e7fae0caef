"""A PostgreSQL that lets nobody in without TLS: in front of one on a socket, whose wheel is built without.

It answers as the protocol says (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL).
"""

import asyncio
import contextlib
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_TLS_REQUEST = struct.pack("!II", 8, 80877103)


@contextmanager
def only_with_tls(socket: str, certificate: Path, *, has_tls: bool = True) -> Iterator[int]:
    """Its port on 127.0.0.1; without `has_tls` it says that it has none, and takes what comes."""
    loop = asyncio.new_event_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(8)
            if first == _TLS_REQUEST:
                writer.write(b"S" if has_tls else b"N")
                await writer.drain()
                first = b""
                if has_tls:
                    await writer.start_tls(context)
            elif has_tls:
                writer.close()
                return
            there_reader, there_writer = await asyncio.open_unix_connection(socket)
            there_writer.write(first)
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(meet, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
