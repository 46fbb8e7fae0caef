"""The messages about a run that has ended: the answer to who asked for it, and the announcement to everyone."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Literal

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from pydantic import JsonValue, TypeAdapter, ValidationError

from blocks.media_store import MediaStore
from blocks.message_bus import MessageBus, Outgoing
from tasks.foreign_text import one_line
from tasks.jobs.correlation import LABEL
from tasks.jobs.document import JobDocument, JobStatus
from tasks.messages.contents import JOB_STREAM, JobEnd
from tasks.messages.envelope import CorrelationId, Envelope, EventType
from tasks.messages.plain_json import plain
from tasks.messages.reasons import UNSAID
from tasks.messages.targets import ANSWERS_LABEL, REPLY_LABEL, REQUEST_LABEL, Target, is_stream
from tasks.recovery.ends import read_end
from tasks.webhooks.message import message_id

_SHARE = 8
"""A message to executors holds the answers of several collectors: each has this part of the largest message."""
_LONGEST_ERROR = 4000
_PATIENCE_SECONDS = 2.0
"""A stream that is full holds up the answers to others no longer than this."""
_CORRELATION = TypeAdapter(CorrelationId)


@dataclass(frozen=True)
class Answers:
    """Tells others how runs have ended."""

    client: PrefectClient
    bus: MessageBus
    store: MediaStore

    async def answer(self, run: FlowRun) -> None:
        """Answer whoever asked for a run by a message; of other runs nothing is said.

        Raises:
            TransientError: the bus does not take it now.
        """
        target = Target.of_label(run.labels.get(ANSWERS_LABEL))
        stream, correlation_id = run.labels.get(REPLY_LABEL), run.labels.get(LABEL)
        if target is None or not is_stream(stream):
            return
        document = await self._document(run)
        status: Literal["concluida", "erro"] = "erro"
        data: JsonValue = None
        file = error = code = None
        if document.status is JobStatus.COMPLETED:
            status = "concluida"
            data, file = await told(document.result, self._most_bytes, self.store, str(run.id))
        else:
            error, code = _reason(document), document.error_code
        request = run.labels.get(REQUEST_LABEL)
        envelope = target.answer(
            str(correlation_id),
            status,
            data=data,
            file=file,
            error=error,
            error_code=code,
            request=None if request is None else str(request),
        )
        await self._publish(Outgoing(str(stream), envelope, key=str(run.id)))

    async def announce(self, run: FlowRun) -> None:
        """Announce the end of a job.

        Raises:
            TransientError: the bus does not take it now.
        """
        document = await self._document(run)
        # Whoever wants a long one reads the job document.
        result = document.result if len(_json(document.result)) <= self._most_bytes else None
        status: Any = document.status.value
        end = JobEnd(
            job_id=str(run.id),
            operation=document.operation,
            status=status,
            error=None if document.status is JobStatus.COMPLETED else _reason(document),
            result=result,
        )
        envelope = Envelope.now(_correlation_of(run), EventType.EXECUTION_RESULT, end)
        key = message_id(str(run.id), document.status)
        await self._publish(Outgoing(JOB_STREAM, envelope, key=key, announcement=True))

    async def _document(self, run: FlowRun) -> JobDocument:
        assert run.state is not None  # noqa: S101 - an ended run has a state
        return await read_end(self.client, run, run.state)

    @property
    def _most_bytes(self) -> int:
        return share_of(self.bus)

    async def _publish(self, message: Outgoing) -> None:
        await self.bus.publish([message], patience=_PATIENCE_SECONDS)


def share_of(bus: MessageBus) -> int:
    """Bytes of a result that an answer may hold."""
    return bus.max_bytes // _SHARE


async def told(
    result: JsonValue, most_bytes: int, store: MediaStore, job_id: str
) -> tuple[JsonValue, str | None]:
    """What an answer holds of a job's result: itself, or the key of a file with it."""
    result = plain(result)
    text = _json(result)
    if len(text) <= most_bytes:
        return result, None
    key = f"conversations/answers/{job_id}.json"
    await asyncio.to_thread(store.put_bytes, text, key, content_type="application/json")
    return None, key


def _reason(document: JobDocument) -> str:
    return one_line(document.error or UNSAID, _LONGEST_ERROR)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _correlation_of(run: FlowRun) -> str:
    """What the job's log is marked with, if a message can have it."""
    try:
        return _CORRELATION.validate_python(run.labels.get(LABEL))
    except ValidationError:
        return str(run.id)
