"""The text of real recordings: ours beside the engine's own defaults and WhisperX's way.

python benchmarks/real_talk.py FOLDER [FOLDER …]   every recording in the folders
python benchmarks/real_talk.py --mixes             telephone, noise, silence and repetition, made of our own voices

A reference is a text file of the same name beside the recording (talk.wav, talk.txt), or an RTTM file that says when
somebody speaks (talk.rttm): then words in speech count for a text, and words where nobody speaks against it. A language
is the last part of the name (talk.pt.wav). The source archive of pyannote.audio 2.1.1 carries pieces of meetings over
far microphones with RTTM files in tests/data, one file of several recordings: its lines by the second column.

Ours is what a job does without its server: the default filters, then recognition. The engine's own hears
the file as it is, with its defaults and word times. WhisperX's way is cut at silences and heard in batches.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jiwer
from rich import box
from rich.console import Console
from rich.table import Table

_PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_PROJECT))

from benchmarks.measure import Cost, machine, measured  # noqa: E402
from benchmarks.mixes import make_mixes  # noqa: E402
from blocks.settings import get_settings  # noqa: E402
from tasks.audio.normalise import NormalisationOptions, normalise  # noqa: E402
from tasks.inference.devices import usable_threads  # noqa: E402
from tasks.models.install import find_model  # noqa: E402
from tasks.speech.languages import language_codes  # noqa: E402
from tasks.speech.options import RecognitionOptions  # noqa: E402
from tasks.speech.recognition import load_recogniser  # noqa: E402

_KINDS = {".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".aiff", ".mka", ".mp4"}
_OURS, _ENGINE, _WHISPERX = "ours", "engine's defaults", "WhisperX's way"
_HOURS = 3600.0
_SLACK = 0.05
"""Share of the engine's words or marks that may be missing, where no reference tells who is right."""

_EDGE = 0.2
"""Seconds around marked speech in which a word may lie, too."""

console = Console(width=140 if not sys.stdout.isatty() else None)


@dataclass(frozen=True)
class Text:
    """What one contender wrote."""

    text: str
    error: float | None
    """Word error rate, where there is a reference."""
    cost: Cost
    net: int | None = None
    """Words where somebody speaks, less those where nobody does; None where that is not known."""

    @property
    def words(self) -> int:
        return len(self.text.split())

    @property
    def sentences(self) -> int:
        return len(re.findall(r"[.?!…。？！]+(?=[\s\"”»]|$)", self.text))

    @property
    def commas(self) -> int:
        return len(re.findall(r"[,，、]", self.text))

    @property
    def capitals(self) -> int:
        return sum(word[0].isupper() for word in re.findall(r"\w+", self.text))

    def worse_than(self, other: "Text") -> str:
        """In what this is worse; empty if in nothing."""
        if self.error is not None and other.error is not None:
            missed = self.error > other.error
        elif self.net is not None and other.net is not None:
            missed = self.net < other.net - _SLACK * abs(other.net)
        else:
            missed = self.words < (1 - _SLACK) * other.words
        marks = self.sentences < (1 - _SLACK) * other.sentences - 0.5
        capitals = self.capitals < (1 - _SLACK) * other.capitals - 0.5
        named = {"words": missed, "marks": marks, "capitals": capitals}
        return ", ".join(name for name, is_worse in named.items() if is_worse)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--mixes", action="store_true", help="also the mixes of our own voices")
    parser.add_argument("--model", default="base", help="speech model")
    parser.add_argument("--text", action="store_true", help="print what was written, too")
    arguments = parser.parse_args()
    models_dir = get_settings().models_dir
    contenders = _contenders(find_model(f"whisper-{arguments.model}", models_dir), models_dir)
    files = [
        path for folder in arguments.folders for path in sorted(folder.rglob("*")) if path.suffix in _KINDS
    ]
    if arguments.mixes:
        files += make_mixes(get_settings().home / "bench" / "mixes", models_dir)
    console.print(f"[bold]Machine[/]: {machine()}; model {arguments.model}")
    worse: dict[str, str] = {}
    for path in files:
        texts = {name: _heard(path, hear) for name, hear in contenders.items()}
        console.print(_table(path, texts))
        if arguments.text:
            for name, text in texts.items():
                console.print(f"[bold]{name}[/]: {text.text}")
        if said := texts[_OURS].worse_than(texts[_ENGINE]):
            worse[path.name] = said
    console.print(f"Files where ours is worse: {len(worse)} of {len(files)}")
    for name, said in worse.items():
        console.print(f"  {name}: {said}")


