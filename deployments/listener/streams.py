"""The streams that the listener reads: those of the deployments that the server has, and the one of conversations."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
)
from prefect.exceptions import PrefectException

from blocks.message_bus import ConsumerOptions, Handler, Message, MessageBus, Outgoing
from deployments.listener.runs import Deployment, WantedRun, make_run
from tasks.collection.targets import parameters_of as asked_with
from tasks.errors import InvalidInputError
from tasks.jobs.correlation import LABEL, correlated
from tasks.messages.contents import START_STREAM
from tasks.messages.envelope import BadMessageError, EventType
from tasks.messages.targets import (
    ANSWERS_LABEL,
    REPLY_LABEL,
    REQUEST_LABEL,
    TAGS,
    Target,
    parameters_of,
    reply_stream,
)

CONVERSATIONS = "collect-and-execute"
"""The deployment that `oraculo` starts."""
_LOOK_SECONDS = 5.0
_PAGE = 200
_logger = logging.getLogger("contraponto.listener")


class Reader(Protocol):
    """What the messages of a stream ask for."""

    @property
    def deployment(self) -> Deployment:
        """What its runs are runs of."""

    def wanted(self, message: Message) -> WantedRun:
        """The run that a message asks for. Raises BadMessageError."""

    def refusal(self, message: Message, error: InvalidInputError) -> Sequence[Outgoing]:
        """The messages that say that it was refused."""


@dataclass(frozen=True)
class TargetReader:
    """Of a collector or an executor: each message is a run of it."""

    deployment: Deployment
    target: Target

    def wanted(self, message: Message) -> WantedRun:
        """Its parameters are those of the message, its labels say whom to answer."""
        envelope = message.envelope
        request = self.target.request(envelope)
        return WantedRun(
            self.deployment,
            parameters_of(request, envelope.correlation_id, self.deployment.parameters),
            key=f"{message.stream} {message.key}",
            tag=envelope.correlation_id,
            labels={
                LABEL: envelope.correlation_id,
                REPLY_LABEL: request.responder_em,
                ANSWERS_LABEL: str(self.target.asked_as(envelope.payload)),
                REQUEST_LABEL: message.key,
            },
        )

    def refusal(self, message: Message, error: InvalidInputError) -> Sequence[Outgoing]:
        """An answer: who asked need not wait until time is up."""
        envelope = message.envelope
        stream = reply_stream(envelope)
        if stream is None:
            return ()
        target = self.target.asked_as(envelope.payload)
        answer = target.answer(
            envelope.correlation_id, "erro", error=str(error), error_code=error.code, request=message.key
        )
        return (Outgoing(stream, answer, key=f"refused {message.stream} {message.key}"),)


@dataclass(frozen=True)
class ConversationReader:
    """Of `oraculo`: one run for each correlation id, however often its message comes."""

    deployment: Deployment

    def wanted(self, message: Message) -> WantedRun:
        """The payload are the parameters of the flow, also as earlier callers call them."""
        envelope = message.envelope
        if envelope.tipo_evento is not EventType.START_COLLECTION:
            raise BadMessageError(
                f"The stream {START_STREAM} takes {EventType.START_COLLECTION} and not {envelope.tipo_evento}."
            )
        named = envelope.payload.get("correlation_id", envelope.correlation_id)
        if named != envelope.correlation_id:
            raise BadMessageError(
                f"The payload names the conversation {named}, the message {envelope.correlation_id}.",
                hint="Leave correlation_id out of the payload.",
            )
        return WantedRun(
            self.deployment,
            {**asked_with(envelope.payload), "correlation_id": envelope.correlation_id},
            key=f"{START_STREAM} {envelope.correlation_id}",
            tag=envelope.correlation_id,
            labels={LABEL: envelope.correlation_id},
        )

    def refusal(self, message: Message, error: InvalidInputError) -> Sequence[Outgoing]:  # noqa: ARG002 - see Reader
        """None: nobody listens yet. The conversation's story has it."""
        return ()


@dataclass
class Counts:
    """What the listener has done since its start, by stream."""

    handled: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)


