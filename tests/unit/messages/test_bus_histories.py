"""Whatever happens in whatever order: every message has one effect in every group, and the dead are those that must be.

An effect is an answer that the handler gives: the bus publishes it in the moment in which the message is done.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from blocks.local_message_bus import LocalMessageBus
from blocks.message_bus import Handler, Message, MessageBus, Outgoing
from blocks.redis_message_bus import RedisMessageBus
from blocks.streams.local_server import forget_everything
from tasks.errors import InvalidInputError, TransientError
from tests.consumers import STREAM, consumer, envelope, killed, number, outgoing, quick, until_async
from tests.servers.valkey import Valkey

EFFECTS = "executador_efeitos"
GROUPS = ("aqui", "longe")
_POISON, _FAILS_ONCE, _SLOW = 0, 1, 2
"""What a number is, by its remainder."""
_KINDS = 5


@dataclass(frozen=True)
class Publish:
    """Messages of these keys, each of which may have been published before, and so many that have none."""

    keys: tuple[int, ...]
    without_key: int


@dataclass(frozen=True)
class Foreign:
    """Messages of these keys that another program writes, which does not know whether they were published before."""

    keys: tuple[int, ...]


@dataclass(frozen=True)
class Start:
    """One more consumer of a group."""

    group: str
    at_once: int


@dataclass(frozen=True)
class End:
    """The first consumer that runs ends: as one that is told to, or as one whose process is killed."""

    is_killed: bool


@dataclass(frozen=True)
class Wait:
    """Time goes by."""

    seconds: float


@dataclass(frozen=True)
class Replay:
    """All dead letters get another chance, in which they die again."""


_STEPS = st.one_of(
    st.builds(Publish, st.lists(st.integers(0, 30), max_size=6).map(tuple), st.integers(0, 3)),
    st.builds(Foreign, st.lists(st.integers(0, 30), max_size=3).map(tuple)),
    st.builds(Start, st.sampled_from(GROUPS), st.sampled_from([1, 4])),
    st.builds(End, st.booleans()),
    st.builds(Wait, st.sampled_from([0.0, 0.02, 0.1])),
    st.just(Replay()),
)


Step = Publish | Foreign | Start | End | Wait | Replay


def handler(group: str) -> Handler:
    async def handle(message: Message) -> Sequence[Outgoing]:
        kind = number(message) % _KINDS
        if kind == _POISON:
            raise InvalidInputError("Poison.")
        if kind == _FAILS_ONCE and message.attempt == 1:
            raise TransientError("Once more.")
        if kind == _SLOW:
            await asyncio.sleep(0.05)
        return [Outgoing(EFFECTS, envelope(numero=number(message), grupo=group))]

    return handle


@dataclass
class History:
    """What is done to a bus, and what is expected of it."""

    connect: Callable[[], MessageBus]
    bus: MessageBus = field(init=False)
    published: set[int] = field(default_factory=set)
    _running: list[tuple[asyncio.Event, "asyncio.Task[None]"]] = field(default_factory=list)
    _new: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1000))

    def __post_init__(self) -> None:
        self.bus = self.connect()

    async def do(self, step: Step) -> None:
        match step:
            case Publish(keys, without_key):
                new = [next(self._new) for _ in range(without_key)]
                await self.bus.publish([outgoing(each, f"chave-{each}") for each in keys])
                await self.bus.publish([outgoing(each) for each in new])
                self.published |= {*keys, *new}
            case Foreign(keys):
                for each in keys:
                    entry = {"mensagem": outgoing(each).envelope.to_json(), "chave": f"chave-{each}"}
                    await self.bus._streams._redis.xadd(STREAM, entry)  # type: ignore[attr-defined]
                self.published |= {*keys}
            case Start(group, at_once):
                stop = asyncio.Event()
                options = quick(group=group, at_once=at_once, claim_seconds=0.3, max_attempts=50)
                consuming = self.connect().consume(STREAM, handler(group), options, stop)
                self._running.append((stop, asyncio.create_task(consuming)))
            case End(is_killed) if self._running:
                stop, task = self._running.pop(0)
                stop.set()
                await (killed(task) if is_killed else asyncio.wait_for(task, 30))
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Replay():
                await self.bus.replay(await self.bus.dead_letters(STREAM))

    async def known_groups(self) -> bool:
        return {each.group for each in await self.bus.backlog(STREAM)} == set(GROUPS)

    async def is_settled(self) -> bool:
        return all(each.waiting == each.pending == 0 for each in await self.bus.backlog(STREAM))

    async def effects(self) -> Counter[tuple[str, int]]:
        """By group and number."""
        found: Counter[tuple[str, int]] = Counter()

        async def count(message: Message) -> Sequence[Outgoing]:
            found[str(message.envelope.payload["grupo"]), number(message)] += 1
            return []

        async def all_counted() -> bool:
            return all(each.waiting == each.pending == 0 for each in await self.bus.backlog(EFFECTS))

        async with consumer(self.bus, count, quick(group="efeitos"), stream=EFFECTS):
            await until_async(all_counted)
        return found


async def check(connect: Callable[[], MessageBus], steps: Sequence[Step]) -> None:
    history = History(connect)
    for group in GROUPS:
        await history.do(Start(group, 4))
    await until_async(history.known_groups)
    for step in steps:
        await history.do(step)
    for group in GROUPS:
        await history.do(Start(group, 4))
    await until_async(history.is_settled)
    while history._running:
        await history.do(End(is_killed=False))
    dead = {each for each in history.published if each % _KINDS == _POISON}
    alive = history.published - dead
    assert await history.effects() == Counter((group, each) for group in GROUPS for each in alive)
    # A repeat by another program has its own chance where the first has died.
    letters = {
        (letter.group, json.loads(letter.raw)["payload"]["numero"])
        for letter in await history.bus.dead_letters(STREAM)
    }
    assert letters == {(group, each) for group in GROUPS for each in dead}


@asynccontextmanager
async def in_one_process() -> AsyncIterator[Callable[[], MessageBus]]:
    forget_everything()
    yield LocalMessageBus
    forget_everything()


@asynccontextmanager
async def on_valkey(valkey: Valkey) -> AsyncIterator[Callable[[], MessageBus]]:
    made: list[MessageBus] = []

    def connect() -> MessageBus:
        made.append(RedisMessageBus(url=SecretStr(valkey.url)))
        return made[-1]

    with valkey.client() as client:
        client.flushall()
    yield connect
    for bus in made:
        await bus.aclose()


_FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_FEW
@given(steps=st.lists(_STEPS, max_size=15))
def test_of_any_history_in_one_process(steps: list[Step]) -> None:
    async def run() -> None:
        async with in_one_process() as connect:
            await check(connect, steps)

    asyncio.run(run())


@_FEW
@given(steps=st.lists(_STEPS, max_size=15))
def test_of_any_history_on_valkey(valkey: Valkey, steps: list[Step]) -> None:
    async def run() -> None:
        async with on_valkey(valkey) as connect:
            await check(connect, steps)

    asyncio.run(run())
