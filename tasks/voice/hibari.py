"""English: Hibari, a small network that comes inside its own package."""

import importlib.metadata
from functools import cache
from pathlib import Path

import numpy as np

from tasks.errors import MissingEngineError
from tasks.voice.durations import Spoken, utter, with_output
from tasks.voice.engine import Offer, Utterance

_DURATIONS = "/Round_output_0"
"""The network's inner tensor of predicted durations."""


class HibariVoice:
    """The voice that is in the package; its others would be fetched behind the user's back."""

    name = "hibari"
    voices = ("heart",)
    speeds = (0.5, 2.0)

    def __init__(self) -> None:
        import hibari  # noqa: PLC0415 - an extra
        from hibari import dsp  # noqa: PLC0415 - an extra
        from hibari.voices import voice_path  # noqa: PLC0415 - an extra

        self.sample_rate = int(hibari.SAMPLE_RATE)
        self._synthesise = dsp.synth
        # The package hands what it is given to ONNX Runtime, which takes a file's content too.
        self._hibari = hibari.Hibari(voice="heart", model=with_output(Path(voice_path("heart")), _DURATIONS))

    def say(self, text: str, *, voice: str, speed: float) -> Utterance:
        """See `VoiceEngine`; the same text always gives the same samples."""
        del voice
        noise = np.random.default_rng(0)

        def run(row: str) -> Spoken:
            ids = np.asarray([self._hibari.ids(row)], np.int64)
            feeds = {"ids": ids, "speed": np.asarray([speed], np.float32)}
            *spectra, lengths = self._hibari.sess.run(None, feeds)
            samples = self._synthesise(*(spectrum[0] for spectrum in spectra), noise)
            return Spoken(np.asarray(samples, np.float32), np.ravel(lengths))

        rows = [self._known(row) for row in self._hibari.phonemize(text)]
        return utter(text, [row for row in rows if row], self._hibari.g2p, run, self.sample_rate)

    def _known(self, row: str) -> str:
        known = "".join(sound for sound in row if sound in self._hibari.vocab)
        return " ".join(known.split())


@cache
def _loaded() -> HibariVoice:
    return HibariVoice()


def offer_hibari(language: str, models_dir: Path) -> Offer:
    """The engine of this process, which stays loaded. Raises MissingEngineError."""
    del language, models_dir
    try:
        version = importlib.metadata.version("hibari-tts")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingEngineError(
            "The English voice (hibari-tts) is not installed.",
            hint="Install it with: pip install 'contraponto[voice]'",
        ) from error
    return Offer(HibariVoice.name, version, HibariVoice.voices, _loaded)
