"""Collectors and executors of this project, called in the process of the conversation that asks for them.

With workers the listener makes a job of each message; a process that runs one job has none, and calls their flows.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import State

from blocks.from_settings import media_store
from blocks.message_bus import ConsumerOptions, Message, MessageBus, Outgoing
from blocks.settings import get_settings
from deployments.listener.answers import share_of, told
from deployments.server.flow_catalogue import ListedFlow, listed_flows
from deployments.server.pipelines import schema_of
from deployments.server.refusals import refusals
from tasks.collection.here import Here
from tasks.errors import ContrapontoError, InvalidInputError
from tasks.foreign_text import one_line
from tasks.jobs.document import JobDocument
from tasks.messages.targets import Target, parameters_of

if TYPE_CHECKING:
    from prefect import Flow

logger = logging.getLogger("contraponto.listener")

_AT_ONCE = 2
"""Messages of one stream that are worked on: this is one machine, and a person waits in front of it."""
_LONGEST_REASON = 1000


@dataclass(frozen=True)
class _Listed:
    """A collector or an executor, and its deployment."""

    target: Target
    flow: ListedFlow


def here(project: Path) -> Here:
    """What the deployments of a project can be asked for in this process."""
    return here_of(listed_flows(project).values())


def here_of(flows: Iterable[ListedFlow]) -> Here:
    """The same of some flows; those that are neither collector nor executor are none of it."""
    found = {
        target.stream: _Listed(target, listed)
        for listed in flows
        if (target := Target.of_deployment(listed.name, listed.tags)) is not None
    }
    return Here(frozenset(found), partial(_listening, found))


@asynccontextmanager
async def _listening(targets: Mapping[str, _Listed], bus: MessageBus) -> AsyncIterator[None]:
    stop, options = asyncio.Event(), ConsumerOptions(at_once=_AT_ONCE, max_attempts=1)
    consumers = [
        asyncio.create_task(bus.consume(stream, partial(_handle, bus, listed), options, stop))
        for stream, listed in targets.items()
    ]
    try:
        yield
    finally:
        # Nobody waits any more for what is still going on.
        for consumer in consumers:
            consumer.cancel()
        if consumers:
            await asyncio.wait(consumers)
    for consumer in consumers:
        if not consumer.cancelled() and (error := consumer.exception()) is not None:
            raise error


async def _handle(bus: MessageBus, asked: _Listed, message: Message) -> Sequence[Outgoing]:
    """Does what a message asks for, as a job within this one, and answers it."""
    envelope, listed = message.envelope, asked.flow
    request = asked.target.request(envelope)
    answer = partial(asked.target.asked_as(envelope.payload).answer, envelope.correlation_id)
    flow: Flow[..., Any] = getattr(import_module(listed.module), listed.function)
    known = flow.parameters.properties
    given = {**listed.parameters, **parameters_of(request, envelope.correlation_id, known)}
    outcome: object
    if faults := refusals(given, schema_of(listed)):
        outcome = InvalidInputError(f'"{listed.name}" refuses these parameters.', hint=" ".join(faults))
    else:
        outcome = await _called(flow, given)
    if isinstance(outcome, JobDocument) and outcome.error is None:
        store = media_store(get_settings())
        data, file = await told(outcome.result, share_of(bus), store, outcome.job_id)
        said = answer("concluida", data=data, file=file)
    else:
        said = answer("erro", error=_reason(outcome))
    return [Outgoing(request.responder_em, said)]


async def _called(flow: "Flow[..., Any]", parameters: Mapping[str, Any]) -> object:
    """What the flow returns; the error that ended it, or for which it could not begin."""
    run: Any = flow  # Prefect's annotations know `return_state` only for flows that are not awaited.
    try:
        state: State[Any] = await run(**parameters, return_state=True)
    except ContrapontoError as error:
        return error
    return await state.aresult(raise_on_failure=False)


def _reason(outcome: object) -> str:
    if isinstance(outcome, JobDocument):
        return outcome.error or "It gave no reason."
    if isinstance(outcome, ContrapontoError):
        return one_line(str(outcome), _LONGEST_REASON)
    logger.warning("A job within this one ended: %r", outcome)
    return f"An unexpected error ended its job ({type(outcome).__name__}). The run's log has the details."
