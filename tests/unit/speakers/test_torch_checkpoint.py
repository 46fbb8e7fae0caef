import os
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasks.speakers._torch_checkpoint import read_checkpoint


class Storage:
    def __init__(self, key: str, kind: str, values: np.ndarray) -> None:
        self.key, self.kind, self.values = key, kind, values


class Tensor:
    def __init__(
        self, storage: Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        self.parts: tuple[Any, ...] = (storage, offset, shape, strides, False, OrderedDict())

    def __reduce__(self) -> tuple[Any, ...]:
        return (sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts)


@pytest.fixture(autouse=True)
def torch_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a pickle of PyTorch names, so that one can be written without it."""
    utils, torch = types.ModuleType("torch._utils"), types.ModuleType("torch")
    exec("def _rebuild_tensor_v2(*parts): raise AssertionError", vars(utils))  # noqa: S102
    for kind in ("FloatStorage", "LongStorage", "StrangeStorage"):
        vars(torch)[kind] = type(kind, (), {"__module__": "torch"})
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def write(path: Path, content: object) -> Path:
    """A checkpoint as `torch.save` writes it."""
    storages: dict[str, Storage] = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: object) -> object:
            if not isinstance(thing, Storage):
                return None
            storages[thing.key] = thing
            return ("storage", getattr(sys.modules["torch"], thing.kind), thing.key, "cpu", thing.values.size)

    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("archive/data.pkl", "w") as file:
            Pickler(file, protocol=2).dump(content)
        for key, storage in storages.items():
            archive.writestr(f"archive/data/{key}", storage.values.tobytes())
    return path


NUMBERS = Storage("0", "FloatStorage", np.arange(12, dtype="<f4"))


def test_tensors_are_read_as_they_lie_in_their_storage(tmp_path: Path) -> None:
    whole, turned = Tensor(NUMBERS, 0, (3, 4), (4, 1)), Tensor(NUMBERS, 1, (2, 3), (1, 4))
    count = Tensor(Storage("1", "LongStorage", np.array([7], "<i8")), 0, (), ())
    path = write(tmp_path / "x.pt", {"state_dict": {"a": whole, "b": turned, "n": count}, "epoch": 3})
    found = read_checkpoint(path)
    assert set(found) == {"a", "b", "n"}
    np.testing.assert_array_equal(found["a"], np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(found["b"], [[1, 5, 9], [2, 6, 10]])
    assert int(found["n"]) == 7


class Harm:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


def test_nothing_that_a_pickle_names_is_called(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    path = write(tmp_path / "x.pt", {"a": Tensor(NUMBERS, 0, (2,), (1,)), "harm": Harm(mark)})
    assert set(read_checkpoint(path)) == {"a"}
    assert not mark.exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (4, 4), (4, 1)), (11, (2,), (1,)), (-1, (1,), (1,)), (0, (2,), (-1,)), (0, (1 << 40,), (1,))],
)
def test_a_tensor_outside_its_storage_is_refused(
    tmp_path: Path, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
) -> None:
    path = write(tmp_path / "x.pt", {"a": Tensor(NUMBERS, offset, shape, strides)})
    with pytest.raises(ValueError, match="outside"):
        read_checkpoint(path)


@pytest.mark.parametrize("content", [{}, [1, 2], "text", {"a": 1}])
def test_what_holds_no_tensors_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    with pytest.raises(ValueError, match="no tensors"):
        read_checkpoint(write(tmp_path / "x.pt", content))


def test_another_file_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"x\.pt is not a PyTorch checkpoint"):
        read_checkpoint(path)
