from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.noise import NoiseRemover
from tasks.errors import MissingEngineError
from tasks.media.pcm import Samples
from tests.unit.audio.conftest import si_sdr

pytestmark = pytest.mark.models


def noisy(speech: NDArray[np.float32], decibels: float) -> NDArray[np.float32]:
    noise = np.convolve(np.random.default_rng(0).standard_normal(len(speech)), [1, 0.8, 0.5], "same")
    level = np.sqrt((speech @ speech) / (noise @ noise)) * 10 ** (-decibels / 20)
    return ((speech + noise * level) * 0.3).astype(np.float32)


def run(remover: NoiseRemover, sound: Samples, block: int = 48_000) -> Samples:
    parts = [remover.process(sound[start : start + block]) for start in range(0, len(sound), block)]
    return np.concatenate([*parts, remover.flush()])


def test_speech_in_noise_becomes_clear_and_stays_in_place(
    models_dir: Path, speech: NDArray[np.float32]
) -> None:
    sound = noisy(speech, 3)
    cleaned = run(NoiseRemover(models_dir, channels=1, threads=2), sound[:, None])[:, 0]
    assert len(cleaned) == len(sound)
    assert si_sdr(speech, sound) == pytest.approx(3, abs=0.2)
    # A shift of a single sample would cost several decibels here.
    assert si_sdr(speech, cleaned) > 11
    size = 1 << (2 * len(sound) - 1).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(cleaned, size) * np.conj(np.fft.rfft(speech, size)))
    assert int(np.argmax(correlation)) == 0


def test_clean_speech_is_left_alone(models_dir: Path, speech: NDArray[np.float32]) -> None:
    cleaned = run(NoiseRemover(models_dir, channels=1, threads=1), speech[:, None])[:, 0]
    assert si_sdr(speech, cleaned) > 20


def test_the_result_depends_on_neither_blocks_nor_threads(
    models_dir: Path, speech: NDArray[np.float32]
) -> None:
    sound = noisy(speech, 5)[:, None]
    one = run(NoiseRemover(models_dir, channels=1, threads=1), sound, block=7001)
    other = run(NoiseRemover(models_dir, channels=1, threads=2), sound, block=len(sound))
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_channels_are_cleaned_each_for_itself(models_dir: Path, speech: NDArray[np.float32]) -> None:
    sound = noisy(speech[: 6 * 48_000], 5)
    stereo = np.stack((sound, np.zeros_like(sound)), axis=1)
    cleaned = run(NoiseRemover(models_dir, channels=2, threads=2), stereo)
    alone = run(NoiseRemover(models_dir, channels=1, threads=2), sound[:, None])[:, 0]
    np.testing.assert_allclose(cleaned[:, 0], alone, atol=1e-6)
    assert np.abs(cleaned[:, 1]).max() < 1e-4


@pytest.mark.parametrize("samples", [0, 1, 479, 480, 481, 1000, 48_000, 4 * 48_000 + 961])
def test_any_length_comes_out_as_long_as_it_went_in(models_dir: Path, samples: int) -> None:
    sound = np.random.default_rng(1).standard_normal((samples, 1)).astype(np.float32) * 0.01
    assert run(NoiseRemover(models_dir, channels=1, threads=2), sound).shape == sound.shape


def test_silence_stays_silence(models_dir: Path) -> None:
    sound = np.zeros((10 * 48_000, 1), np.float32)
    cleaned = run(NoiseRemover(models_dir, channels=1, threads=2), sound)
    assert np.isfinite(cleaned).all()
    assert np.abs(cleaned).max() < 1e-5


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingEngineError, match="contraponto models get deepfilternet3"):
        NoiseRemover(tmp_path, channels=1, threads=1)
