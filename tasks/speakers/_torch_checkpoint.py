"""Reads the tensors of a PyTorch checkpoint without PyTorch, and without running anything that is in it.

A checkpoint is a ZIP with a pickle, which describes tensors, and one file of numbers for each storage. A pickle may
name any function to be called; this reader knows the few that make a tensor, and whatever else is named becomes an
inert thing that forgets its arguments.
"""

import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

_NUMBERS = {"FloatStorage": "<f4", "HalfStorage": "<f2", "DoubleStorage": "<f8", "LongStorage": "<i8"}
"""PyTorch's storages, and what their bytes are."""


class _Inert:
    """Stands for an object of a class that is not needed."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, _: Any) -> None: ...

    def __setitem__(self, _: Any, __: Any) -> None: ...

    def append(self, _: Any) -> None:
        """Pickles add to lists one by one."""

    def extend(self, _: Any) -> None:
        """Or several at once."""


def _tensor(
    storage: NDArray[Any], offset: int, shape: Sequence[int], strides: Sequence[int], *_: Any
) -> NDArray[Any]:
    """What `torch._utils._rebuild_tensor_v2` would make; offset and strides count numbers."""
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if min([offset, *shape, *strides], default=0) < 0 or (0 not in shape and last >= storage.size):
        raise ValueError("a tensor lies outside its storage")
    width = storage.itemsize
    view = np.lib.stride_tricks.as_strided(
        storage[offset:], tuple(shape), [stride * width for stride in strides], writeable=False
    )
    return view.copy()


class _Reader(pickle.Unpickler):
    def __init__(self, file: IO[bytes], archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(file)
        self._archive = archive
        self._folder = folder

    @override
    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _NUMBERS:
            return _NUMBERS[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        return _Inert

    @override
    def persistent_load(self, pid: Any) -> NDArray[Any]:
        kind, numbers, key, _, _ = pid
        if kind != "storage" or not isinstance(numbers, str):
            raise ValueError(f"{kind} of {numbers} is no storage that is known")
        return np.frombuffer(self._archive.read(f"{self._folder}data/{key}"), numbers)


def read_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """All tensors of the checkpoint (of its `state_dict`, if there is one), by name.

    Raises `ValueError` if the file is no such checkpoint.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            with archive.open(name) as file:
                content = _Reader(file, archive, name.removesuffix("data.pkl")).load()
    except (
        zipfile.BadZipFile,
        StopIteration,
        pickle.UnpicklingError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        EOFError,
    ) as error:
        raise ValueError(f"{path.name} is not a PyTorch checkpoint") from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    named = content.items() if isinstance(content, Mapping) else ()
    tensors = {str(key): value for key, value in named if isinstance(value, np.ndarray)}
    if not tensors:
        raise ValueError(f"{path.name} holds no tensors by name")
    return tensors
