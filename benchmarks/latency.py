"""How soon jobs start: the product's warm workers beside Prefect's stock ones, on one server and in one run.

`python -m benchmarks.latency`. Three ways, each with the machine to itself: the workers of the others stand still.
- stock: `prefect worker start` on a pool with Prefect's own job template, asking for work as often as it does by
  default; no launcher, no model host;
- stock, quick: the same, asking as often as the product's workers do;
- warm: the workers of the embedded stack.
"""

import argparse
import random
import statistics
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import machine
from benchmarks.own_stack import PROJECT, OwnStack, own_stack
from blocks.settings import get_settings
from tasks.voice.speech import speak

SHORT = "benchmarks/short_flow.py:short"
TRANSCRIBE = "flows/transcription.py:transcribe"
_LIMIT = 8
_SENTENCES = (
    "The morning train leaves the station at a quarter past seven, and the river below the bridge is quiet. "
    "A small team of engineers writes down what people say, one word after the other, until the day is over."
)


def submit_to_running(stack: OwnStack, pool: str, count: int) -> list[float]:
    """Seconds from the submit to the state Running, for one run after the other."""
    found = []
    for number in range(count + 1):
        time.sleep(random.random())  # noqa: S311 - no run shall meet the same moment of the worker's rhythm
        begin = time.time()
        run = stack.completed(stack.submit(pool, SHORT, {"number": number}))
        if number:  # the first one also fills caches
            found.append(datetime.fromisoformat(run["start_time"]).timestamp() - begin)
    return found


def jobs_a_minute(stack: OwnStack, pool: str, count: int) -> float:
    """Short jobs that end in a minute, when so many are submitted at once."""
    begin = time.time()
    ids = [stack.submit(pool, SHORT, {"number": number}) for number in range(count)]
    ends = [datetime.fromisoformat(stack.completed(run)["end_time"]).timestamp() for run in ids]
    return 60 * count / (max(ends) - begin)


def transcriptions(stack: OwnStack, pool: str, urls: Iterator[str], count: int) -> list[float]:
    """Seconds from the submit of a ten-second recording to its result."""
    found = []
    for number in range(count + 1):
        begin = time.time()
        run = stack.completed(stack.submit(pool, TRANSCRIBE, {"youtube_url": next(urls), "language": "en"}))
        if number:
            found.append(datetime.fromisoformat(run["end_time"]).timestamp() - begin)
    return found


@dataclass(frozen=True)
class Measured:
    """What one way takes."""

    started: list[float]
    """Seconds from submit to Running."""
    rate: float
    """Short jobs a minute."""
    transcribed: list[float]
    """Seconds from submit to the result of ten seconds of speech."""

    def __str__(self) -> str:
        return (
            f"submit -> Running p50 {statistics.median(self.started):.2f} s, "
            f"p95 {statistics.quantiles(self.started, n=20)[-1]:.2f} s; {self.rate:.0f} short jobs a minute; "
            f"ten seconds of speech p50 {statistics.median(self.transcribed):.2f} s"
        )


def measure(
    stack: OwnStack, pools: tuple[str, str], urls: Iterator[str], chosen: argparse.Namespace
) -> Measured:
    """One way, by its pools for short jobs and for transcriptions."""
    short, transcription = pools
    return Measured(
        submit_to_running(stack, short, chosen.runs),
        jobs_a_minute(stack, short, chosen.jobs),
        transcriptions(stack, transcription, urls, chosen.transcriptions),
    )


def recordings(source: Path, folder: Path, address: str) -> Iterator[str]:
    """URLs of one recording of ten seconds, each time other content: nothing of it is in the cache."""
    with wave.open(str(source)) as spoken:
        parameters, frames = spoken.getparams(), spoken.readframes(10 * spoken.getframerate())
    number = 0
    while True:
        number += 1
        target = folder / f"{number}.wav"
        with wave.open(str(target), "wb") as copy:
            copy.setparams(parameters)
            copy.writeframes(bytes(2 * 40 * number) + frames[: len(frames) - 2 * 40 * number])
        yield f"http://{address}/{target.name}"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A web server on this machine; its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=20, help="runs for submit -> Running, each way (20)")
    parser.add_argument("--jobs", type=int, default=30, help="short jobs at once (30)")
    parser.add_argument("--transcriptions", type=int, default=5, help="recordings of ten seconds (5)")
    chosen = parser.parse_args()
    print(machine(), flush=True)
    with (
        TemporaryDirectory() as temporary,
        served(Path(temporary)) as address,
        own_stack(CONTRAPONTO_ALLOWED_PRIVATE_HOSTS=address) as stack,
    ):
        spoken = Path(temporary) / "spoken.wav"
        speak(_SENTENCES, language="en", target=spoken, models_dir=PROJECT / ".contraponto" / "models")
        urls = recordings(spoken, Path(temporary), address)
        stock: dict[str, float | None] = {
            "stock": None,
            "stock, quick": get_settings().queue_polling_interval,
        }

        found: dict[str, Measured] = {}
        for way, interval in stock.items():
            pool = way.replace(", ", "-")
            with stack.workers_asleep(), stack.stock_worker(pool, limit=_LIMIT, query_seconds=interval):
                found[way] = measure(stack, (pool, pool), urls, chosen)
                print(f"{way:<13} {found[way]}", flush=True)
        found["warm"] = measure(stack, ("cpu", "gpu"), urls, chosen)
        print(f"warm          {found['warm']}")

    warm = found["warm"]
    print(f"warm submit -> Running p50 {statistics.median(warm.started):.2f} s (goal: at most 0.7 s)")
    for way in stock:
        other = found[way]
        starts = statistics.median(other.started) / statistics.median(warm.started)
        results = statistics.median(other.transcribed) / statistics.median(warm.transcribed)
        print(
            f"warm beside {way}: {starts:.1f} times sooner (goal: 5), {warm.rate / other.rate:.1f} times as many short "
            f"jobs (goal: 4), the transcription {results:.1f} times sooner (goal: 3)"
        )


if __name__ == "__main__":
    main()
