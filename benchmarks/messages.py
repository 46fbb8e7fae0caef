"""Messages: what a consumer costs beside raw redis-py, FastStream and Celery, and how soon messages are handled.

All run one after the other on one Valkey, which is set up as the embedded one. FastStream and Celery want versions of
redis-py of their own: `--peers PYTHON` names the Python of an environment that has them
(`pip install 'faststream[redis]' 'celery[redis]'`); without it they are left out.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

import psutil
from pydantic import SecretStr

from benchmarks.measure import machine
from benchmarks.message_consumers import message
from blocks.message_bus import ConsumerOptions, Message, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from deployments.processes.sockets import free_port
from tasks.messages.envelope import Envelope, EventType, read_envelope
from tests.servers.valkey import Valkey, running_valkey

_CONSUMERS = Path(__file__).with_name("message_consumers.py")
_OF_PEERS = ("faststream", "celery")
_CLAIM_SECONDS = 2.0


def _envelope(number: int) -> Envelope:
    return read_envelope(json.dumps(message(number)).encode(), 10_000)


def _consumed(name: str, python: str, url: str, messages: int) -> dict[str, float] | str:
    program = ("-m", "benchmarks.message_consumers") if python == sys.executable else (str(_CONSUMERS),)
    ended = subprocess.run(
        [python, *program, name, url, str(messages)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if ended.returncode:
        return (ended.stderr.strip().splitlines() or ["it failed"])[-1]
    # What the libraries themselves print stands around it.
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return ended.stdout.strip()[-200:] or "it said nothing"
    report: dict[str, float] = json.loads(lines[-1])
    return report


def throughput(valkey: Valkey, url: str, messages: int, rounds: int, peers: str | None) -> None:
    """Prints messages a second, and the ratio to raw redis-py."""
    names = ["raw", "ours", "without-journal", *(_OF_PEERS if peers else ())]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            valkey.flush()
            report = _consumed(name, peers if peers and name in _OF_PEERS else sys.executable, url, messages)
            if isinstance(report, str):
                print(f"{name}: {report}")
            else:
                found[name].append(report)
    base = statistics.median(each["cpu"] for each in found["raw"])
    print("| consumer, one process | messages a CPU second | ÷ raw | messages a second |\n|---|---|---|---|")
    for name in names:
        if found[name]:
            cpu = statistics.median(each["cpu"] for each in found[name])
            wall = statistics.median(each["wall"] for each in found[name])
            print(f"| {name} | {cpu:,.0f} | {cpu / base:.2f} | {wall:,.0f} |")


async def latency(url: str, messages: int, a_second: int) -> tuple[float, float]:
    """Median and 99th percentile of milliseconds from publish to handler."""
    bus, stop = RedisMessageBus(url=SecretStr(url)), asyncio.Event()
    sent: dict[str, float] = {}
    late: list[float] = []

    async def handle(taken: Message) -> Sequence[Outgoing]:
        late.append((time.perf_counter() - sent[taken.envelope.correlation_id]) * 1000)
        if len(late) == messages:
            stop.set()
        return ()

    consuming = asyncio.create_task(bus.consume("soon", handle, ConsumerOptions(), stop))
    await asyncio.sleep(1)
    begun = time.perf_counter()
    for number in range(messages):
        await asyncio.sleep(max(0.0, begun + number / a_second - time.perf_counter()))
        envelope = _envelope(number)
        sent[envelope.correlation_id] = time.perf_counter()
        await bus.publish([Outgoing("soon", envelope)])
    await consuming
    await bus.aclose()
    return statistics.median(late), statistics.quantiles(late, n=100)[-1]


def _hold(url: str) -> None:
    async def never(_message: Message) -> Sequence[Outgoing]:
        await asyncio.sleep(3600)
        return ()

    bus = RedisMessageBus(url=SecretStr(url))
    options = ConsumerOptions(claim_seconds=_CLAIM_SECONDS)
    asyncio.run(bus.consume("taken", never, options, asyncio.Event()))


async def takeover(url: str) -> float:
    """Seconds from the kill of a consumer until another handles what it had; both claim after two seconds."""
    bus, stop = RedisMessageBus(url=SecretStr(url)), asyncio.Event()
    handled: list[float] = []

    async def handle(_message: Message) -> Sequence[Outgoing]:
        handled.append(time.perf_counter())
        stop.set()
        return ()

    await bus.publish([Outgoing("taken", _envelope(0))])
    holder = get_context("spawn").Process(target=_hold, args=(url,), daemon=True)
    holder.start()
    while not any(each.pending for each in await bus.backlog("taken")):  # noqa: ASYNC110 - of another process
        await asyncio.sleep(0.05)
    options = ConsumerOptions(claim_seconds=_CLAIM_SECONDS)
    consuming = asyncio.create_task(bus.consume("taken", handle, options, stop))
    await asyncio.sleep(_CLAIM_SECONDS * 2)
    holder.kill()
    killed = time.perf_counter()
    await consuming
    await bus.aclose()
    return handled[0] - killed


async def conversations(url: str, number: int) -> tuple[float, float]:
    """Megabytes of this process before and with so many open conversations, each of which has had a message."""
    bus, process, heard = RedisMessageBus(url=SecretStr(url)), psutil.Process(), asyncio.Semaphore(0)
    await bus.ping()
    before = process.memory_info().rss / 1e6

    async def read(correlation_id: str) -> None:
        async for _ in bus.conversation(correlation_id):
            heard.release()

    reading = [asyncio.create_task(read(f"c-{each}")) for each in range(number)]
    for each in range(number):
        result = _envelope(each).model_copy(update={"tipo_evento": EventType.COLLECTION_RESULT})
        await bus.publish([Outgoing(f"conversa_c-{each}", result)])
    for _ in range(number):
        await heard.acquire()
    during = process.memory_info().rss / 1e6
    for task in reading:
        task.cancel()
    await asyncio.gather(*reading, return_exceptions=True)
    await bus.aclose()
    return before, during


def main() -> None:
    """Measures all of it and prints tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", help="Python of an environment with FastStream and Celery")
    chosen = parser.parse_args()
    print(machine(), "\n")
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with running_valkey("--port", str(port), "--appendonly", "yes", "--appendfsync", "always") as valkey:
        throughput(valkey, url, chosen.messages, chosen.rounds, chosen.peers)
        valkey.flush()
        median, high = asyncio.run(latency(url, 2_000, 100))
        print(f"\npublish to handler at 100 a second: median {median:.1f} ms, p99 {high:.1f} ms")
        print(
            f"a killed consumer's message, claim time {_CLAIM_SECONDS:g} s: {asyncio.run(takeover(url)):.2f} s"
        )
        before, during = asyncio.run(conversations(url, 500))
        print(f"500 open conversations: {during - before:.1f} MB more, {during:.0f} MB in all")


if __name__ == "__main__":
    main()
