"""How the encoders of a job's clips share the processors."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.video.steps import clips_at_once, threads_of_next


@given(st.integers(1, 200), st.integers(1, 128))
def test_encoders_at_work_together_use_all_processors_and_no_more(clips: int, processors: int) -> None:
    at_once = min(clips, clips_at_once(processors))
    together = at_once * threads_of_next(clips, processors)
    assert together <= processors
    assert together > processors - at_once or threads_of_next(clips, processors) == 4


def test_the_last_clip_has_all_to_itself() -> None:
    assert [threads_of_next(left, 2) for left in (3, 2, 1)] == [1, 1, 2]
