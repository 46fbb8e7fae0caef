"""A way to a PostgreSQL that wants TLS, for programs that cannot speak it: pg_dump and psql of the wheel.

A socket that only this user can open; what comes in there goes on to the server encrypted, as `sslmode` in the address
of the database says. The server's first answer, one byte, tells whether it can
(https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL).
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from deployments.backup.manifest import BackupError

_TLS_REQUEST = struct.pack("!II", 8, 80877103)
_SASL = struct.pack("!I", 10)
_BOUND = b"SCRAM-SHA-256-PLUS\0"
_DEFAULT_PORT = 5432
_CONNECT_SECONDS = 15
_CHUNK_BYTES = 262_144


@contextmanager
def reachable_without_tls(url: str) -> Iterator[str]:
    """An address of the same database that needs no TLS, for as long as the block lasts.

    It is the same address if that needs none: a socket on this machine, or `sslmode=disable`.

    Raises:
        BackupError: a file of `sslrootcert`, `sslcert` or `sslkey` cannot be used.
    """
    parts, query = urlsplit(url), dict(parse_qsl(urlsplit(url).query))
    mode = query.get("sslmode", "prefer")
    if not parts.hostname or mode == "disable":
        yield url
        return
    try:
        context = _context(mode, query)
    except OSError as error:
        raise BackupError(
            f"The files for TLS of CONTRAPONTO_DATABASE_URL cannot be used: {error}",
            hint="Check sslrootcert, sslcert and sslkey in it.",
        ) from error
    way = _Way(parts.hostname, parts.port or _DEFAULT_PORT, mode, context)
    with (
        tempfile.TemporaryDirectory(prefix="contraponto-") as folder,  # for its owner alone
        way.open(Path(folder) / f".s.PGSQL.{_DEFAULT_PORT}"),
    ):
        login, at, _ = parts.netloc.rpartition("@")
        here = urlencode({"host": folder}, quote_via=quote)
        yield urlunsplit(parts._replace(netloc=f"{login}{at}", query=here))


def _context(mode: str, query: Mapping[str, str]) -> ssl.SSLContext:
    """As libpq reads these parameters: without a file of authorities, `require` believes any certificate."""
    authorities = query.get("sslrootcert")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    if mode in ("allow", "prefer") or (mode == "require" and not authorities):
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(authorities or Path("~/.postgresql/root.crt").expanduser())
    if "sslcert" in query:
        context.load_cert_chain(query["sslcert"], query.get("sslkey"))
    return context


class _Way:
    """From a socket to a server."""

    def __init__(self, host: str, port: int, mode: str, context: ssl.SSLContext) -> None:
        self._host = host
        self._port = port
        self._may_be_plain = mode in ("allow", "prefer")
        self._context = context
        self._writers: list[asyncio.StreamWriter] = []

    @contextmanager
    def open(self, path: Path) -> Iterator[None]:
        """Take connections at this path, in a thread, until the block ends."""
        loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_unix_server(self._pass_on, path))
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(server.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.run_until_complete(self._cut())
            loop.close()

    async def _cut(self) -> None:
        """End what is still open. Nobody needs it: the program has ended."""
        for writer in self._writers:
            writer.transport.abort()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            await asyncio.wait(left)
        await asyncio.sleep(0)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await self._connect()
        except OSError as error:
            writer.write(_refusal(f"{self._host}:{self._port}: {error}"))
            writer.close()
            return
        self._writers += (writer, there_writer)
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer, greet=True))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        connection, has_tls = await asyncio.to_thread(self._ask_for_tls)
        if has_tls:
            return await asyncio.open_connection(
                sock=connection, ssl=self._context, server_hostname=self._host
            )
        if not self._may_be_plain:
            connection.close()
            raise OSError("the server has no TLS, which sslmode asks for")
        return await asyncio.open_connection(sock=connection)

    def _ask_for_tls(self) -> tuple[socket.socket, bool]:
        connection = socket.create_connection((self._host, self._port), timeout=_CONNECT_SECONDS)
        try:
            connection.sendall(_TLS_REQUEST)
            has_tls = connection.recv(1) == b"S"
        except OSError:
            connection.close()
            raise
        return connection, has_tls


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, greet: bool = False) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while greet:
            kind, size = struct.unpack("!cI", await reader.readexactly(5))
            body = for_plain_client(kind, await reader.readexactly(size - 4))
            writer.write(struct.pack("!cI", kind, 4 + len(body)) + body)
            greet = kind not in (b"R", b"E")  # the way to log in, or an error
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    writer.close()


def for_plain_client(kind: bytes, body: bytes) -> bytes:
    """A server's message without the way to log in that is bound to its certificate, which ends here.

    A client without TLS takes the offer of it for an attack.
    """
    return body.replace(_BOUND, b"") if kind == b"R" and body.startswith(_SASL) else body


def _refusal(sentence: str) -> bytes:
    """An error as a server says it, for the program to print."""
    fields = b"".join(
        kind + value.encode() + b"\0" for kind, value in ((b"S", "FATAL"), (b"C", "08006"), (b"M", sentence))
    )
    return b"E" + struct.pack("!I", 4 + len(fields) + 1) + fields + b"\0"
