"""What a webhook message says about a job that has ended."""

from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic.alias_generators import to_camel

from tasks.jobs.document import JobDocument
from tasks.jobs.identifiers import Identifier

RESULT_LIMIT = 20_000
"""Bytes of JSON above which a result is sent as its links and store keys."""

PROCESSOR = "contraponto"

_SHORT = 500
"""Bytes of JSON up to which a value is no body and stays in a result that is too large."""

_LINK_NAMES = ("key", "keys", "url", "urls", "file", "files", "path", "link", "links")
_LINK_SCHEMES = ("http://", "https://", "s3://", "file://")

Status = Literal["QUEUED", "SUBMITTED", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"]


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )


class MessageError(_Part):
    """Why a job has no result."""

    code: str
    message: str


class Execution(_Part):
    """When the job ran; None where it never started or the time is not known."""

    start_time: datetime | None
    end_time: datetime | None
    duration_ms: int | None
    duration_seconds: float | None


class _OfAJob(_Part):
    job_id: str
    id_roteiro: Identifier | None

    @property
    def correlation_id(self) -> str:
        """What the log of its delivery is marked with: as that of the job."""
        return self.job_id if self.id_roteiro in (None, "") else str(self.id_roteiro)


class MessageReference(_OfAJob):
    """Stands for a message that is too large for the parameters of a run: the job's document says the same."""

    model_config = ConfigDict(extra="forbid")

    status: Status
    timestamp: datetime


class WebhookMessage(_OfAJob):
    """The body of a message; in JSON the names are in camel case (`jobId`)."""

    path_raiz: str | None
    """Prefix of the result's files in the media store, if the job has one."""
    status: Status
    operation: str
    processor: str
    result: dict[str, JsonValue] | None
    error: MessageError | None
    execution: Execution
    timestamp: datetime
    """When the message was made; the same on every try."""
    metadata: dict[str, JsonValue] | None

    @classmethod
    def of(cls, document: JobDocument, *, now: datetime | None = None) -> Self:
        """The message about a job as its document has it."""
        return cls(
            job_id=document.job_id,
            id_roteiro=document.id_roteiro,
            path_raiz=_path(document),
            status=_status(document),
            operation=document.operation,
            processor=PROCESSOR,
            result=compact_result(document.result),
            error=_error(document),
            execution=_execution(document),
            timestamp=now or datetime.now(UTC),
            metadata=document.metadata,
        )

    @property
    def webhook_id(self) -> str:
        """The same for every message about this end of this job, so that endpoints can drop a second copy."""
        return message_id(self.job_id, self.status)

    @property
    def reference(self) -> MessageReference:
        """What may stand for it."""
        return MessageReference(
            job_id=self.job_id, id_roteiro=self.id_roteiro, status=self.status, timestamp=self.timestamp
        )

    def body(self) -> bytes:
        """The JSON that is signed and sent."""
        return self.model_dump_json(by_alias=True).encode()


def message_id(job_id: str, status: str) -> str:
    """Of the message about this end of a job."""
    return f"msg_{job_id}_{status.lower()}"


def compact_result(result: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
    """The result, or if its JSON is longer than `RESULT_LIMIT` what is left without the bodies.

    Links, store keys and short values stay; `omitted` then lists the fields that were left out. The job's
    document still holds them.
    """
    if result is None or _size(result) <= RESULT_LIMIT:
        return result
    omitted: list[str] = []
    kept = _without_bodies(result, "", omitted)
    return {**kept, "omitted": list(omitted)}


def _without_bodies(fields: dict[str, JsonValue], place: str, omitted: list[str]) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = {}
    for name, value in fields.items():
        where = f"{place}{name}"
        if _size(value) <= _SHORT or (isinstance(value, str) and _is_link(name, value)):
            kept[name] = value
        elif isinstance(value, dict):
            kept[name] = _without_bodies(value, f"{where}.", omitted)
        elif isinstance(value, list) and _has_links(name, value):
            kept[name] = [
                _without_bodies(item, f"{where}.{number}.", omitted) if isinstance(item, dict) else item
                for number, item in enumerate(value)
            ]
        else:
            omitted.append(where)
    return kept


def _has_links(name: str, value: JsonValue) -> bool:
    if isinstance(value, str):
        return _is_link(name, value)
    if isinstance(value, list):
        return any(_has_links(name, item) for item in value)
    if isinstance(value, dict):
        return any(_has_links(inner, item) for inner, item in value.items())
    return False


def _is_link(name: str, value: str) -> bool:
    last_word = name.lower().replace("-", "_").rpartition("_")[2]
    return last_word in _LINK_NAMES or value.startswith(_LINK_SCHEMES)


def _size(value: JsonValue) -> int:
    return len(_Value(value=value).model_dump_json()) - len('{"value":}')


class _Value(BaseModel):
    value: JsonValue


def _status(document: JobDocument) -> Status:
    status: Status = document.status.value.upper()  # type: ignore[assignment]
    return status


def _path(document: JobDocument) -> str | None:
    """Operations that write under a prefix of the caller's choice name it `path` in their document."""
    path = (document.model_extra or {}).get("path")
    return path if isinstance(path, str) else None


def _error(document: JobDocument) -> MessageError | None:
    if document.error is None and document.error_code is None:
        return None
    return MessageError(code=document.error_code or document.status.value, message=document.error or "")


def _execution(document: JobDocument) -> Execution:
    start, end = _started(document), document.completed_at
    if start is None or end is None:
        return Execution(start_time=start, end_time=end, duration_ms=None, duration_seconds=None)
    milliseconds = max(0, round((end - start).total_seconds() * 1000))
    return Execution(
        start_time=start, end_time=end, duration_ms=milliseconds, duration_seconds=milliseconds / 1000
    )


def _started(document: JobDocument) -> datetime | None:
    """When the first stage began; a job may have waited in its queue since it was created."""
    began = [stage.started_at for stage in document.stages.values() if stage.started_at is not None]
    return min(began, default=document.created_at)
