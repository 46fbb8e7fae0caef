"""The bus on RabbitMQ as far as it needs no broker; `tests/system/rabbitmq` has one."""

import asyncio
import struct
import sys
from datetime import UTC, datetime
from pathlib import Path

import pamqp.frame
import pytest
from aiormq import spec
from aiormq.abc import DeliveredMessage
from hypothesis import given
from hypothesis import strategies as st
from pamqp.header import ContentHeader
from pydantic import SecretStr

from blocks import amqp_message_bus
from blocks.amqp_forms import INBOX, PARTITIONS, Headers, entry, is_stream_name, partition, read_headers
from blocks.amqp_message_bus import AmqpMessageBus
from blocks.from_settings import message_bus
from blocks.message_bus import Fact
from blocks.settings import Settings
from tasks.errors import InvalidSettingError, MissingEngineError, TransientError

ADDRESS = "amqps://me:hush@rabbit.example:5671/oraculo"


def test_an_address_of_rabbitmq_is_enough(tmp_path: Path) -> None:
    bus = message_bus(Settings(home=tmp_path, message_bus=ADDRESS, message_most_waiting=50))
    assert isinstance(bus, AmqpMessageBus)
    assert (bus.most_waiting, bus.max_bytes) == (50, 256 * 1024)
    assert bus.address() == f"{ADDRESS}?heartbeat=15"
    assert "hush" not in repr(bus)


def test_an_own_heartbeat_stays() -> None:
    own = "amqp://rabbit/?heartbeat=60"
    assert AmqpMessageBus(url=SecretStr(own)).address() == own


def test_without_the_client_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("blocks.amqp_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiormq", None)
    with pytest.raises(MissingEngineError, match=r"pip install -e '\.\[amqp\]'"):
        message_bus(Settings(home=tmp_path, message_bus=ADDRESS))


async def test_a_broker_that_is_not_there_is_waited_for_by_the_caller() -> None:
    bus = AmqpMessageBus(url=SecretStr("amqp://guest:guest@127.0.0.1:1/"))
    with pytest.raises(TransientError, match="cannot be reached"):
        await bus.ping()
    await bus.aclose()


async def test_a_broker_that_says_nothing_is_told_from_one_that_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A listener that asks whether the bus is well must not end because it is not."""
    monkeypatch.setattr(amqp_message_bus, "_PING_SECONDS", 0.2)
    connected: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: connected.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    bus = AmqpMessageBus(url=SecretStr(f"amqp://guest:guest@127.0.0.1:{port}/"))
    with pytest.raises(TransientError, match="does not answer"):
        await bus.ping()
    await bus.aclose()
    for writer in connected:
        writer.close()
    server.close()


@pytest.mark.parametrize("address", ["amqp://guest@127.0.0.1:99999/", "amqp://guest@[::1/"])
async def test_an_address_that_is_none_is_said(address: str) -> None:
    bus = AmqpMessageBus(url=SecretStr(address))
    with pytest.raises(InvalidSettingError, match="CONTRAPONTO_MESSAGE_BUS"):
        await bus.ping()


@pytest.mark.parametrize(
    "name", ["", "x" * 250, "é" * 125, "contraponto", INBOX, *PARTITIONS[:2], "contraponto.x", "amq.direct"]
)
def test_names_that_no_stream_can_have(name: str) -> None:
    assert not is_stream_name(name)
    assert is_stream_name(f"x{name[:100]}")


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_foreign_time_is_one_that_can_be_shown(written: int) -> None:
    headers = read_headers(delivered(spec.Basic.Properties(headers={"em": written})), "fluxo")
    assert entry(7, headers, b"nothing", 100).at.tzinfo is UTC


@given(
    st.binary(max_size=255),
    st.integers(0, 2**64 - 1),
    st.dictionaries(st.binary(min_size=1, max_size=8), st.sampled_from([b"Z", b"V", b"t\x01"]), max_size=3),
)
def test_what_cannot_be_read_beside_a_message_does_not_end_the_connection(
    message_id: bytes, timestamp: int, table: dict[bytes, bytes]
) -> None:
    headers = b"".join(bytes([len(name)]) + name + value for name, value in table.items())
    # Headers, message id, timestamp.
    properties = struct.pack(">I", len(headers)) + headers + bytes([len(message_id)]) + message_id
    body = (
        struct.pack(">HHQH", 60, 0, 0, 0x2000 | 0x0080 | 0x0040) + properties + struct.pack(">Q", timestamp)
    )
    frame = struct.pack(">BHI", 2, 1, len(body)) + body + b"\xce"
    consumed, _, header = pamqp.frame.unmarshal(frame)
    assert consumed == len(frame)
    assert isinstance(header, ContentHeader)
    read = read_headers(delivered(header.properties), "fluxo")
    assert entry(7, read, b"nothing", 100).at.tzinfo is UTC
    assert read.key


@given(st.text(min_size=1))
def test_every_conversation_has_its_log(correlation_id: str) -> None:
    assert partition(correlation_id) in PARTITIONS
    assert partition(correlation_id) == partition(correlation_id)


def delivered(properties: spec.Basic.Properties, body: bytes = b"{}") -> DeliveredMessage:
    return DeliveredMessage(
        spec.Basic.Deliver(),
        ContentHeader(properties=properties),
        body,
        channel=None,  # type: ignore[arg-type]
    )


@given(
    st.builds(
        Headers,
        stream=st.text(min_size=1),
        id=st.text(min_size=1),
        key=st.text(min_size=1),
        conversation=st.none() | st.text(min_size=1),
        at=st.integers(0, 2**40).map(lambda value: value / 1000),
        attempts=st.integers(0, 100),
        fact=st.none() | st.sampled_from(Fact),
        note=st.text(),
        reason=st.text(),
        group=st.text(),
        withdrawn=st.booleans(),
    )
)
def test_headers_are_read_as_they_were_written(headers: Headers) -> None:
    assert read_headers(delivered(headers.properties()), "other") == headers


def test_foreign_messages_need_no_headers() -> None:
    at = datetime(2026, 11, 29, tzinfo=UTC)
    named = read_headers(delivered(spec.Basic.Properties(message_id="theirs", timestamp=at)), "fluxo")
    assert (named.stream, named.id, named.key, named.at) == ("fluxo", "theirs", "theirs", at.timestamp())
    first, again, other = (
        read_headers(delivered(spec.Basic.Properties(), body), "fluxo").key for body in (b"1", b"1", b"2")
    )
    assert first == again != other


def test_what_is_no_message_is_told_as_dead() -> None:
    headers = Headers(stream="fluxo", id="1", key="1")
    said = entry(7, headers, b"nothing", 100)
    assert (said.fact, said.envelope) == (Fact.DEAD, None)
    assert said.note.startswith("This is no message")
