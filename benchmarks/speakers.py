"""Who speaks when: errors, number of speakers and price, on talk whose answer is known.

python benchmarks/speakers.py --voices FOLDER    turns of recorded voices joined: a folder for each person, with a
                                                 minute or more of speech each (LibriSpeech is laid out like that)
python benchmarks/speakers.py --talk FOLDER      recordings with an RTTM file of the same name beside each

The diarization error rate (DER) is speech that nobody was given, that was given although nobody spoke, and that was
given to the wrong one, over all speech. Overlapping speech counts; 0.25 s around each beginning and end does not.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

_PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_PROJECT))

from benchmarks.measure import machine  # noqa: E402
from benchmarks.talk import MANNERS, Spoken, Talk, joined, recorded  # noqa: E402
from tasks.models.install import find_model  # noqa: E402
from tasks.speakers.diarization import Diarizer, load_diarizer  # noqa: E402
from tasks.speakers.options import DiarizationOptions  # noqa: E402

_COLLAR_SECONDS = 0.25
_GRID = 100
"""Moments a second that are compared."""
_MANY = 8
"""Speakers up to which every way to pair them is tried."""

console = Console(width=110 if not sys.stdout.isatty() else None)


@dataclass(frozen=True)
class Errors:
    """Seconds of each kind of error, and of speech."""

    missed: float
    invented: float
    confused: float
    speech: float

    @property
    def rate(self) -> float:
        return (self.missed + self.invented + self.confused) / max(self.speech, 1e-9)


def errors(truth: Sequence[Spoken], found: Sequence[Spoken], seconds: float) -> Errors:
    """The errors of what was found, with the speakers paired as they fit best."""
    real, heard = _moments(truth, seconds), _moments(found, seconds)
    judged = np.ones(len(real), bool)
    for part in truth:
        for edge in (part.start, part.end):
            judged[
                max(0, round((edge - _COLLAR_SECONDS) * _GRID)) : round((edge + _COLLAR_SECONDS) * _GRID)
            ] = False
    real, heard = real[judged], heard[judged]
    together = real.T.astype(np.int64) @ heard.astype(np.int64)
    many, few = real.sum(axis=1), heard.sum(axis=1)
    return Errors(
        missed=float(np.maximum(many - few, 0).sum()) / _GRID,
        invented=float(np.maximum(few - many, 0).sum()) / _GRID,
        confused=float(np.minimum(many, few).sum() - _best_pairing(together)) / _GRID,
        speech=float(many.sum()) / _GRID,
    )


def _moments(parts: Sequence[Spoken], seconds: float) -> NDArray[np.bool_]:
    names = sorted({part.speaker for part in parts})
    active = np.zeros((round(seconds * _GRID), max(len(names), 1)), bool)
    for part in parts:
        active[round(part.start * _GRID) : round(part.end * _GRID), names.index(part.speaker)] = True
    return active


def _best_pairing(together: NDArray[np.int64]) -> int:
    if together.shape[0] > together.shape[1]:
        together = together.T
    rows, columns = together.shape
    if columns <= _MANY:
        return max(
            int(together[np.arange(rows), list(order)].sum()) for order in permutations(range(columns), rows)
        )
    left, total = together.copy(), 0
    for _ in range(rows):
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        total += int(left[row, column])
        left[row, :] = left[:, column] = -1
    return total


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--voices", type=Path, help="folder of folders, each with one person's speech")
    parser.add_argument("--talk", type=Path, help="folder of recordings with RTTM files")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the joined talk")
    parser.add_argument("--people", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not (arguments.voices or arguments.talk):
        parser.error("give --voices or --talk: this project carries no recordings of people")
    home = Path(os.environ.get("CONTRAPONTO_HOME") or _PROJECT / ".contraponto")
    models_dir = Path(os.environ.get("CONTRAPONTO_MODELS_DIR") or home / "models")
    diarizer = load_diarizer(find_model("speakers", models_dir), arguments.threads)
    console.print(f"[bold]Machine[/]: {machine()}, {arguments.threads} threads")
    if arguments.talk:
        _show(diarizer, recorded(arguments.talk))
    if arguments.voices:
        with TemporaryDirectory() as folder:
            _show(
                diarizer,
                (
                    joined(
                        arguments.voices,
                        manner,
                        people,
                        arguments.seconds,
                        arguments.seed * 100 + number * 10 + people,
                        Path(folder) / "talk.wav",
                    )
                    for number, manner in enumerate(MANNERS)
                    for people in arguments.people
                    if people > 1 or manner.overlap <= 0.1
                ),
            )


def _show(diarizer: Diarizer, talks: Iterable[Talk]) -> None:
    console.print(
        f"{'talk':16} {'s':>5} {'DER':>6} {'missed':>7} {'invented':>8} {'confused':>8} {'speakers':>8} "
        f"{'found':>5} {'CPU s/s':>7}"
    )
    total: list[Errors] = []
    right = count = 0
    cpu = seconds = 0.0
    for talk in talks:
        began = time.process_time()
        turns = diarizer.turns(talk.path, DiarizationOptions())
        took = time.process_time() - began
        found = [Spoken(turn.start, turn.end, str(turn.speaker)) for turn in turns]
        wrong = errors(talk.spoken, found, talk.duration)
        people = len({turn.speaker for turn in turns})
        total.append(wrong)
        right += people == talk.speakers
        count += 1
        cpu += took
        seconds += talk.duration
        missed, invented, confused = (
            part / max(wrong.speech, 1e-9) for part in (wrong.missed, wrong.invented, wrong.confused)
        )
        console.print(
            f"{talk.name:16} {talk.duration:5.0f} {wrong.rate:6.1%} {missed:7.1%} {invented:8.1%} {confused:8.1%} "
            f"{talk.speakers:8} {people:5} {took / talk.duration:7.3f}"
        )
    speech = sum(wrong.speech for wrong in total)
    wrongly = sum(wrong.missed + wrong.invented + wrong.confused for wrong in total)
    console.print(
        f"DER {wrongly / max(speech, 1e-9):.1%} (goal 15 % or less), speakers counted right {right} of {count}, "
        f"{cpu / max(seconds, 1e-9):.3f} CPU seconds a second"
    )


if __name__ == "__main__":
    main()
