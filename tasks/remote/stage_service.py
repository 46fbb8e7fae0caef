"""The client of a stage service: submits a job, follows it, cancels it, fetches what it made."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from tasks.errors import (
    ContrapontoError,
    EngineError,
    InvalidInputError,
    InvalidSettingError,
    StageTimeoutError,
    TransientError,
)
from tasks.net.addresses import AddressPolicy
from tasks.net.http import request_error, retry_after, safe_client
from tasks.net.urls import mask_urls
from tasks.progress import Progress, ignore_progress
from tasks.remote.protocol import RemoteJob, RemoteProblem, ServicePaths, ServiceRules, SubmittedJob
from tasks.remote.result_file import FetchedFile, ResultFile

log = logging.getLogger(__name__)

_CANCEL_TRIES = 2
_BRIEF_TIMEOUT = 5.0
"""Seconds, for cancelling and health checks: nobody waits long for those."""

Result = TypeVar("Result", bound=BaseModel)
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class ServiceHealth:
    """Whether a service answers."""

    name: str
    url: str
    healthy: bool
    seconds: float
    """How long the answer took."""
    detail: str
    """What is wrong, in one sentence; empty if nothing is."""


@dataclass(frozen=True)
class FinishedJob:
    """A remote job that was completed."""

    service: str
    job_id: str
    result: dict[str, JsonValue]
    """As the service gave it; `read` checks it."""

    def read(self, form: type[Result]) -> Result:
        """The result in the form of its stage. Raises EngineError if it has another."""
        try:
            return form.model_validate(self.result)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"])
            raise EngineError(
                f'The {self.service} service gave a result of an unknown form ("{where}" is wrong).'
            ) from error


class StageService:
    """One stage service. It may be at a private address; the addresses it names may not, unless allowed."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        api_key: str | None = None,
        paths: ServicePaths | None = None,
        rules: ServiceRules | None = None,
        allowed_private_hosts: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.paths = paths or ServicePaths()
        self.rules = rules or ServiceRules()
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        own = urlsplit(self.base_url).netloc.rpartition("@")[2]
        self._policy = AddressPolicy(allowed=(*allowed_private_hosts, own))

    def run(
        self,
        parameters: BaseModel,
        *,
        idempotency_key: str,
        deadline: float,
        file: Path | None = None,
        progress: Progress = ignore_progress,
        submitted: Callable[[str], None] = lambda _: None,
    ) -> FinishedJob:
        """Has a job done, within `deadline` seconds. `submitted` is told the remote job's id.

        Whatever ends the wait early (cancellation, timeout, an error) cancels the remote job. One exception:
        when the service cannot be reached any more (TransientError) the job is left alone, and a later call
        with the same key finds it again, so that nothing is paid for twice.

        Raises InvalidInputError when the service refuses the job, EngineError when the job fails,
        StageTimeoutError, InvalidSettingError, TransientError.
        """
        watch = _Watch(progress, deadline, self.name)
        with self._client(watch) as client:
            job_id = self._submit(client, watch, parameters, idempotency_key, file)
            return self._finish(client, watch, job_id, submitted)

    def resume(
        self,
        job_id: str,
        *,
        deadline: float,
        progress: Progress = ignore_progress,
        submitted: Callable[[str], None] = lambda _: None,
    ) -> FinishedJob:
        """As `run`, for a job that was submitted before."""
        watch = _Watch(progress, deadline, self.name)
        with self._client(watch) as client:
            return self._finish(client, watch, job_id, submitted)

    def _finish(
        self, client: httpx.Client, watch: "_Watch", job_id: str, submitted: Callable[[str], None]
    ) -> FinishedJob:
        try:
            submitted(job_id)
            job = self._follow(client, watch, job_id)
        except TransientError:
            raise
        except BaseException:
            self.cancel(job_id)
            raise
        if job.status == "completed":
            watch.report(1.0)
            return FinishedJob(self.name, job_id, job.result or {})
        said = job.error.message if isinstance(job.error, RemoteProblem) else job.error
        reason = f": {_shorten(said).rstrip('.')}." if said else "."
        ending = "was cancelled by the service" if job.status == "cancelled" else "failed"
        raise EngineError(
            f"The job of the {self.name} service {ending}{reason}",
            hint=f"The service knows it as {job_id}: look into its log.",
        )

    def fetch(
        self,
        job: FinishedJob,
        target: Path,
        *,
        max_bytes: int,
        deadline: float,
        progress: Progress = ignore_progress,
    ) -> FetchedFile:
        """Streams the file that a job made to `target`, within `deadline` seconds.

        Raises LimitExceededError over `max_bytes`, StorageFullError, StageTimeoutError, TransientError;
        SourceNotFoundError, SourceForbiddenError, BlockedAddressError as for any download.
        """
        named = job.result.get("url")
        url = named if isinstance(named, str) else self._url(self.paths.download, job.job_id)
        # The key is for the service only, not for whatever address it names.
        own = urlsplit(url)[:2] == urlsplit(self.base_url)[:2]
        watch = _Watch(progress, deadline, self.name)
        with self._client(watch, follow_redirects=True) as client:
            download = ResultFile(client, url, self._headers if own else {}, target, max_bytes, watch.report)
            return self._persistently(watch, download.fetch)

    def cancel(self, job_id: str) -> bool:
        """Tells the service to stop a job. Returns whether it knows; if not, that is logged."""
        url = self._url(self.paths.cancel, job_id)
        for _ in range(_CANCEL_TRIES):
            try:
                with self._brief_client() as client:
                    response = client.request(self.paths.cancel_method, url)
            except (httpx.HTTPError, ContrapontoError) as error:
                log.warning("Job %s of the %s service could not be cancelled: %s", job_id, self.name, error)
                continue
            # 404, 409 and 410: it has ended or was never there, which comes to the same.
            if response.is_success or response.status_code in (404, 409, 410):
                return True
            log.warning("Cancelling job %s of the %s service: %s", job_id, self.name, response)
        return False

    def health(self) -> ServiceHealth:
        """Whether the service answers; never raises for a dead one."""
        began = time.monotonic()
        url = self._url(self.paths.health)
        try:
            with self._brief_client() as client:
                response = client.get(url)
            status = response.status_code
            detail = "" if response.is_success else f"The {self.name} service answers HTTP {status}."
        except httpx.HTTPError as error:
            detail = str(request_error(error, url))
        except ContrapontoError as error:
            detail = str(error)
        return ServiceHealth(self.name, self.base_url, not detail, time.monotonic() - began, detail)

    def _submit(
        self, client: httpx.Client, watch: "_Watch", parameters: BaseModel, key: str, file: Path | None
    ) -> str:
        headers = {"Idempotency-Key": key}
        url = self._url(self.paths.submit)

        def post() -> httpx.Response:
            if file is None:
                return client.post(url, json=self._body(parameters, watch.left()), headers=headers)
            with file.open("rb") as content:
                return client.post(
                    url,
                    data={"parameters": parameters.model_dump_json(exclude_none=True)},
                    files={"file": (file.name, content)},
                    headers=headers,
                )

        return self._job_id(self._ask(watch, post, url))

    def _body(self, parameters: BaseModel, seconds: float) -> dict[str, JsonValue]:  # noqa: ARG002
        """What is posted to submit a job that may take so many seconds."""
        return parameters.model_dump(mode="json", exclude_none=True)

    def _job_id(self, response: httpx.Response) -> str:
        """The job's id in the answer to a submit."""
        return self._read(response, SubmittedJob).job_id

    def _state(self, response: httpx.Response) -> RemoteJob:
        """The job in the answer to a look."""
        return self._read(response, RemoteJob)

    def _follow(self, client: httpx.Client, watch: "_Watch", job_id: str) -> RemoteJob:
        url = self._url(self.paths.status, job_id)
        for _ in range(self.rules.max_poll_attempts):
            job = self._state(self._ask(watch, lambda: client.get(url), url))
            if job.status in ("completed", "failed", "cancelled"):
                return job
            watch.report(job.progress / 100)
            watch.sleep(self.rules.poll_interval)
        raise StageTimeoutError(
            f"The job of the {self.name} service has not ended after {self.rules.max_poll_attempts} looks.",
            hint="Raise CONTRAPONTO_MAX_POLL_ATTEMPTS, or look why the service is slow.",
        )

    def _ask(self, watch: "_Watch", send: Callable[[], httpx.Response], url: str) -> httpx.Response:
        """Sends a request, again after 5xx and failed connections; never after 4xx."""

        def attempt() -> httpx.Response:
            try:
                response = send()
            except httpx.HTTPError as error:
                raise request_error(error, url) from error
            if response.status_code >= 500:
                raise TransientError(
                    f"The {self.name} service is out of order (HTTP {response.status_code}).",
                    retry_after=retry_after(response),
                )
            return response

        return self._accepted(self._persistently(watch, attempt))

    def _persistently(self, watch: "_Watch", attempt: Callable[[], Outcome]) -> Outcome:
        """Tries until it works, an error is lasting, or the tries are used up."""
        retry = 0
        while True:
            try:
                return attempt()
            except TransientError:
                if retry >= self.rules.max_retries:
                    raise
            jitter = random.uniform(1, 1.25)  # noqa: S311 - spreads clients, keeps no secret
            watch.sleep(self.rules.backoff * 2**retry * jitter)
            retry += 1

    def _accepted(self, response: httpx.Response) -> httpx.Response:
        status = response.status_code
        if response.is_success:
            return response
        said = _said(response)
        match status:
            case 401 | 403:
                raise InvalidSettingError(
                    f"The {self.name} service refuses the key (HTTP {status}).",
                    hint="Set CONTRAPONTO_REMOTE_API_KEY, or the key of its block.",
                )
            case 404 | 405 | 410 | 501:
                raise InvalidSettingError(
                    f"The {self.name} service has nothing at {response.request.url.path} (HTTP {status}).",
                    hint="Check its address and paths; if those are right, it has lost the job.",
                )
            case 408 | 425 | 429:
                raise TransientError(
                    f"The {self.name} service is overloaded (HTTP {status}).",
                    retry_after=retry_after(response),
                )
            case _ if status < 400:
                raise InvalidSettingError(
                    f"The {self.name} service redirects to another address.", hint="Set its final address."
                )
            case _:
                raise InvalidInputError(f"The {self.name} service refuses the job (HTTP {status}){said}")

    def _read(self, response: httpx.Response, form: type[Result]) -> Result:
        try:
            return form.model_validate_json(response.content)
        except ValidationError as error:
            raise EngineError(
                f"The {self.name} service answers in an unknown form.",
                hint="Check that its address leads to a stage service of the expected protocol.",
            ) from error

    def _url(self, path: str, job_id: str = "") -> str:
        return f"{self.base_url}/{path.lstrip('/')}".replace("{job_id}", quote(job_id, safe=""))

    def _client(self, watch: "_Watch", *, follow_redirects: bool = False) -> httpx.Client:
        client = safe_client(
            self._policy,
            watch=watch.look,
            read_timeout=self.rules.request_timeout,
            follow_redirects=follow_redirects,
        )
        if not follow_redirects:
            client.headers.update(self._headers)
        return client

    def _brief_client(self) -> httpx.Client:
        client = safe_client(
            self._policy,
            connect_timeout=_BRIEF_TIMEOUT,
            read_timeout=_BRIEF_TIMEOUT,
            follow_redirects=False,
        )
        client.headers.update(self._headers)
        return client


