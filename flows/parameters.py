"""What jobs take: types that several flows share, and the envelope that callers may send with every job."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from tasks.fetching.source import Source as Source  # noqa: PLC0414 - a type that flows share
from tasks.jobs.identifiers import Identifier
from tasks.messages.envelope import CorrelationId

StorePath = Annotated[str, Field(max_length=800)]
FileName = Annotated[str, Field(min_length=1, max_length=200)]

WebhookUrl = Annotated[
    str,
    Field(
        pattern=r"^(https?://[^\s]+|webhook-notification/[a-z0-9-]+)$",
        max_length=4096,
        json_schema_extra={
            "allowed": "a URL that begins with https:// or http://, or webhook-notification/ and the name of a block"
        },
    ),
]
Conversation = Annotated[
    CorrelationId,
    Field(
        json_schema_extra={"allowed": "letters, digits and _ . : @ / + = -, the first a letter, a digit or _"}
    ),
]
Priority = Literal["high", "default", "low"]
Echo = Annotated[str, Field(max_length=1000)]
Metadata = dict[str, JsonValue]


def from_caller(
    *,
    webhook_url: WebhookUrl | None = None,
    priority: Priority = "default",
    id_roteiro: Identifier | None = None,
    metadata: Metadata | None = None,
) -> None:
    """The envelope of a job: `flows.job.job_flow` adds these parameters to the flow's own, and acts on them.

    Args:
        webhook_url: Address that is notified when the job has ended.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier, a number or a text; echoed as it was sent.
        metadata: Anything of yours; echoed.
    """


def from_job(*, correlation_id: Echo | None = None) -> None:
    """The envelope of a job that another job starts.

    Args:
        correlation_id: What the log is marked with, as that of the job.
    """


def from_message(
    *,
    webhook_url: WebhookUrl | None = None,
    priority: Priority = "default",
    id_roteiro: Identifier | None = None,
    metadata: Metadata | None = None,
    correlation_id: Conversation | None = None,
) -> None:
    """The envelope of a job that messages start, as collectors and executors are, and callers too.

    Args:
        webhook_url: Address that is notified when the job has ended.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier, a number or a text; echoed as it was sent.
        metadata: Anything of yours; echoed.
        correlation_id: The conversation that the job belongs to, which its log is marked with.
    """
