"""What is said between this product and a stage service (download, normalisation or transcription elsewhere).

    POST   {base}/jobs                the stage's parameters as JSON; header Idempotency-Key
                                      → 200, 201 or 202 {"job_id": "…"}
                                      With a file: multipart/form-data, the JSON in the field "parameters",
                                      the file in the field "file".
    GET    {base}/jobs/{id}           → {"status": "queued|processing|completed|failed|cancelled",
                                         "progress": 0…100, "result": {…}, "error": "…"}
    GET    {base}/jobs/{id}/download  → the file that was made; a "url" in the result is fetched instead
    DELETE {base}/jobs/{id}           cancels
    GET    {base}/health              → any 2xx

A second submit with the same Idempotency-Key gives the job of the first, unless that one failed or was
cancelled. A request that is refused by 429 or 503 with Retry-After is retried when that says. Services whose paths
differ are described by `ServicePaths`.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tasks.net.retry import RetryPolicy

Stage = Literal["download", "normalization", "transcription"]


@dataclass(frozen=True)
class ServicePaths:
    """Where a service keeps what; appended to its address, `{job_id}` replaced."""

    submit: str = "/jobs"
    status: str = "/jobs/{job_id}"
    download: str = "/jobs/{job_id}/download"
    cancel: str = "/jobs/{job_id}"
    cancel_method: Literal["DELETE", "POST"] = "DELETE"
    health: str = "/health"


@dataclass(frozen=True)
class ServiceRules:
    """How patient the client is."""

    poll_interval: float = 3.0
    """Seconds between two polls of a job."""
    max_poll_attempts: int = 600
    """Polls after which a job is given up and cancelled."""
    max_retries: int = 3
    """Retries of one request after a 5xx answer, a failed connection, or an answer that says when to come back."""
    backoff: float = 2.0
    """Seconds before the first of them; doubles each time, with up to a quarter more by chance."""
    request_timeout: float = 30.0
    """Seconds of silence after which a request has failed."""

    @property
    def retry(self) -> RetryPolicy:
        """How one request is retried. A pause that a service asks for is borne up to ten minutes."""
        return RetryPolicy(retries=self.max_retries, backoff=self.backoff, longest_pause=600.0)


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True)


class DownloadRequest(_Said):
    """Parameters of a downloader."""

    url: str
    max_bytes: int
    max_seconds: float


class NormalizationRequest(_Said):
    """Parameters of a normaliser; the audio comes along as a file."""

    remove_noise: bool
    convert_to_mono: bool
    apply_highpass_filter: bool
    set_sample_rate_16k: bool
    isolate_vocals: bool


class TranscriptionRequest(_Said):
    """Parameters of a transcriber; the audio comes along as a file."""

    language: str = "auto"
    model: str | None = None
    word_timestamps: bool = False
    initial_prompt: str | None = None


class DownloadedMedia(_Said):
    """Result of a downloader; the media themselves are fetched."""

    title: str = ""
    duration: float | None = None


class RemoteWord(_Said):
    """A word of a transcript; times in seconds."""

    word: str
    start: float
    end: float
    probability: float = 1.0


class RemoteSegment(_Said):
    """A segment of a transcript; times in seconds."""

    text: str
    start: float
    end: float
    words: tuple[RemoteWord, ...] = ()


class RemoteTranscript(_Said):
    """Result of a transcriber; times in seconds."""

    text: str
    language: str
    segments: tuple[RemoteSegment, ...] = ()
    language_probability: float = 1.0
    duration: float | None = None
    model: str = ""


class SubmittedJob(_Said):
    """The answer to a submit."""

    job_id: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:~-]+$")


class RemoteProblem(_Said):
    """The error of a job, in the form with details."""

    message: str


class RemoteJob(_Said):
    """The state of a job."""

    status: Literal["queued", "processing", "completed", "failed", "cancelled"]
    progress: float = Field(0.0, ge=0, le=100)
    result: dict[str, JsonValue] | None = None
    error: str | RemoteProblem | None = None
