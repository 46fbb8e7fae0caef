"""The client of a stage service: submits a job, follows it, cancels it, fetches what it made."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
from pydantic import BaseModel, JsonValue

from tasks.errors import (
    ContrapontoError,
    EngineError,
    InvalidInputError,
    StageTimeoutError,
    TransientError,
)
from tasks.net.addresses import AddressPolicy
from tasks.net.deadline import Deadline
from tasks.net.http import request_error, safe_client
from tasks.net.urls import check_url
from tasks.progress import Progress, ignore_progress
from tasks.remote.answers import Answers, shorten
from tasks.remote.outcomes import FinishedJob, ServiceHealth
from tasks.remote.protocol import RemoteJob, RemoteProblem, ServicePaths, ServiceRules, SubmittedJob
from tasks.remote.result_file import FetchedFile, ResultFile

log = logging.getLogger(__name__)

_CANCEL_TRIES = 2
_BRIEF_TIMEOUT = 5.0
"""Seconds, for cancelling and health checks: nobody waits long for those."""


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
        self._answers = Answers(name)
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
        """Has a job done.

        Whatever ends the wait early (cancellation, timeout, an error) cancels the remote job. One exception:
        when the service cannot be reached any more (TransientError) the job is left alone, and a later call
        with the same key finds it again, so that nothing is paid for twice.

        Args:
            parameters: What is submitted.
            idempotency_key: The same for every submit of the same work.
            deadline: Seconds for the whole, retries included.
            file: Sent along.
            progress: Told the fraction that the service reports.
            submitted: Told the remote job's id.

        Raises:
            InvalidInputError: The service refuses the job.
            EngineError: The job failed, or the service answers in an unknown form.
            TransientError: The service cannot be reached, or asks for a longer wait than there is time for.
            StageTimeoutError, InvalidSettingError.
        """
        time_limit = self._time_limit(progress, deadline)
        with self._client(time_limit) as client:
            job_id = self._submit(client, time_limit, parameters, idempotency_key, file)
            return self._finish(client, time_limit, job_id, submitted)

    def resume(
        self,
        job_id: str,
        *,
        deadline: float,
        progress: Progress = ignore_progress,
        submitted: Callable[[str], None] = lambda _: None,
    ) -> FinishedJob:
        """As `run`, for a job that was submitted before."""
        time_limit = self._time_limit(progress, deadline)
        with self._client(time_limit) as client:
            return self._finish(client, time_limit, job_id, submitted)

    def _finish(
        self, client: httpx.Client, time_limit: Deadline, job_id: str, submitted: Callable[[str], None]
    ) -> FinishedJob:
        try:
            submitted(job_id)
            job = self._follow(client, time_limit, job_id)
        except TransientError:
            raise
        except BaseException:
            self.cancel(job_id)
            raise
        if job.status == "completed":
            time_limit.report(1.0)
            return FinishedJob(self.name, job_id, job.result or {})
        said = job.error.message if isinstance(job.error, RemoteProblem) else job.error
        reason = f": {shorten(said).rstrip('.')}." if said else "."
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
        """Streams the file that a job made to `target`.

        Args:
            job: It names the file's URL in its result, or the service has the file under the job's id.
            target: Where the file is to lie; it appears whole or not at all.
            max_bytes: Larger files are refused.
            deadline: Seconds for the whole, retries included.
            progress: Told the fraction that has arrived.

        Raises:
            LimitExceededError: The file has more than `max_bytes`.
            StorageFullError, StageTimeoutError, TransientError.
            SourceNotFoundError, SourceForbiddenError, BlockedAddressError: As for any download.
            EngineError: The address that it names is none.
        """
        named = job.result.get("url")
        url = self._checked(named) if isinstance(named, str) else self._url(self.paths.download, job.job_id)
        # The key is for the service only, not for whatever address it names.
        own = urlsplit(url)[:2] == urlsplit(self.base_url)[:2]
        time_limit = self._time_limit(progress, deadline)
        with self._client(time_limit, follow_redirects=True) as client:
            download = ResultFile(
                client, url, self._headers if own else {}, target, max_bytes, time_limit.report
            )
            return self.rules.retry.call(download.fetch, time_limit)

    def _checked(self, url: str) -> str:
        try:
            return check_url(url).text
        except InvalidInputError as error:
            raise EngineError(
                f"The {self.name} service names an address for its file that cannot be used. {error.message}"
            ) from error

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
        self, client: httpx.Client, time_limit: Deadline, parameters: BaseModel, key: str, file: Path | None
    ) -> str:
        headers = {"Idempotency-Key": key}
        url = self._url(self.paths.submit)

        def post() -> httpx.Response:
            if file is None:
                return client.post(url, json=self._body(parameters, time_limit.left()), headers=headers)
            with file.open("rb") as content:
                return client.post(
                    url,
                    data={"parameters": parameters.model_dump_json(exclude_none=True)},
                    files={"file": (file.name, content)},
                    headers=headers,
                )

        return self._job_id(self._ask(time_limit, post, url))

    def _body(self, parameters: BaseModel, seconds: float) -> dict[str, JsonValue]:  # noqa: ARG002
        """What is posted to submit a job that may take so many seconds."""
        return parameters.model_dump(mode="json", exclude_none=True)

    def _job_id(self, response: httpx.Response) -> str:
        """The job's id in the answer to a submit."""
        return self._answers.read(response, SubmittedJob).job_id

    def _state(self, response: httpx.Response) -> RemoteJob:
        """The job in the answer to a poll."""
        return self._answers.read(response, RemoteJob)

    def _follow(self, client: httpx.Client, time_limit: Deadline, job_id: str) -> RemoteJob:
        url = self._url(self.paths.status, job_id)
        for _ in range(self.rules.max_poll_attempts):
            job = self._state(self._ask(time_limit, lambda: client.get(url), url))
            if job.status in ("completed", "failed", "cancelled"):
                return job
            time_limit.report(job.progress / 100)
            time_limit.sleep(self.rules.poll_interval)
        raise StageTimeoutError(
            f"The job of the {self.name} service has not ended after {self.rules.max_poll_attempts} polls.",
            hint="Raise CONTRAPONTO_MAX_POLL_ATTEMPTS, or find out why the service is slow.",
        )

    def _ask(self, time_limit: Deadline, send: Callable[[], httpx.Response], url: str) -> httpx.Response:
        """Sends a request, retried after 5xx, failed connections, and refusals that say when to come back."""

        def attempt() -> httpx.Response:
            try:
                response = send()
            except httpx.HTTPError as error:
                raise request_error(error, url) from error
            # Another 429 is left to the retries of the whole job, which leave more time in between.
            if (passing := self._answers.passing(response)) and (
                response.is_server_error or passing.retry_after is not None
            ):
                raise passing
            return response

        response = self.rules.retry.call(attempt, time_limit)
        self._answers.require_success(response)
        return response

    def _time_limit(self, progress: Progress, seconds: float) -> Deadline:
        late = f"The {self.name} service did not finish within {seconds:.0f} s."
        return Deadline(progress, seconds, late=late)

    def _url(self, path: str, job_id: str = "") -> str:
        return f"{self.base_url}/{path.lstrip('/')}".replace("{job_id}", quote(job_id, safe=""))

    def _client(self, time_limit: Deadline, *, follow_redirects: bool = False) -> httpx.Client:
        client = safe_client(
            self._policy,
            watch=time_limit.check,
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
