"""What every message bus keeps and what it lets go, and who waits when there is no room."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from blocks.message_bus import FullStreamError, Handler, Message, MessageBus, Outgoing
from tasks.errors import InvalidInputError
from tests.consumers import STREAM, consumer, envelope, number, outgoing, quick, until, until_async

MakeBus = Callable[..., MessageBus]
"""Another connection to the same server, with fields of `MessageBus`."""


class MessageBusRoomSuite:
    """Derived classes have a fixture `make_bus`."""

    async def test_a_full_stream_slows_its_producers_down(self, make_bus: MakeBus) -> None:
        bus = make_bus(most_waiting=10)
        await bus.publish([outgoing(each) for each in range(10)])
        with pytest.raises(FullStreamError):
            await bus.publish([outgoing(10)], patience=0.1)
        seen: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append(number(message))
            return []

        publishing = asyncio.create_task(bus.publish([outgoing(11)]))
        async with consumer(bus, handler):
            await publishing
            await until(lambda: len(seen) == 11)
        assert sorted(seen) == [*range(10), 11]

    async def test_nothing_is_lost_for_a_group_that_is_away(self, make_bus: MakeBus) -> None:
        bus = make_bus(most_waiting=20)
        seen: dict[str, list[int]] = {"aqui": [], "longe": []}

        def handler(group: str) -> Handler:
            async def handle(message: Message) -> Sequence[Outgoing]:
                seen[group].append(number(message))
                return []

            return handle

        async with consumer(bus, handler("longe"), quick(group="longe")):
            await until_async(lambda: self._groups(bus, 1))
        async with consumer(bus, handler("aqui"), quick(group="aqui")):
            for each in range(20):
                await bus.publish([outgoing(each)])
            await until(lambda: len(seen["aqui"]) == 20)
            with pytest.raises(FullStreamError):
                await bus.publish([outgoing(20)], patience=0.1)
            away = {each.group: each.waiting for each in await bus.backlog(STREAM)}
            assert away == {"aqui": 0, "longe": 20}
            async with consumer(bus, handler("longe"), quick(group="longe")):
                await bus.publish([outgoing(20)])
                await until(lambda: len(seen["longe"]) == 21 and len(seen["aqui"]) == 21)
        assert seen == {"aqui": [*range(21)], "longe": [*range(21)]}

    async def test_announcements_do_not_pile_up_where_nobody_listens(self, make_bus: MakeBus) -> None:
        bus = make_bus(most_waiting=10)
        for each in range(35):
            await bus.publish([Outgoing("trabalhos", envelope(numero=each), announcement=True)], patience=5)
        (backlog,) = await bus.backlog("trabalhos")
        assert backlog.group == ""
        assert 0 < backlog.waiting <= 10

    async def test_an_announcement_that_nobody_reads_goes_when_it_is_old(self, make_bus: MakeBus) -> None:
        bus = make_bus(retention_seconds=1)
        for each in range(5):
            await bus.publish([Outgoing("trabalhos", envelope(numero=each), announcement=True)])
        await bus.publish([Outgoing("trabalhos", envelope(numero=5))])  # which somebody may wait for
        await asyncio.sleep(2)
        await bus.publish([Outgoing("trabalhos", envelope(numero=6), announcement=True)])
        seen: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append(number(message))
            return []

        async with consumer(bus, handler, stream="trabalhos"):
            await until(lambda: 6 in seen)
        assert sorted(seen) == [5, 6]

    async def test_an_old_announcement_that_somebody_reads_is_kept(self, make_bus: MakeBus) -> None:
        bus = make_bus(retention_seconds=1)
        seen: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append(number(message))
            return []

        def announcement(number: int) -> Outgoing:
            return Outgoing("trabalhos", envelope(numero=number), announcement=True)

        await bus.publish([announcement(1)])
        async with consumer(bus, handler, stream="trabalhos"):
            await until(lambda: seen == [1])
        await bus.publish([announcement(2)])
        await asyncio.sleep(2)
        await bus.publish([announcement(3)])
        async with consumer(bus, handler, stream="trabalhos"):
            await until(lambda: sorted(seen) == [1, 2, 3])
        assert await bus.dead_letters() == []

    async def test_an_announcement_that_somebody_reads_is_kept(self, make_bus: MakeBus) -> None:
        bus = make_bus(most_waiting=10)
        seen: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append(number(message))
            return []

        async with consumer(bus, handler, stream="trabalhos"):
            await until_async(lambda: bus.streams())
        told = [Outgoing("trabalhos", envelope(numero=each), announcement=True) for each in range(10)]
        await bus.publish(told)
        with pytest.raises(FullStreamError):
            await bus.publish([Outgoing("trabalhos", envelope(numero=10), announcement=True)], patience=0)
        async with consumer(bus, handler, stream="trabalhos"):
            await until(lambda: len(seen) == 10)

    async def test_a_message_that_is_too_large_is_not_published(self, make_bus: MakeBus) -> None:
        bus = make_bus(max_bytes=500)
        large = Outgoing(STREAM, envelope(texto="ã" * 250))
        with pytest.raises(InvalidInputError, match="the most are 500"):
            await bus.publish([outgoing(1), large])
        await bus.publish([])
        assert await bus.streams() == []

    async def test_answers_wait_for_room(self, make_bus: MakeBus) -> None:
        bus = make_bus(most_waiting=10)
        handled: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            handled.append(number(message))
            return [outgoing(number(message), stream="executador_provas")]

        await bus.publish([outgoing(each, stream="executador_provas") for each in range(10)])
        await bus.publish([outgoing(10)])
        answered: list[int] = []

        async def at_last(message: Message) -> Sequence[Outgoing]:
            answered.append(number(message))
            return []

        async with consumer(bus, handler):
            await until(lambda: handled == [10])
            await asyncio.sleep(0.3)
            async with consumer(bus, at_last, stream="executador_provas"):
                await until(lambda: len(answered) == 11)
        assert handled == [10]

    @staticmethod
    async def _groups(bus: MessageBus, number: int) -> bool:
        return len([each for each in await bus.backlog(STREAM) if each.group]) == number
