import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.audio._tf_checkpoint import read_checkpoint


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    out, last = b"", b""
    for key, value in entries:
        shared = next(
            (i for i, (a, b) in enumerate(zip(last, key, strict=False)) if a != b), min(len(last), len(key))
        )
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return out + struct.pack("<II", 0, 1)


def write_checkpoint(prefix: Path, tensors: dict[str, np.ndarray]) -> None:
    """A checkpoint as TensorFlow writes it: one data block, its index block, the footer."""
    data = b""
    entries = [(b"", varint(1 << 3) + varint(1))]
    for name in sorted(tensors, key=str.encode):
        values = tensors[name]
        shape = b"".join(message_field(2, varint(1 << 3) + varint(size)) for size in values.shape)
        message = varint(1 << 3) + varint(1 if values.dtype == np.float32 else 9) + message_field(2, shape)
        message += varint(4 << 3) + varint(len(data)) + varint(5 << 3) + varint(values.nbytes)
        message += varint(6 << 3 | 5) + b"\0\0\0\0"
        entries.append((name.encode(), message))
        data += values.tobytes()
    first = block(entries)
    table = first + bytes(5)
    empty_handle = varint(len(table)) + varint(8)
    table += block([]) + bytes(5)
    index = block([(b"\xff", varint(0) + varint(len(first)))])
    footer = empty_handle + varint(len(table)) + varint(len(index))
    table += index + bytes(5) + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    prefix.with_name(prefix.name + ".index").write_bytes(table)
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text("abc_/01", min_size=1, max_size=12),
        st.lists(st.integers(0, 5), max_size=4).map(tuple),
        max_size=20,
    )
)
def test_tensors_come_back_as_written(tmp_path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    random = np.random.default_rng(0)
    tensors = {name: random.random(shape).astype(np.float32) for name, shape in shapes.items()}
    write_checkpoint(tmp_path / "model", tensors | {"~step": np.array(7, dtype=np.int64)})
    found = read_checkpoint(tmp_path / "model")
    assert found.keys() == tensors.keys()
    for name, values in tensors.items():
        np.testing.assert_array_equal(found[name], values)


def test_a_short_data_file_is_refused(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "model", {"a": np.ones(10, np.float32)})
    data = tmp_path / "model.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:20])
    with pytest.raises(ValueError, match="outside"):
        read_checkpoint(tmp_path / "model")


@pytest.mark.models
def test_the_published_checkpoint_has_two_u_nets(models_dir: Path) -> None:
    tensors = read_checkpoint(models_dir / "spleeter-2stems" / "model")
    assert len(tensors) == 148
    assert tensors["conv2d/kernel"].shape == (5, 5, 2, 16)
    assert tensors["conv2d_transpose_11/kernel"].shape == (5, 5, 1, 32)
