"""Whatever happens to a bus in whatever order: every message has one effect in every group, and the right ones die.

An effect is an answer that the handler gives: the bus publishes it in the moment in which the message is done.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

from blocks.message_bus import Handler, Message, MessageBus, Outgoing
from tasks.errors import InvalidInputError, TransientError
from tests.consumers import STREAM, consumer, envelope, killed, number, outgoing, quick, until_async

Foreigner = Callable[[str, Outgoing], Awaitable[object]]
"""Writes a message to a stream as another program does, which does not know whether its key was published before."""

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


STEPS = st.one_of(
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
    foreign: Foreigner
    settled_seconds: float = 0
    """For so long nothing must wait before all is done: there are buses on which a message that is to be tried again
    is not seen to wait."""
    name: str = ""
    """How its keys begin, on a server that remembers those of earlier histories."""
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
                await self.bus.publish([outgoing(each, self._key(each)) for each in keys])
                await self.bus.publish([outgoing(each) for each in new])
                self.published |= {*keys, *new}
            case Foreign(keys):
                for each in keys:
                    await self.foreign(STREAM, outgoing(each, self._key(each)))
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

    def _key(self, number: int) -> str:
        return f"{self.name}chave-{number}"

    async def known_groups(self) -> bool:
        return {each.group for each in await self.bus.backlog(STREAM)} == set(GROUPS)

    async def nothing_waits(self) -> bool:
        return all(each.waiting == each.pending == 0 for each in await self.bus.backlog(STREAM))

    async def is_settled(self) -> bool:
        if not await self.nothing_waits():
            return False
        await asyncio.sleep(self.settled_seconds)
        return await self.nothing_waits()

    async def effects(self) -> Counter[tuple[str, int]]:
        """By group and number. One that is delivered again, as to a consumer that lost its connection, is no second."""
        found: dict[str, tuple[str, int]] = {}

        async def count(message: Message) -> Sequence[Outgoing]:
            found[message.id] = str(message.envelope.payload["grupo"]), number(message)
            return []

        async def all_counted() -> bool:
            return all(each.waiting == each.pending == 0 for each in await self.bus.backlog(EFFECTS))

        async with consumer(self.bus, count, quick(group="efeitos"), stream=EFFECTS):
            await until_async(all_counted)
        return Counter(found.values())


async def check(history: History, steps: Sequence[Step]) -> None:
    """Does the steps, lets consumers of every group end what is left, and looks at what has come of it."""
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
    wanted, found = Counter((group, each) for group in GROUPS for each in alive), await history.effects()
    assert found == wanted, f"too few: {wanted - found}; too many: {found - wanted}"
    # A repeat by another program has its own chance where the first has died.
    letters = {
        (letter.group, json.loads(letter.raw)["payload"]["numero"])
        for letter in await history.bus.dead_letters(STREAM)
    }
    assert letters == {(group, each) for group in GROUPS for each in dead}
