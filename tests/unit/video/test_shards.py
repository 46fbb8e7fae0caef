"""How images become clips and clips become shards."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.video.shards import Image, plan_clips, plan_shards
from tasks.video.zoom_types import ZoomType, share_out

MOVES: tuple[ZoomType, ...] = ("zoomin", "zoomout", "zoompanright")


def images(count: int) -> list[Image]:
    return [
        Image(id=str(number), image_url=f"https://example.org/{number}.jpg", duracao=1)
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (50, [50]), (51, [26, 25]), (68, [34, 34]), (69, [23] * 3), (1000, [334, 333, 333])],
)
def test_shards_are_those_of_the_rule(count: int, sizes: list[int]) -> None:
    shards = plan_shards(plan_clips(images(count), ["zoomin"]))
    assert [len(shard) for shard in shards] == sizes
    assert [clip.index for shard in shards for clip in shard] == list(range(1, count + 1))


@given(st.integers(0, 300), st.lists(st.sampled_from(MOVES), min_size=1, max_size=3, unique=True), st.text())
def test_moves_are_shared_out_evenly_and_always_alike(count: int, moves: list[ZoomType], seed: str) -> None:
    chosen = share_out(count, moves, seed)
    counts = Counter(chosen)
    assert max(counts.values(), default=0) - min((counts[move] for move in moves), default=0) <= 1
    assert chosen == share_out(count, moves, seed)


def test_the_same_job_gives_the_same_film_and_another_does_not() -> None:
    moves = [clip.zoom_type for clip in plan_clips(images(30), MOVES)]
    assert moves == [clip.zoom_type for clip in plan_clips(images(30), MOVES)]
    assert moves != [clip.zoom_type for clip in plan_clips(images(31), MOVES)][:30]
    # Of every version of Python: written down once.
    film = ["zoomout", "zoomin", "zoompanright", "zoompanright", "zoomout", "zoomin"]
    assert share_out(6, MOVES, "film") == film


@pytest.mark.parametrize(
    "change", [{"duracao": 0.05}, {"duracao": 1001}, {"id": ""}, {"image_url": "ftp://x/y"}, {"url": "x"}]
)
def test_odd_images_are_refused(change: dict[str, object]) -> None:
    asked = {"id": "a", "image_url": "https://example.org/a.jpg", "duracao": 1}
    with pytest.raises(ValidationError):
        Image.model_validate(asked | change)
