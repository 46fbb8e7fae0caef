"""What every message bus does. The tests of each kind are a class derived from `MessageBusSuite` that makes it."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest

from blocks.message_bus import (
    Entry,
    Fact,
    Handler,
    Message,
    MessageBus,
    Outgoing,
)
from tasks.errors import InvalidInputError, TransientError
from tests.consumers import STREAM, consumer, envelope, killed, number, outgoing, quick, until, until_async
from tests.message_bus_room_suite import MakeBus, MessageBusRoomSuite


class MessageBusSuite(MessageBusRoomSuite):
    """Derived classes have a fixture `make_bus`."""

    @pytest.fixture
    def bus(self, make_bus: MakeBus) -> MessageBus:
        return make_bus()

    async def test_what_is_published_is_handled_once_and_in_order(self, bus: MessageBus) -> None:
        seen: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append(number(message))
            return []

        await bus.publish([outgoing(each) for each in range(50)])
        async with consumer(bus, handler, quick(at_once=1)):
            await until(lambda: len(seen) == 50)
            await bus.publish([outgoing(50)])
            await until(lambda: len(seen) == 51)
        assert seen == list(range(51))

    async def test_a_key_is_published_once(self, bus: MessageBus) -> None:
        seen: list[tuple[int, str]] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append((number(message), message.key))
            return []

        await bus.publish([outgoing(1, "a"), outgoing(2, "a"), outgoing(3, "b")])
        await bus.publish([outgoing(4, "b"), outgoing(5, "c")])
        async with consumer(bus, handler, quick(at_once=1)):
            await until(lambda: len(seen) >= 3)
        assert seen == [(1, "a"), (3, "b"), (5, "c")]

    async def test_a_failed_attempt_is_repeated_and_the_others_go_on(self, bus: MessageBus) -> None:
        seen: list[tuple[int, int]] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append((number(message), message.attempt))
            if number(message) == 0 and message.attempt < 3:
                raise TransientError("Not yet.")
            return []

        await bus.publish([outgoing(each) for each in range(5)])
        async with consumer(bus, handler, quick(at_once=1, retry_seconds=0.1)):
            await until(lambda: (0, 3) in seen)
        assert seen == [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (0, 2), (0, 3)]

    async def test_what_never_works_becomes_a_dead_letter_that_can_be_replayed(self, bus: MessageBus) -> None:
        seen: list[tuple[int, int]] = []
        works = False

        async def handler(message: Message) -> Sequence[Outgoing]:
            seen.append((number(message), message.attempt))
            if works:
                return []
            if number(message) == 1:
                raise InvalidInputError("This will not do.")
            raise TransientError("Not today.")

        await bus.publish([outgoing(1, "um"), outgoing(2, "dois")])
        async with consumer(bus, handler, quick(max_attempts=2)):
            await until(lambda: len(seen) == 3)
        letters = await bus.dead_letters(STREAM)
        assert {(each.reason, each.attempts, each.correlation_id) for each in letters} == {
            ("This will not do.", 1, "conversa-1"),
            ("Not today.", 2, "conversa-1"),
        }
        assert await bus.dead_letters("escavador_outro") == []
        works = True
        assert await bus.replay(letters) == 2
        assert await bus.replay(letters) == 0
        async with consumer(bus, handler):
            await until(lambda: len(seen) == 5)
        assert {*seen[3:]} == {(1, 1), (2, 1)}
        assert await bus.dead_letters() == []

    async def test_a_conversation_tells_its_story(self, bus: MessageBus) -> None:
        conversation = str(uuid4())

        async def handler(message: Message) -> Sequence[Outgoing]:
            answer = Outgoing(f"conversa_{conversation}", envelope(conversation, resposta=1), "resposta")
            return [answer]

        heard: list[Entry] = []

        async def listen() -> None:
            async for entry in bus.conversation(conversation):
                heard.append(entry)

        listening = asyncio.create_task(listen())
        await bus.publish([Outgoing(STREAM, envelope(conversation, pergunta=1), "pergunta")])
        async with consumer(bus, handler):
            await until(lambda: len(heard) == 4)
        await killed(listening)
        assert heard == await bus.story(conversation)
        assert [(each.fact, each.stream, each.key) for each in heard] == [
            (Fact.PUBLISHED, STREAM, "pergunta"),
            (Fact.TAKEN, STREAM, "pergunta"),
            (Fact.PUBLISHED, f"conversa_{conversation}", "resposta"),
            (Fact.DONE, STREAM, "pergunta"),
        ]
        assert await bus.story("nobody") == []

    async def test_a_handler_that_takes_long_runs_once(self, make_bus: MakeBus) -> None:
        started: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            started.append(number(message))
            await asyncio.sleep(5)
            return []

        await make_bus().publish([outgoing(1)])
        async with consumer(make_bus(), handler), consumer(make_bus(), handler):
            await until(lambda: started)
        assert started == [1]
        (backlog,) = await make_bus().backlog(STREAM)
        assert (backlog.waiting, backlog.pending, backlog.dead) == (0, 0, 0)

    async def test_what_a_killed_consumer_had_is_taken_up(self, make_bus: MakeBus) -> None:
        taken: list[int] = []
        done: dict[int, int] = {}

        async def hang(message: Message) -> Sequence[Outgoing]:
            taken.append(number(message))
            await asyncio.Event().wait()
            return []

        async def handler(message: Message) -> Sequence[Outgoing]:
            done[number(message)] = message.attempt
            return []

        await make_bus().publish([outgoing(each) for each in range(5)])
        async with consumer(make_bus(), hang) as task:
            await until(lambda: len(taken) == 5)
            await killed(task)
        async with consumer(make_bus(), handler):
            await until(lambda: len(done) == 5)
        assert done == dict.fromkeys(range(5), 2)

    async def test_what_kills_its_consumers_dies_alone(self, make_bus: MakeBus) -> None:
        bus = make_bus()
        done: list[int] = []
        begun: list[tuple[int, int]] = []
        all_begun = {(each, attempt) for each in range(4) for attempt in (1, 2)}

        async def handler(message: Message) -> Sequence[Outgoing]:
            begun.append((number(message), message.attempt))
            if number(message) == 0 or message.attempt <= 2:  # under way when the first kills the consumer
                await asyncio.Event().wait()
            done.append(number(message))
            return []

        await bus.publish([outgoing(each, f"chave-{each}") for each in range(4)])
        for attempt in range(1, 6):
            together = {each for each in all_begun if each[1] == attempt} or {(0, attempt)}
            async with consumer(bus, handler, quick(claim_seconds=0.3)) as task:
                await until(lambda: together <= set(begun))  # noqa: B023 - awaited here
                await killed(task)
        async with consumer(bus, handler, quick(claim_seconds=0.3)):
            await until_async(lambda: bus.dead_letters(STREAM))
            await until(lambda: len(done) == 3)
        assert [attempt for each, attempt in begun if each == 0] == [1, 2, 3, 4, 5]
        assert sorted(done) == [1, 2, 3]
        (letter,) = await bus.dead_letters(STREAM)
        assert letter.attempts == 5
        assert b'"numero":0' in letter.raw

    async def test_a_pause_outlives_its_consumer(self, make_bus: MakeBus) -> None:
        attempts: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            attempts.append(message.attempt)
            if message.attempt == 1:
                raise TransientError("Not yet.")
            return []

        bus = make_bus()
        await bus.publish([outgoing(1)])
        async with consumer(bus, handler, quick(retry_seconds=1)) as task:
            await until_async(lambda: self._failed(bus))
            await killed(task)
        async with consumer(make_bus(), handler, quick(retry_seconds=1)):
            await until(lambda: len(attempts) == 2)
        assert attempts == [1, 2]

    @staticmethod
    async def _failed(bus: MessageBus) -> bool:
        return any(each.fact is Fact.FAILED for each in await bus.story("conversa-1"))

    async def test_a_stopped_consumer_lets_its_handlers_end_and_gives_back_the_rest(
        self, make_bus: MakeBus
    ) -> None:
        done: dict[int, int] = {}
        go_on = asyncio.Event()

        async def handler(message: Message) -> Sequence[Outgoing]:
            await go_on.wait()
            done[number(message)] = message.attempt
            return []

        bus, stop = make_bus(), asyncio.Event()
        await bus.publish([outgoing(each) for each in range(6)])
        task = asyncio.create_task(bus.consume(STREAM, handler, quick(at_once=2, claim_seconds=3600), stop))
        await until_async(lambda: self._pending(bus, 2))
        stop.set()
        await asyncio.sleep(0.1)
        assert not task.done()
        go_on.set()
        await task
        assert len(done) == 2
        async with consumer(make_bus(), handler, quick(claim_seconds=3600)):
            await until(lambda: len(done) == 6)
        assert set(done.values()) == {1}

    @staticmethod
    async def _pending(bus: MessageBus, number: int) -> bool:
        return sum(each.pending for each in await bus.backlog(STREAM)) == number

    async def test_every_group_handles_all_and_repeats_its_own(self, make_bus: MakeBus) -> None:
        seen: dict[str, list[tuple[int, int]]] = {"um": [], "outro": []}

        def handler(group: str) -> Handler:
            async def handle(message: Message) -> Sequence[Outgoing]:
                seen[group].append((number(message), message.attempt))
                if group == "um" and message.attempt == 1:
                    raise ValueError("whatever it is")
                return []

            return handle

        bus = make_bus()
        async with (
            consumer(bus, handler("um"), quick(group="um")),
            consumer(bus, handler("outro"), quick(group="outro")),
        ):
            await until_async(lambda: self._groups(bus, 2))
            await bus.publish([outgoing(1), outgoing(2)])
            await until(lambda: len(seen["um"]) == 4 and len(seen["outro"]) == 2)
        assert sorted(seen["um"]) == [(1, 1), (1, 2), (2, 1), (2, 2)]
        assert sorted(seen["outro"]) == [(1, 1), (2, 1)]

    async def test_many_conversations_are_followed_at_once(self, bus: MessageBus) -> None:
        heard: dict[str, list[int]] = {}

        async def listen(conversation: str, wanted: int) -> None:
            heard[conversation] = []
            async for entry in bus.conversation(conversation):
                assert entry.envelope is not None
                heard[conversation].append(int(str(entry.envelope.payload["numero"])))
                if len(heard[conversation]) == wanted:
                    return

        def said(conversation: str, each: int) -> Outgoing:
            return Outgoing(f"conversa_{conversation}", envelope(conversation, numero=each))

        ids = [f"c-{each}" for each in range(40)]
        async with asyncio.TaskGroup() as listeners:
            for each in ids[:20]:
                listeners.create_task(listen(each, 3))
            await bus.publish([said(each, 0) for each in ids])
            await until(lambda: all(heard.get(each) == [0] for each in ids[:20]))
            for each in ids[20:]:
                listeners.create_task(listen(each, 3))
            await until(lambda: all(heard.get(each) == [0] for each in ids))
            await bus.publish([said(each, number) for number in (1, 2) for each in ids])
        assert heard == {each: [0, 1, 2] for each in ids}

    async def test_an_answer_is_published_once_however_often_its_message_is_handled(
        self, make_bus: MakeBus
    ) -> None:
        bus = make_bus()
        attempts: list[int] = []

        async def handler(message: Message) -> Sequence[Outgoing]:
            attempts.append(message.attempt)
            if message.attempt == 1:
                raise asyncio.CancelledError  # a library's own: nobody has ended the consumer
            return [Outgoing("executador_provas", envelope(feito=True)), outgoing(1, stream="conversa_x")]

        await bus.publish([outgoing(1, "um")])
        async with consumer(bus, handler):
            await until(lambda: attempts == [1, 2])
        (backlog,) = await bus.backlog("executador_provas")
        assert backlog.waiting == 1
        assert len(await bus.story("x")) == 1

    async def test_dead_letters_can_be_discarded(self, bus: MessageBus) -> None:
        async def handler(message: Message) -> Sequence[Outgoing]:
            raise InvalidInputError("Never.")

        await bus.publish([outgoing(each) for each in range(3)])
        async with consumer(bus, handler):
            await until_async(lambda: self._dead(bus, 3))
        newest, *others = await bus.dead_letters(most=2)
        assert len(others) == 1
        assert await bus.discard([newest]) == 1
        assert await bus.discard([newest, *others]) == 1
        (last,) = await bus.dead_letters()
        assert b'"numero":' in last.raw
        assert await bus.replay([newest]) == 0

    @staticmethod
    async def _dead(bus: MessageBus, number: int) -> bool:
        return len(await bus.dead_letters()) == number

    @staticmethod
    async def _is_empty(bus: MessageBus) -> bool:
        return all(each.waiting == each.pending == 0 for each in await bus.backlog(STREAM))

    async def test_how_far_a_stream_is(self, bus: MessageBus) -> None:
        hold = asyncio.Event()

        async def handler(message: Message) -> Sequence[Outgoing]:
            await hold.wait()
            return []

        await bus.ping()
        await bus.publish([outgoing(each) for each in range(5)])
        (before,) = await bus.backlog(STREAM)
        assert (before.group, before.waiting, before.consumers) == ("", 5, 0)
        async with consumer(bus, handler, quick(at_once=2)):
            await until_async(lambda: self._pending(bus, 2))
            (during,) = await bus.backlog(STREAM)
            assert (during.waiting, during.pending, during.consumers) == (3, 2, 1)
            assert during.oldest_seconds is not None
            assert during.oldest_seconds >= 0
            hold.set()
            # Between two of them none is pending.
            await until_async(lambda: self._is_empty(bus))
        (after,) = await bus.backlog(STREAM)
        assert (after.waiting, after.pending, after.oldest_seconds) == (0, 0, None)
        assert await bus.streams() == [STREAM]
