"""Which parts of a recording are worth hearing: everything but its long silences."""

from collections.abc import Sequence

from tasks.speech.activity import join_close, subtract
from tasks.speech.transcript import Span

LONG_SILENCE = 30.0
"""Seconds of silence from which hearing it costs more than it gives. Shorter ones stay: engines are trained on blocks
of 30 s as they are recorded, and lose capitals, sentence marks and endings where silences are cut out of them; and in
less than a block nothing is saved."""
_PAD_SECONDS = 2.0
"""Silence kept at a cut: voice activity hears soft beginnings and endings late, or not at all."""


def long_silences(speech: Sequence[Span], duration: float) -> list[Span]:
    """The silences of a recording of `duration` seconds that are long enough to be left out."""
    silences = subtract([Span(start=0.0, end=duration)], speech)
    return [silence for silence in silences if silence.length >= LONG_SILENCE]


def worth_hearing(speech: Sequence[Span], duration: float) -> list[Span]:
    """The stretches of a recording of `duration` seconds to be heard, in order, far apart, with all its `speech`.

    A silence before the first word or after the last is kept like one between words, so that a recording begins and
    ends for the engine where it does for everybody: a cut changes what is written up to 30 s before it.
    """
    if not speech:
        return []
    stretches = join_close(speech, gap=LONG_SILENCE, pad=_PAD_SECONDS, limit=duration)
    if speech[0].start < LONG_SILENCE:
        stretches[0] = Span(start=0.0, end=stretches[0].end)
    if duration - speech[-1].end < LONG_SILENCE:
        stretches[-1] = Span(start=stretches[-1].start, end=duration)
    return stretches
