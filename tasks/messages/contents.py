"""What the payload of a message holds, for each of the four kinds. All systems of ORÁCULO keep to these forms.

Who starts something says in `responder_em` where the answer goes; who answers copies the correlation id. Data that do
not fit into a message lie in the media store, and the message has their key.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tasks.messages.reasons import Reason

MOST_OF_A_NAME = 80
"""Characters of the name of a target."""
TargetName = Annotated[
    str,
    Field(
        pattern=rf"^[a-z0-9][a-z0-9_-]{{0,{MOST_OF_A_NAME - 1}}}$",
        json_schema_extra={
            "allowed": "small letters, digits, - and _, at most 80, the first a letter or a digit"
        },
    ),
]
"""Name of a collector or executor."""
_STRICT = ConfigDict(extra="forbid", frozen=True)
_OPEN = ConfigDict(extra="ignore", frozen=True)
"""Of what foreign systems write: they may say more."""


class SubstepStatus(StrEnum):
    """Where a collector or an executor of a conversation is."""

    PENDING = "pendente"
    RUNNING = "em_execucao"
    DONE = "concluida"
    FAILED = "erro"
    TIMED_OUT = "timeout"


def collector_stream(name: str) -> str:
    """The stream that a collector reads."""
    return f"escavador_{name}"


def executor_stream(name: str) -> str:
    """The stream that an executor reads."""
    return f"executador_{name}"


def conversation_stream(correlation_id: str) -> str:
    """The stream that the answers of a conversation go to; it also keeps what was said in it."""
    return f"conversa_{correlation_id}"


START_STREAM = "oraculo"
"""Where a message starts a conversation: `iniciar_coleta` whose payload are the parameters of the flow."""
JOB_STREAM = "trabalhos"
"""Where the ends of all jobs are announced; what nobody reads there is trimmed away."""


class CollectionRequest(BaseModel):
    """Payload of `iniciar_coleta` to a collector."""

    model_config = _OPEN

    escavador: TargetName
    parametros: dict[str, JsonValue] = {}
    responder_em: str
    """The stream that `resultado_coleta` goes to."""


class CollectionResult(BaseModel):
    """What a collector has answered, as executors are told."""

    model_config = _OPEN

    escavador: TargetName
    status: Literal["concluida", "erro"]
    dados: JsonValue = None
    """What was collected, if it fits into a message."""
    arquivo: str | None = None
    """Key in the media store of a JSON file with what was collected, if it does not."""
    erro: str | None = None
    erro_conhecido: Reason | None = None
    """The reason as a code, where this project knows it; `erro` is the sentence."""


class CollectionAnswer(CollectionResult):
    """Payload of `resultado_coleta`."""

    pedido: str | None = None
    """The key (`chave`) of the message that it answers. Who leaves it out answers whoever asks in the conversation."""


class ExecutionRequest(BaseModel):
    """Payload of `iniciar_execucao`."""

    model_config = _OPEN

    executador: TargetName
    parametros: dict[str, JsonValue] = {}
    coletas: list[CollectionResult] = []
    """What all collectors have answered by then."""
    responder_em: str
    """The stream that `resultado_execucao` goes to."""


class ExecutionResult(BaseModel):
    """Payload of `resultado_execucao`."""

    model_config = _OPEN

    executador: TargetName
    status: Literal["concluida", "erro"]
    dados: JsonValue = None
    arquivo: str | None = None
    erro: str | None = None
    erro_conhecido: Reason | None = None
    pedido: str | None = None


class JobEnd(BaseModel):
    """Payload of `resultado_execucao` on `JOB_STREAM`: a job of the project has ended, in whatever way."""

    model_config = _STRICT

    job_id: str
    operation: str
    status: Literal["completed", "failed", "cancelled"]
    error: str | None = None
    result: JsonValue = None
    """As in the job document, if it fits into a message."""
