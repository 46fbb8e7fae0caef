"""Flow runs of a server, however many there are, and though some of them cannot be read."""

import itertools
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging import get_logger
from pydantic import BaseModel, TypeAdapter

from tasks.recovery.halving import Span, halving

PAGE = 200
"""Runs that the server gives at a time, at most."""

FINAL = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]

BULK: Any = "/flow_runs/bulk_set_state"
"""Sets the state of the runs that a filter still finds then. Prefect's client has no method for it."""

_MOST_UNREADABLE = 20
"""Of one page. With more, it is not the runs that something is wrong with."""
_HISTORY: Any = "/ui/flow_runs/history"
"""Tells which runs there are and nothing of what they hold, so it answers where others cannot."""
_UNKNOWN_TO_HISTORY = "work_queue_filter"
"""Among the runs of one queue a bad one is passed over without its name."""


class NamedRun(BaseModel):
    """A run of which the server can tell no more than this."""

    id: UUID
    state_type: StateType


_NAMED = TypeAdapter(list[NamedRun])


@dataclass
class RunPage:
    """Runs in their order."""

    runs: list[FlowRun] = field(default_factory=list)
    unreadable: list[NamedRun] = field(default_factory=list)
    count: int = 0
    """How many places of the list these are."""

    def ids(self) -> set[UUID]:
        """Of all of them."""
        return {run.id for run in self.runs} | {run.id for run in self.unreadable}

    def _take(self, runs: list[FlowRun]) -> None:
        self.runs += runs
        self.count += len(runs)

    def _leave(self, names: httpx.Response, error: PrefectHTTPStatusError) -> None:
        for found in _NAMED.validate_json(names.raise_for_status().content):
            get_logger("jobs").warning(
                "The server cannot tell what the run %s holds. `contraponto cancel %s` ends it.",
                found.id,
                found.id,
            )
            self.unreadable.append(found)
            self.count += 1
        if len(self.unreadable) > _MOST_UNREADABLE:
            raise error


async def read_page(
    client: PrefectClient, *, sort: FlowRunSort, limit: int = PAGE, offset: int = 0, **filters: BaseModel
) -> RunPage:
    """A page of the runs that the filters of `read_flow_runs` find, without those that the server cannot tell of.

    Raises:
        PrefectHTTPStatusError: the server refuses to answer, or can tell of none.
    """
    page, spans = RunPage(), halving(offset, limit)
    span: Span | None = next(spans)
    while span is not None:
        asked: dict[str, Any] = {**filters, "sort": sort, "limit": span.count, "offset": span.offset}
        readable = True
        try:
            page._take(await client.read_flow_runs(**asked))
        except PrefectHTTPStatusError as error:
            readable = _raise_if_refused(error)
            if span.count == 1 and _UNKNOWN_TO_HISTORY not in filters:
                page._leave(await client.request("POST", _HISTORY, json=_as_json(asked)), error)
        span = _following(spans, readable=readable)
    return page


def read_page_sync(
    client: SyncPrefectClient, *, sort: FlowRunSort, limit: int = PAGE, offset: int = 0, **filters: BaseModel
) -> RunPage:
    """The same for clients that wait.

    Raises:
        PrefectHTTPStatusError: the server refuses to answer, or can tell of none.
    """
    page, spans = RunPage(), halving(offset, limit)
    span: Span | None = next(spans)
    while span is not None:
        asked: dict[str, Any] = {**filters, "sort": sort, "limit": span.count, "offset": span.offset}
        readable = True
        try:
            page._take(client.read_flow_runs(**asked))
        except PrefectHTTPStatusError as error:
            readable = _raise_if_refused(error)
            if span.count == 1 and _UNKNOWN_TO_HISTORY not in filters:
                page._leave(client.request("POST", _HISTORY, json=_as_json(asked)), error)
        span = _following(spans, readable=readable)
    return page


def _raise_if_refused(error: PrefectHTTPStatusError) -> bool:
    """False: something in what was to be read cannot be told."""
    if error.response.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
        raise error
    return False


def _following(spans: Any, *, readable: bool) -> Span | None:
    try:
        found: Span = spans.send(readable)
    except StopIteration:
        return None
    return found


def _as_json(asked: dict[str, Any]) -> dict[str, Any]:
    """The same question to the history, which knows filters by other names."""
    named = {}
    for name, wanted in asked.items():
        if isinstance(wanted, BaseModel):
            named[f"{name.removesuffix('_filter')}s"] = wanted.model_dump(mode="json")
        else:
            named[name] = wanted
    return named


async def all_runs(client: PrefectClient, wanted: FlowRunFilter, **more: BaseModel) -> list[FlowRun]:
    """Every run that the filters find and the server can tell of."""
    found: dict[UUID, FlowRun] = {}  # a run that comes in between two pages shows another one twice
    for offset in itertools.count(0, PAGE):
        page = await read_page(
            client, flow_run_filter=wanted, **more, sort=FlowRunSort.ID_DESC, limit=PAGE, offset=offset
        )
        found |= {run.id: run for run in page.runs}
        if page.count < PAGE:
            break
    return list(found.values())
