"""One consumer of a stream: it takes messages, keeps them while their handlers work, and settles what came of them."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from uuid import uuid4

from blocks.message_bus import ConsumerOptions, Handler, Message
from blocks.streams import names
from blocks.streams.duties import Duty
from blocks.streams.entries import Taken, envelope_of, taken
from blocks.streams.outcomes import Outcomes
from blocks.streams.pause import Pause, wait_for_event
from blocks.streams.scripts import DEAD, DUE, FULL, NO, Call
from blocks.streams.server import (
    Delivery,
    MissingGroupError,
    OccupiedError,
    RefusedError,
    Reply,
    StreamServer,
)
from tasks.errors import ContrapontoError, InvalidSettingError, TransientError
from tasks.messages.envelope import BadMessageError, Envelope

logger = logging.getLogger(__name__)
T = TypeVar("T")

_BLOCK_SECONDS = 5.0
_SWEEP_SECONDS = 1.0
_FULL_SECONDS = 0.2
"""Between two looks whether a stream has room again."""
_DUE_AT_ONCE = 100
_DEATHS = 2
"""A message that was with so many consumers when they died is handled while nothing else is."""
_STRAYS_SECONDS = 3_600.0
"""Between two looks for conversations that others have made and that would stay for ever."""
_QUIET_CLAIMS = 20
"""A consumer that has nothing and was silent for so many claim times is forgotten."""


@dataclass(frozen=True)
class _Settled:
    taken: Taken
    call: Call
    due: float | None = None
    """When it is to be tried again."""


class Consumer:
    """Handles the messages of a stream for a group, until it is stopped."""

    def __init__(
        self,
        server: StreamServer,
        outcomes: Outcomes,
        stream: str,
        handler: Handler,
        options: ConsumerOptions,
        stop: asyncio.Event,
    ) -> None:
        self._server = server
        self._outcomes = outcomes
        self._stream = stream
        self._group = options.group
        self._own = names.again(stream, options.group)
        self._handler = handler
        self._options = options
        self._stop = stop
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._held: dict[tuple[str, str], Taken] = {}
        """All that this consumer has and must not lose, by stream and id of the entry."""
        self._suspect: Taken | None = None
        """What has to be handled while nothing else is."""
        self._ready: tuple[Taken, Envelope] | None = None
        """The same, until the others have ended."""
        self._claim_soon = False
        self._changed = asyncio.Event()
        """Something that was held is settled."""
        self._settled: list[_Settled] = []
        self._to_settle = asyncio.Event()
        self._sooner = asyncio.Event()
        """A message is to be tried again before housekeeping would look."""
        self._due_at = 0.0
        self._to_sweep = False
        self._tasks: asyncio.TaskGroup

    async def run(self) -> None:
        """Until `stop` is set and the handlers under way have ended."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                settling = self._tasks.create_task(self._settle())
                keeping = self._tasks.create_task(self._keep_house())
                renewing = self._tasks.create_task(self._renew())
                await self._take()
                while self._held or self._settled:
                    await self._next_change()
                for task in (settling, keeping, renewing):
                    task.cancel()
        except BaseExceptionGroup as group:
            raise _only(group) from None
        try:
            for source in (self._stream, self._own):
                await self._server.leave(source, self._group, self._name)
        except (TransientError, RefusedError):
            logger.info("The consumer %s is forgotten later.", self._name)

    # What it takes

    async def _take(self) -> None:
        pause = Pause()
        while not self._stop.is_set():
            room = self._options.at_once - len(self._held)
            if room <= 0 or self._suspect:
                await self._next_change()
                continue
            try:
                deliveries = await self._unless_stopped(
                    self._server.read_group(
                        self._group, self._name, (self._stream, self._own), room, _BLOCK_SECONDS
                    )
                )
            except MissingGroupError:
                await self._make_groups(pause)
            except (TransientError, OccupiedError) as error:
                await pause.wait(error, self._stop)
            else:
                pause.over()
                await self._begin(deliveries)

    async def _unless_stopped(self, call: Coroutine[Any, Any, list[T]]) -> list[T]:
        reading = asyncio.ensure_future(call)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
            return reading.result() if reading.done() else []
        finally:
            for task in (reading, stopping):
                task.cancel()
            await asyncio.gather(reading, stopping, return_exceptions=True)

    async def _make_groups(self, pause: Pause) -> None:
        try:
            await self._server.add_member(names.GROUPS, names.pair(self._stream, self._group))
            for source in (self._stream, self._own):
                await self._server.make_group(source, self._group)
        except (TransientError, OccupiedError) as error:
            await pause.wait(error, self._stop)

    async def _begin(self, deliveries: Sequence[Delivery]) -> None:
        begun: list[tuple[Taken, Envelope]] = []
        for delivery in deliveries:
            one = taken(delivery, self._own)
            if (one.source, one.entry_id) in self._held:
                continue
            self._held[one.source, one.entry_id] = one
            try:
                envelope = envelope_of(one.raw, self._outcomes.max_bytes)
            except BadMessageError as error:
                self._put(one, self._outcomes.dead(one, None, error, self._options))
                continue
            if one.attempt > self._options.max_attempts:
                reason = TransientError(
                    f"{one.attempt - 1} attempts have ended without a word, the last with its consumer."
                )
                self._put(
                    one,
                    self._outcomes.dead(
                        replace(one, attempt=one.attempt - 1), envelope, reason, self._options
                    ),
                )
                continue
            if self._suspect:
                await self._give_back(one)
                continue
            if one.deaths and one.deaths >= min(_DEATHS, self._options.max_attempts - 1):
                self._suspect = one
            begun.append((one, envelope))
        if not begun:
            return
        calls = [self._outcomes.begin(one, envelope, self._options, self._name) for one, envelope in begun]
        replies = await self._carried_out(calls)
        for (one, envelope), reply in zip(begun, replies, strict=True):
            if isinstance(reply, ContrapontoError):
                self._put(one, self._outcomes.dead(one, envelope, reply, self._options))
            elif reply[0] == NO:
                self._let_go(one)
            elif one is self._suspect:
                self._ready = (one, envelope)
            else:
                self._tasks.create_task(self._handle(one, envelope))
        self._start_alone()

    async def _give_back(self, one: Taken) -> None:
        """Whoever takes it next is told of no more attempts than this consumer was."""
        self._let_go(one)
        try:
            await self._server.give_back(one.source, self._group, self._name, [one.entry_id])
        except (TransientError, RefusedError) as error:
            logger.info("Message %s of %s is taken up later: %s", one.id, self._stream, error)

    def _start_alone(self) -> None:
        """Begins with what may have killed its consumers: nobody else is to die with it."""
        if self._ready and len(self._held) == 1:
            (one, envelope), self._ready = self._ready, None
            self._tasks.create_task(self._handle(one, envelope))

    # What it does

    async def _handle(self, one: Taken, envelope: Envelope) -> None:
        message = Message(one.id, self._stream, envelope, one.key or one.id, one.attempt)
        try:
            answers = await self._handler(message)
            call = self._outcomes.done(one, envelope, answers, self._options, self._name)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._failed(one, envelope, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this message's and no other's
            self._failed(one, envelope, error)
        else:
            self._put(one, call)

    def _failed(self, one: Taken, envelope: Envelope, error: BaseException) -> None:
        permanent = isinstance(error, ContrapontoError) and not error.transient
        if permanent or one.attempt >= self._options.max_attempts:
            # What was raised on purpose says all in its sentence.
            trace = None if isinstance(error, ContrapontoError) else error
            logger.warning(
                "Message %s of %s is a dead letter: %s", one.id, self._stream, error, exc_info=trace
            )
            self._put(one, self._outcomes.dead(one, envelope, error, self._options))
            return
        seconds = min(
            self._options.longest_retry_seconds, self._options.retry_seconds * 2 ** (one.attempt - 1)
        )
        if isinstance(error, TransientError) and error.retry_after is not None:
            seconds = max(seconds, error.retry_after)
        due = time.time() + seconds
        logger.info("Message %s of %s is tried again in %g s: %s", one.id, self._stream, seconds, error)
        self._put(one, self._outcomes.retry(one, envelope, error, due, self._options), due)

    # What comes of it

    def _put(self, one: Taken, call: Call, due: float | None = None) -> None:
        self._settled.append(_Settled(one, call, due))
        self._to_settle.set()

    async def _settle(self) -> None:
        while True:
            await self._to_settle.wait()
            self._to_settle.clear()
            batch, self._settled = self._settled, []
            replies = await self._carried_out([each.call for each in batch])
            for each, reply in zip(batch, replies, strict=True):
                if isinstance(reply, ContrapontoError):
                    logger.warning(
                        "Message %s of %s cannot be settled: %s", each.taken.id, self._stream, reply
                    )
                    if each.call.script is DEAD:
                        # It stays where it is, and is taken up again when nobody has shown anything of it for a while.
                        self._let_go(each.taken)
                        continue
                    self._put(each.taken, self._outcomes.dead(each.taken, None, reply, self._options))
                elif reply[0] == FULL:
                    self._tasks.create_task(self._when_there_is_room(each, _name(reply[1])))
                else:
                    self._let_go(each.taken)
                    if each.due is not None:
                        self._look_by(each.due)
            self._to_sweep = True

    async def _when_there_is_room(self, settled: _Settled, stream: str) -> None:
        logger.debug("%s is full; message %s of %s waits.", stream, settled.taken.id, self._stream)
        try:
            await self._outcomes.make_room(stream)
        except (TransientError, RefusedError) as error:
            logger.debug("No room was made in %s: %s", stream, error)
        await asyncio.sleep(_FULL_SECONDS)
        self._put(settled.taken, settled.call)

    def _let_go(self, one: Taken) -> None:
        self._held.pop((one.source, one.entry_id), None)
        if one is self._suspect:
            self._suspect = self._ready = None
            self._claim_soon = True
            self._sooner.set()
        self._start_alone()
        self._changed.set()

    async def _next_change(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    async def _carried_out(self, calls: list[Call]) -> list[Reply]:
        """Once the server answers: they are made so that a repeat does no harm."""
        pause = Pause()
        while True:
            try:
                replies = await self._server.run(calls)
            except TransientError as error:
                await pause.wait(error)
            else:
                pause.over()
                return replies

    # Housekeeping

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._options.claim_seconds / 3)
            for source in (self._stream, self._own):
                ids = [entry_id for held, entry_id in self._held if held == source]
                try:
                    if ids:
                        await self._server.renew(source, self._group, self._name, ids)
                except (TransientError, RefusedError) as error:
                    logger.warning("Messages of %s could not be kept: %s", self._stream, error)

    def _look_by(self, due: float) -> None:
        if due < self._due_at:
            self._due_at = due
            self._sooner.set()

    async def _keep_house(self) -> None:
        pause = Pause()
        duties = [
            Duty(self._claim, self._options.claim_seconds / 2),
            Duty(self._forget, _QUIET_CLAIMS * self._options.claim_seconds / 2),
            Duty(self._expire_strays, _STRAYS_SECONDS),
        ]
        while True:
            self._due_at = time.time() + _BLOCK_SECONDS
            if self._claim_soon:
                self._claim_soon, duties[0].at = False, 0.0
            try:
                for duty in duties:
                    await duty.do_if_due()
                if self._to_sweep:
                    self._to_sweep = False
                    await self._server.sweep(self._stream)
                await self._bring_back()
                pause.over()
            except MissingGroupError:
                await self._make_groups(pause)
            except TransientError as error:
                await pause.wait(error)
                continue
            except InvalidSettingError as error:
                logger.warning("%s", error)
            until = min(self._due_at - time.time(), duties[0].at - time.monotonic())
            if self._to_sweep or self._held:
                until = min(until, _SWEEP_SECONDS)
            await wait_for_event(self._sooner, max(0.01, until))
            self._sooner.clear()

    async def _forget(self) -> None:
        for source in (self._stream, self._own):
            await self._server.forget(source, self._group, _QUIET_CLAIMS * self._options.claim_seconds)

    async def _expire_strays(self) -> None:
        await self._server.expire_strays(names.CONVERSATION, self._outcomes.retention_seconds)

    async def _claim(self) -> None:
        room = self._options.at_once - len(self._held)
        for source in (self._own, self._stream):
            if room <= 0 or self._suspect or self._stop.is_set():
                return
            deliveries = await self._server.claim(
                source, self._group, self._name, self._options.claim_seconds, room
            )
            await self._begin(deliveries)
            room -= len(deliveries)

    async def _bring_back(self) -> None:
        """Puts what is due into the group's own stream."""
        call = Call(
            DUE, (names.later(self._stream, self._group), self._own, f"{time.time():.3f}", _DUE_AT_ONCE)
        )
        (reply,) = await self._server.run([call])
        if isinstance(reply, ContrapontoError):
            raise reply
        if first := _name(reply[1]):
            self._due_at = min(self._due_at, float(first))


def _name(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _only(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What made the others end."""
    first = group.exceptions[0]
    return _only(first) if isinstance(first, BaseExceptionGroup) else first
