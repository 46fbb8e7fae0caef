"""Which step waits for which, in data and in drawings."""

from graphlib import TopologicalSorter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.promotion.graph import ancestors, cycles, draw, graph_of, mermaid, sources_of
from tasks.promotion.pipelines import Pipeline
from tests.unit.promotion.test_loading import TYPES

FULL = Pipeline.model_validate(
    {
        "name": "full",
        "description": "Everything.",
        "steps": [
            {"type": "ENHANCED_IMAGES"},
            {"type": "VIRAL_COPY"},
            {"type": "VOICE_OVER"},
            {"type": "CAPTIONS"},
            {"type": "PROMOTIONAL_VIDEO"},
        ],
    }
)


def test_a_step_waits_for_those_above_it_that_make_what_it_takes() -> None:
    graph = graph_of(FULL.steps, TYPES)
    assert graph == {
        "enhanced_images": (),
        "viral_copy": (),
        "voice_over": ("viral_copy",),
        "captions": ("voice_over",),
        "promotional_video": ("enhanced_images", "viral_copy", "voice_over", "captions"),
    }


def test_what_a_step_takes_is_of_those_that_it_names_or_of_those_behind_them() -> None:
    steps = {"copy": "VIRAL_COPY", "copy_2": "VIRAL_COPY", "voice": "VOICE_OVER"}
    gives = {name: TYPES[kind].gives for name, kind in steps.items()}
    graph = {"copy": (), "copy_2": (), "voice": ("copy",), "film": ("voice", "copy_2"), "more": ("voice",)}
    gives |= {"film": "film", "more": "film"}
    assert sources_of(graph, gives, "film", "copy") == ("copy_2",)
    assert sources_of(graph, gives, "more", "copy") == ("copy",)
    assert sources_of(graph, gives, "more", "pictures") == ()


def test_a_pipeline_is_drawn_for_terminals_and_for_pages() -> None:
    assert draw(FULL, TYPES) == [
        "enhanced_images",
        "viral_copy",
        "   └─ voice_over               ← viral_copy",
        "      └─ captions              ← voice_over",
        "         └─ promotional_video  ← enhanced_images, viral_copy, voice_over, captions",
    ]
    assert 's1["viral_copy"]\n  s2["voice_over"]\n  s1 --> s2' in mermaid(FULL, TYPES)


NAMES = ["a", "b", "c", "d", "e", "f"]


@given(
    st.fixed_dictionaries({name: st.lists(st.sampled_from(NAMES), max_size=3, unique=True) for name in NAMES})
)
def test_every_circle_is_found_and_nothing_that_is_none(waits: dict[str, list[str]]) -> None:
    graph = {name: tuple(before) for name, before in waits.items()}
    found = list(cycles(graph))
    for circle in found:
        assert circle[0] == circle[-1]
        assert all(before in graph[after] for before, after in pairwise(circle))
    cut = {pair for circle in found for pair in pairwise(circle)}
    left = {name: {before for before in graph[name] if (before, name) not in cut} for name in graph}
    order = list(TopologicalSorter(left).static_order())
    for name in NAMES:
        if not found:
            assert all(order.index(before) < order.index(name) for before in ancestors(graph, name))
