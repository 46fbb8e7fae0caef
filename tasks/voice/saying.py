"""A sentence at any speed, without the silence around it."""

from fractions import Fraction

import numpy as np
from av import AudioFrame
from av.filter import Graph

from tasks.errors import InvalidInputError
from tasks.voice.engine import Samples, Utterance, VoiceEngine

SPEEDS = (0.25, 4.0)
"""What may be asked for; what an engine does not do by itself is stretched."""

_QUIET = 10 ** (-45 / 20)
"""Of the loudest moment: what is below it before and behind a sentence is silence."""
_WINDOW = 0.005
"""Seconds that are looked at together."""
_KEPT = 0.02
"""Seconds of silence that stay, so that no sound is cut."""
_TEMPO_STEP = 2.0
"""ffmpeg's filter gives its best up to double and down to half."""


def check_speed(speed: float) -> None:
    """Raises InvalidInputError for a speed that nobody can speak at."""
    if not SPEEDS[0] <= speed <= SPEEDS[1]:
        raise InvalidInputError(
            f"Nothing can be spoken at speed {speed:g}.",
            hint=f"Choose a speed from {SPEEDS[0]:g} to {SPEEDS[1]:g}.",
        )


def say(engine: VoiceEngine, text: str, *, voice: str, speed: float) -> Utterance:
    """Speaks a sentence: by the engine at the nearest speed that it has, the rest by stretching."""
    slowest, fastest = engine.speeds
    own = min(max(speed, slowest), fastest)
    said = trimmed(engine.say(text, voice=voice, speed=own), engine.sample_rate)
    return said if own == speed else stretched(said, engine.sample_rate, speed / own)


def trimmed(said: Utterance, rate: int) -> Utterance:
    """Without the silence before and behind what is heard; the words move along."""
    window = max(round(_WINDOW * rate), 1)
    count = len(said.samples) // window
    if not count:
        return said
    power = np.square(said.samples[: count * window].reshape(count, window), dtype=np.float64).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * _QUIET**2)
    if not loud.size:
        return said
    kept = round(_KEPT * rate)
    start = max(int(loud[0]) * window - kept, 0)
    # The end of a sentence that is no whole window counts as heard.
    last = count - 1 if len(said.samples) % window and loud[-1] == count - 1 else int(loud[-1])
    stop = len(said.samples) if last == count - 1 else min((last + 1) * window + kept, len(said.samples))
    return _moved(said, said.samples[start:stop], 1.0, start / rate, rate)


def stretched(said: Utterance, rate: int, factor: float) -> Utterance:
    """Faster by `factor`, at the same pitch."""
    if not len(said.samples):
        return said
    samples = _tempo(said.samples, rate, factor)
    return _moved(said, samples, len(samples) / len(said.samples), 0.0, rate)


def _moved(said: Utterance, samples: Samples, scale: float, earlier: float, rate: int) -> Utterance:
    """The words follow their sound, and stay within it."""
    end = len(samples) / rate
    words = said.words and tuple(
        (min(max((start - earlier) * scale, 0.0), end), min(max((stop - earlier) * scale, 0.0), end))
        for start, stop in said.words
    )
    return Utterance(samples, words)


def _tempo(samples: Samples, rate: int, factor: float) -> Samples:
    graph = Graph()
    last = graph.add_abuffer(format="flt", sample_rate=rate, layout="mono", time_base=Fraction(1, rate))
    while factor != 1.0:
        step = min(max(factor, 1 / _TEMPO_STEP), _TEMPO_STEP)
        tempo = graph.add("atempo", f"{step:.6f}")
        last.link_to(tempo)
        last, factor = tempo, factor / step
        factor = 1.0 if abs(factor - 1.0) < 1e-6 else factor
    shape = graph.add("aformat", "sample_fmts=flt:channel_layouts=mono")
    sink = graph.add("abuffersink")
    last.link_to(shape)
    shape.link_to(sink)
    graph.configure()
    frame = AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, np.float32)[None, :], format="flt", layout="mono"
    )
    frame.sample_rate = rate
    graph.push(frame)
    graph.push(None)
    parts = []
    while True:
        try:
            pulled = graph.pull()
        except (EOFError, BlockingIOError):
            break
        parts.append(pulled.to_ndarray().ravel())
    return np.concatenate(parts).astype(np.float32, copy=False)
