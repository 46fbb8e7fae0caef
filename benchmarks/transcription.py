"""The transcription pipeline beside the library that it is built on: time, accuracy, memory.

python benchmarks/transcription.py            10 minutes of English, 2 of Portuguese
python benchmarks/transcription.py --quick    1 minute of each
python benchmarks/transcription.py --memory   peak memory: 2 hours against 2 minutes

Everything that is compared runs in turn, in this process, on the same files. Quote the ratios of processor
seconds when other programs were running, those of wall seconds when the machine was idle.
"""

import argparse
import logging
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal

from rich.console import Console
from rich.table import Table

_PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_PROJECT))

from benchmarks.material import Recording, recording  # noqa: E402
from benchmarks.measure import Cost, machine, measured  # noqa: E402
from benchmarks.memory import looped, memory_of  # noqa: E402
from benchmarks.peers import FasterWhisper, openai_whisper  # noqa: E402
from benchmarks.scoring import HeardWord, Score, score  # noqa: E402
from benchmarks.warm_job import WarmJobs, warm_jobs  # noqa: E402
from tasks.inference.devices import probe_device, usable_threads  # noqa: E402
from tasks.models.install import find_model  # noqa: E402

if TYPE_CHECKING:
    from tasks.speech.document import TranscriptionDocument

_FULL, _QUICK = {"en": 600.0, "pt": 120.0}, {"en": 60.0, "pt": 60.0}
_GOAL_TIME, _GOAL_OPENAI, _GOAL_MEMORY = 1.10, 3.0, 400.0
_WARMING = 15.0
_LONG, _SHORT = 7200.0, 120.0

_WHOLE = "job, default filters"
_PLAIN = "job on normalised audio"
_SAME = "faster-whisper, same settings, normalised audio"
_DEFAULTS = "faster-whisper, own defaults, original audio"
_OPENAI = "openai-whisper, same settings, normalised audio"

console = Console(width=120 if not sys.stdout.isatty() else None)


@dataclass
class Measurements:
    """What was measured of each contender on one recording."""

    costs: dict[str, list[Cost]] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)

    def ratio(self, ours: str, peer: str, kind: Literal["cpu", "wall"]) -> float:
        """Median cost of ours over that of the peer."""
        return self.median(ours, kind) / self.median(peer, kind)

    def median(self, contender: str, kind: Literal["cpu", "wall"]) -> float:
        """Median seconds of the kind over the rounds."""
        return statistics.median(cost.cpu if kind == "cpu" else cost.wall for cost in self.costs[contender])


