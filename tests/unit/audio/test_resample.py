import numpy as np
import pytest

from tasks.audio.resample import Resampler


@pytest.mark.parametrize("block", [441, 48_000, 100_003])
def test_a_tone_keeps_its_place_and_length(block: int) -> None:
    moments = np.arange(3 * 48_000) / 48_000
    sound = np.stack((np.sin(moments * 3000), np.cos(moments * 900)), axis=1).astype(np.float32)
    resampler = Resampler(48_000, 44_100, channels=2)
    parts = [resampler.process(sound[start : start + block]) for start in range(0, len(sound), block)]
    out = np.concatenate([*parts, resampler.process(sound[:0]), resampler.flush()])
    assert len(out) == pytest.approx(3 * 44_100, abs=2)
    expected = np.sin(np.arange(len(out)) / 44_100 * 3000)
    np.testing.assert_allclose(out[1000:-1000, 0], expected[1000:-1000], atol=2e-3)
