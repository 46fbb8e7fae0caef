"""Speech whose words and times are known: spoken sentence by sentence by the product's own voices."""

import json
import re
import wave
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tasks.voice.speech import speak

_PROJECT = Path(__file__).parents[1]
_TEXTS = {
    "en": (_PROJECT / "tests/unit/speech/narration_en.txt", Path(__file__).with_name("narration_en.txt")),
    "pt": (_PROJECT / "tests/unit/speech/narration_pt.txt",),
}
_SPEEDS = (1.0, 1.1, 0.95, 1.05, 0.9)
_PAUSES = (0.45, 0.3, 0.7, 0.4, 1.1, 0.35, 0.55)
"""Seconds after a sentence. Both lists go round, at different lengths, so that no rhythm repeats soon."""
_SILENT = 0.02
"""Below this share of full scale a voice at the edge of a sentence is not heard."""


@dataclass(frozen=True)
class Sentence:
    """What is said from `start` to `end`, in seconds of the recording."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Recording:
    """A WAV file and what is said in it."""

    name: str
    language: str
    path: Path
    duration: float
    """Seconds."""
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


def recording(language: str, seconds: float, *, folder: Path, models_dir: Path) -> Recording:
    """At most `seconds` of varied prose, no sentence twice; made once and kept in `folder`.

    Raises as `tasks.voice.speech.speak`.
    """
    name = f"{language}-{seconds:g}s"
    path, index = folder / f"{name}.wav", folder / f"{name}.json"
    if not index.is_file():
        _make(language, seconds, path, index, models_dir)
    sentences = tuple(Sentence(**entry) for entry in json.loads(index.read_text(encoding="utf-8")))
    with wave.open(str(path)) as file:
        duration = file.getnframes() / file.getframerate()
    return Recording(name, language, path, duration, sentences)


def _make(language: str, seconds: float, path: Path, index: Path, models_dir: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(source.read_text(encoding="utf-8") for source in _TEXTS[language])
    sentences: list[Sentence] = []
    parts: list[np.ndarray] = []
    at, rate = 0, 0
    with TemporaryDirectory(dir=path.parent) as scratch:
        for number, said in enumerate(re.split(r"(?<=[.!?])\s+", text.strip())):
            speech = speak(
                said,
                language=language,
                target=Path(scratch) / "sentence.wav",
                models_dir=models_dir,
                speed=_SPEEDS[number % len(_SPEEDS)],
            )
            rate = speech.sample_rate
            with wave.open(str(speech.path)) as file:
                samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            pause = np.zeros(round(_PAUSES[number % len(_PAUSES)] * rate), dtype="<i2")
            if (at + samples.size + pause.size) / rate > seconds:
                break
            heard = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT * 32768)
            sentences.append(
                Sentence(said, round((at + int(heard[0])) / rate, 3), round((at + int(heard[-1])) / rate, 3))
            )
            parts += [samples, pause]
            at += samples.size + pause.size
        whole = Path(scratch) / path.name
        with wave.open(str(whole), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(np.concatenate(parts).tobytes())
        whole.replace(path)
    # Written last: it is the sign that the recording is complete.
    partial = index.with_suffix(".part")
    partial.write_text(json.dumps([asdict(s) for s in sentences], ensure_ascii=False), encoding="utf-8")
    partial.replace(index)
