"""What is said in conversations of tests: entries as a bus gives them."""

from datetime import UTC, datetime, timedelta
from itertools import count

from pydantic import BaseModel

from blocks.message_bus import Entry, Fact
from tasks.collection.conversation import Conversation, Substep
from tasks.collection.targets import Target
from tasks.messages.contents import (
    CollectionAnswer,
    CollectionRequest,
    CollectionResult,
    ExecutionRequest,
    ExecutionResult,
    conversation_stream,
)
from tasks.messages.envelope import Envelope, EventType

NAME = "c-1"
REPLY = conversation_stream(NAME)
BEGIN = datetime(2026, 11, 29, 12, tzinfo=UTC)

_ids = count()


def conversation(
    collectors: tuple[str, ...],
    executors: tuple[str, ...] = (),
    *,
    enough: int | None = None,
    seconds: float = 60,
) -> Conversation:
    """One that waits for a minute each time."""
    return Conversation.of(
        NAME,
        "job-1",
        [Target(name=name) for name in collectors],
        [Target(name=name) for name in executors],
        collect_seconds=seconds,
        execute_seconds=seconds,
        enough=enough,
    )


def entry(
    fact: Fact, stream: str, key: str, message: Envelope | None = None, *, after: float = 0, note: str = ""
) -> Entry:
    """What happens so many seconds after the begin."""
    return Entry(f"{next(_ids):09}", BEGIN + timedelta(seconds=after), fact, stream, key, message, note)


def requested(
    substep: Substep, collected: list[CollectionResult] | None = None, *, after: float = 0
) -> Entry:
    """A collector was asked, or with what was `collected` an executor."""
    form: BaseModel
    if collected is None:
        event, form = (
            EventType.START_COLLECTION,
            CollectionRequest(escavador=substep.name, responder_em=REPLY),
        )
    else:
        event = EventType.START_EXECUTION
        form = ExecutionRequest(executador=substep.name, coletas=collected, responder_em=REPLY)
    message = Envelope.now(NAME, event, form)
    return entry(Fact.PUBLISHED, substep.stream, substep.key, message, after=after)


def told(fact: Fact, substep: Substep, *, after: float = 0, note: str = "") -> Entry:
    """The journal says something of a request."""
    return entry(fact, substep.stream, substep.key, after=after, note=note)


def collected(
    name: str,
    data: object = "data",
    *,
    error: str | None = None,
    request: str | None = None,
    after: float = 0,
) -> Entry:
    """A collector answers."""
    form = CollectionAnswer.model_validate(
        {
            "escavador": name,
            "status": "erro" if error else "concluida",
            "dados": None if error else data,
            "erro": error,
            "pedido": request,
        }
    )
    return answer(Envelope.now(NAME, EventType.COLLECTION_RESULT, form), after=after)


def executed(name: str, data: object = "done", *, error: str | None = None, after: float = 0) -> Entry:
    """An executor answers."""
    form = ExecutionResult.model_validate(
        {
            "executador": name,
            "status": "erro" if error else "concluida",
            "dados": None if error else data,
            "erro": error,
        }
    )
    return answer(Envelope.now(NAME, EventType.EXECUTION_RESULT, form), after=after)


def answer(message: Envelope, *, after: float = 0) -> Entry:
    """Something is written to the conversation's stream."""
    return entry(Fact.PUBLISHED, REPLY, f"key-{next(_ids)}", message, after=after)
