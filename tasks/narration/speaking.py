"""The sentences of a script, spoken once each: what was spoken before is taken from the media store."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from blocks.media_store import MediaStore
from tasks.progress import Progress
from tasks.voice.engine import Interval, Samples16
from tasks.voice.sentences import SpokenFile, read_samples

_FORM = 1
"""Raised when the code makes other sound of the same sentence."""


class Voice(BaseModel):
    """All that decides how a sentence sounds, but its text."""

    model_config = ConfigDict(frozen=True)

    engine: str
    """Name of the embedded engine, or of the speech endpoint's model."""
    version: str
    """Of the engine, or the endpoint's address: another one may sound different."""
    remote: bool = False
    """Whether the speech endpoint speaks."""
    language: str
    voice: str
    speed: float


@dataclass(frozen=True)
class SpokenSamples:
    """A sentence that was spoken."""

    samples: Samples16
    rate: int
    words: tuple[Interval, ...] | None
    """In seconds, one for each word that was spoken; None if the engine does not know."""


Speak = Callable[[tuple[str, ...], tuple[Path, ...], Progress], Sequence[SpokenFile]]
"""Speaks texts into files."""


def speak_once(
    texts: Sequence[str], voice: Voice, speak: Speak, store: MediaStore, folder: Path, progress: Progress
) -> list[SpokenSamples]:
    """What each text sounds like. `speak` is asked for those only that the store does not hold, in one call."""
    keys = [_key(text, voice) for text in texts]
    wanted = {
        key: text
        for key, text in zip(keys, texts, strict=True)
        if not (store.exists(f"{key}.json") and store.exists(f"{key}.wav"))
    }
    if wanted:
        paths = tuple(folder / f"{number}.wav" for number in range(len(wanted)))
        files = speak(tuple(wanted.values()), paths, progress)
        for key, path, file in zip(wanted, paths, files, strict=True):
            store.put_file(path, f"{key}.wav")
            # Last: who finds it finds the sound too.
            store.put_text(file.model_dump_json(), f"{key}.json")
    progress(1.0)
    return [_read(key, store) for key in keys]


def _read(key: str, store: MediaStore) -> SpokenSamples:
    told = SpokenFile.model_validate_json(store.read_bytes(f"{key}.json"))
    with store.open_local(f"{key}.wav") as path:
        samples, rate = read_samples(path)
    return SpokenSamples(samples, rate, told.words)


def _key(text: str, voice: Voice) -> str:
    digest = hashlib.sha256(f"{_FORM}\n{voice.model_dump_json()}\n{text}".encode()).hexdigest()
    return f"speech/{digest[:2]}/{digest}"
