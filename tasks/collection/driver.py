"""Carries a conversation on: asks, listens, stops waiting in time. It may be killed at any moment and begun again."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from pydantic import BaseModel

from blocks.media_store import MediaStore
from blocks.message_bus import Entry, MessageBus, Outgoing
from tasks.collection.conversation import Conversation, Phase, PhaseName, Substep
from tasks.errors import TransientError
from tasks.foreign_text import one_line
from tasks.messages.contents import CollectionRequest, CollectionResult, ExecutionRequest, conversation_stream
from tasks.messages.envelope import Envelope, EventType

Tell = Callable[[Phase], None]
"""Is called when a phase has changed."""

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_ENVELOPE_BYTES = 2048
"""What a message needs beside its payload."""
_SHORTER_ERRORS = (200, 40)
"""Characters of the errors of collectors, where all of them together leave no room."""
_GRACE_SECONDS = 0.5
"""What was said in time may be read a little later."""


@dataclass(frozen=True)
class Driver:
    """Carries one conversation on."""

    bus: MessageBus
    store: MediaStore
    conversation: Conversation
    folder: str
    """Of the media store, for what does not fit into messages."""
    tell: Tell

    async def catch_up(self) -> None:
        """Read what an earlier life of the job has said and heard."""

        async def read() -> None:
            for entry in await self.bus.story(self.conversation.correlation_id):
                self.conversation.take(entry)

        await _patiently(read, self.conversation.collect.timeout_seconds)

    async def collect(self) -> None:
        """Ask the collectors and wait for them; whoever answers in time has done so."""
        requests = [self._collection_request(each) for each in self.conversation.collect.substeps]
        await self._carry_out(self.conversation.collect, requests)

    async def execute(self) -> None:
        """Ask the executors with what was collected, and wait for them."""
        phase = self.conversation.execute
        if phase.is_over:
            return
        requests = [self._execution_request(each, []) for each in phase.substeps]
        room = self.bus.max_bytes - _ENVELOPE_BYTES - max(map(_size_of, requests))
        collected = await asyncio.to_thread(fitting, self.conversation.collected(), room, self._keep)
        await self._carry_out(phase, [self._execution_request(each, collected) for each in phase.substeps])

    async def _carry_out(self, phase: Phase, requests: Sequence[BaseModel]) -> None:
        if phase.is_over:
            return
        event = EventType.START_COLLECTION if phase.name is PhaseName.COLLECT else EventType.START_EXECUTION
        outgoing = [
            Outgoing(
                each.stream, Envelope.now(self.conversation.correlation_id, event, request), key=each.key
            )
            for each, request in zip(phase.substeps, requests, strict=True)
            if not each.published
        ]

        async def publish() -> None:
            await self.bus.publish(outgoing)

        loop, asked = asyncio.get_running_loop(), None
        if outgoing:
            await _patiently(publish, phase.timeout_seconds)
            # In an earlier life some were asked, and time runs from then on.
            asked = loop.time() if phase.started_at is None else None
        await self._listen(phase, asked)

    async def _listen(self, phase: Phase, asked: float | None) -> None:
        loop = asyncio.get_running_loop()
        heard = cast(AsyncGenerator[Entry, None], self.bus.conversation(self.conversation.correlation_id))
        self.tell(phase)
        try:
            async with asyncio.timeout(_seconds_left(phase, asked)) as limit, aclosing(heard):
                async for entry in heard:
                    if not self.conversation.take(entry):
                        continue
                    if phase.is_over:
                        break
                    self.tell(phase)
                    limit.reschedule(loop.time() + _seconds_left(phase, asked))
        except TimeoutError:
            if not limit.expired():
                raise
            phase.time_out(phase.deadline or datetime.now(UTC))
        self.tell(phase)

    def _collection_request(self, substep: Substep) -> CollectionRequest:
        return CollectionRequest(
            escavador=substep.name,
            parametros=substep.target.parameters,
            responder_em=conversation_stream(self.conversation.correlation_id),
        )

    def _execution_request(self, substep: Substep, collected: list[CollectionResult]) -> ExecutionRequest:
        return ExecutionRequest(
            executador=substep.name,
            parametros=substep.target.parameters,
            coletas=collected,
            responder_em=conversation_stream(self.conversation.correlation_id),
        )

    def _keep(self, result: CollectionResult, data: bytes) -> str:
        return self.store.put_bytes(data, f"{self.folder}/collected/{result.escavador}.json").key


def fitting(
    results: Sequence[CollectionResult], room: int, keep: Callable[[CollectionResult, bytes], str]
) -> list[CollectionResult]:
    """The results in at most `room` bytes: data of the largest are kept elsewhere, `keep` gives their store key.

    Where that is not enough, the errors are shortened, and are sentences alone.
    """
    made = list(results)
    sizes = [_size_of(each) for each in made]
    movable = [number for number, each in enumerate(made) if each.dados is not None and each.arquivo is None]
    for number in sorted(movable, key=lambda number: -sizes[number]):
        if sum(sizes) <= room:
            break
        data = json.dumps(made[number].dados, ensure_ascii=False).encode()
        stored = keep(made[number], data)
        made[number] = made[number].model_copy(update={"dados": None, "arquivo": stored})
        sizes[number] = _size_of(made[number])
    for most in _SHORTER_ERRORS:
        if sum(map(_size_of, made)) <= room:
            break
        made = [
            each
            if each.erro is None
            else each.model_copy(update={"erro": one_line(each.erro, most), "erro_conhecido": None})
            for each in made
        ]
    return made


def _size_of(form: BaseModel) -> int:
    return len(form.model_dump_json().encode())


def _seconds_left(phase: Phase, asked: float | None) -> float:
    """Until nobody is waited for; `asked` is when everybody was asked, by the clock of the event loop.

    Who was asked in an earlier life was so by the clock of the bus, which may differ from that of this machine: then
    too little or, at most twice over, too much time is given. In this life the difference does not matter.
    """
    left = phase.timeout_seconds
    if asked is not None:
        left -= asyncio.get_running_loop().time() - asked
    elif phase.deadline is not None:
        left = min(left, (phase.deadline - datetime.now(UTC)).total_seconds())
    return left + _GRACE_SECONDS


async def _patiently(work: Callable[[], Awaitable[None]], seconds: float) -> None:
    """Does it again while the bus cannot be reached or is full, for so many seconds."""
    deadline, pause = asyncio.get_running_loop().time() + seconds, _FIRST_PAUSE
    while True:
        try:
            await work()
        except TransientError:
            if asyncio.get_running_loop().time() + pause > deadline:
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return
