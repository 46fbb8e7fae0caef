from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.resample import Resampler
from tasks.audio.spleeter_network import convert_checkpoint
from tasks.audio.vocals import VocalIsolator
from tasks.errors import EngineError, MissingEngineError
from tasks.media.pcm import Samples
from tests.unit.audio.conftest import si_sdr

RATE = 44_100


def music(samples: int) -> Samples:
    """Plucked chords, a bass and a hi-hat, spread over both channels."""
    random = np.random.default_rng(0)
    sound = np.zeros((samples, 2))
    for beat, start in enumerate(range(0, samples, RATE // 2)):
        moments = np.arange(min(2 * RATE, samples - start)) / RATE
        end = start + len(moments)
        root = (220, 174.6, 261.6, 196)[beat // 4 % 4]
        for interval in (1, 1.26, 1.5, 2):
            for harmonic in range(1, 7):
                tone = np.sin(2 * np.pi * root * interval * harmonic * moments) / harmonic
                pan = random.random()
                sound[start:end] += np.outer(np.exp(-3 * moments * harmonic**0.5) * tone, (pan, 1 - pan))
        sound[start:end] += 3 * (np.exp(-2 * moments) * np.sin(np.pi / 2 * root * moments))[:, None]
        sound[start:end] += 0.8 * random.standard_normal((len(moments), 2)) * np.exp(-70 * moments)[:, None]
    return sound.astype(np.float32)


def run(isolator: VocalIsolator, sound: Samples, block: int) -> Samples:
    parts = [isolator.process(sound[start : start + block]) for start in range(0, len(sound), block)]
    return np.concatenate([*parts, isolator.flush()])


@pytest.mark.models
def test_a_voice_is_taken_out_of_music(models_dir: Path, speech: NDArray[np.float32]) -> None:
    resampler = Resampler(48_000, RATE, channels=1)
    mono = np.concatenate((resampler.process(speech[:, None]), resampler.flush()))
    # Longer than one window of the network, so that a seam is in it.
    voice = np.repeat(np.concatenate((mono, mono))[: 16 * RATE], 2, axis=1)
    backing = music(len(voice))
    backing *= np.sqrt(np.square(voice).sum() / np.square(backing).sum())
    mix = (voice + backing) * 0.5
    isolated = run(VocalIsolator(models_dir, threads=2), mix, block=RATE)
    assert isolated.shape == mix.shape
    before = si_sdr(voice.ravel(), mix.ravel())
    assert before == pytest.approx(0, abs=0.5)
    assert si_sdr(voice.ravel(), isolated.ravel()) > before + 9


class _AllVoice:
    """A network that takes everything for a voice: what comes out must be what went in."""

    def run(self, names: list[str], inputs: dict[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        return [np.ones_like(inputs["magnitude"])]


@pytest.mark.parametrize("block", [30_001, 44_100])
@pytest.mark.parametrize("samples", [0, 1, 1024, 4096, 44_100, 511 * 1024, 512 * 1024, 900 * 1024 + 5])
def test_nothing_is_lost_between_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, samples: int, block: int
) -> None:
    monkeypatch.setattr("tasks.audio.vocals.load_session", lambda model, threads: _AllVoice())
    (tmp_path / "spleeter-2stems").mkdir()
    (tmp_path / "spleeter-2stems" / "vocals.onnx").touch()
    sound = np.random.default_rng(2).standard_normal((samples, 2)).astype(np.float32)
    out = run(VocalIsolator(tmp_path, threads=1), sound, block)
    np.testing.assert_allclose(out, sound, atol=1e-5)


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingEngineError, match="contraponto models get spleeter-2stems"):
        VocalIsolator(tmp_path, threads=1)


def test_a_damaged_checkpoint_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "model.index").write_bytes(bytes(100))
    (tmp_path / "model.data-00000-of-00001").write_bytes(bytes(100))
    with pytest.raises(EngineError, match="damaged"):
        convert_checkpoint(tmp_path, tmp_path / "vocals.onnx")
    assert not (tmp_path / "vocals.onnx").exists()
