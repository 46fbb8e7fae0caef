"""Reads the tensors of a TensorFlow checkpoint without TensorFlow.

A checkpoint is a sorted string table (LevelDB's format) that maps names to `BundleEntryProto` messages, which
say where in the data file each tensor lies.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_MAGIC = 0xDB4775248B80FB57
"""LevelDB's `kTableMagicNumber`, the last eight bytes of every table."""
_FOOTER = 48
"""Bytes: two block handles, padded to 40 together, and the magic number."""
_FLOAT32 = 1
"""TensorFlow's `DT_FLOAT`."""
_UNCOMPRESSED = 0
"""LevelDB's `kNoCompression`: the kind stands in the byte after a block."""


@dataclass(frozen=True)
class _Entry:
    shape: tuple[int, ...]
    offset: int
    size: int


def read_checkpoint(prefix: Path) -> dict[str, NDArray[np.float32]]:
    """All float32 tensors of the checkpoint `prefix`.index + `prefix`.data-00000-of-00001, by name.

    Raises `ValueError` if the files are no such checkpoint.
    """
    index = prefix.with_name(prefix.name + ".index").read_bytes()
    data = prefix.with_name(prefix.name + ".data-00000-of-00001").read_bytes()
    tensors = {}
    for name, entry in _entries(index):
        if entry.offset + entry.size > len(data) or entry.size != 4 * int(
            np.prod(entry.shape, dtype=np.int64)
        ):
            raise ValueError(f"tensor {name.decode()} lies outside the checkpoint's data")
        values = np.frombuffer(data, dtype="<f4", count=entry.size // 4, offset=entry.offset)
        tensors[name.decode()] = values.reshape(entry.shape)
    return tensors


def _entries(index: bytes) -> Iterator[tuple[bytes, _Entry]]:
    if len(index) < _FOOTER or struct.unpack("<Q", index[-8:])[0] != _MAGIC:
        raise ValueError("not a checkpoint index")
    # The footer: the handles (offset and size) of the meta-index block and of the index block.
    footer = index[-_FOOTER:]
    position = 0
    handles = []
    for _ in range(4):
        number, position = _varint(footer, position)
        handles.append(number)
    for _, block_handle in _block(index, handles[2], handles[3]):
        offset, position = _varint(block_handle, 0)
        size, _ = _varint(block_handle, position)
        for key, value in _block(index, offset, size):
            # The empty key holds the header.
            entry = _entry(value) if key else None
            if entry is not None:
                yield key, entry


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if table[offset + size] != _UNCOMPRESSED:
        raise ValueError("the checkpoint's index is compressed")
    block = table[offset : offset + size]
    # A block ends with the offsets at which keys are stored whole, and their count; reading in order needs none.
    restarts = struct.unpack("<I", block[-4:])[0]
    end = len(block) - 4 - 4 * restarts
    position, key = 0, b""
    while position < end:
        # A key is stored as the length it shares with the one before, and the rest.
        shared, position = _varint(block, position)
        unshared, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + unshared]
        position += unshared
        yield key, block[position : position + length]
        position += length


def _entry(message: bytes) -> _Entry | None:
    # The fields of BundleEntryProto: 1 is the type, 2 the shape, 4 the offset, 5 the size in bytes.
    numbers, messages = _fields(message)
    if numbers.get(1) != _FLOAT32:
        return None
    # The shape's dimensions are messages too, each with its length in field 1.
    dimensions = [_fields(dimension)[0] for dimension in _repeated(messages.get(2, b""))]
    shape = tuple(dimension.get(1, 0) for dimension in dimensions)
    return _Entry(shape, offset=numbers.get(4, 0), size=numbers.get(5, 0))


def _repeated(message: bytes) -> list[bytes]:
    """The values of a message whose only field is a repeated message."""
    return [value for _, value in _values(message) if isinstance(value, bytes)]


def _fields(message: bytes) -> tuple[dict[int, int], dict[int, bytes]]:
    """The fields of a protobuf message by number: those that are numbers, and those that are bytes."""
    values = list(_values(message))
    return (
        {field: value for field, value in values if isinstance(value, int)},
        {field: value for field, value in values if isinstance(value, bytes)},
    )


def _values(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    # The wire types of protobuf: 0 is a varint, 2 has its length ahead, 5 and 1 have four and eight bytes.
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        match tag & 7:
            case 0:
                value, position = _varint(message, position)
                yield tag >> 3, value
            case 2:
                length, position = _varint(message, position)
                yield tag >> 3, message[position : position + length]
                position += length
            case 5:
                yield tag >> 3, message[position : position + 4]
                position += 4
            case 1:
                yield tag >> 3, message[position : position + 8]
                position += 8
            case kind:
                raise ValueError(f"unknown protobuf wire type {kind}")


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value, position
        shift += 7
