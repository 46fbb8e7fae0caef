"""Which parts of a recording are worth hearing: everything but its long silences."""

from collections.abc import Sequence

from tasks.speech.activity import join_close
from tasks.speech.transcript import Span

LONG_SILENCE = 20.0
"""Seconds of silence from which hearing it costs more than it gives. Shorter ones stay: engines are trained on blocks
of 30 s as they are recorded, and lose capitals, sentence marks and endings where silences are cut out of them."""
_PAD_SECONDS = 2.0
"""Silence kept at a cut: voice activity hears soft beginnings and endings late, or not at all."""


def worth_hearing(speech: Sequence[Span], duration: float) -> list[Span]:
    """The stretches of a recording of `duration` seconds to be heard, in order, far apart, with all its `speech`.

    A silence before the first word is kept like one between words, so that a recording begins for the engine where it
    begins for everybody.
    """
    stretches = join_close(speech, gap=LONG_SILENCE, pad=_PAD_SECONDS, limit=duration)
    if speech and speech[0].start < LONG_SILENCE:
        stretches[0] = Span(start=0.0, end=stretches[0].end)
    return stretches
