import re
from itertools import pairwise, zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.speech.transcript import Segment, Transcript, Word
from tasks.subtitles.cues import plan_cues
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.pieces import text_width

LAYOUT = CueLayout()


def transcript(segments: list[Segment], language: str = "pt") -> Transcript:
    return Transcript(
        text=" ".join(segment.text for segment in segments),
        language=language,
        source_language=language,
        language_probability=1,
        duration=max((segment.end for segment in segments), default=0),
        segments=tuple(segments),
        model="whisper-base",
        device="cpu",
        compute_type="int8",
        threads=2,
    )


def segment(
    text: str, start: float, end: float, words: list[tuple[str, float, float]] | None = None
) -> Segment:
    return Segment(
        text=text,
        start=start,
        end=end,
        words=tuple(Word(word=w, start=a, end=b, probability=0.9) for w, a, b in words or []),
        avg_logprob=-0.2,
        no_speech_prob=0,
        compression_ratio=1,
    )


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzáàâãéêíóôõúç'", min_size=1, max_size=14)
ENDINGS = st.sampled_from(["", "", "", "", ",", ".", "?", "!", ";", "…"])


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    """Speech at any pace, with and without word times, with pauses of all kinds."""
    segments = []
    now = draw(st.floats(0, 5))
    for _ in range(draw(st.integers(0, 5))):
        now += draw(st.sampled_from([0.0, 0.05, 0.3, 1.5, 8.0]))
        begin = now
        timed = []
        for _ in range(draw(st.integers(1, 25))):
            text = draw(WORDS) + draw(ENDINGS)
            length = draw(st.sampled_from([0.0, 0.08, 0.2, 0.4, 1.2]))
            timed.append((text, now, now + length))
            now += length + draw(st.sampled_from([0.0, 0.0, 0.1, 0.9]))
        text = " ".join(word for word, _, _ in timed)
        segments.append(segment(text, begin, now, timed if draw(st.booleans()) else None))
    return transcript(segments)


@settings(deadline=None, max_examples=60)
@given(transcripts())
def test_the_text_is_kept_whole(source: Transcript) -> None:
    shown = " ".join(line for cue in plan_cues(source) for line in cue.lines)
    assert shown == " ".join(source.text.split())


@settings(deadline=None, max_examples=60)
@given(transcripts())
def test_cues_follow_each_other_and_are_seen(source: Transcript) -> None:
    cues = plan_cues(source)
    assert all(cue.end - cue.start >= 0.08 for cue in cues)
    assert all(after.start - before.end >= LAYOUT.gap - 0.002 for before, after in pairwise(cues))


@settings(deadline=None, max_examples=60)
@given(transcripts())
def test_lines_fit(source: Transcript) -> None:
    for cue in plan_cues(source):
        assert 1 <= len(cue.lines) <= 2
        assert all(text_width(line) <= 42 for line in cue.lines)
        assert cue.end - cue.start <= LAYOUT.longest + 0.6 or len(cue.text.split()) == 1


@settings(deadline=None, max_examples=60)
@given(transcripts())
def test_cues_that_have_the_time_can_be_read(source: Transcript) -> None:
    cues = plan_cues(source)
    for cue, after in zip_longest(cues, cues[1:]):
        free = (after.start if after else float("inf")) - cue.start
        wanted = max(LAYOUT.shortest, text_width(cue.text.replace("\n", " ")) / LAYOUT.reading_speed)
        if free > wanted + 0.2:
            assert cue.end - cue.start >= min(wanted, LAYOUT.longest) - 0.01


def test_cues_end_with_sentences() -> None:
    text = "Hoje o dia amanheceu muito frio na cidade. Ninguém saiu de casa antes das nove horas."
    cues = plan_cues(transcript([segment(text, 0, 6)]))
    assert [cue.text.replace("\n", " ") for cue in cues] == [
        "Hoje o dia amanheceu muito frio na cidade.",
        "Ninguém saiu de casa antes das nove horas.",
    ]


def test_lines_do_not_end_in_little_words() -> None:
    text = "O governo anunciou ontem a construção de uma ponte nova sobre o rio"
    (cue,) = plan_cues(transcript([segment(text, 0, 5)]))
    assert len(cue.lines) == 2
    assert cue.lines[0].split()[-1] not in {"o", "a", "de", "uma", "sobre"}


def test_a_pause_ends_a_cue() -> None:
    words = [("antes", 0.0, 0.5), ("depois", 4.0, 4.5)]
    first, second = plan_cues(transcript([segment("antes depois", 0, 4.5, words)]))
    assert (first.text, second.text, second.start) == ("antes", "depois", 4.0)
    assert first.end == pytest.approx(1.0)


@pytest.mark.parametrize("comma", [",", ":", ";"])
def test_no_cue_ends_with_the_first_word_of_a_clause(comma: str) -> None:
    said = [
        ("And", 0.0, 0.5),
        ("so", 0.5, 0.7),
        ("my", 0.7, 0.9),
        ("fellow", 0.9, 1.3),
        (f"Americans{comma}", 1.3, 1.9),
    ]
    rest = re.findall(
        r"\S+", "ask not what your country can do for you, ask what you can do for your country."
    )
    said += [(word, 3.0 + 0.48 * number, 3.45 + 0.48 * number) for number, word in enumerate(rest)]
    text = " ".join(word for word, _, _ in said)
    cues = plan_cues(transcript([segment(text, 0, said[-1][2], said)], "en"))
    assert [cue.text.replace("\n", " ") for cue in cues] == [
        f"And so my fellow Americans{comma}",
        "ask not what your country can do for you,",
        "ask what you can do for your country.",
    ]


def test_a_hyphenated_word_stays_together() -> None:
    words = [("well", 0.0, 0.3), ("-known", 0.3, 0.6), ("fact", 0.6, 1.0)]
    (cue,) = plan_cues(transcript([segment("well-known fact", 0, 1, words)], "en"))
    assert cue.text == "well-known fact"


def test_text_between_the_words_is_kept() -> None:
    words = [("Sim", 0.0, 0.3), ("claro", 0.6, 1.0)]
    (cue,) = plan_cues(transcript([segment("Sim — claro!", 0, 1, words)]))
    assert cue.text == "Sim — claro!"


def test_words_that_do_not_spell_the_text_are_not_used() -> None:
    words = [("something", 0.0, 0.3), ("else", 0.6, 1.0)]
    (cue,) = plan_cues(transcript([segment("o texto traduzido", 0, 2, words)]))
    assert cue.text == "o texto traduzido"


@pytest.mark.parametrize("language", ["ja", "zh"])
def test_languages_without_spaces_are_cut_between_characters(language: str) -> None:
    text = (
        "今日はとても良い天気ですね。明日も晴れるでしょう、と彼は言いました。ABC123という名前の店に行きました。"
        * 3
    )
    cues = plan_cues(transcript([segment(text, 0, 30)], language))
    assert "".join(line for cue in cues for line in cue.lines) == text
    assert len(cues) > 5
    assert all(text_width(line) <= 42 for cue in cues for line in cue.lines)
    assert not any(re.match("[。、]", line) for cue in cues for line in cue.lines)
    assert any("ABC123" in line for cue in cues for line in cue.lines)


def test_a_word_longer_than_a_line_stays_whole() -> None:
    address = "https://example.com/" + "a" * 60
    cues = plan_cues(transcript([segment(f"Veja em {address} agora", 0, 5)]))
    assert any(address in line for cue in cues for line in cue.lines)


def test_nothing_said_gives_no_cues() -> None:
    assert plan_cues(transcript([])) == []
