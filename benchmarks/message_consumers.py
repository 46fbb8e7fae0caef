# ruff: noqa: PLC0415 - each runs alone in a process, where the others may not be installed
"""Consumers of one stream, each in a process of its own: `python benchmarks/message_consumers.py NAME URL MESSAGES`.

Publishes the messages, handles them one by one with a handler that does nothing, and prints one JSON object: messages a
second of wall time and of this process's processor time, from the first to the last. Needs nothing of the project but
for `ours`, so that it runs in an environment that has FastStream or Celery.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

BATCH = 100
"""What every consumer may take at once."""


def message(number: int) -> dict[str, Any]:
    """An envelope of the project, as any program writes it."""
    return {
        "correlation_id": f"c-{number}",
        "tipo_evento": "iniciar_coleta",
        "payload": {
            "escavador": "nada",
            "parametros": {"numero": number},
            "responder_em": f"conversa_c-{number}",
        },
        "timestamp": datetime.now(UTC).isoformat(),
    }


class Watch:
    """Time from the first message to the last."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._handled = 0
        self._wall = self._cpu = 0.0
        self.done = asyncio.Event()

    def start(self) -> None:
        """The consumer begins now."""
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def handled(self) -> bool:
        """Counts a message; whether it was the last."""
        self._handled += 1
        if self._handled == self._messages:
            self.done.set()
        return self._handled >= self._messages

    def report(self) -> dict[str, float]:
        """Messages a second."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"wall": self._messages / wall, "cpu": self._messages / cpu}


async def raw(url: str, messages: int) -> dict[str, float]:
    """redis-py alone: read, parse, acknowledge each."""
    from redis.asyncio import Redis

    redis: Any = Redis.from_url(url)
    await redis.xgroup_create("raw", "g", id="0", mkstream=True)
    pipe = redis.pipeline(transaction=False)
    for number in range(messages):
        pipe.xadd("raw", {"mensagem": json.dumps(message(number))})
    await pipe.execute()
    watch = Watch(messages)
    watch.start()
    while not watch.done.is_set():
        for _, entries in await redis.xreadgroup("g", "c", {"raw": ">"}, count=BATCH, block=1000):
            for entry, fields in entries:
                json.loads(fields[b"mensagem"])
                await redis.xack("raw", "g", entry)
                watch.handled()
    report = watch.report()
    await redis.aclose()
    return report


async def _ours(url: str, messages: int, *, journal: bool) -> dict[str, float]:
    from pydantic import SecretStr

    from blocks.message_bus import ConsumerOptions, Message, Outgoing
    from blocks.redis_message_bus import RedisMessageBus
    from tasks.messages.envelope import read_envelope

    bus = RedisMessageBus(url=SecretStr(url), most_waiting=2 * messages)
    for first in range(0, messages, BATCH):
        envelopes = [
            read_envelope(json.dumps(message(number)).encode(), 10_000)
            for number in range(first, min(first + BATCH, messages))
        ]
        await bus.publish([Outgoing("ours", envelope) for envelope in envelopes])
    watch, stop = Watch(messages), asyncio.Event()

    async def handle(_message: Message) -> tuple[Outgoing, ...]:
        if watch.handled():
            stop.set()
        return ()

    watch.start()
    await bus.consume("ours", handle, ConsumerOptions(at_once=BATCH, journal=journal), stop)
    report = watch.report()
    await bus.aclose()
    return report


async def ours(url: str, messages: int) -> dict[str, float]:
    """The project's bus as it is: repeats known, a journal of each conversation."""
    return await _ours(url, messages, journal=True)


async def without_journal(url: str, messages: int) -> dict[str, float]:
    """The project's bus without the journal, which the others do not have either."""
    return await _ours(url, messages, journal=False)


async def faststream(url: str, messages: int) -> dict[str, float]:
    """FastStream with a consumer group, acknowledging each."""
    import logging

    from faststream.redis import RedisBroker, StreamSub  # type: ignore[import-not-found, unused-ignore]

    broker: Any = RedisBroker(url, logger=None, log_level=logging.ERROR)
    watch = Watch(messages)

    @broker.subscriber(  # type: ignore[untyped-decorator, unused-ignore]
        stream=StreamSub("fs", group="g", consumer="c", last_id="0", max_records=BATCH)
    )
    async def handle(_body: dict[str, Any]) -> None:
        watch.handled()

    await broker.connect()
    for number in range(messages):
        await broker.publish(message(number), stream="fs")
    watch.start()
    await broker.start()
    await watch.done.wait()
    report = watch.report()
    await broker.stop()
    return report


async def celery(url: str, messages: int) -> dict[str, float]:
    """Celery's solo worker, acknowledging late."""
    from celery import Celery  # type: ignore[import-not-found, import-untyped, unused-ignore]

    app: Any = Celery("bench", broker=url)
    app.conf.update(
        task_acks_late=True,
        worker_prefetch_multiplier=BATCH,
        task_ignore_result=True,
        worker_redirect_stdouts=False,
    )
    watch = Watch(messages)
    reports: list[dict[str, float]] = []

    @app.task(name="handle")  # type: ignore[untyped-decorator, unused-ignore]
    def handle(_message: dict[str, Any]) -> None:
        if watch.handled():
            reports.append(watch.report())
            app.control.broadcast("shutdown")

    for number in range(messages):
        handle.delay(message(number))

    def work() -> None:
        watch.start()
        app.worker_main(
            ["worker", "-P", "solo", "-c", "1", "-l", "ERROR", "--without-gossip", "--without-mingle"]
        )

    with contextlib.suppress(SystemExit):
        await asyncio.to_thread(work)
    return reports[0]


CONSUMERS: dict[str, Callable[[str, int], Awaitable[dict[str, float]]]] = {
    "raw": raw,
    "ours": ours,
    "without-journal": without_journal,
    "faststream": faststream,
    "celery": celery,
}


async def main(name: str, url: str, messages: int) -> None:
    """Measures one of them."""
    print(json.dumps(await CONSUMERS[name](url, messages)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
