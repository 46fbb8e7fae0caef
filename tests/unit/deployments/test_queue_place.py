"""When the next job begins, against a simulation that moves second by second."""

from hypothesis import given
from hypothesis import strategies as st

from deployments.cli.summary import place_in_words
from deployments.client.queue_place import expected_wait, like
from deployments.client.queued_document import QueuePlace

SECONDS = st.lists(st.integers(1, 30), max_size=12)


def simulated(left: list[int], ahead: list[int], slots: int) -> int:
    running, waiting, now = list(left), [*ahead, 0], 0
    while True:
        while waiting and len(running) < slots:
            if len(waiting) == 1:
                return now
            running.append(waiting.pop(0))
        now += 1
        running = [seconds - 1 for seconds in running if seconds > 1]


@given(SECONDS, SECONDS, st.integers(1, 5))
def test_a_job_begins_when_those_ahead_have_left_a_slot(
    left: list[int], ahead: list[int], slots: int
) -> None:
    assert expected_wait(left, ahead, slots) == simulated(left, ahead, slots)
    assert expected_wait(left, ahead, None) == 0


@given(SECONDS, st.integers(0, 50))
def test_jobs_that_were_not_looked_at_are_like_those_that_were(seen: list[float], count: int) -> None:
    values = like(seen, count)
    assert len(values) == (count if seen else 0)
    assert set(values) <= set(seen)


def test_in_words() -> None:
    place = QueuePlace(
        pool="gpu",
        queue="default",
        position=3,
        running=1,
        slots=1,
        typical_seconds=60,
        starts_in_seconds=240,
        ends_in_seconds=300,
        remark=None,
    )
    words = place_in_words(place)
    assert words == "gpu/default: 2 jobs first, 1 of 1 running; begins in about 4 min, ends in about 5 min"
    unknown = place.model_copy(
        update={"starts_in_seconds": None, "remark": "no worker listens", "position": 1}
    )
    assert place_in_words(unknown).endswith("no jobs first, 1 of 1 running; no estimate: no worker listens")
    assert "being started" in place_in_words(place.model_copy(update={"position": 0}))
