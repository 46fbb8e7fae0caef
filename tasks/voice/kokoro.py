"""Portuguese: Kokoro-82M in int8, with kokoro-onnx's reading of text."""

import importlib.util
import os
from functools import cache, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tasks.errors import EngineError, MissingEngineError
from tasks.models.install import find_model
from tasks.voice.durations import Spoken, utter, with_output
from tasks.voice.engine import Offer, Utterance

MODEL, NATIVE_VOICES = "kokoro-pt-br", "kokoro-voices-pt-br"
_NETWORK = "kokoro-v1.0.int8.onnx"
_DURATIONS = "/encoder/Round_output_0"
"""The network's inner tensor of predicted durations."""
NATIVE = ("pf_dora", "pm_alex", "pm_santa")
# Without the native voices, speakers of another language read Portuguese phonemes; in the order in which
# speech recognition understands them (word error rates from 3.5 % to 6.3 % on the same text).
_FOREIGN = ("jm_kumo", "jf_gongitsune", "jf_tebukuro", "jf_alpha", "jf_nezumi")
_STYLE = 256
"""Numbers that describe a voice for one length of text."""

_VERSION = "82M-1.0-int8 phonemes-2"

_ONE_SOUND = {"tʃ": "ʧ", "dʒ": "ʤ", "eɪ": "A", "aɪ": "I", "aʊ": "W", "oʊ": "O", "ɔɪ": "Y"}
"""Sounds for which espeak writes two letters and the network was taught one (misaki 0.9.4, `espeak.py`)."""


class KokoroVoice:
    """Kokoro with Brazilian Portuguese phonemes."""

    name = "kokoro"
    speeds = (0.5, 2.0)

    def __init__(self, models_dir: Path) -> None:
        directory = find_model(MODEL, models_dir)
        from kokoro_onnx.chunker import split_phonemes  # noqa: PLC0415 - an extra
        from kokoro_onnx.config import MAX_PHONEME_LENGTH, SAMPLE_RATE  # noqa: PLC0415 - an extra
        from kokoro_onnx.tokenizer import Tokenizer  # noqa: PLC0415 - an extra
        from onnxruntime import InferenceSession, SessionOptions  # noqa: PLC0415 - an extra

        options = SessionOptions()
        options.intra_op_num_threads = len(os.sched_getaffinity(0))
        # Threads that wait in a loop for each other's pieces cost a quarter of all the work.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = InferenceSession(
            with_output(directory / _NETWORK, _DURATIONS), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer()
        self._split, self._longest = split_phonemes, int(MAX_PHONEME_LENGTH)
        self.sample_rate = int(SAMPLE_RATE)
        self.voices = _voices(models_dir)
        self._styles = {name: _style(name, models_dir) for name in self.voices}

    def say(self, text: str, *, voice: str, speed: float) -> Utterance:
        """See `VoiceEngine`."""
        style = self._styles[voice]

        def run(row: str) -> Spoken:
            tokens = self._tokenizer.tokenize(row)
            feeds = {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": style[min(len(tokens), len(style)) - 1].reshape(1, _STYLE),
                "speed": np.array([speed], np.float32),
            }
            audio, lengths = self._session.run(None, feeds)
            return Spoken(np.ravel(audio).astype(np.float32), np.ravel(lengths))

        try:
            rows = [row for row in self._split(self._read(text), self._longest) if row]
            return utter(text, rows, self._read, run, self.sample_rate)
        except (ValueError, RuntimeError) as error:
            raise EngineError(f"The Portuguese voice cannot speak {text[:60]!r}.") from error

    def _read(self, text: str) -> str:
        sounds = self._tokenizer.phonemize(text, "pt-br")
        for two, one in _ONE_SOUND.items():
            sounds = sounds.replace(two, one)
        return " ".join(sounds.split())


def _voices(models_dir: Path) -> tuple[str, ...]:
    """The native voices, of the release's archive or as files of their own; else those of other languages."""
    with np.load(_archive(models_dir)) as archive:
        packed = set(archive)
    native = tuple(
        name for name in NATIVE if name in packed or (models_dir / NATIVE_VOICES / f"{name}.bin").is_file()
    )
    return native or tuple(name for name in _FOREIGN if name in packed)


def _style(name: str, models_dir: Path) -> NDArray[np.float32]:
    """Number of phonemes × 1 × 256."""
    own = models_dir / NATIVE_VOICES / f"{name}.bin"
    if own.is_file():
        return np.fromfile(own, np.float32).reshape(-1, 1, _STYLE)
    with np.load(_archive(models_dir)) as archive:
        return np.asarray(archive[name], np.float32)


def _archive(models_dir: Path) -> Path:
    release = models_dir / MODEL / "voices-v1.0.bin"
    return release if release.is_file() else models_dir / MODEL / "voices_ja.npz"


@cache
def _loaded(models_dir: Path, voices: tuple[str, ...]) -> KokoroVoice:
    """`voices` are those that there are now: with others it is loaded again."""
    del voices
    return KokoroVoice(models_dir)


def offer_kokoro(language: str, models_dir: Path) -> Offer:
    """The engine of this process, which stays loaded. Raises MissingEngineError."""
    del language
    find_model(MODEL, models_dir)
    for package in ("kokoro_onnx", "onnxruntime"):
        if importlib.util.find_spec(package) is None:
            raise MissingEngineError(
                f"The Portuguese voice needs the Python package {package!r}, which is not installed.",
                hint="Install it with: pip install 'contraponto[voice-pt]'",
            )
    voices = _voices(models_dir)
    accent = (
        ()
        if voices[0] in NATIVE
        else (
            f"No Brazilian voice is installed: {voices[0]} speaks with a slight accent. "
            f"Get one with: contraponto models get {NATIVE_VOICES}",
        )
    )
    return Offer(KokoroVoice.name, _VERSION, voices, partial(_loaded, models_dir, voices), accent)
