"""Webhook messages that were not delivered: Prefect's failed deliveries, listed and redelivered.

A dead letter is a run of `deliver-webhook` that ended without a delivery. Redelivering it makes another run with
the same message and the same `webhook-id`; if that fails too, it is the dead letter from then on.
"""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from pydantic import BaseModel

from tasks.errors import InvalidInputError, SourceNotFoundError
from tasks.net.urls import mask_url
from tasks.recovery.runs import read_page_sync
from tasks.recovery.survival import Survivors
from tasks.webhooks.endpoints import resume
from tasks.webhooks.message import MessageReference, WebhookMessage
from tasks.webhooks.notify import DELIVERY

REPLAYED_TAG = "replayed"
"""Tag of a dead letter that was redelivered."""

_PAGE = 200
_UNDELIVERED = [StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]


class DeadLetter(BaseModel):
    """One undelivered message. Its URL is masked: it may carry credentials."""

    id: UUID
    url: str
    endpoint: str
    """Host and port of the endpoint."""
    reason: str
    ended_at: datetime | None
    webhook_id: str
    replayed: bool
    message: WebhookMessage | MessageReference

    @classmethod
    def of(cls, run: FlowRun) -> "DeadLetter":
        """The dead letter that a run is.

        Raises:
            InvalidInputError: it has no message that could be delivered.
        """
        try:
            return cls._of(run)
        except (KeyError, ValueError) as error:
            raise InvalidInputError(
                f"The dead letter {run.id} holds no message that could be delivered.",
                hint="It goes with `contraponto cleanup`, or on the page of its run.",
            ) from error

    @classmethod
    def _of(cls, run: FlowRun) -> "DeadLetter":
        url = str(run.parameters["url"])
        return cls(
            id=run.id,
            url=mask_url(url),
            endpoint=endpoint_of(url),
            reason=(run.state.message if run.state else None) or "",
            ended_at=run.end_time,
            webhook_id=str(run.parameters["webhook_id"]),
            replayed=REPLAYED_TAG in run.tags,
            message=run.parameters["message"],
        )


def list_dead_letters(
    client: SyncPrefectClient, *, endpoint: str | None = None, since: datetime | None = None
) -> list[DeadLetter]:
    """Those that were not redelivered, the newest first. One without a message is a warning in the log."""
    letters = []
    survivors = Survivors()
    for run in _undelivered(client, since):
        with survivors.each(f"The dead letter {run.id}"):
            letters.append(DeadLetter.of(run))
    wanted = endpoint.strip().lower() if endpoint is not None else None
    return [
        letter
        for letter in letters
        if not letter.replayed and (wanted in (None, letter.endpoint, _host(letter)))
    ]


def count_dead_letters(client: SyncPrefectClient) -> int:
    """How many there are that were not redelivered."""
    deployment = delivery_deployment(client)
    if deployment is None:
        return 0
    every = _wanted(deployment, since=None)
    replayed = every.model_copy(update={"tags": FlowRunFilterTags(all_=[REPLAYED_TAG])})
    return client.count_flow_runs(flow_run_filter=every) - client.count_flow_runs(flow_run_filter=replayed)


def read_dead_letter(client: SyncPrefectClient, letter_id: UUID) -> DeadLetter:
    """One of them, also if it was redelivered.

    Raises:
        SourceNotFoundError: there is no such run.
        InvalidInputError: the run is no delivery, or not one that failed.
    """
    return DeadLetter.of(_run(client, letter_id))


def replay(client: SyncPrefectClient, letter_id: UUID) -> UUID:
    """Redeliver a dead letter; the delivery's run. A second call for the same one gives the same run.

    Raises:
        SourceNotFoundError: there is no such run.
        InvalidInputError: the run is no delivery, not one that failed, or holds no message that could be delivered.
    """
    dead = _run(client, letter_id)
    DeadLetter.of(dead)  # raises for one that holds no message
    assert dead.deployment_id is not None  # noqa: S101 - `_run` has looked
    # Whoever redelivers has fixed the endpoint; one that is not in order is paused again.
    with contextlib.suppress(SourceNotFoundError):
        resume(client, str(dead.parameters["url"]))
    again = client.create_flow_run_from_deployment(
        dead.deployment_id,
        parameters=dead.parameters,
        name=f"{dead.parameters['webhook_id']} again",
        idempotency_key=f"replay-{dead.id}",
    )
    client.update_flow_run(dead.id, tags=sorted({*dead.tags, REPLAYED_TAG}))
    return again.id


def endpoint_of(url: str) -> str:
    """Host and port of a URL: what may be shown of it. Of a saved block its name."""
    if "://" not in url:
        return url
    return url.partition("://")[2].partition("/")[0].partition("?")[0].rpartition("@")[2].lower()


def _host(letter: DeadLetter) -> str:
    return letter.endpoint.rpartition(":")[0] or letter.endpoint


def _undelivered(client: SyncPrefectClient, since: datetime | None) -> Iterator[FlowRun]:
    deployment = delivery_deployment(client)
    if deployment is None:
        return
    wanted = _wanted(deployment, since)
    offset = 0
    while True:
        page = read_page_sync(
            client, flow_run_filter=wanted, sort=FlowRunSort.END_TIME_DESC, limit=_PAGE, offset=offset
        )
        yield from page.runs
        offset += page.count
        if page.count < _PAGE:
            return


def delivery_deployment(client: SyncPrefectClient) -> UUID | None:
    """The deployment whose runs are deliveries; None if the server has none."""
    try:
        return client.read_deployment_by_name(DELIVERY).id
    except ObjectNotFound:
        return None


def _wanted(deployment: UUID, since: datetime | None) -> FlowRunFilter:
    return FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNDELIVERED)),
        end_time=FlowRunFilterEndTime(after_=since) if since else None,
    )


def _run(client: SyncPrefectClient, letter_id: UUID) -> FlowRun:
    hint = "`contraponto dead-letters` lists them."
    try:
        run = client.read_flow_run(letter_id)
        deployment = client.read_deployment_by_name(DELIVERY)
    except ObjectNotFound as error:
        raise SourceNotFoundError(f"There is no dead letter {letter_id}.", hint=hint) from error
    if run.deployment_id != deployment.id or run.state_type not in _UNDELIVERED:
        raise InvalidInputError(f"The run {letter_id} is not a delivery that failed.", hint=hint)
    return run
