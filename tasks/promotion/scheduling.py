"""Steps that begin the moment what they wait for has ended, and a failure that stops only what waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tasks.promotion.graph import Graph, ancestors

Made = TypeVar("Made")
Work = Callable[[str, Mapping[str, Made]], Awaitable[Made]]
"""Does the step of that id with what the steps made that it waits for, directly or not."""


@dataclass(frozen=True)
class Skipped:
    """A step that was not begun."""

    failed: tuple[str, ...]
    """The steps whose failure is the reason."""


@dataclass(frozen=True)
class Ended(Generic[Made]):
    """What became of every step, in the order of the graph."""

    made: dict[str, Made]
    failed: dict[str, Exception]
    skipped: dict[str, Skipped]


async def run_graph(
    graph: Graph,
    work: Work[Made],
    *,
    skipped: Callable[[str, Skipped], None] = lambda _step, _why: None,
) -> Ended[Made]:
    """Does every step of a graph without circles; `skipped` is told of each that is not begun.

    What a step raises is in the result and stops nothing but the steps behind it. A cancellation stops them all.
    """
    made: dict[str, Made] = {}
    failed: dict[str, Exception] = {}
    left_out: dict[str, Skipped] = {}
    over = {step: asyncio.Event() for step in graph}
    behind = {step: ancestors(graph, step) for step in graph}

    async def do(step: str) -> None:
        for before in graph[step]:
            await over[before].wait()
        try:
            if reasons := tuple(before for before in behind[step] if before in failed):
                left_out[step] = Skipped(reasons)
                skipped(step, left_out[step])
            else:
                made[step] = await work(step, {before: made[before] for before in behind[step]})
        except Exception as error:  # noqa: BLE001 - whatever it is, the other steps are not to blame
            failed[step] = error
        finally:
            over[step].set()

    async with asyncio.TaskGroup() as group:
        for step in graph:
            group.create_task(do(step), name=step)
    return Ended(
        {step: made[step] for step in graph if step in made},
        {step: failed[step] for step in graph if step in failed},
        {step: left_out[step] for step in graph if step in left_out},
    )
