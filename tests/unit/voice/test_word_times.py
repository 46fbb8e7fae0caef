"""When the embedded voices say their words: against what is heard, and what a recogniser hears."""

from pathlib import Path

import numpy as np
import pytest

from tasks.models.install import find_model
from tasks.speech.options import RecognitionOptions
from tasks.speech.recognition import load_recogniser
from tasks.voice.choice import choose_voice
from tasks.voice.engine import Utterance
from tasks.voice.saying import say
from tests.material import as_wav, bare_words

WORDS = {
    "en": "After the storm, the river carried branches and broken boats to the sea.",
    "pt": "Peça pelo WhatsApp: a cafeteira chega em casa, com frete grátis e doze meses de garantia.",
}


@pytest.fixture(scope="module", params=["en", pytest.param("pt", marks=pytest.mark.models("kokoro-pt-br"))])
def spoken(request: pytest.FixtureRequest, models_dir: Path) -> tuple[str, Utterance, int]:
    chosen = choose_voice(request.param, models_dir)
    engine = chosen.offer.load()
    return request.param, say(engine, WORDS[request.param], voice=chosen.voice, speed=1.0), engine.sample_rate


def test_every_word_has_its_time_in_order(spoken: tuple[str, Utterance, int]) -> None:
    language, said, rate = spoken
    assert said.words is not None
    assert len(said.words) == len(WORDS[language].split())
    behind = 0.0
    for start, stop in said.words:
        assert behind - 1e-6 <= start < stop
        behind = stop
    assert behind <= len(said.samples) / rate
    assert said.words[0][0] < 0.06
    assert behind > len(said.samples) / rate - 0.1


def test_pauses_lie_between_words(spoken: tuple[str, Utterance, int]) -> None:
    """No word of more than a moment is silent, and the loudest place is in a word."""
    _, said, rate = spoken
    assert said.words is not None
    level = np.abs(said.samples)
    for start, stop in said.words:
        assert level[round(start * rate) : round(stop * rate)].max() > 0.05 * level.max()
    loudest = int(level.argmax()) / rate
    assert any(start <= loudest <= stop for start, stop in said.words)


@pytest.mark.models("whisper-base")
def test_a_recogniser_hears_them_then(
    spoken: tuple[str, Utterance, int], tmp_path: Path, models_dir: Path
) -> None:
    language, said, rate = spoken
    assert said.words is not None
    path = tmp_path / "said.wav"
    path.write_bytes(as_wav(said.samples, rate))
    recogniser = load_recogniser(find_model("whisper-base", models_dir), device="cpu")
    segments = recogniser.transcribe(path, RecognitionOptions(language=language)).segments
    written = [bare_words(word) for word in WORDS[language].split()]
    starts = [
        (said.words[written.index(bare_words(word.word))][0], word.start)
        for segment in segments
        for word in segment.words
        if written.count(bare_words(word.word)) == 1
    ]
    assert len(starts) > len(written) / 2
    # The recogniser's own times are some 50 ms off.
    assert float(np.median([abs(ours - theirs) for ours, theirs in starts])) <= 0.08, starts


@pytest.mark.parametrize(("speed", "own"), [(0.25, 0.5), (4.0, 2.0)])
def test_what_an_engine_cannot_do_is_stretched_with_its_times(speed: float, own: float) -> None:
    engine = choose_voice("en", Path()).offer.load()
    asked, spoken = (say(engine, WORDS["en"], voice="heart", speed=each) for each in (speed, own))
    assert asked.words is not None
    assert spoken.words is not None
    assert len(asked.samples) == pytest.approx(len(spoken.samples) * own / speed, rel=0.02)
    scale = len(asked.samples) / len(spoken.samples)
    expected = [time * scale for interval in spoken.words for time in interval]
    assert [time for interval in asked.words for time in interval] == pytest.approx(expected)
    # The same words are loud at the same places.
    loudness = [
        [float(np.abs(part).mean()) for part in np.array_split(said.samples, 40)] for said in (asked, spoken)
    ]
    assert np.corrcoef(loudness[0], loudness[1])[0, 1] > 0.95


def test_no_silence_is_left_around_a_sentence(spoken: tuple[str, Utterance, int]) -> None:
    _, said, rate = spoken
    level = np.abs(said.samples)
    loud = np.flatnonzero(level > 0.02 * level.max())
    assert loud[0] / rate < 0.06
    assert (len(level) - loud[-1]) / rate < 0.12