def main() -> None:
    """Entry point."""
    arguments = _arguments()
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    home = Path(os.environ.get("CONTRAPONTO_HOME") or _PROJECT / ".contraponto")
    models_dir = Path(os.environ.get("CONTRAPONTO_MODELS_DIR") or home / "models")
    folder = home / "bench"
    console.print(f"[bold]Machine[/]: {machine()}")
    if arguments.memory:
        _memory(folder, models_dir)
        return
    lengths = _QUICK if arguments.quick else _FULL
    recordings = [
        recording(language, seconds, folder=folder, models_dir=models_dir)
        for language, seconds in lengths.items()
        if language in arguments.languages
    ]
    threads = usable_threads()
    peer = FasterWhisper(
        find_model(f"whisper-{arguments.model}", models_dir), probe_device("cpu", threads=threads)
    )
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=folder) as scratch,
        warm_jobs(Path(scratch) / "home", models_dir, folder, model=arguments.model, threads=threads) as jobs,
    ):
        console.print(f"[bold]Model[/]: {arguments.model}, CPU, {threads} threads, beam 5, word times")
        # Not measured: the first job imports and opens what a warm worker has open.
        warming = recording("en", _WARMING, folder=folder, models_dir=models_dir)
        jobs.run(warming.path.name, "en", filters=True)
        for spoken in recordings:
            _compare(spoken, jobs, peer, arguments, threads, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one minute of each language")
    parser.add_argument("--memory", action="store_true", help="peak memory only (takes long)")
    parser.add_argument("--rounds", type=int, default=1, help="repetitions; medians are shown")
    parser.add_argument("--languages", nargs="+", choices=tuple(_FULL), default=tuple(_FULL))
    parser.add_argument("--model", default="base", help="speech model")
    return parser.parse_args()


def _compare(
    spoken: Recording,
    jobs: WarmJobs,
    peer: FasterWhisper,
    arguments: argparse.Namespace,
    threads: int,
    folder: Path,
) -> None:
    openai, openai_note = None, ""
    if spoken.language == "en":
        caches = (Path.home() / ".cache/whisper", folder.parent / "models" / "openai-whisper")
        openai, openai_note = openai_whisper(arguments.model, caches, threads)
    results = Measurements()

    def note(name: str, words: Sequence[HeardWord], cost: Cost) -> None:
        results.costs.setdefault(name, []).append(cost)
        results.scores[name] = score(spoken, words)

    normalised = folder / f"normalised-{spoken.name}.flac"
    with console.status(f"{spoken.name}…"):
        for _ in range(arguments.rounds):
            jobs.forget()
            document, cost = measured(lambda: jobs.run(spoken.path.name, spoken.language, filters=True))
            jobs.audio(document, normalised)
            note(_WHOLE, _words(document), cost)
            words, cost = measured(lambda: peer.same_settings(normalised, spoken.language))
            note(_SAME, words, cost)
            jobs.forget()
            document, cost = measured(lambda: jobs.run(normalised.name, spoken.language, filters=False))
            note(_PLAIN, _words(document), cost)
            words, cost = measured(lambda: peer.defaults(spoken.path))
            note(_DEFAULTS, words, cost)
            if openai is not None:
                words, cost = measured(lambda: openai(normalised))
                note(_OPENAI, words, cost)
    _show(spoken, results)
    if openai_note and openai is None:
        console.print(f"Skipped: {openai_note}.")


def _words(document: "TranscriptionDocument") -> list[HeardWord]:
    return [
        HeardWord(word.word, word.start, word.end)
        for segment in document.transcription_segments or ()
        for word in segment.words
    ]


def _show(spoken: Recording, results: Measurements) -> None:
    table = Table(title=f"{spoken.name}: {spoken.duration:.0f} s, {len(spoken.text.split())} words")
    table.add_column("")
    for title in ("CPU s", "wall s", "WER", "coverage", "start", "end", "90 %"):
        table.add_column(title, justify="right")
    for name, found in results.scores.items():
        table.add_row(
            name,
            f"{results.median(name, 'cpu'):.1f}",
            f"{results.median(name, 'wall'):.1f}",
            f"{found.word_error_rate:.1%}",
            f"{found.coverage:.1%}",
            *(f"{seconds * 1000:.0f} ms" for seconds in (found.start_error, found.end_error, found.late)),
        )
    console.print(table)
    for ours, goal in ((_PLAIN, f"goal {_GOAL_TIME:.2f} or less"), (_WHOLE, "download and filters included")):
        cpu, wall = results.ratio(ours, _SAME, "cpu"), results.ratio(ours, _SAME, "wall")
        console.print(f"{ours} ÷ {_SAME}: CPU {cpu:.2f}, wall {wall:.2f} ({goal})")
    if _OPENAI in results.costs:
        cpu, wall = results.ratio(_OPENAI, _PLAIN, "cpu"), results.ratio(_OPENAI, _PLAIN, "wall")
        console.print(f"{_OPENAI} ÷ {_PLAIN}: CPU {cpu:.1f}, wall {wall:.1f} (goal {_GOAL_OPENAI:g} or more)")


def _memory(folder: Path, models_dir: Path) -> None:
    source = recording("en", _FULL["en"], folder=folder, models_dir=models_dir)
    model = find_model("whisper-tiny.en", models_dir)
    peaks: dict[float, float] = {}
    with TemporaryDirectory(dir=folder) as scratch:
        for seconds in (_SHORT, _LONG):
            with console.status(f"{seconds / 60:.0f} minutes…"):
                peaks[seconds] = memory_of(looped(source.path, Path(scratch) / "loop.wav", seconds), model)
            console.print(
                f"peak memory, {seconds / 60:.0f} minutes of speech (tiny.en, beam 1): {peaks[seconds]:.0f} MB"
            )
    more = peaks[_LONG] - peaks[_SHORT]
    console.print(f"2 hours take {more:.0f} MB more than 2 minutes (goal: less than {_GOAL_MEMORY:.0f} MB)")


if __name__ == "__main__":
    main()
