from typing import get_args

import pytest
from pydantic import ValidationError

from tasks.errors import InvalidInputError
from tasks.subtitles.cues import plan_cues
from tasks.subtitles.layout import CueLayout, Preset, SubtitleOptions
from tasks.subtitles.pieces import text_width
from tasks.subtitles.rules import violations

from .test_cues import segment, transcript

TEXT = (
    "Hoje o dia amanheceu muito frio na cidade de São Paulo, e ninguém saiu de casa antes das nove horas. "
    "Depois, quando o sol apareceu, as ruas encheram-se de gente que não tinha pressa de voltar."
)


def test_nothing_asked_is_the_standard() -> None:
    assert SubtitleOptions().layout("pt") == CueLayout()


@pytest.mark.parametrize(
    ("preset", "language", "width", "speed", "shortest", "longest"),
    [
        ("netflix", "en", 42, 20, 5 / 6, 7),
        ("netflix", "pt", 42, 17, 5 / 6, 7),
        ("netflix", "zh", 32, 18, 5 / 6, 7),
        ("bbc", "en", 37, 15, 1, 7),
        ("vertical", "pt", 20, 20, 0.5, 2.5),
    ],
)
def test_presets(
    preset: Preset, language: str, width: int, speed: float, shortest: float, longest: float
) -> None:
    layout = SubtitleOptions(preset=preset).layout(language)
    assert (layout.line_width, layout.reading_speed) == (width, speed)
    assert (layout.shortest, layout.longest, layout.lines) == (shortest, longest, 2)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_cues_keep_to_their_preset(preset: Preset) -> None:
    layout = SubtitleOptions(preset=preset).layout("pt")
    cues = plan_cues(transcript([segment(TEXT, 0, 14)]), layout)
    assert " ".join(line for cue in cues for line in cue.lines) == TEXT
    assert violations(cues, "pt", layout) == []


def test_a_single_value_stands_in_place_of_the_presets() -> None:
    layout = SubtitleOptions(preset="netflix", lines=1, line_width=30).layout("pt")
    assert (layout.lines, layout.line_width, layout.reading_speed) == (1, 30, 17)
    cues = plan_cues(transcript([segment(TEXT, 0, 14)]), layout)
    assert all(len(cue.lines) == 1 and text_width(cue.text) <= 30 for cue in cues)


def test_three_lines() -> None:
    layout = SubtitleOptions(lines=3, line_width=24).layout("pt")
    cues = plan_cues(transcript([segment(TEXT, 0, 14)]), layout)
    assert max(len(cue.lines) for cue in cues) == 3
    assert [v for v in violations(cues, "pt", layout) if v.rule != "too_fast"] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shortest": 3, "longest": 2}, "the shortest time (3 s) is not below the longest (2 s)"),
        ({"preset": "vertical", "shortest": 3}, "the shortest time (3 s) is not below the longest (2.5 s)"),
        ({"gap": 0.9, "shortest": 0.5}, "the gap (0.9 s) is not below the shortest time (0.5 s)"),
    ],
)
def test_values_that_contradict_each_other_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        SubtitleOptions.model_validate(options).check()
    assert said in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("options", [{"width": 30}, {"lines": 9}, {"preset": "Netflix!"}, {"gap": -1}])
def test_other_values_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SubtitleOptions.model_validate(options)
