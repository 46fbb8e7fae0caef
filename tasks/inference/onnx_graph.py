"""Building an ONNX file out of weights that were published for another framework."""

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto


class OnnxGraph:
    """Collects nodes and weights; needs the `onnx` package."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []
        self._names: set[str] = set()

    def node(self, kind: str, inputs: Sequence[str], output: str = "", **attributes: Any) -> str:
        """Adds an operator with one output and returns the name of that."""
        from onnx import helper  # noqa: PLC0415 - only needed when a model is installed

        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def weight(self, name: str, values: ArrayLike, dtype: type[np.generic] = np.float32) -> str:
        """Adds a constant (once for each name) and returns its name."""
        from onnx import numpy_helper  # noqa: PLC0415

        if name not in self._names:
            self._names.add(name)
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype), name))
        return name

    def integers(self, *values: int) -> str:
        """A constant list of integers: axes, shapes, bounds."""
        return self.weight("_".join(["integers", *map(str, values)]), list(values), np.int64)

    def model(
        self, name: str, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, Sequence[int | str]]
    ) -> "ModelProto":
        """The finished model; inputs and outputs by name, with their shapes (a name for a free dimension)."""
        from onnx import TensorProto, checker, helper  # noqa: PLC0415

        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                name,
                [
                    helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
                    for key, shape in inputs.items()
                ],
                [
                    helper.make_tensor_value_info(key, TensorProto.FLOAT, shape)
                    for key, shape in outputs.items()
                ],
                self.weights,
            ),
            # The oldest versions that have all that is used: every ONNX Runtime of the last years reads them.
            opset_imports=[helper.make_opsetid("", 14)],
            ir_version=8,
        )
        checker.check_model(model)
        return model


def save_model(model: "ModelProto", target: Path) -> None:
    """Writes the model; the file appears complete or not at all."""
    import onnx  # noqa: PLC0415

    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    try:
        onnx.save(model, str(partial))
        os.replace(partial, target)  # noqa: PTH105
    finally:
        partial.unlink(missing_ok=True)
