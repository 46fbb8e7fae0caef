"""Narration rules the cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import InvalidInputError
from tasks.film.timeline import SHORTEST_SHOT, Plan, plan_shots
from tasks.media.rates import exact_rate
from tests.unit.film.narrations import narration

LENGTHS = st.lists(st.floats(0.3, 9.0), max_size=12)
RATES = st.sampled_from([24, 25, 29.97, 30, 60])


def check(plan: Plan, pictures: int) -> None:
    """What holds for every plan."""
    shots = plan.shots
    assert shots[0].start == 0
    assert shots[-1].end == pytest.approx(plan.seconds)
    assert all(before.end == after.start for before, after in pairwise(shots))
    assert sum(round((shot.end - shot.start) * plan.rate) for shot in shots) == plan.frames
    assert [shot.part for shot in shots].count("opening") == 1
    assert shots[0].part == "opening"
    assert all((shot.picture is None) == (shot.part == "end") for shot in shots)
    shown = [shot.picture for shot in shots if shot.picture is not None]
    assert shown == [number % pictures for number in range(len(shown))]
    assert ("not shown" in "".join(plan.warnings)) == (len(shown) < pictures)
    if len(shown) > 1:
        frame = float(1 / plan.rate)
        assert min(shot.end - shot.start for shot in shots) >= SHORTEST_SHOT - frame - 1e-6
    for before, after in pairwise(shots):
        # A transition is over before the next one begins.
        assert after.takeover / 2 + before.takeover / 2 <= before.end - before.start + 1e-6


@settings(max_examples=40, deadline=None)
@given(pictures=st.integers(1, 20), lengths=LENGTHS, pause=st.floats(0.0, 0.8), fps=RATES)
def test_no_gap_no_overlap_and_the_sum_is_the_film(
    pictures: int, lengths: list[float], pause: float, fps: float
) -> None:
    check(plan_shots(pictures, narration=narration(lengths, pause=pause), fps=fps), pictures)


@settings(max_examples=40, deadline=None)
@given(pictures=st.integers(1, 60), duration=st.floats(3, 180), fps=RATES)
def test_a_film_without_a_voice_has_exactly_its_frames(pictures: int, duration: float, fps: float) -> None:
    plan = plan_shots(pictures, duration=duration, fps=fps)
    assert plan.frames == round(duration * exact_rate(fps))
    check(plan, pictures)


@settings(max_examples=40, deadline=None)
@given(lengths=st.lists(st.floats(1.3, 5.5), min_size=2, max_size=8), pause=st.floats(0.0, 0.8))
def test_as_many_pictures_as_sentences_change_at_their_ends(lengths: list[float], pause: float) -> None:
    spoken = narration(lengths, pause=pause)
    plan = plan_shots(len(lengths), narration=spoken)
    shots = [shot for shot in plan.shots if shot.part != "end"]
    assert [shot.sentences for shot in shots] == [(number,) for number in range(len(lengths))]
    assert [shot.picture for shot in shots] == list(range(len(lengths)))
    for sentence, after in zip(spoken.sentences, plan.shots[1:], strict=True):
        assert abs(after.start - sentence.end) <= 0.1
        assert after.start - after.takeover / 2 >= sentence.end - 0.1 - 1 / 60


def test_short_sentences_share_a_picture() -> None:
    plan = plan_shots(2, narration=narration([1.2, 1.2, 1.2, 3.6]))
    assert [shot.sentences for shot in plan.shots[:-1]] == [(0, 1, 2), (3,)]


def test_a_long_sentence_holds_several_pictures_that_change_between_words() -> None:
    spoken = narration([2.0, 8.0], words=8)
    plan = plan_shots(4, narration=spoken)
    assert [shot.sentences for shot in plan.shots[:-1]] == [(0,), (1,), (1,), (1,)]
    ends = [word.end for word in spoken.sentences[1].words]
    assert all(min(abs(shot.start - end) for end in ends) < 0.02 for shot in plan.shots[2:4])


def test_few_pictures_come_again_at_ends_of_sentences() -> None:
    plan = plan_shots(2, narration=narration([5.0, 5.0, 5.0, 5.0]))
    assert [shot.picture for shot in plan.shots] == [0, 1, 0, 1, None]


def test_pictures_for_which_there_is_no_time_are_named() -> None:
    plan = plan_shots(20, narration=narration([2.0, 2.0]))
    assert len(plan.shots) < 20
    assert "of 20 pictures are not shown" in plan.warnings[0]


def test_the_end_card_comes_after_the_last_word() -> None:
    spoken = narration([2.0, 2.0])
    last = plan_shots(2, narration=spoken).shots[-1]
    assert last.part == "end"
    assert spoken.sentences[-1].end - 0.02 <= last.start <= spoken.sentences[-1].end + 0.12
    assert last.end - last.start == pytest.approx(2.5, abs=0.15)


def test_without_time_for_an_end_card_there_is_none() -> None:
    spoken = narration([4.0, 4.0])
    assert plan_shots(2, narration=spoken, duration=8.6).shots[-1].part == "picture"


def test_what_is_said_in_a_recording_need_not_be_known() -> None:
    plan = plan_shots(3, narration=narration([]))
    assert [shot.picture for shot in plan.shots] == [0, 1, 2, None]
    assert plan.seconds == pytest.approx(10.5)


def test_a_narration_longer_than_the_film_is_refused_with_the_seconds() -> None:
    with pytest.raises(
        InvalidInputError, match=r"lasts 24\.\d s and the film is to last 15 s: 9\.\d s too many"
    ):
        plan_shots(3, narration=narration([5.0, 5.0, 5.0, 8.0]), duration=15)


def test_a_film_without_pictures_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at least one picture"):
        plan_shots(0)
