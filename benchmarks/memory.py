"""Peak memory of a transcription, in a process of its own: `python -m benchmarks.memory MODEL_DIR AUDIO`."""

import subprocess
import sys
import wave
from pathlib import Path

from benchmarks.measure import peak_memory
from tasks.speech.recognition import RecognitionOptions, load_recogniser

_TIME_LIMIT = 6 * 3600
_BLOCK_FRAMES = 1 << 20


def memory_of(audio: Path, model_dir: Path) -> float:
    """The most memory, in MB, that the transcription of a file holds."""
    command = [sys.executable, "-m", "benchmarks.memory", str(model_dir), str(audio)]
    finished = subprocess.run(
        command,
        check=True,
        capture_output=True,
        text=True,
        timeout=_TIME_LIMIT,
        cwd=Path(__file__).parents[1],
    )
    return float(finished.stdout)


def looped(source: Path, target: Path, seconds: float) -> Path:
    """The sound of a WAV file, again and again, for so many seconds: for memory only, where words do not matter."""
    with wave.open(str(source)) as original, wave.open(str(target), "wb") as copy:
        copy.setparams(original.getparams())
        left = round(seconds * original.getframerate())
        width = original.getsampwidth() * original.getnchannels()
        while left > 0:
            block = original.readframes(min(left, _BLOCK_FRAMES))
            if not block:
                original.rewind()
                continue
            copy.writeframes(block)
            left -= len(block) // width
    return target


def _main(model_dir: Path, audio: Path) -> None:
    recogniser = load_recogniser(model_dir, device="cpu")
    recogniser.transcribe(audio, RecognitionOptions(language="en", beam_size=1))
    print(peak_memory())


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
