"""Which step waits for which: from a pipeline's data to a graph, its faults, and its drawings."""

from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from tasks.promotion.pipelines import Material, Pipeline, PipelineStep, StepType

Graph = Mapping[str, tuple[str, ...]]
"""By the id of each step those that it waits for, both in the pipeline's order."""
Types = Mapping[str, StepType]


def graph_of(steps: Sequence[PipelineStep], types: Types) -> dict[str, tuple[str, ...]]:
    """The graph of steps; ids that no step has are in it as they were given."""
    graph: dict[str, tuple[str, ...]] = {}
    for number, step in enumerate(steps):
        if step.depends_on is not None:
            graph[step.name] = tuple(dict.fromkeys(step.depends_on))
            continue
        takes = types[step.type].takes
        graph[step.name] = tuple(
            dict.fromkeys(before.name for before in steps[:number] if types[before.type].gives in takes)
        )
    return graph


def cycles(graph: Graph) -> Iterator[tuple[str, ...]]:
    """Circles of steps, as ("a", "b", "a"): each has to end before the next. None shares a wait with an earlier one."""
    left = {name: set(waits) for name, waits in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle: tuple[str, ...] = tuple(error.args[1])
            yield circle
            for before, after in pairwise(circle):
                left[after].discard(before)
        else:
            return


def ancestors(graph: Graph, name: str) -> tuple[str, ...]:
    """Every step that must end before this one begins, in the pipeline's order."""
    found: set[str] = set()
    open_ = list(graph[name])
    while open_:
        step = open_.pop()
        if step not in found and step in graph:
            found.add(step)
            open_ += graph[step]
    return tuple(step for step in graph if step in found)


def sources_of(graph: Graph, gives: Mapping[str, Material], name: str, material: Material) -> tuple[str, ...]:
    """The steps whose material a step takes: those that it waits for itself, else those behind them."""
    direct = tuple(step for step in graph[name] if gives[step] == material)
    return direct or tuple(step for step in ancestors(graph, name) if gives[step] == material)


def longest(graph: Graph, lengths: Mapping[str, float]) -> float:
    """The length of the longest chain of steps that wait for each other."""
    until: dict[str, float] = {}
    for name in TopologicalSorter(graph).static_order():
        until[name] = lengths[name] + max((until[before] for before in graph[name]), default=0.0)
    return max(until.values(), default=0.0)


def draw(pipeline: Pipeline, types: Types) -> list[str]:
    """The graph as lines of text: steps that can go on at the same time stand above each other."""
    graph = graph_of(pipeline.steps, types)
    depth: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():
        depth[name] = 1 + max((depth[before] for before in graph[name]), default=-1)
    names = {name: f"{'   ' * depth[name]}{'└─ ' if depth[name] else ''}{name}" for name in graph}
    width = max(map(len, names.values()))
    lines = []
    for name in sorted(graph, key=lambda step: depth[step]):
        waits = f"{' ' * (width - len(names[name]))}  ← {', '.join(graph[name])}" if graph[name] else ""
        lines.append(names[name] + waits)
    return lines


def mermaid(pipeline: Pipeline, types: Types) -> str:
    """The graph as a flowchart of Mermaid, which pages of Markdown show as a drawing."""
    graph = graph_of(pipeline.steps, types)
    # A number before each: an id may be a word that Mermaid keeps for itself.
    key = {name: f"s{number}" for number, name in enumerate(graph)}
    lines = ["flowchart LR"]
    for name, waits in graph.items():
        lines.append(f'  {key[name]}["{name}"]')
        lines += [f"  {key[before]} --> {key[name]}" for before in waits]
    return "\n".join(lines)
