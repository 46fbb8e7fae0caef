import pytest

from tasks.speech.echoes import without_echoes
from tasks.speech.quality import assess, is_invented, is_known_invention, looping
from tasks.speech.transcript import Segment, Span, Word


def segment(text: str, start: float, end: float, *, logprob: float = -0.2, silent: float = 0.01) -> Segment:
    """A segment with evenly spread words."""
    parts = text.split()
    step = (end - start) / max(len(parts), 1)
    return Segment(
        text=text,
        start=start,
        end=end,
        words=tuple(
            Word(word=part, start=start + i * step, end=start + (i + 1) * step, probability=0.9)
            for i, part in enumerate(parts)
        ),
        avg_logprob=logprob,
        no_speech_prob=silent,
        compression_ratio=1.2,
    )


def test_speech_with_words_is_covered_and_gives_no_warning() -> None:
    quality = assess([segment("one two three four five six", 1, 4)], [Span(start=1.1, end=3.9)])
    assert quality.coverage == 1.0
    assert quality.warnings == ()
    assert not quality.no_speech


def test_lost_words_are_found_with_their_place() -> None:
    quality = assess([segment("one two three four", 1, 3)], [Span(start=1, end=3), Span(start=60, end=68)])
    assert quality.uncovered == (Span(start=60, end=68),)
    assert quality.coverage == 0.2
    assert any("1:00" in warning for warning in quality.warnings)


def test_nothing_heard_and_nothing_written_is_no_speech() -> None:
    quality = assess([], [])
    assert quality.no_speech
    assert "No speech" in quality.warnings[0]


def test_nothing_written_over_speech_is_not_silence() -> None:
    for seconds in (0.4, 30.0):
        quality = assess([], [Span(start=65, end=65 + seconds)])
        assert not quality.no_speech
        assert quality.coverage == 0.0
        assert quality.warnings == (
            f"Speech was heard (about {seconds:.1f} s, from 1:05), but nothing was written.",
        )


@pytest.mark.parametrize(
    "text",
    [
        "no no no no no no no",
        "I am going home I am going home I am going home I am going home",
        "é isso aí é isso aí é isso aí é isso aí é isso aí",
        "はははははははははははははははは",
    ],
)
def test_loops_are_seen(text: str) -> None:
    assert looping(segment(text, 0, 10))


@pytest.mark.parametrize(
    "text",
    [
        "Row, row, row your boat, gently down the stream.",
        "ask what you can do for your country, ask not what your country can do for you",
        "very very very good",
        "não, não, não!",
    ],
)
def test_ordinary_repetition_is_not_a_loop(text: str) -> None:
    assert not looping(segment(text, 0, 5))


def test_equal_segments_in_a_row_are_reported() -> None:
    segments = [segment("We will see.", i, i + 1) for i in range(4)]
    quality = assess(segments, [Span(start=0, end=4)])
    assert quality.repeated == (Span(start=0, end=4),)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you so much for watching.",
        "Legendas pela comunidade Amara.org",
        "Subtitles by the Amara.org community",
        "Inscreva-se no canal",
        "Sous-titrage Société Radio-Canada",
        "ご視聴ありがとうございました",
    ],
)
def test_known_inventions_go_when_nothing_is_heard_and_stay_when_said(text: str) -> None:
    assert is_known_invention(text)
    over_silence = segment(text, 10, 14, logprob=-0.4, silent=0.8)
    assert is_invented(over_silence, [])
    said = segment(text, 10, 12)
    heard = [Span(start=10, end=12)]
    assert not is_invented(said, heard)
    assert assess([said], heard).suspicious == (Span(start=10, end=12),)


def test_ordinary_sentences_are_never_taken_out_over_speech() -> None:
    assert not is_invented(segment("Thank you.", 3, 3.6, silent=0.3), [Span(start=3, end=3.5)])
    assert not is_invented(
        segment("The subtitles are by the door.", 3, 5, logprob=-1.4), [Span(start=3, end=5)]
    )


def test_what_was_taken_out_is_said() -> None:
    quality = assess([], [], removed=["Thanks for watching!"])
    assert quality.removed == ("Thanks for watching!",)
    assert any("Thanks for watching" in warning for warning in quality.warnings)


def test_doubt_is_reported() -> None:
    quality = assess([segment("mumble mumble about it", 0, 4, logprob=-1.5)], [Span(start=0, end=4)])
    assert quality.low_confidence == (Span(start=0, end=4),)
    assert any("unsure" in warning for warning in quality.warnings)


def test_more_words_than_can_be_said_are_reported() -> None:
    quality = assess([segment("a b c d e f g h i j k l m n o p", 0, 1)], [Span(start=0, end=1)])
    assert any("More words" in warning for warning in quality.warnings)


def test_an_echo_at_a_seam_goes() -> None:
    words = (
        Word(word="patience.", start=1.0, end=1.2, probability=0.02),
        Word(word="Patience", start=2.4, end=3.0, probability=0.9),
        Word(word="wins.", start=3.0, end=3.4, probability=0.9),
    )
    doubled = segment("x", 1, 3.4).model_copy(update={"text": "patience. Patience wins.", "words": words})
    (clean,) = without_echoes([doubled], [Span(start=2.4, end=3.4)])
    assert (clean.text, clean.start) == ("Patience wins.", 2.4)
    # On the tail of the phrase before, but a pause away from the word it repeats.
    (clean,) = without_echoes([doubled], [Span(start=0.0, end=1.3), Span(start=2.4, end=3.4)])
    assert clean.text == "Patience wins."
    # The same words, but the engine believes the first.
    said = (words[0].model_copy(update={"probability": 0.7}), *words[1:])
    believed = doubled.model_copy(update={"words": said})
    assert without_echoes([believed], [Span(start=1.0, end=3.4)]) == [believed]


def test_an_echo_at_the_end_of_the_segment_before_goes() -> None:
    last = Word(word="so", start=2.0, end=2.1, probability=0.05)
    before = segment("It was late, so", 0, 2.1)
    before = before.model_copy(update={"words": (*before.words[:-1], last)})
    after = segment("so we left.", 3, 4)
    clean = without_echoes([before, after], [Span(start=0, end=1.9), Span(start=3, end=4)])
    assert [s.text for s in clean] == ["It was late,", "so we left."]
