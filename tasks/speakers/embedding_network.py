"""Turns the published weights of CAM++, a network that hears whose voice it is, into an ONNX file.

Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware Masking", 2023
(https://arxiv.org/abs/2303.00332); the weights are 3D-Speaker's for Chinese and English, which serve other languages
too. Two-dimensional residual blocks look at the spectrum, densely connected time-delay layers with context-aware
masks at time, and the mean and deviation over time become the embedding.
"""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tasks.inference.onnx_graph import OnnxGraph, save_model
from tasks.speakers._torch_checkpoint import read_checkpoint
from tasks.speakers.conversion import converting

CHECKPOINT = "campplus_cn_en_common.pt"
BANDS = 80
"""Mel bands of the input."""
EMBEDDING = 192
"""Numbers of an embedding."""
INPUT, OUTPUT = "features", "embedding"

_EPSILON = 1e-5
"""PyTorch's default in batch normalisation."""
_BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of the three dense blocks."""
_MASK_FRAMES = 100
"""Frames whose mean is the nearer context of a mask."""


def convert(checkpoint_dir: Path, target: Path) -> None:
    """Writes the ONNX file `target` from the checkpoint in `checkpoint_dir`.

    Its input are log mel spectra of any number of equally long stretches, (stretch, frame, band), its output their
    embeddings. Raises as `tasks.speakers.conversion.converting`.
    """
    with converting(checkpoint_dir):
        graph = _Network(read_checkpoint(checkpoint_dir / CHECKPOINT))
        graph.whole()
        save_model(
            graph.model("campplus", {INPUT: ["stretch", "frame", BANDS]}, {OUTPUT: ["stretch", EMBEDDING]}),
            target,
        )


class _Network(OnnxGraph):
    """Layers are named as in the checkpoint."""

    def __init__(self, tensors: dict[str, NDArray[Any]]) -> None:
        super().__init__()
        self._tensors = tensors

    def whole(self) -> None:
        spectra = self.node("Transpose", [INPUT], perm=[0, 2, 1])
        data = self._spectral(self.node("Unsqueeze", [spectra, self.integers(1)]))
        data = self._conv(data, "xvector.tdnn.linear", strides=[2], pads=[2, 2])
        data = self._norm_relu(data, "xvector.tdnn.nonlinear.batchnorm")
        for number, (layers, dilation) in enumerate(_BLOCKS, 1):
            for layer in range(1, layers + 1):
                added = self._dense_layer(data, f"xvector.block{number}.tdnnd{layer}", dilation)
                data = self.node("Concat", [data, added], axis=1)
            data = self._norm_relu(data, f"xvector.transit{number}.nonlinear.batchnorm")
            data = self._conv(data, f"xvector.transit{number}.linear")
        data = self._statistics(self._norm_relu(data, "xvector.out_nonlinear.batchnorm"))
        data = self._conv(data, "xvector.dense.linear")
        data = self._norm(data, "xvector.dense.nonlinear.batchnorm")
        self.node("Squeeze", [data, self.integers(2)], OUTPUT)

    def _conv(self, data: str, layer: str, **attributes: Any) -> str:
        names = [self._tensor(f"{layer}.weight")]
        if f"{layer}.bias" in self._tensors:
            names.append(self._tensor(f"{layer}.bias"))
        return self.node("Conv", [data, *names], **attributes)

    def _tensor(self, name: str) -> str:
        return self.weight(name, self._tensors[name])

    def _norm(self, data: str, layer: str) -> str:
        names = [f"{layer}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        if names[0] not in self._tensors:  # the last one has no scale and no shift
            size = len(self._tensors[names[2]])
            self.weight(names[0], [1.0] * size)
            self.weight(names[1], [0.0] * size)
        values = [name if name not in self._tensors else self._tensor(name) for name in names]
        return self.node("BatchNormalization", [data, *values], epsilon=_EPSILON)

    def _norm_relu(self, data: str, layer: str) -> str:
        return self.node("Relu", [self._norm(data, layer)])

    def _spectral(self, data: str) -> str:
        """The two-dimensional head: eight times fewer rows, which then lie beside the channels."""
        data = self._norm_relu(self._conv(data, "head.conv1", pads=[1, 1, 1, 1]), "head.bn1")
        for layer in ("head.layer1", "head.layer2"):
            data = self._residual(data, f"{layer}.0", 2)
            data = self._residual(data, f"{layer}.1", 1)
        data = self._conv(data, "head.conv2", strides=[2, 1], pads=[1, 1, 1, 1])
        data = self._norm_relu(data, "head.bn2")
        return self.node("Reshape", [data, self.integers(0, BANDS // 8 * 32, -1)])

    def _residual(self, data: str, layer: str, stride: int) -> str:
        inner = self._conv(data, f"{layer}.conv1", strides=[stride, 1], pads=[1, 1, 1, 1])
        inner = self._norm_relu(inner, f"{layer}.bn1")
        inner = self._norm(self._conv(inner, f"{layer}.conv2", pads=[1, 1, 1, 1]), f"{layer}.bn2")
        if f"{layer}.shortcut.0.weight" in self._tensors:
            data = self._conv(data, f"{layer}.shortcut.0", strides=[stride, 1])
            data = self._norm(data, f"{layer}.shortcut.1")
        return self.node("Relu", [self.node("Add", [inner, data])])

    def _dense_layer(self, data: str, layer: str, dilation: int) -> str:
        data = self._norm_relu(data, f"{layer}.nonlinear1.batchnorm")
        data = self._norm_relu(self._conv(data, f"{layer}.linear1"), f"{layer}.nonlinear2.batchnorm")
        local = self._conv(
            data, f"{layer}.cam_layer.linear_local", pads=[dilation, dilation], dilations=[dilation]
        )
        context = self.node(
            "Add", [self.node("ReduceMean", [data], axes=[2], keepdims=1), self._segment_means(data)]
        )
        mask = self.node("Relu", [self._conv(context, f"{layer}.cam_layer.linear1")])
        mask = self.node("Sigmoid", [self._conv(mask, f"{layer}.cam_layer.linear2")])
        return self.node("Mul", [local, mask])

    def _segment_means(self, data: str) -> str:
        """Each frame's mean over its own run of `_MASK_FRAMES` frames; the last run may be shorter."""
        means = self.node(
            "AveragePool",
            [data],
            kernel_shape=[_MASK_FRAMES],
            strides=[_MASK_FRAMES],
            ceil_mode=1,
            count_include_pad=0,
        )
        means = self.node("Unsqueeze", [means, self.integers(3)])
        means = self.node("Expand", [means, self.integers(1, 1, 1, _MASK_FRAMES)])
        means = self.node("Reshape", [means, self.integers(0, 0, -1)])
        frames = self._frames(data)
        return self.node("Slice", [means, self.integers(0), frames, self.integers(2)])

    def _frames(self, data: str) -> str:
        return self.node("Slice", [self.node("Shape", [data]), self.integers(2), self.integers(3)])

    def _statistics(self, data: str) -> str:
        mean = self.node("ReduceMean", [data], axes=[2], keepdims=1)
        away = self.node("Sub", [data, mean])
        squares = self.node("ReduceSum", [self.node("Mul", [away, away]), self.integers(2)], keepdims=1)
        frames = self.node("Cast", [self._frames(data)], to=1)
        freedom = self.node("Sub", [frames, self.weight("one", [1.0])])
        deviation = self.node("Sqrt", [self.node("Div", [squares, freedom])])
        return self.node("Concat", [mean, deviation], axis=1)
