"""Voices so faint or far away that voice activity passes them over.

They are looked for only where something hangs on them: in a silence that would be left out, and under text that would
be taken out or heard again. Clear speech costs no second look.
"""

from collections.abc import Iterable
from dataclasses import replace

from tasks.audio.voice_activity import speech_stretches
from tasks.speech.activity import SAMPLE_RATE, join_close, moved, total_length, within
from tasks.speech.quality import doubtful, has_words, is_known_invention
from tasks.speech.stretches import long_silences
from tasks.speech.transcript import Segment, Span
from tasks.speech.windows import Window

_LEAD_SECONDS = 2.0
"""Sound before a place that is listened to as well: the model of voice activity remembers what came before."""
_BELIEVED, _DOUBTED = 0.1, 0.3
"""Seconds of a faint voice from which on the text over it stays: where the engine believes it (three moments in a row,
which noise seldom has), and where it is in doubt."""
_DOUBTED_SHARE = 1 / 3
"""Of the time of a text in doubt, what must be a voice. In 40 s of white noise up to 1.8 s pass for a faint one, under
a longer text that the engine guesses; of the speech over far microphones three fifths are heard."""
_ENOUGH_SECONDS = 0.2
"""Voices, faint ones among them, in a whole recording from which on it is heard: less is a click or a note."""
_LATE_SECONDS = 0.3
"""How far after a text its voice may go on: engines write words early."""


def any_voice(voices: Iterable[Span]) -> bool:
    """Whether the voices of a recording amount to anything that is worth hearing."""
    return total_length(voices) >= _ENOUGH_SECONDS


def attentive(window: Window) -> Window:
    """The window with the faint voices in its long silences among its speech."""
    silences = long_silences(window.speech, window.duration)
    return replace(window, speech=tuple(with_faint(window, silences))) if silences else window


def with_faint(window: Window, places: Iterable[Span]) -> list[Span]:
    """The speech of a window, with the faint voices in some places of it, in seconds from its beginning."""
    found = list(window.speech)
    for place in places:
        begin = max(0.0, place.start - _LEAD_SECONDS)
        samples = window.audio[round(begin * SAMPLE_RATE) : round(place.end * SAMPLE_RATE)]
        spans = [Span(start=start, end=end) for start, end in speech_stretches(samples, faint=True)]
        found += within(moved(spans, begin), place)
    return join_close(sorted(found, key=lambda span: span.start), gap=0.01)


def voices_under(segment: Segment, window: Window, following: Segment | None) -> list[Span]:
    """The voice under a text that nobody seems to have said, in seconds of the recording; empty if nobody did.

    `following` is the next text. A credit or sign-off that engines are known to invent is never said faintly, and marks
    without words are not said at all.
    """
    if is_known_invention(segment.text) or not has_words(segment.text):
        return []
    end = segment.end + _LATE_SECONDS
    place = Span(start=segment.start, end=min(end, following.start) if following else end)
    if place.length <= 0:
        return []
    speech = moved(with_faint(window, moved([place], -window.start)), window.start)
    voices = within(speech, place)
    least = max(_DOUBTED, _DOUBTED_SHARE * segment.duration) if doubtful(segment) else _BELIEVED
    return voices if total_length(voices) >= least else []
