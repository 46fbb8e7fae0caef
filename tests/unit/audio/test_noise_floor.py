import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.audio.noise_floor import SAMPLE_RATE, NoiseFloor, measure_noise_floor
from tasks.audio.resample import Resampler
from tasks.media.pcm import Samples


@pytest.fixture(scope="module")
def voice(speech: NDArray[np.float32]) -> Samples:
    """The clear voice at the measuring rate, three times over: half a minute."""
    resampler = Resampler(48_000, SAMPLE_RATE, channels=1)
    once = np.concatenate((resampler.process(speech[:, None]), resampler.flush()))
    return np.tile(once, (3, 1)) * np.float32(0.3)


def hiss(like: Samples, decibels: float, *, seed: int = 0) -> Samples:
    """Noise that many decibels below the voice's mean power while it speaks."""
    power = np.square(like[np.abs(like) > 0.003]).mean()
    noise = np.random.default_rng(seed).standard_normal(like.shape) * np.sqrt(power) * 10 ** (-decibels / 20)
    return np.asarray(noise, np.float32)


def measured(sound: Samples, block: int = 16_000) -> NoiseFloor:
    floor = measure_noise_floor(sound[start : start + block] for start in range(0, len(sound), block))
    assert floor is not None
    return floor


@pytest.mark.parametrize("decibels", [50, 35, 25, 15, 5])
def test_the_distance_is_that_of_noise_and_voice(voice: Samples, decibels: float) -> None:
    assert measured(voice + hiss(voice, decibels)).distance == pytest.approx(decibels, abs=4)


@pytest.mark.parametrize(("decibels", "clean"), [(50, True), (30, True), (10, False)])
def test_only_sound_without_much_noise_is_clean(voice: Samples, decibels: float, clean: bool) -> None:
    assert measured(voice + hiss(voice, decibels)).is_clean is clean
    assert measured((voice + hiss(voice, decibels)) * np.float32(0.3)).is_clean is clean, "loudness decided"


def test_a_voice_without_any_noise_is_clean(voice: Samples) -> None:
    assert measured(voice).is_clean


def test_a_gate_that_silences_the_pauses_hides_no_noise(voice: Samples) -> None:
    gated = voice + hiss(voice, 10)
    frames = np.abs(voice[: len(voice) // 480 * 480]).reshape(-1, 480).max(axis=1) < 0.003
    # As gates do, it closes a little after the voice has ended.
    closed = frames & np.roll(frames, 1) & np.roll(frames, 2) & np.roll(frames, 3)
    gated[: len(closed) * 480][np.repeat(closed, 480)] = 0
    assert closed.any()
    assert not measured(gated).is_clean


def test_a_noisy_part_is_enough_to_be_noisy(voice: Samples) -> None:
    sound = np.tile(voice, (2, 1))
    sound[len(voice) :] += hiss(voice, 10)
    assert not measured(sound).is_clean


def test_quiet_stretches_without_speech_do_not_count(voice: Samples) -> None:
    """Minutes of faint hum between two speeches are no noise under them."""
    pause = hiss(voice, 60)
    assert measured(np.concatenate((voice, pause, pause, voice))).is_clean


def test_sound_without_pauses_is_not_clean() -> None:
    time = np.arange(30 * SAMPLE_RATE) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 277, 330))
    assert not measured(np.asarray(chord, dtype=np.float32)[:, None] * np.float32(0.1)).is_clean


def test_digital_silence_and_nothing_have_no_floor() -> None:
    assert measure_noise_floor([]) is None
    assert measure_noise_floor([np.zeros((50_000, 1), dtype=np.float32)]) is None


def test_blocks_do_not_matter(voice: Samples) -> None:
    sound = voice + hiss(voice, 20)
    assert measured(sound, block=7001) == measured(sound, block=len(sound))
