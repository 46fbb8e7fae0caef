"""Sentences with times are joined: to the sample, and word by word as they are written."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.narration.assembly import SentenceSound, even_times, join, written_words
from tasks.narration.spoken_form import spoken_form
from tasks.voice.engine import Interval

RATE = 24_000
WORDS = st.sampled_from(
    [
        "Custa",
        "só",
        "R$ 1.299,90",
        "em",
        "12x",
        "de",
        "R$ 108,33",
        "até",
        "15/12/2026",
        "às",
        "18h30",
        "com",
        "50%,",
        "—",
    ]
)
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(" ".join)


@st.composite
def _intervals(draw: st.DrawFn, count: int) -> tuple[Interval, ...]:
    """Times as networks give them: in order, some of no length, some that begin together."""
    steps = draw(st.lists(st.integers(0, 40), min_size=2 * count, max_size=2 * count))
    bounds = np.cumsum(steps) * 0.025
    return tuple((float(bounds[2 * n]), float(bounds[2 * n + 1])) for n in range(count))


@given(sentence=SENTENCES, data=st.data())
def test_written_words_are_in_order_and_inside_their_sound(sentence: str, data: st.DataObject) -> None:
    spoken = spoken_form(sentence, "pt-BR")
    if not spoken.spans:
        return
    times = data.draw(_intervals(len(spoken.text.split(" "))))
    seconds = times[-1][1] + 0.05
    words = written_words(spoken, times, seconds)
    assert [word.text for word in words] == [span.written for span in spoken.spans]
    now = 0.0
    for word in words:
        assert now <= word.start < word.end <= seconds + 1e-9
        now = word.end


def test_a_price_is_one_word_from_its_first_to_its_last_sound() -> None:
    spoken = spoken_form("Hoje por R$ 1.299,90 só.", "pt-BR")
    times = tuple((number * 1.0, number + 0.8) for number in range(len(spoken.text.split(" "))))
    words = written_words(spoken, times, 100.0)
    assert [word.text for word in words] == ["Hoje", "por", "R$ 1.299,90", "só."]
    price = words[2]
    assert (price.start, price.end) == (2.0, times[-2][1])


def test_sentences_are_joined_with_their_pauses_to_the_sample() -> None:
    sentences = [
        SentenceSound(
            text,
            spoken := spoken_form(text, "en"),
            np.full(frames, number + 1, np.int16),
            even_times(spoken, frames / RATE),
            pause,
        )
        for number, (text, frames, pause) in enumerate(
            [("It is here.", 30_001, 0.3), ("Only $99.", 24_007, 0.6), ("Buy now!", 12_345, 0.6)]
        )
    ]
    samples, told = join(sentences, RATE)
    assert len(samples) == 30_001 + 7_200 + 24_007 + 14_400 + 12_345
    second = 30_001 + 7_200
    assert samples[second - 1] == 0
    assert samples[second] == 2
    assert samples[-1] == 3
    assert told[1].start == round(second / RATE, 4)
    assert [sentence.text for sentence in told] == ["It is here.", "Only $99.", "Buy now!"]
    assert [word.text for word in told[1].words] == ["Only", "$99."]
    assert told[-1].end <= len(samples) / RATE + 1e-4
