"""The two networks of a diarization, loaded: one tells voices apart, one hears whose voice it is.

The embedding may be any network that takes 80 log mel bands a frame, (stretch, frame, band), and gives one vector a
stretch, as 3D-Speaker and WeSpeaker publish them. WeSpeaker's were trained on other frames than Kaldi's own; they are
recognised by the name that its export gives the input.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tasks.inference.sessions import load_session
from tasks.speakers.clustering import unit
from tasks.speakers.features import log_mel
from tasks.speakers.segmentation_network import INPUT

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SEGMENTATION_FILE = "segmentation.onnx"
EMBEDDING_FILE = "embedding.onnx"

_WESPEAKER_INPUT = "feats"
_LOUDEST = 32768.0
"""WeSpeaker's networks know samples as 16-bit integers."""

Samples = NDArray[np.float32]


class Networks:
    """Both networks of one folder."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Raises MissingEngineError without ONNX Runtime."""
        self._segmentation: InferenceSession = load_session(str(folder / SEGMENTATION_FILE), threads)
        self._embedding: InferenceSession = load_session(str(folder / EMBEDDING_FILE), threads)
        self._input = self._embedding.get_inputs()[0].name

    def classes(self, samples: Samples) -> NDArray[np.float32]:
        """Log probabilities of the classes in each frame of mono sound at 16 kHz, (frame, class)."""
        (found,) = self._segmentation.run(None, {INPUT: samples[None, None, :]})
        return np.asarray(found[0], np.float32)

    def embedding(self, samples: Samples) -> NDArray[np.float32]:
        """Whose voice it is, as a vector of length one, by mono sound at 16 kHz of at least 0.2 s."""
        if self._input == _WESPEAKER_INPUT:
            features = log_mel(samples * np.float32(_LOUDEST), window="hamming")
        else:
            features = log_mel(samples)
        # What the room and the line do to the sound is about the same in all frames.
        features = features - features.mean(axis=0)
        (found,) = self._embedding.run(None, {self._input: features[None]})
        return unit(np.asarray(found[0], np.float32))
