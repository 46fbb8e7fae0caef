from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.errors import InvalidInputError
from tasks.speakers.diarization import load_diarizer
from tasks.speakers.features import log_mel
from tasks.speakers.options import DiarizationOptions
from tests.material import HARBOUR, as_wav

VOICE_RATE = 24_000


def test_a_tone_is_in_its_band() -> None:
    seconds = np.arange(16_000) / 16_000
    for hertz, band in ((440.0, 13), (1000.0, 27), (4000.0, 60)):
        spectrum = log_mel(0.3 * np.sin(2 * np.pi * hertz * seconds).astype(np.float32))
        assert spectrum.shape == (98, 80)
        assert abs(int(spectrum.mean(axis=0).argmax()) - band) <= 1
    assert log_mel(np.zeros(399, np.float32)).shape == (0, 80)


def test_numbers_of_speakers_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="speakers_min is 4 and speakers_max is 3"):
        DiarizationOptions(4, 3).check()
    DiarizationOptions(3, 3).check()
    DiarizationOptions(3, None).check()


@pytest.fixture(scope="module")
def voice() -> NDArray[np.float32]:
    from hibari import Hibari  # noqa: PLC0415 - takes a second

    return np.asarray(Hibari()(HARBOUR, seed=1), np.float32)


@pytest.mark.models("speakers")
def test_two_voices_are_told_apart_and_one_is_one(
    voice: NDArray[np.float32], models_dir: Path, tmp_path: Path
) -> None:
    diarizer = load_diarizer(models_dir / "speakers", 2)
    high = voice[np.arange(0, voice.size - 1, 1.3).astype(int)]  # a throat of other size, at another pitch
    pause = np.zeros(VOICE_RATE // 2, np.float32)
    half = voice.size // 2
    parts = [voice[:half], pause, high, pause, voice[half:]]
    path = tmp_path / "talk.wav"
    path.write_bytes(as_wav(np.concatenate(parts), VOICE_RATE))
    found = diarizer.turns(path, DiarizationOptions())
    assert {turn.speaker for turn in found} == {0, 1}
    first, second = half / VOICE_RATE, (half + pause.size + high.size) / VOICE_RATE
    for turn in found:
        other = first - 0.3 < turn.start and turn.end < second + 0.8
        assert turn.speaker == (1 if other else 0), (turn, first, second)
    path.write_bytes(as_wav(voice, VOICE_RATE))
    assert {turn.speaker for turn in diarizer.turns(path, DiarizationOptions())} == {0}
