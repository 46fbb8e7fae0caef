"""Change of the sample rate between two processors."""

import numpy as np
from av import AudioFrame, AudioResampler
from typing_extensions import override

from tasks.audio.processor import Processor, silence
from tasks.media.pcm import LAYOUTS, Samples


class Resampler(Processor):
    """Brings mono or stereo sound to another rate."""

    def __init__(self, from_rate: int, to_rate: int, *, channels: int) -> None:
        self.sample_rate = to_rate
        self._from_rate = from_rate
        self._layout = LAYOUTS[channels]
        self._channels = channels
        self._resampler = AudioResampler(format="flt", layout=self._layout, rate=to_rate)

    @override
    def process(self, block: Samples) -> Samples:
        if not len(block):
            return silence(0, self._channels)
        # "flt" is packed: one row in which the channels take turns.
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(block).reshape(1, -1), format="flt", layout=self._layout
        )
        frame.sample_rate = self._from_rate
        return self._joined(self._resampler.resample(frame))

    @override
    def flush(self) -> Samples:
        return self._joined(self._resampler.resample(None))

    def _joined(self, frames: list[AudioFrame]) -> Samples:
        parts = [frame.to_ndarray().reshape(-1, self._channels) for frame in frames]
        return np.concatenate([silence(0, self._channels), *parts]).astype(np.float32, copy=False)
