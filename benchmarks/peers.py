# ruff: noqa: PLC0415 - the alternatives are not needed to import this, and may not be installed
"""The alternatives, used as their own documentation says."""

import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.scoring import HeardWord
from tasks.inference.devices import Device

Transcriber = Callable[[Path], list[HeardWord]]


class FasterWhisper:
    """The library that ours is built on, loaded once."""

    def __init__(self, model_dir: Path, device: Device) -> None:
        from faster_whisper import WhisperModel

        self._model = WhisperModel(
            str(model_dir), device=device.name, compute_type=device.compute_type, cpu_threads=device.threads
        )

    def same_settings(self, audio: Path, language: str) -> list[HeardWord]:
        """With what a job uses: the same beam, word times, and each text following from the one before."""
        found, _ = self._model.transcribe(
            str(audio),
            language=language,
            beam_size=5,
            word_timestamps=True,
        )
        return _words(found)

    def defaults(self, audio: Path) -> list[HeardWord]:
        """With its own defaults and word times."""
        found, _ = self._model.transcribe(str(audio), word_timestamps=True)
        return _words(found)


def _words(segments: Iterable[Any]) -> list[HeardWord]:
    # The work happens in this loop: the segments are made as they are asked for.
    return [
        HeardWord(word.word.strip(), float(word.start), float(word.end))
        for segment in segments
        for word in segment.words
    ]


def openai_whisper(size: str, folders: Iterable[Path], threads: int) -> tuple[Transcriber | None, str]:
    """openai-whisper with the weights of one of the folders; or None and why not."""
    if importlib.util.find_spec("whisper") is None:
        return None, "openai-whisper is not installed (pip install openai-whisper)"
    weights = [folder / f"{size}.pt" for folder in folders]
    there = next((path for path in weights if path.is_file()), None)
    if there is None:
        return None, f"openai-whisper has no weights here: {' or '.join(map(str, weights))} is needed"
    import torch  # type: ignore[import-not-found, unused-ignore]
    import whisper  # type: ignore[import-not-found, import-untyped, unused-ignore]

    torch.set_num_threads(threads)
    model = whisper.load_model(str(there), device="cpu")

    def transcribe(audio: Path) -> list[HeardWord]:
        found = model.transcribe(
            whisper.load_audio(str(audio)),
            language="en",
            beam_size=5,
            word_timestamps=True,
            fp16=False,
        )
        return [
            HeardWord(word["word"].strip(), word["start"], word["end"])
            for segment in found["segments"]
            for word in segment["words"]
        ]

    return transcribe, "openai-whisper"
