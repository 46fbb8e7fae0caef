"""The client of a RunPod serverless endpoint: a GPU billed by the second.

    POST {base}/run          {"input": {…}, "policy": {"executionTimeout": ms, "ttl": ms}}
                             → {"id": "…", "status": "IN_QUEUE"}
    GET  {base}/status/{id}  → {"status": "IN_QUEUE|IN_PROGRESS|COMPLETED|FAILED|CANCELLED|TIMED_OUT",
                                "output": …, "error": …}
    POST {base}/cancel/{id}
    GET  {base}/health

`base` is https://api.runpod.ai/v2/ENDPOINT. Source: RunPod's documentation of serverless endpoints.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tasks.errors import EngineError, InvalidSettingError
from tasks.progress import Progress, ignore_progress
from tasks.remote.outcomes import FinishedJob
from tasks.remote.protocol import RemoteJob, ServicePaths, ServiceRules
from tasks.remote.stage_service import StageService

_PATHS = ServicePaths(
    submit="/run",
    status="/status/{job_id}",
    cancel="/cancel/{job_id}",
    cancel_method="POST",
    health="/health",
)
_LEAST_TIME, _LEAST_LIFE = 5_000, 10_000
"""Milliseconds; the service refuses less."""

Status = Literal["IN_QUEUE", "IN_PROGRESS", "RUNNING", "COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"]
_MEANING: dict[Status, Literal["queued", "processing", "completed", "failed", "cancelled"]] = {
    "IN_QUEUE": "queued",
    "IN_PROGRESS": "processing",
    "RUNNING": "processing",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "TIMED_OUT": "failed",
}


class _Job(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")
    status: Status
    output: JsonValue = None
    error: JsonValue = None


@dataclass(frozen=True)
class JobMemory:
    """Which remote job does the work of a key. The service has no idempotency keys: the caller keeps them."""

    recall: Callable[[], str | None]
    remember: Callable[[str], None]


class RunPodEndpoint(StageService):
    """One endpoint. Jobs go on when this process dies; the next call with the same memory finds them again."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        rules: ServiceRules | None = None,
        allowed_private_hosts: tuple[str, ...] = (),
    ) -> None:
        super().__init__(
            "RunPod",
            base_url,
            api_key=api_key,
            paths=_PATHS,
            rules=rules,
            allowed_private_hosts=allowed_private_hosts,
        )

    def run_once(
        self,
        parameters: BaseModel,
        *,
        memory: JobMemory,
        deadline: float,
        progress: Progress = ignore_progress,
        submitted: Callable[[str], None] = lambda _: None,
    ) -> FinishedJob:
        """As `run`; a job that the memory knows and that has not failed is followed instead of paid for again."""
        known = memory.recall()
        if known is not None:
            try:
                return self.resume(known, deadline=deadline, progress=progress, submitted=submitted)
            except (EngineError, InvalidSettingError):
                # It failed, was cancelled, or is so long ago that the service has forgotten it.
                pass

        def note(job_id: str) -> None:
            memory.remember(job_id)
            submitted(job_id)

        return self.run(parameters, idempotency_key="", deadline=deadline, progress=progress, submitted=note)

    def _body(self, parameters: BaseModel, seconds: float) -> dict[str, JsonValue]:
        limit = int(seconds * 1000)
        return {
            "input": parameters.model_dump(mode="json", exclude_none=True),
            # So that a job whose caller is gone ends by itself, in the queue too.
            "policy": {"executionTimeout": max(limit, _LEAST_TIME), "ttl": max(limit, _LEAST_LIFE)},
        }

    def _job_id(self, response: httpx.Response) -> str:
        return self._answers.read(response, _Job).id

    def _state(self, response: httpx.Response) -> RemoteJob:
        job = self._answers.read(response, _Job)
        done = 0.0
        if job.status in ("IN_PROGRESS", "RUNNING") and isinstance(job.output, dict):
            said = job.output.get("progress")
            done = float(said) if isinstance(said, int | float) and 0 <= said <= 100 else 0.0
        status = _MEANING[job.status]
        if status == "completed" and not isinstance(job.output, dict):
            raise EngineError("The RunPod endpoint gave a result of an unknown form.")
        late = "It took longer than allowed." if job.status == "TIMED_OUT" else None
        return RemoteJob(
            status=status,
            progress=done,
            result=job.output if status == "completed" and isinstance(job.output, dict) else None,
            error=str(job.error)[:1000] if job.error else late,
        )