@dataclass
class _Reading:
    reader: Reader
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Streams:
    """Reads the streams of all deployments that there are, also of those that come later."""

    def __init__(self, client: PrefectClient, bus: MessageBus, options: ConsumerOptions) -> None:
        self._client = client
        self._bus = bus
        self._options = options
        self._reading: dict[str, _Reading] = {}
        self._warned: list[str] = []
        self.counts = Counts()

    async def read(self, stop: asyncio.Event) -> None:
        """Read until `stop` is set, and to the end of what is under way then."""
        try:
            while not stop.is_set():
                await self._refresh()
                try:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await stop.wait()
                except TimeoutError:
                    continue
        finally:
            for reading in self._reading.values():
                reading.stop.set()
            await asyncio.gather(
                *(reading.task for reading in self._reading.values() if reading.task), return_exceptions=True
            )

    async def _refresh(self) -> None:
        try:
            found = await find_readers(self._client)
        except (httpx.HTTPError, PrefectException) as error:
            _logger.warning("The deployments cannot be read now: %s", str(error) or type(error).__name__)
            return
        for warning in found.warnings:
            if warning not in self._warned:
                _logger.warning(warning)
        self._warned = found.warnings
        for stream in [stream for stream in self._reading if stream not in found.readers]:
            _logger.info("The stream %s is left: its deployment is gone.", stream)
            self._reading.pop(stream).stop.set()
        for stream, reader in found.readers.items():
            reading = self._reading.get(stream)
            if reading is None:
                _logger.info("The stream %s is read for %s.", stream, reader.deployment.name)
                reading = self._reading[stream] = _Reading(reader)
            reading.reader = reader
            self._keep_on(stream, reading)

    def _keep_on(self, stream: str, reading: _Reading) -> None:
        if reading.task is not None:
            if not reading.task.done():
                return
            _logger.error("The stream %s could not be read: %s", stream, reading.task.exception())
        consuming = self._bus.consume(stream, self._handler(stream, reading), self._options, reading.stop)
        reading.task = asyncio.create_task(consuming, name=stream)

    def _handler(self, stream: str, reading: _Reading) -> Handler:
        async def handle(message: Message) -> Sequence[Outgoing]:
            with correlated(message.envelope.correlation_id):
                try:
                    await self._handle(reading, message)
                except BaseException:
                    self.counts.failed[stream] += 1
                    raise
                self.counts.handled[stream] += 1
            return ()

        return handle

    async def _handle(self, reading: _Reading, message: Message) -> None:
        reader = reading.reader
        try:
            run = await make_run(self._client, reader.wanted(message), reading.stop)
        except InvalidInputError as error:
            _logger.warning("The message %s on %s is refused: %s", message.key, message.stream, error)
            # Before the message is dead: if this fails, it is tried again.
            await self._bus.publish(reader.refusal(message, error))
            raise
        _logger.info(
            "The message %s on %s is the run %s of %s.",
            message.key,
            message.stream,
            run,
            reader.deployment.name,
        )


@dataclass
class Found:
    """What the server has to be read for."""

    readers: dict[str, Reader] = field(default_factory=dict)
    """By stream."""
    warnings: list[str] = field(default_factory=list)


async def find_readers(client: PrefectClient) -> Found:
    """The streams that are to be read, by the deployments that the server has."""
    found = Found()
    tagged = DeploymentFilter(tags=DeploymentFilterTags(any_=list(TAGS)))
    offset = 0
    while page := await client.read_deployments(deployment_filter=tagged, limit=_PAGE, offset=offset):
        offset += len(page)
        for each in page:
            target = Target.of_deployment(each.name, each.tags)
            if target is None:
                found.warnings.append(
                    f'The deployment "{each.name}" has the tag of a collector or executor, and no name of one: '
                    "escavador-NAME or executador-NAME, of small letters, digits, - and _."
                )
            elif target.stream in found.readers:
                found.warnings.append(
                    f'Several deployments are named "{each.name}": the first has the stream.'
                )
            else:
                found.readers[target.stream] = TargetReader(Deployment.of(each), target)
    named = DeploymentFilter(name=DeploymentFilterName(any_=[CONVERSATIONS]))
    for each in await client.read_deployments(deployment_filter=named, limit=1):
        found.readers[START_STREAM] = ConversationReader(Deployment.of(each))
    return found
