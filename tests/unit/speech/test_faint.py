"""Voices that are looked for a second time, because text or a silence hangs on them."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from tasks.speech.activity import SAMPLE_RATE, find_speech, total_length
from tasks.speech.faint import any_voice, attentive, voices_under, with_faint
from tasks.speech.transcript import Span
from tasks.speech.windows import Window

from .test_quality import segment


def window(audio: NDArray[np.floating], *, start: float = 0.0, speech: tuple[Span, ...] = ()) -> Window:
    return Window(start=start, audio=audio.astype(np.float32), speech=speech)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """What is found in whatever is listened to, in seconds from where the listening begins."""
    found: list[tuple[float, float]] = []
    monkeypatch.setattr("tasks.speech.faint.speech_stretches", lambda _audio, *, faint: [*found])
    return found


def test_places_are_listened_to_with_what_came_before_and_count_from_the_window(
    heard: list[tuple[float, float]],
) -> None:
    heard += [(0.5, 3.0), (3.5, 3.6)]
    spoken = (Span(start=1, end=2),)
    # Two seconds before the place are heard too, and are no part of it.
    found = with_faint(window(np.zeros(20 * SAMPLE_RATE), speech=spoken), [Span(start=10, end=12)])
    assert found == [Span(start=1, end=2), Span(start=10, end=11), Span(start=11.5, end=11.6)]


def test_clear_speech_is_not_listened_to_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        pytest.fail("nothing hangs on it")

    monkeypatch.setattr("tasks.speech.faint.speech_stretches", fail)
    clear = window(np.zeros(40 * SAMPLE_RATE), speech=(Span(start=3, end=20), Span(start=25, end=35)))
    assert attentive(clear) is clear


def test_a_long_silence_is_left_out_only_if_nobody_speaks_softly_in_it(
    heard: list[tuple[float, float]],
) -> None:
    long = window(np.zeros(60 * SAMPLE_RATE), speech=(Span(start=50, end=55),))
    assert attentive(long).speech == long.speech
    heard.append((20.0, 21.0))
    assert attentive(long).speech == (Span(start=20, end=21), Span(start=50, end=55))


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "voice", "stays"),
    [
        ("Yes, we will.", -0.5, 0.0, 0.15, True),
        ("Yes, we will.", -0.5, 0.0, 0.05, False),
        ("Yes, we will.", -1.3, 0.0, 0.15, False),
        ("Yes, we will.", -1.3, 0.0, 0.4, False),
        ("Yes, we will.", -1.3, 0.0, 0.6, True),
        ("Yes, we will.", -0.9, 0.7, 0.4, False),
        ("Yes, we will.", -0.9, 0.7, 0.6, True),
        ("Thanks for watching!", -0.3, 0.0, 1.0, False),
        (" . .", -0.3, 0.0, 1.0, False),
    ],
)
def test_text_stays_by_the_voice_under_it_and_the_trust_of_the_engine(
    heard: list[tuple[float, float]], text: str, logprob: float, no_speech: float, voice: float, stays: bool
) -> None:
    heard.append((2.5, 2.5 + voice))
    said = segment(text, 110, 111.5, logprob=logprob, silent=no_speech)
    found = voices_under(said, window(np.zeros(20 * SAMPLE_RATE), start=100), None)
    assert bool(found) == stays
    assert not stays or found[0].start == 110.5


def test_a_voice_belongs_to_the_text_that_begins_with_it(heard: list[tuple[float, float]]) -> None:
    heard.append((3.05, 4.0))
    said, following = segment("Okay.", 10, 11), segment("And now the report.", 11, 13)
    sound = window(np.zeros(20 * SAMPLE_RATE))
    assert voices_under(said, sound, None)
    assert voices_under(said, sound, following) == []


def test_a_voice_across_a_room_is_found_and_noises_are_none(
    voice: Callable[[str], NDArray[np.float32]],
) -> None:
    rng = np.random.default_rng(5)
    near = voice("I think that the second proposal is better than the first one.")[::3].astype(np.float64) * 2
    near = np.interp(np.arange(near.size * 2) / 2, np.arange(near.size), near)
    echo = rng.normal(size=SAMPLE_RATE) * np.exp(-6.9 * np.arange(SAMPLE_RATE) / SAMPLE_RATE / 0.8)
    far = np.convolve(near, echo)
    far *= 0.01 / np.sqrt(np.mean(far**2))
    room = rng.normal(0, 0.004, far.size + 2 * SAMPLE_RATE)
    room[SAMPLE_RATE : SAMPLE_RATE + far.size] += far
    place = [Span(start=0.0, end=room.size / SAMPLE_RATE)]
    faint = with_faint(window(room), place)
    assert total_length(faint) > total_length(find_speech(room.astype(np.float32)))
    assert any_voice(faint)
    time = np.arange(20 * SAMPLE_RATE) / SAMPLE_RATE
    hum = sum(np.sin(2 * np.pi * 50 * number * time) / number for number in range(1, 12)) * 0.05
    for noise in (hum, rng.normal(0, 0.02, time.size), np.zeros(time.size)):
        assert not any_voice(with_faint(window(np.asarray(noise)), [Span(start=0.0, end=20.0)]))