class _Watch:
    """Passes progress on twice a second, and ends the work at its deadline."""

    def __init__(self, progress: Progress, deadline: float, name: str) -> None:
        self._progress = progress
        self._deadline = deadline
        self._ends = time.monotonic() + deadline
        self._name = name
        self._told = float("-inf")
        self._fraction = 0.0

    def report(self, fraction: float) -> None:
        self._fraction = max(self._fraction, min(fraction, 1.0))
        if self._fraction == 1.0:
            self._told = float("-inf")
        self.look()

    def left(self) -> float:
        return self._ends - time.monotonic()

    def look(self) -> None:
        now = time.monotonic()
        if now >= self._ends:
            raise StageTimeoutError(f"The {self._name} service did not finish within {self._deadline:.0f} s.")
        if now - self._told >= 0.5:
            self._told = now
            self._progress(self._fraction)

    def sleep(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.look()
            time.sleep(min(0.25, left))


def _said(response: httpx.Response) -> str:
    """What a refusing service says, if it says it in a usual form."""
    try:
        body = response.json()
    except ValueError:
        return "."
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if isinstance(body.get(name), str):
                return f": {_shorten(body[name])}"
    return "."


def _shorten(text: str) -> str:
    line = mask_urls(" ".join(text.split()))
    return line if len(line) <= 300 else line[:299] + "…"
