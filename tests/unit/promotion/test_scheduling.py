"""Steps begin the moment what they wait for has ended; a failure stops only what waits for it."""

import asyncio
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import EngineError
from tasks.promotion.graph import ancestors
from tasks.promotion.scheduling import Ended, Skipped, run_graph

Graph = dict[str, tuple[str, ...]]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, set[str], dict[str, int]]:
    """A graph without circles in any order, which steps fail, and how many turns each takes."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 8)))]
    graph: Graph = {}
    for number, name in enumerate(names):
        earlier = names[:number]
        graph[name] = tuple(draw(st.lists(st.sampled_from(earlier), unique=True)) if earlier else ())
    shuffled = draw(st.permutations(names))
    turns = {name: draw(st.integers(0, 4)) for name in names}
    return {name: graph[name] for name in shuffled}, draw(st.sets(st.sampled_from(names))), turns


@given(graphs())
def test_each_step_is_done_once_after_what_it_waits_for_and_only_what_waits_for_a_failure_is_not(
    case: tuple[Graph, set[str], dict[str, int]],
) -> None:
    graph, failing, turns = case
    over: list[str] = []
    begun: list[str] = []
    told: dict[str, Skipped] = {}

    async def work(step: str, made: Mapping[str, str]) -> str:
        begun.append(step)
        assert tuple(made) == ancestors(graph, step)
        assert all(before in over for before in graph[step])
        for _ in range(turns[step]):
            await asyncio.sleep(0)
        over.append(step)
        if step in failing:
            raise EngineError(step)
        return step.upper()

    ended: Ended[str] = asyncio.run(run_graph(graph, work, skipped=told.__setitem__))
    assert len(begun) == len(set(begun))
    assert {*ended.made, *ended.failed, *ended.skipped} == set(graph)
    assert set(begun) == {*ended.made, *ended.failed}
    assert told == ended.skipped
    for step in graph:
        behind = {before for before in ancestors(graph, step) if before in ended.failed}
        assert (step in ended.skipped) == bool(behind)
        if step in ended.skipped:
            assert set(ended.skipped[step].failed) == behind
        else:
            assert (step in ended.failed) == (step in failing)


def test_a_step_does_not_wait_for_the_others_of_its_level() -> None:
    graph: Graph = {"slow": (), "quick": (), "behind_quick": ("quick",)}
    ends: list[str] = []
    other = asyncio.Event()

    async def work(step: str, _made: Mapping[str, str]) -> str:
        if step == "slow":
            await other.wait()
        ends.append(step)
        if step == "behind_quick":
            other.set()
        return step

    asyncio.run(asyncio.wait_for(run_graph(graph, work), 5))
    assert ends == ["quick", "behind_quick", "slow"]


def test_a_cancellation_stops_every_step() -> None:
    stopped: list[str] = []

    async def work(step: str, _made: Mapping[str, str]) -> str:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(step)
        return step

    async def cancelled() -> None:
        task = asyncio.create_task(run_graph({"a": (), "b": (), "c": ("a",)}, work))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert sorted(stopped) == ["a", "b"]
