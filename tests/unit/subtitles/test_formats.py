import json
from typing import get_args

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blocks.media_store import content_type_of
from tasks.errors import InvalidInputError
from tasks.speech.transcript import Segment, Transcript
from tasks.subtitles.cues import Cue, plan_cues
from tasks.subtitles.formats import SubtitleFormat, render, render_cues

from .test_cues import segment, transcript, transcripts

PORTUGUESE = transcript(
    [
        segment("Ação, coração e pão: é só o começo da história!", 0.5, 4.0),
        segment("Não há avó que não faça café às três.", 6.25, 9.0),
    ]
)


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass"])
@settings(deadline=None, max_examples=40)
@given(source=transcripts())
def test_what_is_written_is_read_back(kind: SubtitleFormat, source: Transcript) -> None:
    written = render(source, kind)
    cues = plan_cues(source)
    if not cues and kind != "ass":
        assert "-->" not in written
        return
    read = pysubs2.SSAFile.from_string(written, format_=kind)
    assert [event.plaintext for event in read] == [cue.text for cue in cues]
    tolerance = 10 if kind == "ass" else 1  # ASS has hundredths
    for event, cue in zip(read, cues, strict=True):
        assert abs(event.start - cue.start * 1000) <= tolerance
        assert abs(event.end - cue.end * 1000) <= tolerance


@pytest.mark.parametrize("kind", get_args(SubtitleFormat))
def test_accents_are_right_in_every_format(kind: SubtitleFormat) -> None:
    written = render(PORTUGUESE, kind)
    assert "coração" in written.encode("utf-8").decode("utf-8")
    assert "às três" in written
    assert content_type_of(f"a.{kind}") != "application/octet-stream"


def test_srt_as_players_expect_it() -> None:
    assert render(PORTUGUESE, "srt").startswith(
        "1\n00:00:00,500 --> 00:00:04,000\nAção, coração e pão:\né só o começo da história!\n\n2\n"
    )


def test_vtt_escapes_what_would_be_markup() -> None:
    written = render(transcript([segment("a --> b & <c> {d}", 0, 3)]), "vtt")
    assert written.startswith("WEBVTT\n")
    assert "a --&gt; b &amp; &lt;c&gt; {d}" in written


def test_srt_keeps_braces_and_backslashes() -> None:
    assert "use {x} em C:\\Novo" in render(transcript([segment("use {x} em C:\\Novo", 0, 3)]), "srt")


def test_ass_escapes_braces_and_backslashes() -> None:
    written = render(transcript([segment("use {x} em C:\\Novo", 0, 3)]), "ass")
    assert "use \\{x\\} em C:\\\u2060Novo" in written


def test_ass_breaks_lines_its_own_way() -> None:
    (dialogue, *_) = [line for line in render(PORTUGUESE, "ass").splitlines() if line.startswith("Dialogue")]
    assert dialogue.endswith("Ação, coração e pão:\\Né só o começo da história!")


def test_tsv_has_milliseconds_and_no_stray_tabs() -> None:
    source = transcript([segment("um\tdois\n três", 1.2345, 2.0)])
    assert render(source, "tsv") == "start\tend\ttext\n1234\t2000\tum dois três\n"


def test_txt_has_a_line_for_each_segment() -> None:
    assert render(PORTUGUESE, "txt").splitlines() == [s.text for s in PORTUGUESE.segments]


@pytest.mark.parametrize("kind", ["srt", "vtt", "ass", "txt", "tsv", "json"])
def test_spaces_that_hold_words_together_are_kept(kind: SubtitleFormat) -> None:
    said = transcript([segment(" Cela  coûte\t10\u202f000\u00a0€\u00a0! ", 0, 2)], "fr")
    assert "10\u202f000\u00a0€\u00a0!" in render(said, kind)


def test_json_is_the_transcript() -> None:
    assert Transcript.model_validate(json.loads(render(PORTUGUESE, "json"))) == PORTUGUESE


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="docx") as caught:
        render(PORTUGUESE, "docx")  # type: ignore[arg-type]
    assert "srt" in caught.value.hint


