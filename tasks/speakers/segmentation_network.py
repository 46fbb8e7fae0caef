"""Turns the published weights of pyannote's segmentation into an ONNX file.

Plaquet and Bredin, "Powerset multi-class cross entropy loss for neural speaker diarization", 2023
(https://arxiv.org/abs/2310.13025). Ten seconds of sound become, every 17 ms, the probabilities of seven classes:
nobody, one of three voices, or two of them at once. The first layer is SincNet's: band-pass filters that are given by
two frequencies each (Ravanelli and Bengio, 2018, https://arxiv.org/abs/1808.00158).
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.inference.onnx_graph import OnnxGraph, save_model
from tasks.speakers._torch_checkpoint import read_checkpoint
from tasks.speakers.conversion import converting

CHECKPOINT = "segmentation.bin"
INPUT, OUTPUT = "samples", "classes"
CLASSES = 7

_SAMPLE_RATE = 16_000
_LOWEST_HZ = _NARROWEST_HZ = 50.0
_HIDDEN = 128
_LSTM_LAYERS = 4
_EPSILON = 1e-5
"""PyTorch's default in instance normalisation."""


def convert(checkpoint_dir: Path, target: Path) -> None:
    """Writes the ONNX file `target` from the checkpoint in `checkpoint_dir`.

    Its input is mono sound at 16 kHz, (window, 1, sample), its output log probabilities, (window, frame, class). Raises
    as `tasks.speakers.conversion.converting`.
    """
    with converting(checkpoint_dir):
        graph = _Network(read_checkpoint(checkpoint_dir / CHECKPOINT))
        graph.whole()
        save_model(
            graph.model(
                "segmentation", {INPUT: ["window", 1, "sample"]}, {OUTPUT: ["window", "frame", CLASSES]}
            ),
            target,
        )


def band_filters(tensors: dict[str, NDArray[Any]]) -> NDArray[np.float64]:
    """The kernels of the first layer, (80, 1, 251): 40 band-pass filters as cosines, then as sines."""
    prefix = "sincnet.conv1d.0.filterbank."
    low_hz, band_hz, window, times = (
        np.asarray(tensors[prefix + name], np.float64) for name in ("low_hz_", "band_hz_", "window_", "n_")
    )
    low = _LOWEST_HZ + np.abs(low_hz)
    high = np.clip(low + _NARROWEST_HZ + np.abs(band_hz), _LOWEST_HZ, _SAMPLE_RATE / 2)
    even = (np.sin(high @ times) - np.sin(low @ times)) / (times / 2) * window
    odd = (np.cos(low @ times) - np.cos(high @ times)) / (times / 2) * window
    width = 2 * (high - low)
    cosines = np.concatenate([even, width, even[:, ::-1]], axis=1)
    sines = np.concatenate([odd, np.zeros_like(width), -odd[:, ::-1]], axis=1)
    return np.concatenate([cosines / width, sines / width])[:, None, :]


class _Network(OnnxGraph):
    """Layers are named as in the checkpoint."""

    def __init__(self, tensors: dict[str, NDArray[Any]]) -> None:
        super().__init__()
        self._tensors = tensors

    def whole(self) -> None:
        data = self._instance_norm(INPUT, "sincnet.wav_norm1d")
        for layer in range(3):
            if layer == 0:
                kernel = self.weight("filters", band_filters(self._tensors))
                data = self.node("Abs", [self.node("Conv", [data, kernel], strides=[10])])
            else:
                names = [self._tensor(f"sincnet.conv1d.{layer}.{part}") for part in ("weight", "bias")]
                data = self.node("Conv", [data, *names])
            data = self.node("MaxPool", [data], kernel_shape=[3], strides=[3])
            data = self.node("LeakyRelu", [self._instance_norm(data, f"sincnet.norm1d.{layer}")], alpha=0.01)
        data = self.node("Transpose", [data], perm=[2, 0, 1])  # ONNX puts time before the batch
        for layer in range(_LSTM_LAYERS):
            data = self._lstm(data, layer)
        data = self.node("Transpose", [data], perm=[1, 0, 2])
        for dense in ("linear.0", "linear.1"):
            data = self.node("LeakyRelu", [self._linear(data, dense)], alpha=0.01)
        self.node("LogSoftmax", [self._linear(data, "classifier")], OUTPUT, axis=-1)

    def _tensor(self, name: str) -> str:
        return self.weight(name, self._tensors[name])

    def _instance_norm(self, data: str, layer: str) -> str:
        names = [self._tensor(f"{layer}.{part}") for part in ("weight", "bias")]
        return self.node("InstanceNormalization", [data, *names], epsilon=_EPSILON)

    def _linear(self, data: str, layer: str) -> str:
        kernel = self.weight(f"{layer}.weight", self._tensors[f"{layer}.weight"].T)
        return self.node("Add", [self.node("MatMul", [data, kernel]), self._tensor(f"{layer}.bias")])

    def _lstm(self, data: str, layer: int) -> str:
        def both(part: str) -> NDArray[Any]:
            names = [f"lstm.{part}_l{layer}", f"lstm.{part}_l{layer}_reverse"]
            return np.stack([_gates(self._tensors[name]) for name in names])

        kernel = self.weight(f"lstm{layer}.w", both("weight_ih"))
        state = self.weight(f"lstm{layer}.r", both("weight_hh"))
        bias = self.weight(f"lstm{layer}.b", np.concatenate([both("bias_ih"), both("bias_hh")], axis=1))
        found = self.node("LSTM", [data, kernel, state, bias], direction="bidirectional", hidden_size=_HIDDEN)
        found = self.node("Transpose", [found], perm=[0, 2, 1, 3])  # time, batch, direction, hidden
        return self.node("Reshape", [found, self.integers(0, 0, 2 * _HIDDEN)])


def _gates(values: NDArray[Any]) -> NDArray[Any]:
    """PyTorch orders the gates input, forget, cell, output; ONNX input, output, forget, cell."""
    gate_in, forget, cell, out = np.split(values, 4)
    return np.concatenate([gate_in, out, forget, cell])
