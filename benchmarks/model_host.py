"""What a model host saves a run, and what unloading gives back; each beside the way without a host.

python benchmarks/model_host.py               everything (some minutes)
python benchmarks/model_host.py --cycles 5    fewer loads and unloads

A run is a fresh process that cleans and writes down a recording of eight seconds; it finds the modules of the product
imported, as runs do that the launcher forks. The runs with and without a host alternate.
"""

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

_PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_PROJECT))

from benchmarks.measure import machine  # noqa: E402
from tasks.audio.normalise import NormalisationOptions  # noqa: E402
from tasks.audio.work import Normalisation  # noqa: E402
from tasks.inference.client import host_status, perform, unload_models  # noqa: E402
from tasks.inference.devices import usable_threads  # noqa: E402
from tasks.inference.work import Work  # noqa: E402
from tasks.speech.options import RecognitionOptions  # noqa: E402
from tasks.speech.recognition import unload_recognisers  # noqa: E402
from tasks.speech.work import Recognition  # noqa: E402
from tasks.voice.work import Speaking  # noqa: E402

_TEXT = (
    "The harbour was quiet when the first boats came home. Nobody had expected them before noon, and yet the "
    "whole town was waiting."
)
_TEXTO = "O porto estava calmo quando os barcos voltaram."
_TALK_SECONDS = 8
_SECONDS = 600.0


@dataclass(frozen=True)
class Material:
    """Where models and files of the benchmark are."""

    models_dir: Path
    folder: Path

    @property
    def talk(self) -> Path:
        return self.folder / "talk.wav"

    def speech(self, text: str = _TEXT, language: str = "en", *, target: Path | None = None) -> Speaking:
        target = target or self.folder / f"{language}.wav"
        return Speaking(
            text=text, language=language, target=target, models_dir=self.models_dir, deadline=_SECONDS
        )

    def cleaning(self, *, noise: bool, vocals: bool) -> Normalisation:
        return Normalisation(
            source=self.talk,
            target=self.folder / f"clean-{noise}-{vocals}.flac",
            options=NormalisationOptions(remove_noise=noise, isolate_vocals=vocals),
            models_dir=self.models_dir,
            threads=usable_threads(),
            deadline=_SECONDS,
        )

    def recognition(self, model: str) -> Recognition:
        return Recognition(
            audio=self.talk,
            model_dir=self.models_dir / f"whisper-{model}",
            device="cpu",
            compute_type="auto",
            threads=None,
            options=RecognitionOptions(language="en"),
            deadline=_SECONDS,
        )

    def works(self) -> dict[str, Work[Any]]:
        """One for each model that is installed here."""
        works: dict[str, Work[Any]] = {
            "whisper base": self.recognition("base"),
            "whisper tiny.en": self.recognition("tiny.en"),
            "noise removal": self.cleaning(noise=True, vocals=False),
            "vocal isolation": self.cleaning(noise=False, vocals=True),
            "voice, English": self.speech(),
            "voice, Portuguese": self.speech(_TEXTO, "pt"),
        }
        needed = {
            "whisper base": "whisper-base",
            "whisper tiny.en": "whisper-tiny.en",
            "noise removal": "deepfilternet3",
            "vocal isolation": "spleeter-2stems",
            "voice, Portuguese": "kokoro-pt-br",
        }
        return {
            name: work
            for name, work in works.items()
            if name not in needed or (self.models_dir / needed[name]).is_dir()
        }


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cycles", type=int, default=20, help="loads and unloads of each model")
    parser.add_argument("--runs", type=int, default=7, help="runs with a host and without one")
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--in-process", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        _run(*arguments.run)
        return
    if arguments.in_process:
        _in_process(*arguments.in_process)
        return
    home = Path(os.environ.get("CONTRAPONTO_HOME") or _PROJECT / ".contraponto")
    models_dir = Path(os.environ.get("CONTRAPONTO_MODELS_DIR") or home / "models").absolute()
    print(f"Machine: {machine()}")
    with TemporaryDirectory() as folder:
        material = Material(models_dir, Path(folder))
        perform(material.speech(target=material.talk), host=None)
        _add_noise(material.talk)
        with _host(material.folder / "host.sock") as socket:
            _compare_runs(material, socket, arguments.runs)
        with _host(material.folder / "host.sock") as socket:
            _compare_unloading(material, socket, arguments.cycles)


def _add_noise(path: Path) -> None:
    """So much that it is worth removing."""
    with wave.open(str(path)) as file:
        parameters, sound = file.getparams(), np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    noisy = sound + np.random.default_rng(1).normal(0, 300, sound.size)
    with wave.open(str(path), "wb") as file:
        file.setparams(parameters)
        file.writeframes(np.clip(noisy, -32768, 32767).astype("<i2").tobytes())