def _table(path: Path, texts: dict[str, Text]) -> Table:
    table = Table(path.name, *("error", "words", "net", ". ? !", ",", "capitals", "CPU s"), box=box.SIMPLE)
    for name, text in texts.items():
        error = "" if text.error is None else f"{text.error:.1%}"
        net = "" if text.net is None else text.net
        counts = (text.words, net, text.sentences, text.commas, text.capitals)
        table.add_row(name, error, *map(str, counts), f"{text.cost.cpu:.1f}")
    return table


@dataclass(frozen=True)
class Written:
    """A text and the middle of each of its words, in seconds."""

    text: str
    words: tuple[float, ...]


Hear = Callable[[Path, str | None], Written]


def _heard(path: Path, hear: Hear) -> Text:
    language = path.stem.rpartition(".")[2]
    known = language if language in language_codes() else None
    written, cost = measured(lambda: hear(path, known))
    reference = path.with_suffix(".txt")
    error = None
    if reference.is_file():
        error = float(jiwer.wer(_bare(reference.read_text(encoding="utf-8")), _bare(written.text)))
    return Text(written.text, error, cost, _net(written, path.with_suffix(".rttm")))


def _net(written: Written, truth: Path) -> int | None:
    if not truth.is_file():
        return None
    fields = [line.split() for line in truth.read_text(encoding="utf-8").splitlines() if line.strip()]
    spoken = [(float(field[3]) - _EDGE, float(field[3]) + float(field[4]) + _EDGE) for field in fields]
    said = sum(any(start <= word <= end for start, end in spoken) for word in written.words)
    return 2 * said - len(written.words)


def _contenders(model_dir: Path, models_dir: Path) -> dict[str, Hear]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel  # noqa: PLC0415 - slow to import

    threads = usable_threads()
    recogniser = load_recogniser(model_dir, device="cpu", threads=threads)
    model = WhisperModel(
        str(model_dir), device="cpu", compute_type=recogniser.device.compute_type, cpu_threads=threads
    )
    batches = BatchedInferencePipeline(model)

    def ours(path: Path, language: str | None) -> Written:
        with TemporaryDirectory() as scratch:
            sound = Path(scratch) / "sound.flac"
            report = normalise(
                path, sound, NormalisationOptions(), models_dir, lambda _: None, _HOURS, threads=threads
            )
            heard = path if report.as_recorded else sound
            return _written(
                recogniser.transcribe(heard, RecognitionOptions(language=language or "auto")).segments
            )

    def defaults(path: Path, language: str | None) -> Written:
        return _written(model.transcribe(str(path), language=language, word_timestamps=True)[0])

    def whisperx(path: Path, language: str | None) -> Written:
        return _written(
            batches.transcribe(str(path), language=language, batch_size=8, word_timestamps=True)[0]
        )

    return {_OURS: ours, _ENGINE: defaults, _WHISPERX: whisperx}


def _written(segments: Iterable[Any]) -> Written:
    listed = list(segments)
    words = tuple((word.start + word.end) / 2 for segment in listed for word in segment.words)
    return Written(" ".join(segment.text.strip() for segment in listed), words)


def _bare(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower().replace("'", "").replace("’", "")).split())


if __name__ == "__main__":
    main()
