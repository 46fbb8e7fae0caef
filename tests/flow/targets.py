"""Collectors and executors of tests: ordinary jobs, which know nothing of messages."""

import asyncio
from typing import Any

from pydantic import BaseModel, JsonValue

from deployments.server.flow_catalogue import ListedFlow
from flows.job import job_flow
from flows.parameters import from_message
from tasks.errors import SourceNotFoundError
from tasks.jobs.correlation import correlation_id
from tasks.jobs.tracker import current_job
from tasks.messages.contents import CollectionResult


class Outcome(BaseModel):
    """What each of them makes."""

    result: dict[str, Any]


@job_flow(operation="escavador-words", stages=("count",), envelope=from_message)
async def words(text: str, fails: bool = False, seconds: float = 0) -> Outcome:
    """Count words.

    Args:
        text: The words.
        fails: Whether there are none.
        seconds: How long it takes.
    """
    with current_job().stage("count"):
        await asyncio.sleep(seconds)
        if fails:
            raise SourceNotFoundError("There are no words.")
    return Outcome(result={"words": len(text.split()), "text": text, "conversation": correlation_id()})


@job_flow(operation="executador-sum", stages=("add",), envelope=from_message)
async def add(coletas: list[CollectionResult], title: str = "") -> Outcome:
    """Add what was counted.

    Args:
        coletas: What was collected.
        title: Of the sum.
    """
    with current_job().stage("add"):
        counts: list[JsonValue] = [
            each.dados["words"] for each in coletas if isinstance(each.dados, dict) and "words" in each.dados
        ]
    return Outcome(
        result={
            "title": title,
            "counts": counts,
            "states": [
                f"{each.escavador} {each.status} {each.erro or each.arquivo or ''}".strip()
                for each in coletas
            ],
        }
    )


TARGETS = (
    ListedFlow("escavador-words", "tests/flow/targets.py:words", tags=("escavador",)),
    ListedFlow("executador-sum", "tests/flow/targets.py:add", tags=("executador",)),
)