# --- Runs ---------------------------------------------------------------------------------------------------


def _compare_runs(material: Material, socket: Path, runs: int) -> None:
    times: dict[str, list[float]] = {"host": [], "alone": []}
    processor: dict[str, list[float]] = {"host": [], "alone": []}
    _child("--run", material, str(socket))  # loads the models
    for _ in range(runs):
        for name, host in (("host", str(socket)), ("alone", "-")):
            used = _processor_seconds(socket)
            times[name].append(float(_child("--run", material, host)))
            processor[name].append(_processor_seconds(socket) - used)
    with_host, alone = (statistics.median(times[name]) for name in ("host", "alone"))
    with_host_cpu, alone_cpu = (statistics.median(processor[name]) for name in ("host", "alone"))
    print(
        f"\nNoise removal and recognition (base) of {_TALK_SECONDS} s of speech in one run, median of {runs}:"
    )
    print(f"  with the model host  {with_host:6.2f} s   {_each(times['host'])}")
    print(f"  the run loads        {alone:6.2f} s   {_each(times['alone'])}")
    print(
        f"  ratio                {alone / with_host:6.1f}     loading costs a run {alone - with_host:.2f} s"
    )
    print(
        f"  processor seconds, those of the interpreter's start included: {with_host_cpu:.2f}, {alone_cpu:.2f}"
    )


def _run(models_dir: str, folder: str, host: str) -> None:
    material = Material(Path(models_dir), Path(folder))
    socket = None if host == "-" else Path(host)
    started = time.perf_counter()
    perform(material.cleaning(noise=True, vocals=False), host=socket)
    transcript = perform(material.recognition("base"), host=socket)
    assert "boats" in transcript.text
    print(time.perf_counter() - started)


# --- Memory -------------------------------------------------------------------------------------------------


def _compare_unloading(material: Material, socket: Path, cycles: int) -> None:
    status = host_status(socket)
    assert status is not None
    host = psutil.Process(status.pid)
    start = _memory(host)
    print(f"\nMemory of the host and its children in MB: {start:.1f} at the start, then after {cycles} times")
    print(f"  {'':<20}{'loaded':>8}{'unloaded':>10}{'start':>8}{'load+work s':>13}{'unload s':>10}")
    for name, work in material.works().items():
        loaded, loading, unloading = 0.0, [], []
        for _ in range(cycles):
            loading.append(_timed(partial(perform, work, host=socket)))
            loaded = max(loaded, _memory(host))
            unloading.append(_timed(lambda: unload_models(socket)))
        end = _memory(host)
        print(
            f"  {name:<20}{loaded:>8.0f}{end:>10.1f}{end / start:>8.1%}"
            f"{statistics.median(loading):>13.2f}{statistics.median(unloading):>10.3f}"
        )
        assert end <= 1.05 * start, "unloading did not give the memory back"
    print(
        "\nThe same in one process that loads and drops the model (whisper base), as servers without processes do:"
    )
    print(_child("--in-process", material, str(cycles)).rstrip())


def _in_process(models_dir: str, folder: str, cycles: str) -> None:
    material = Material(Path(models_dir), Path(folder))
    this = psutil.Process()
    start = _memory(this)
    for _ in range(int(cycles)):
        material.recognition("base").run()
        loaded = _memory(this)
        unload_recognisers()
        gc.collect()
    end = _memory(this)
    print(
        f"  {start:.1f} at the start, {loaded:.0f} loaded, {end:.1f} unloaded: {end / start:.1%} of the start"
    )


# --- Processes ----------------------------------------------------------------------------------------------


@contextmanager
def _host(socket: Path) -> Iterator[Path]:
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.model_host"],
        cwd=_PROJECT,
        env={**os.environ, "CONTRAPONTO_MODEL_HOST": str(socket)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while host_status(socket) is None:
            assert process.poll() is None, "the model host does not start"
            time.sleep(0.05)
        yield socket
    finally:
        process.terminate()
        process.wait()


def _child(mode: str, material: Material, argument: str) -> str:
    command = [sys.executable, "-m", "benchmarks.model_host"]
    finished = subprocess.run(
        [*command, mode, str(material.models_dir), str(material.folder), argument],
        cwd=_PROJECT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=_SECONDS * 4,
    )
    return finished.stdout


def _processor_seconds(socket: Path) -> float:
    """Of the runs that have ended, the host and its children so far."""
    status = host_status(socket)
    assert status is not None
    host = psutil.Process(status.pid)
    family = [member.cpu_times() for member in (host, *host.children(recursive=True))]
    runs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(times.user + times.system for times in family) + runs.ru_utime + runs.ru_stime


def _memory(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / (1 << 20)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _each(times: list[float]) -> str:
    return f"({min(times):.2f} to {max(times):.2f})"


if __name__ == "__main__":
    main()
