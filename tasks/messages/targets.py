"""Collectors and executors as deployments: which stream each reads, what its run is given, how its end is answered."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from tasks.foreign_text import one_line
from tasks.messages.contents import (
    CollectionAnswer,
    CollectionRequest,
    CollectionResult,
    ExecutionRequest,
    ExecutionResult,
    TargetName,
    collector_stream,
    executor_stream,
)
from tasks.messages.envelope import BadMessageError, Envelope, EventType, faults_of
from tasks.messages.reasons import MOST_OF_A_CODE, Reason

REPLY_LABEL = "contraponto.reply-to"
"""Label of a run that a message has started: the stream that its end is answered on."""
ANSWERS_LABEL = "contraponto.answers"
"""Label of such a run: whose answer its end is, as `escavador/youtube`."""
REQUEST_LABEL = "contraponto.request"
"""Label of such a run: the key of the message."""

_NAME = TypeAdapter(TargetName)
_MOST_OF_A_STREAM = 300
"""Characters of a name."""
_MOST_OF_AN_ERROR = 4000
"""Characters: what a server says of a refused run may repeat all that it was given."""
_NOT_OURS_TO_WRITE = re.compile(r"(?:contraponto(?:$|[.:])|amq\.)")
"""How the keys of the bus itself begin in Redis, and its queues and those of the server in RabbitMQ."""

Request = CollectionRequest | ExecutionRequest


class Role(StrEnum):
    """What a target does; also the tag of its deployment, and how the name of that begins."""

    COLLECTOR = "escavador"
    EXECUTOR = "executador"


TAGS = tuple(role.value for role in Role)


@dataclass(frozen=True)
class Target:
    """A collector or an executor."""

    role: Role
    name: str

    def __str__(self) -> str:
        return f"{self.role}/{self.name}"

    @property
    def stream(self) -> str:
        """The stream that it reads."""
        return collector_stream(self.name) if self.role is Role.COLLECTOR else executor_stream(self.name)

    @classmethod
    def of_deployment(cls, name: str, tags: Collection[str]) -> Self | None:
        """The target that a deployment is; None if its name or its tags say that it is none."""
        for role in Role:
            if role.value in tags and name.startswith(f"{role}-"):
                return cls._named(role, name.removeprefix(f"{role}-"))
        return None

    @classmethod
    def of_label(cls, label: object) -> Self | None:
        """The target that the label `ANSWERS_LABEL` names; None if it names none."""
        role, _, name = str(label).partition("/")
        return cls._named(Role(role), name) if role in TAGS else None

    @classmethod
    def _named(cls, role: Role, name: str) -> Self | None:
        try:
            return cls(role, _NAME.validate_python(name))
        except ValidationError:
            return None

    def request(self, envelope: Envelope) -> Request:
        """What a message asks of it.

        Raises BadMessageError: the message is of another kind, or not of the form.
        """
        form: type[Request] = CollectionRequest if self.role is Role.COLLECTOR else ExecutionRequest
        wanted = EventType.START_COLLECTION if self.role is Role.COLLECTOR else EventType.START_EXECUTION
        if envelope.tipo_evento is not wanted:
            raise BadMessageError(
                f"The stream {self.stream} takes {wanted} and not {envelope.tipo_evento}.",
                hint="Answers go to the stream that responder_em names.",
            )
        try:
            request = form.model_validate(envelope.payload)
        except ValidationError as error:
            raise BadMessageError(
                f"The message to {self} cannot be read: {faults_of(error, 'payload')}."
            ) from error
        if not is_stream(request.responder_em):
            raise BadMessageError(
                f"The message to {self} names no stream in responder_em.",
                hint="It is a name without spaces, such as conversa_42.",
            )
        return request

    def asked_as(self, payload: Mapping[str, object]) -> Self:
        """This target by the name that a message calls it, which its answer repeats: `youtube-2`, asked once more."""
        return self._named(self.role, str(payload.get(self.role))) or self

    def answer(
        self,
        correlation_id: str,
        status: Literal["concluida", "erro"],
        *,
        data: JsonValue = None,
        file: str | None = None,
        error: str | None = None,
        error_code: str | None = None,
        request: str | None = None,
    ) -> Envelope:
        """The message that its work is done, or cannot be; `request` is the key of the message that asked for it."""
        told: dict[str, Any] = {"status": status, "dados": data, "arquivo": file, "pedido": request}
        told["erro"] = None if error is None else one_line(error, _MOST_OF_AN_ERROR)
        told["erro_conhecido"] = None if error_code is None else Reason(codigo=error_code[:MOST_OF_A_CODE])
        if self.role is Role.COLLECTOR:
            result: BaseModel = CollectionAnswer(escavador=self.name, **told)
            return Envelope.now(correlation_id, EventType.COLLECTION_RESULT, result)
        return Envelope.now(
            correlation_id, EventType.EXECUTION_RESULT, ExecutionResult(executador=self.name, **told)
        )


def is_stream(name: object) -> bool:
    """Whether something may be the name of a stream that others choose."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= _MOST_OF_A_STREAM
        and name.isprintable()
        and " " not in name
        and not _NOT_OURS_TO_WRITE.match(name)
    )


def reply_stream(envelope: Envelope) -> str | None:
    """Where a message wants its answer, also one that is wrong otherwise; None if it does not say."""
    wanted = envelope.payload.get("responder_em")
    return str(wanted) if is_stream(wanted) else None


def parameters_of(
    request: Request, correlation_id: str, known: Sequence[str] | Mapping[str, object]
) -> dict[str, Any]:
    """What the run of a target is given: what the message says and, where it takes them, collections and conversation.

    `known` are the names of the parameters that the run's deployment has.
    """
    given: dict[str, Any] = dict(request.parametros)
    if isinstance(request, ExecutionRequest) and "coletas" in known:
        given["coletas"] = [_told(collected) for collected in request.coletas]
    if "correlation_id" in known:
        given["correlation_id"] = correlation_id
    return given


def _told(collected: CollectionResult) -> dict[str, Any]:
    """As runs were always given it: a code stands there only where there is one."""
    return collected.model_dump(
        mode="json", exclude={"erro_conhecido"} if collected.erro_conhecido is None else None
    )
