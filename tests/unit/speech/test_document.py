"""Warnings about the sound of a recording."""

from collections.abc import Sequence

import pytest

from tasks.speech.document import say_how_it_was_heard
from tasks.speech.quality import assess
from tasks.speech.transcript import Segment, Span, Transcript
from tests.unit.speech.test_quality import segment


def transcript(segments: Sequence[Segment]) -> Transcript:
    return Transcript(
        text=" ".join(each.text for each in segments),
        language="en",
        language_probability=1,
        duration=4,
        segments=tuple(segments),
        source_language="en",
        model="small",
        device="cpu",
        compute_type="int8",
        threads=1,
        quality=assess(segments, [Span(start=each.start, end=each.end) for each in segments]),
    )


@pytest.mark.parametrize(("rate", "warned"), [(1_000, True), (3_999, True), (4_000, False), (None, False)])
def test_a_recording_of_too_few_samples_is_warned_of(rate: int | None, warned: bool) -> None:
    told = say_how_it_was_heard(transcript([segment("one two three", 1, 3)]), ["left"], rate).quality.warnings
    assert [f"{rate:,} samples a second" in each for each in told] == [True] * warned


def test_without_speech_it_is_said_what_was_tried() -> None:
    (told,) = say_how_it_was_heard(transcript([]), ["left", "right"], 1_000).quality.warnings
    assert told.endswith("noise. Tried: left, right.")