@settings(deadline=None)
@given(st.text(alphabet="ab{}\\<>&-Nnh ", max_size=60))
def test_no_text_breaks_a_format(text: str) -> None:
    source = transcript([segment(text, 0, 3)])
    for kind in ("srt", "vtt", "ass"):
        read = pysubs2.SSAFile.from_string(render(source, kind) or "\n", format_=kind)
        assert len(read) == (1 if text.split() else 0)


def spoken(text: str, start: float, speaker: str | None) -> Segment:
    plain = segment(text, start, start + 2.0)
    return plain.model_copy(update={"speaker": speaker})


class TestSpeakers:
    TALK = transcript(
        [spoken("Is it <late>?", 0, "S1"), spoken("Yes, it is.", 2.2, "S2"), spoken("It is.", 9, "S2")]
    )

    def test_voices_of_webvtt(self) -> None:
        written = render(self.TALK, "vtt")
        assert "<v Speaker 1>" in written
        assert "Is it &lt;late&gt;?</v>" in written
        assert "<v Speaker 2>It is.</v>" in written

    def test_a_subtitle_names_who_goes_on(self) -> None:
        written = render(self.TALK, "srt")
        assert "[S1] Is it <late>?" in written
        assert "[S2] Yes, it is." in written
        assert "\nIt is.\n" in written  # the same speaker goes on

    def test_names_beside_the_text(self) -> None:
        read = pysubs2.SSAFile.from_string(render(self.TALK, "ass"), format_="ass")
        assert read[-1].name == "Speaker 2"
        assert read[-1].plaintext == "It is."
        assert render(self.TALK, "txt").splitlines()[1] == "Speaker 2: Yes, it is."
        assert render(self.TALK, "tsv").splitlines()[:2] == [
            "start\tend\ttext\tspeaker",
            "0\t2000\tIs it <late>?\tS1",
        ]

    @settings(deadline=None, max_examples=60)
    @given(
        labels=st.lists(
            st.one_of(st.sampled_from(["S1", "Silva, Ana", "A & <B>"]), st.text(min_size=1, max_size=8)),
            min_size=2,
            max_size=2,
            unique=True,
        )
    )
    def test_no_name_breaks_a_format(self, labels: list[str]) -> None:
        first, second = labels
        cues = [
            Cue(0, 2, ("- Are you there,", "- Hi, there."), (first, second)),
            Cue(3, 5, ("Well, then.",), (second,)),
        ]
        for kind in ("ass", "vtt"):
            read = pysubs2.SSAFile.from_string(render_cues(cues, kind), format_=kind)
            assert [event.plaintext for event in read] == [cue.text for cue in cues]
        assert ass_texts(render_cues(cues, "ass")) == ["\\N".join(cue.lines) for cue in cues]
        source = transcript([spoken("Hi, there.", 0, first), spoken("Well, then.", 3, second)], "en")
        assert [len(row.split("\t")) for row in render(source, "tsv").splitlines()] == [4] * 3
        assert len(render(source, "txt").splitlines()) == 2
        srt = pysubs2.SSAFile.from_string(render(source, "srt"), format_="srt")
        assert [len(event.text.split("\\N")) for event in srt] == [1, 1]

    def test_two_who_share_a_subtitle_are_both_named(self) -> None:
        cue = Cue(0, 2, ("- Are you there?", "- Hi there."), ("S1", "Silva, Ana"))
        (event,) = pysubs2.SSAFile.from_string(render_cues([cue], "ass"), format_="ass")
        assert (event.name, event.plaintext) == ("Speaker 1 / Silva; Ana", "- Are you there?\n- Hi there.")


def ass_texts(written: str) -> list[str]:
    """The texts of the lines of an ASS file as players read them: after as many commas as there are fields before."""
    events = written.split("[Events]\n")[1].splitlines()
    fields = [field.strip() for field in events[0].removeprefix("Format:").split(",")]
    lines = [line.removeprefix("Dialogue:").split(",", len(fields) - 1) for line in events[1:] if line]
    assert all(line[fields.index("MarginL")].strip().isdigit() for line in lines)
    return [line[fields.index("Text")] for line in lines]
