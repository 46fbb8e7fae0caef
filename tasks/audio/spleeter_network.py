"""Turns Spleeter's published checkpoint into an ONNX file that gives the mask of the voices.

The checkpoint is one of TensorFlow, which is not needed here. There is one U-Net per stem, voices and
accompaniment. Each estimates its stem's magnitudes from the mix's; the share of the voices in the energy of
both is the mask.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.audio._tf_checkpoint import read_checkpoint
from tasks.errors import EngineError, MissingEngineError
from tasks.inference.onnx_graph import OnnxGraph, save_model

if TYPE_CHECKING:
    from onnx import ModelProto

WINDOW_FRAMES = 512
"""Frames that the network sees at once."""
NETWORK_BINS = 1024
"""Bins of the spectrum that the network knows."""

# Spleeter's own numbers; the epsilon of its normalisations is the default of Keras.
_LEVELS = 6
_BATCH_NORM_EPSILON = 1e-3
_SLOPE = 0.2
_ENERGY_FLOOR = 1e-10
"""Keeps the mask defined in silence, where it is one half."""
# TensorFlow's "same" padding for a 5x5 kernel with stride 2 on even sizes: one before, two after.
_STRIDED: dict[str, Any] = {"kernel_shape": [5, 5], "strides": [2, 2], "pads": [1, 1, 2, 2]}


def convert_checkpoint(checkpoint_dir: Path, target: Path) -> None:
    """Writes the ONNX file `target` from `model.index` and `model.data-00000-of-00001` in `checkpoint_dir`.

    The file appears complete or not at all. Raises `MissingEngineError` if the `onnx` package is not
    installed and `EngineError` if the checkpoint is not the expected one.
    """
    try:
        import onnx  # noqa: F401, PLC0415 - only needed once, when the model is installed
    except ImportError as error:
        raise MissingEngineError(
            "The onnx package, which installs the vocal isolation model, is missing.",
            hint='Run: pip install "contraponto[separation]"',
        ) from error
    try:
        model = _build(read_checkpoint(checkpoint_dir / "model"))
    except (KeyError, ValueError, IndexError) as error:
        raise EngineError(
            f"The vocal isolation model in {checkpoint_dir} is damaged.",
            hint="Delete the directory and run: contraponto models get spleeter-2stems",
        ) from error
    save_model(model, target)


class _Graph(OnnxGraph):
    """Layers are named as in the checkpoint."""

    def __init__(self, tensors: dict[str, NDArray[np.float32]]) -> None:
        super().__init__()
        self._tensors = tensors

    def convolution(self, kind: str, data: str, layer: str, **attributes: Any) -> str:
        # Kernels are (height, width, in, out), transposed ones (height, width, out, in). ONNX puts the
        # channels first, in the order (out, in) and (in, out): the same permutation serves both.
        kernel = self.weight(f"{layer}/kernel", self._tensors[f"{layer}/kernel"].transpose(3, 2, 0, 1))
        bias = self.weight(f"{layer}/bias", self._tensors[f"{layer}/bias"])
        return self.node(kind, [data, kernel, bias], **attributes)

    def batch_norm(self, data: str, layer: str) -> str:
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        values = [self.weight(f"{layer}/{name}", self._tensors[f"{layer}/{name}"]) for name in names]
        return self.node("BatchNormalization", [data, *values], epsilon=_BATCH_NORM_EPSILON)


def _build(tensors: dict[str, NDArray[np.float32]]) -> "ModelProto":
    graph = _Graph(tensors)
    voices, others = (_stem(graph, "magnitude", stem) for stem in (0, 1))
    floor = graph.weight("floor", np.array([_ENERGY_FLOOR], dtype=np.float32))
    half_floor = graph.weight("half_floor", np.array([_ENERGY_FLOOR / 2], dtype=np.float32))
    voices_energy = graph.node("Mul", [voices, voices])
    others_energy = graph.node("Mul", [others, others])
    total = graph.node("Add", [graph.node("Add", [voices_energy, others_energy]), floor])
    graph.node("Div", [graph.node("Add", [voices_energy, half_floor]), total], "mask")

    shape = [1, 2, WINDOW_FRAMES, NETWORK_BINS]
    return graph.model("spleeter-vocals", {"magnitude": shape}, {"mask": shape})


def _stem(graph: _Graph, magnitude: str, stem: int) -> str:
    """Adds one stem's U-Net; returns the name of its estimate of the stem's magnitudes."""
    # TensorFlow numbers layers of a kind in the order in which both stems make them: seven convolutions a stem,
    # six transposed ones, and twelve normalisations. The one after the innermost convolution is made and not used.
    data = magnitude
    skipped: list[str] = []
    for level in range(_LEVELS):
        data = graph.convolution("Conv", data, _layer("conv2d", stem * (_LEVELS + 1) + level), **_STRIDED)
        skipped.append(data)
        if level < _LEVELS - 1:
            data = graph.batch_norm(data, _layer("batch_normalization", stem * 2 * _LEVELS + level))
            data = graph.node("LeakyRelu", [data], alpha=_SLOPE)
    for level in range(_LEVELS):
        if level:
            data = graph.node("Concat", [skipped[_LEVELS - 1 - level], data], axis=1)
        layer = _layer("conv2d_transpose", stem * _LEVELS + level)
        data = graph.node("Relu", [graph.convolution("ConvTranspose", data, layer, **_STRIDED)])
        data = graph.batch_norm(data, _layer("batch_normalization", stem * 2 * _LEVELS + _LEVELS + level))
    layer = _layer("conv2d", stem * (_LEVELS + 1) + _LEVELS)
    data = graph.convolution("Conv", data, layer, kernel_shape=[4, 4], dilations=[2, 2], pads=[3, 3, 3, 3])
    return graph.node("Mul", [graph.node("Sigmoid", [data]), magnitude])


def _layer(kind: str, number: int) -> str:
    return f"{kind}_{number}" if number else kind
