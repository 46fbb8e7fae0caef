"""How soon jobs start: the product's warm workers beside Prefect's stock ones, on one server and in one run.

`python -m benchmarks.latency`. Three ways:
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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import machine
from benchmarks.own_stack import PROJECT, OwnStack, own_stack

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
    parser.add_argument("--transcriptions", type=int, default=3, help="recordings of ten seconds (3)")
    chosen = parser.parse_args()
    print(machine(), flush=True)
    with TemporaryDirectory() as temporary, served(Path(temporary)) as address, ExitStack() as exits:
        stack = exits.enter_context(own_stack(CONTRAPONTO_ALLOWED_PRIVATE_HOSTS=address))
        # The interval of the product's workers, as its settings have it.
        interval = _interval()
        ways = {"stock": "stock", "stock, quick": "stock-quick", "warm": "cpu"}
        exits.enter_context(stack.stock_worker("stock", limit=_LIMIT))
        exits.enter_context(stack.stock_worker("stock-quick", limit=_LIMIT, query_seconds=interval))

        started = {way: submit_to_running(stack, pool, chosen.runs) for way, pool in ways.items()}
        for way, seconds in started.items():
            spread = statistics.quantiles(seconds, n=20)
            print(
                f"{way:<13} submit -> Running  p50 {statistics.median(seconds):5.2f} s   p95 {spread[-1]:5.2f} s"
            )
        warm = statistics.median(started["warm"])
        print(f"  warm p50 {warm:.2f} s (goal: at most 0.7 s)")
        _compare("sooner", started, statistics.median, goal=5, inverse=True)

        rates = {way: [jobs_a_minute(stack, pool, chosen.jobs)] for way, pool in ways.items()}
        for way, (rate,) in rates.items():
            print(f"{way:<13} {rate:5.0f} short jobs a minute")
        _compare("as many jobs a minute", rates, lambda values: values[0], goal=4)

        if chosen.transcriptions:
            from tasks.voice.speech import speak  # noqa: PLC0415 - not needed without

            spoken = Path(temporary) / "spoken.wav"
            speak(_SENTENCES, language="en", target=spoken, models_dir=PROJECT / ".contraponto" / "models")
            urls = recordings(spoken, Path(temporary), address)
            pools = {**ways, "warm": "gpu"}
            took = {
                way: transcriptions(stack, pool, urls, chosen.transcriptions) for way, pool in pools.items()
            }
            for way, seconds in took.items():
                print(
                    f"{way:<13} ten seconds of speech, submit -> result  p50 {statistics.median(seconds):5.2f} s"
                )
            _compare("sooner", took, statistics.median, goal=3, inverse=True)


def _interval() -> float:
    from blocks.settings import get_settings  # noqa: PLC0415 - reads the environment

    return get_settings().queue_polling_interval


def _compare(
    what: str,
    values: dict[str, list[float]],
    of: Callable[[list[float]], float],
    *,
    goal: float,
    inverse: bool = False,
) -> None:
    for way in ("stock", "stock, quick"):
        ratio = of(values["warm"]) / of(values[way])
        print(f"  warm: {1 / ratio if inverse else ratio:.1f} times {what} than {way} (goal: {goal:g})")


if __name__ == "__main__":
    main()
