"""Messages while consumers are killed and the server restarts: none is lost, and each has one effect.

`python -m tests.chaos.messages --messages 20000` is the full one; the test runs some. Producers and consumers are
processes; a consumer is killed with SIGKILL in the middle of its work.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.context import ForkProcess as Process
from typing import Any

from pydantic import SecretStr

from blocks.message_bus import ConsumerOptions, FullStreamError, Message, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from tasks.errors import InvalidInputError, TransientError
from tasks.messages.envelope import Envelope, EventType
from tests.servers.valkey import Valkey, running_valkey

STREAM, EFFECTS = "escavador_caos", "executador_efeitos"
POISON_EVERY = 20
_KILLS, _RESTARTS = 0.08, 0.1
"""Chances of a consumer to be killed, and of the server to be, in each round."""
_ROUNDS_FOR = 20_000
"""Messages for which a round is a second long; fewer are done with sooner, and have shorter rounds."""
_FORK = get_context("fork")


def envelope(number: int) -> Envelope:
    """One in twenty can never be handled."""
    return Envelope(
        correlation_id=f"c-{number % 100}",
        tipo_evento=EventType.START_COLLECTION,
        payload={"numero": number, "veneno": number % POISON_EVERY == 0},
        timestamp=datetime.now(UTC),
    )


async def produce(bus: RedisMessageBus, numbers: range) -> None:
    """Publishes; repeats what may have been published when the server was away."""
    for first in range(0, len(numbers), 20):
        batch = [Outgoing(STREAM, envelope(each), f"n-{each}") for each in numbers[first : first + 20]]
        while True:
            try:
                await bus.publish(batch, patience=60)
                break
            except FullStreamError:
                raise
            except TransientError:
                await asyncio.sleep(0.2)


async def handle(message: Message) -> Sequence[Outgoing]:
    """Answers once; fails now and then at the first attempt."""
    await asyncio.sleep(random.uniform(0, 0.01))
    if message.envelope.payload["veneno"]:
        raise InvalidInputError("Poison.")
    if message.attempt == 1 and random.random() < 0.02:
        raise TransientError("Once more.")
    return [Outgoing(EFFECTS, message.envelope)]


async def consume(bus: RedisMessageBus) -> None:
    """Until it is killed."""
    options = ConsumerOptions(claim_seconds=2, retry_seconds=0.1, max_attempts=20)
    await bus.consume(STREAM, handle, options, asyncio.Event())


@dataclass(frozen=True)
class Outcome:
    """What is left when all is done."""

    effects: Counter[int]
    dead: set[int]
    pending: int
    left: int
    killed: int
    restarted: int
    seconds: float


def run(messages: int, producers: int, consumers: int, seed: int) -> Outcome:
    """Starts everything, disturbs it until nothing is left to do, and counts."""
    chance = random.Random(seed)
    round_seconds = min(1.0, messages / _ROUNDS_FOR)
    started = time.monotonic()
    with running_valkey("--appendonly", "yes", "--appendfsync", "always") as valkey:
        share = messages // producers
        producing = [
            _process(produce, valkey.url, range(each * share, (each + 1) * share))
            for each in range(producers)
        ]
        consuming = [_process(consume, valkey.url) for _ in range(consumers)]
        killed = restarted = 0
        try:
            while any(each.is_alive() for each in producing) or not _is_done(valkey):
                assert time.monotonic() - started < 120 + messages / 10, "it does not come to an end"
                time.sleep(round_seconds)
                for place, process in enumerate(consuming):
                    # One at least: a fast machine has few rounds.
                    if chance.random() < _KILLS or not killed:
                        process.kill()
                        process.join()
                        consuming[place] = _process(consume, valkey.url)
                        killed += 1
                if chance.random() < _RESTARTS:
                    valkey.kill()
                    valkey.start()
                    restarted += 1
            assert all(each.exitcode == 0 for each in producing)
            return asyncio.run(_outcome(valkey, killed, restarted, time.monotonic() - started))
        finally:
            for process in (*producing, *consuming):
                process.kill()
                process.join()


def _process(work: Callable[..., Coroutine[Any, Any, None]], url: str, *arguments: Any) -> Process:
    process = _FORK.Process(target=_work, args=(work, url, *arguments), daemon=True)
    process.start()
    return process


def _work(work: Callable[..., Coroutine[Any, Any, None]], url: str, *arguments: Any) -> None:
    asyncio.run(work(_bus(url), *arguments))


def _is_done(valkey: Valkey) -> bool:
    async def look() -> bool:
        bus = _bus(valkey.url)
        try:
            return all(each.group and each.waiting == each.pending == 0 for each in await bus.backlog(STREAM))
        finally:
            await bus.aclose()

    return asyncio.run(look())


async def _outcome(valkey: Valkey, killed: int, restarted: int, seconds: float) -> Outcome:
    bus = _bus(valkey.url)
    effects: Counter[int] = Counter()
    letters = await bus.dead_letters(STREAM, most=1_000_000)
    with valkey.client() as redis:
        for _, fields in redis.xrange(EFFECTS):
            effects[_number(fields[b"mensagem"])] += 1
        (backlog,) = await bus.backlog(STREAM)
        left = redis.xlen(STREAM)
    assert await bus.replay(letters[:1]) == len(letters[:1])
    await bus.aclose()
    dead = [_number(each.raw) for each in letters]
    assert len(dead) == len(set(dead))
    return Outcome(effects, set(dead), backlog.pending + backlog.waiting, left, killed, restarted, seconds)


def _number(raw: bytes) -> int:
    return int(str(Envelope.model_validate_json(raw).payload["numero"]))


def _bus(url: str) -> RedisMessageBus:
    return RedisMessageBus(url=SecretStr(url), most_waiting=1_000_000)


def main() -> None:
    """Runs it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = run(given.messages, 5, 10, given.seed)
    check(outcome, given.messages)
    sys.stdout.write(
        f"{given.messages} messages in {outcome.seconds:.0f} s, {outcome.killed} consumers killed, "
        f"{outcome.restarted} restarts: {len(outcome.effects)} effects, {len(outcome.dead)} dead letters\n"
    )


def check(outcome: Outcome, messages: int) -> None:
    """Nothing is lost, nothing has happened twice, nothing is left."""
    poison = set(range(0, messages, POISON_EVERY))
    assert outcome.dead == poison
    assert set(outcome.effects) == set(range(messages)) - poison
    assert set(outcome.effects.values()) == {1}
    assert outcome.pending == 0
    assert outcome.left < 100
    assert outcome.killed > 0


if __name__ == "__main__":
    main()
