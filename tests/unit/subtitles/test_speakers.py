"""Cues in which more than one person speaks."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.speech.transcript import Segment, Transcript, Word
from tasks.subtitles.cues import plan_cues
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.rules import violations

from .test_cues import segment, transcript


def conversation(*turns: tuple[str, str, float], pace: float = 0.3) -> Transcript:
    """Turns of a speaker (label, text, seconds before it), each word as long as the others."""
    segments: list[Segment] = []
    now = 0.0
    for speaker, text, pause in turns:
        now += pause
        begun = now
        words = []
        for word in text.split():
            words.append(Word(word=word, start=now, end=now + pace, probability=0.9, speaker=speaker))
            now += pace
        said = segment(text, begun, now)
        segments.append(said.model_copy(update={"words": tuple(words), "speaker": speaker}))
    return transcript(segments, "en")


def test_a_short_answer_shares_a_cue_with_a_dash_for_each() -> None:
    (cue,) = plan_cues(conversation(("S1", "Are you coming?", 0), ("S2", "Yes.", 0)))
    assert cue.lines == ("- Are you coming?", "- Yes.")
    assert cue.speakers == ("S1", "S2")


def test_longer_turns_have_cues_of_their_own() -> None:
    cues = plan_cues(
        conversation(
            ("S1", "I was walking along the river this morning when I saw them.", 0),
            ("S2", "They told me that they had been waiting there for hours.", 0.2),
        )
    )
    assert [cue.speakers[0] for cue in cues] == ["S1", "S2"]
    assert not any(line.startswith("-") for cue in cues for line in cue.lines)


def test_one_line_cues_hold_one_speaker() -> None:
    cues = plan_cues(conversation(("S1", "Are you coming?", 0), ("S2", "Yes.", 0)), CueLayout(lines=1))
    assert [cue.lines for cue in cues] == [("Are you coming?",), ("Yes.",)]


TURNS = st.lists(
    st.tuples(
        st.sampled_from(["S1", "S2", "S3"]),
        st.sampled_from(
            ["Yes.", "No, I am not.", "And then", "What did Maria da Silva tell you about it?", "Why?"]
        ),
        st.sampled_from([0.0, 0.0, 0.3, 4.0]),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=40)
@given(turns=TURNS, lines=st.integers(1, 3))
def test_no_line_has_two_speakers(turns: list[tuple[str, str, float]], lines: int) -> None:
    layout = CueLayout(lines=lines)
    cues = plan_cues(conversation(*turns), layout)
    said = [(word, speaker) for speaker, text, _ in turns for word in text.split()]
    shown = [
        (word, speaker)
        for cue in cues
        for line, speaker in zip(cue.lines, cue.speakers, strict=True)
        for word in (line.removeprefix("- ") if len(set(cue.speakers)) > 1 else line).split()
    ]
    assert shown == said
    hard = {"lines", "line_width", "too_long", "overlap", "gap", "split", "dangling", "abbreviation"}
    assert [v for v in violations(cues, "en", layout) if v.rule in hard] == []
