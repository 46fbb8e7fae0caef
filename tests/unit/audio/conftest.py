"""Speech with its clean version at hand."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.resample import Resampler
from tasks.media.pcm import Samples, encode
from tests.material import HARBOUR

WriteSound = Callable[..., Path]


@pytest.fixture(scope="session")
def speech() -> NDArray[np.float32]:
    """About 12 s of a clear voice at 48 kHz."""
    from hibari import SAMPLE_RATE, Hibari  # noqa: PLC0415 - takes a second

    sound = np.asarray(Hibari()(HARBOUR, seed=1), dtype=np.float32)
    resampler = Resampler(SAMPLE_RATE, 48_000, channels=1)
    return np.concatenate((resampler.process(sound[:, None]), resampler.flush()))[:, 0]


@pytest.fixture
def write_sound(tmp_path: Path) -> WriteSound:
    """Writes samples (one column a channel) to a media file."""

    def write(name: str, sound: Samples, sample_rate: int = 48_000, *arguments: str) -> Path:
        path = tmp_path / name
        with encode(
            path, sample_rate=sample_rate, channels=sound.shape[1], arguments=arguments, deadline=60
        ) as writer:
            writer.write(sound.astype(np.float32))
        return path

    return write


def si_sdr(clean: NDArray[np.float32], estimate: NDArray[np.float32]) -> float:
    """Scale-invariant signal-to-distortion ratio in dB."""
    clean = clean - clean.mean()
    estimate = estimate - estimate.mean()
    target = (clean @ estimate) / (clean @ clean) * clean
    error = estimate - target
    return float(10 * np.log10((target @ target) / (error @ error)))
