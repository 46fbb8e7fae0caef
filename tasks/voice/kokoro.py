"""Portuguese: Kokoro-82M in int8, through kokoro-onnx."""

import os
from functools import cache
from pathlib import Path

import numpy as np

from tasks.errors import EngineError, MissingEngineError
from tasks.models.install import find_model
from tasks.voice.engine import Samples

MODEL = "kokoro-pt-br"
_NATIVE = ("pf_dora", "pm_alex", "pm_santa")
# Without the native voices, speakers of another language read Portuguese phonemes; in the order in which
# speech recognition understands them (word error rates from 3.5 % to 6.3 % on the same text).
_FOREIGN = ("jm_kumo", "jf_gongitsune", "jf_tebukuro", "jf_alpha", "jf_nezumi")


class KokoroVoice:
    """Kokoro with Brazilian Portuguese phonemes."""

    name = "kokoro"
    speeds = (0.5, 2.0)

    def __init__(self, models_dir: Path) -> None:
        directory = find_model(MODEL, models_dir)
        try:
            from kokoro_onnx import Kokoro  # noqa: PLC0415 - an extra
            from kokoro_onnx.config import SAMPLE_RATE  # noqa: PLC0415 - an extra
            from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - an extra
        except ModuleNotFoundError as error:
            raise MissingEngineError(
                f"The Portuguese voice needs the Python package {error.name!r}, which is not installed.",
                hint="Install it with: pip install 'contraponto[voice-pt]'",
            ) from error
        options = SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        model, styles = directory / "kokoro-v1.0.int8.onnx", _styles_file(directory)
        session = InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.sample_rate = int(SAMPLE_RATE)
        self._kokoro = Kokoro.from_session(session, str(styles))
        with np.load(styles) as archive:
            known = [name for name in (*_NATIVE, *_FOREIGN) if name in archive]
            self._styles = {name: np.asarray(archive[name], np.float32) for name in known}
        self._kokoro.voices.close()
        native = tuple(name for name in _NATIVE if name in self._styles)
        self.voices = native or tuple(self._styles)

    def say(self, text: str, *, voice: str, speed: float) -> Samples:
        """See `VoiceEngine`."""
        try:
            samples, _ = self._kokoro.create(text, self._styles[voice], speed=speed, lang="pt-br")
        except ValueError as error:
            raise EngineError(f"The Portuguese voice cannot speak {text[:60]!r}.") from error
        return np.asarray(samples, np.float32)


def _styles_file(directory: Path) -> Path:
    release = directory / "voices-v1.0.bin"
    return release if release.exists() else directory / "voices_ja.npz"


@cache
def load_kokoro(language: str, models_dir: Path) -> KokoroVoice:
    """The warm engine of this process. Raises MissingEngineError."""
    del language
    return KokoroVoice(models_dir)
