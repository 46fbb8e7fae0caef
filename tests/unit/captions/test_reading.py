"""Callers' subtitle and word files: every encoding, every flaw."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.captions.placement import Placement
from tasks.captions.reading import MAX_CUES, SpokenWord, Subtitle, read_subtitles, read_words
from tasks.errors import InvalidInputError

SRT = "1\n00:00:01,000 --> 00:00:02,500\nAção e reação\n\n2\n00:00:03,000 --> 00:00:04,000\nFim\n"


def cues_of(data: bytes) -> list[Subtitle]:
    return list(read_subtitles(data).cues)


CUES = [Subtitle(1.0, 2.5, "Ação e reação"), Subtitle(3.0, 4.0, "Fim")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end(encoding: str, newline: str) -> None:
    text = SRT.replace("\n", newline)
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    assert cues_of(data) == CUES


def test_webvtt_and_ass_are_told_apart_by_content() -> None:
    vtt = "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.500 align:start\n<v Ana>Ação</v> &amp; reação\n"
    assert cues_of(vtt.encode()) == [Subtitle(1.0, 2.5, "Ação & reação", Placement(column="left"))]
    ass = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        "Style: Default,Arial,20\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\pos(1,2)}Ação\\Ne reação\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\p1}m 0 0 l 10 10\n"
        "Comment: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,nada\n"
    )
    place = Placement("bottom", "center", x=1 / 384, y=2 / 288)
    assert cues_of(ass.encode()) == [Subtitle(1.0, 2.5, "Ação\ne reação", place)]


def test_out_of_order_overlapping_and_impossible_times() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n2\n00:00:01,000 --> 00:00:09,000\nearly\n\n"
        "3\n00:00:03,000 --> 00:00:02,000\nbackwards\n\n4\n00:00:04,000 --> 00:00:04,000\nno time\n"
    )
    assert [cue.text for cue in cues_of(text.encode())] == ["early", "late"]


@pytest.mark.parametrize("data", [b"", b"\n \n", b"WEBVTT\n", "\ufeff".encode()])
def test_an_empty_file_has_no_subtitles(data: bytes) -> None:
    assert cues_of(data) == []


@pytest.mark.parametrize("data", [b"<html>no</html>", b"hello", b"\x89PNG\r\n\x1a\n\0\0", b'{"words": []}'])
def test_what_is_no_subtitle_file_is_said(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="subtitles cannot be read"):
        read_subtitles(data)


def test_a_long_line_of_white_space_takes_no_time() -> None:
    blank = b" " * 1_000_000
    assert cues_of(b"1\n" + blank + b"00:00:01,000 -->" + blank + b"00:00:02,000\n" + blank + b"text\n") == [
        Subtitle(1.0, 2.0, "text")
    ]
    with pytest.raises(InvalidInputError):
        read_subtitles(b"1\n00:00:01" + blank + b"x --> 00:00:02\ntext\n")


@pytest.mark.parametrize("text", ["[V4 STYLES]", "[Events]", "a\n[Script Info]\nb"])
def test_what_looks_like_a_section_of_ass_is_text(text: str) -> None:
    assert [cue.text for cue in cues_of(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n".encode())] == [text]


def test_too_many_subtitles_are_refused() -> None:
    cue = "1\n00:00:01,000 --> 00:00:02,000\nx\n\n"
    with pytest.raises(InvalidInputError, match="20,001 subtitles"):
        read_subtitles(cue.encode() * (MAX_CUES + 1))


def test_words_come_in_order_and_do_not_overlap() -> None:
    body = {
        "words": [
            {"word": " dois ", "start": 1.0, "end": 1.4, "confidence": 0.9},
            {"word": "um", "start": 0.5, "end": 1.2},
            {"word": "  ", "start": 0.1, "end": 0.2},
            {"word": "ao contrário", "start": 3.0, "end": 2.0},
        ]
    }
    assert read_words(json.dumps(body).encode()) == [
        SpokenWord(word="um", start=0.5, end=1.0),
        SpokenWord(word="dois", start=1.0, end=1.4),
    ]


def test_a_transcript_is_a_word_list_too() -> None:
    body = {
        "text": "um",
        "segments": [{"id": 0, "words": [{"word": " um", "start": 0, "end": 1, "probability": 1}]}],
    }
    assert read_words(json.dumps(body).encode()) == [SpokenWord(word="um", start=0, end=1)]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[]", "the file"),
        (b'{"words": [{"word": "a", "start": 0}]}', r"words\.0\.end"),
        (b'{"words": [{"word": "a", "start": -1, "end": 2}]}', r"words\.0\.start"),
        (b'{"words": [{"word": "a", "start": NaN, "end": 2}]}', "word list"),
        (b"not json", "not JSON"),
        (SRT.encode(), "not JSON"),
    ],
)
def test_a_wrong_word_list_is_named_by_place(body: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        read_words(body)


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_mutated_subtitles_are_read_or_refused(numbers: random.Random, changes: int) -> None:
    data = bytearray((SRT * 3).encode())
    for _ in range(changes):
        place = numbers.randrange(len(data))
        match numbers.randrange(3):
            case 0:
                data[place] = numbers.randrange(256)
            case 1:
                del data[place : place + numbers.randrange(1, 40)]
            case _:
                data[place:place] = bytes(numbers.randrange(256) for _ in range(5))
        if not data:
            break
    try:
        cues = cues_of(bytes(data))
    except InvalidInputError:
        return
    assert all(0 <= cue.start < cue.end and cue.text for cue in cues)
    assert cues == sorted(cues, key=lambda cue: (cue.start, cue.end))


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.floats() | st.text() | st.booleans(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["words", "word", "start", "end"]), x),
    )
)
def test_any_json_is_words_or_refused(value: object) -> None:
    try:
        words = read_words(json.dumps(value).encode())
    except InvalidInputError:
        return
    assert all(word.start <= word.end for word in words)


def srt(*texts: str) -> bytes:
    return "\n".join(
        f"{n + 1}\n00:00:{n:02},000 --> 00:00:{n:02},900\n{text}\n" for n, text in enumerate(texts)
    ).encode()


@pytest.mark.parametrize(
    "text",
    [
        "if x<y and y>z then",
        "a < b > c",
        "C:\\New\\hidden",
        "The year was\n1984",
        "7",
        "{curly} and [square]",
        "AT&T, R&D and &c",
        "Tom & <Jerry>",
        "-- what? --",
    ],
)
def test_what_is_no_code_stays_as_it_is_written(text: str) -> None:
    assert [cue.text for cue in cues_of(srt("before", text))] == ["before", text]
    assert [cue.text for cue in cues_of(srt(text, "after"))] == [text, "after"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ('<font color="#ff0000">red</font>', "red"),
        ("{\\an8}above", "above"),
        ("<c.yellow>a</c> <v Ana Maria>b</v> <lang pt>c</lang>", "a b c"),
        ("caf&eacute; &amp; p&#227;o &lt;i&gt;", "café & pão <i>"),
        ("Hello <00:00:00.500>there", "Hello there"),
    ],
)
def test_what_is_code_is_taken_out(written: str, shown: str) -> None:
    assert [cue.text for cue in cues_of(srt(written))] == [shown]


def test_styling_stays_whether_it_is_written_as_a_tag_or_as_a_code() -> None:
    tags, codes = cues_of(srt("<i>a</i> <b>b</b> <em>c</em>", "{\\i1}a{\\i0} {\\b1}b{\\b0} {\\i1}c{\\i0}"))
    assert tags.text == codes.text
    assert len(tags.text) > len("a b c")


@pytest.mark.parametrize(
    ("timing", "start", "end"),
    [
        ("00:01,000 --> 00:02,500", 1.0, 2.5),
        ("-00:00:01,000 --> 00:00:02,500", 0.0, 2.5),
        ("0:00:01.5 --> 0:00:02", 1.5, 2.0),
        ("00:00:01:500-->00:00:02:500", 1.5, 2.5),
        ("00:00:01,500 --> 00:00:02,500 X1:0 X2:100 Y1:0 Y2:100", 1.5, 2.5),
        ("100:00:01,000 --> 100:00:02,000", 360_001.0, 360_002.0),
    ],
)
def test_times_as_people_and_programs_write_them(timing: str, start: float, end: float) -> None:
    read = cues_of(f"1\n{timing}\ntext\n".encode())
    assert read == ([Subtitle(start, end, "text")] if start < 360_000 else [])


def test_blocks_need_no_numbers_and_no_empty_lines_between() -> None:
    text = "00:00:01,000 --> 00:00:02,000\none\n2\n00:00:03,000 --> 00:00:04,000\ntwo\n"
    assert [cue.text for cue in cues_of(text.encode())] == ["one", "two"]


ROLLING = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:01.910 align:start position:0%
~
good<00:00:00.480><c> day</c><00:00:00.960><c> all</c>

00:00:01.910 --> 00:00:01.920 align:start position:0%
good day all
~

00:00:01.920 --> 00:00:03.830 align:start position:0%
good day all
to<00:00:02.080><c> the</c><00:00:02.240><c> channel</c>
""".replace("~", " ")


def test_automatic_captions_of_youtube_show_every_line_once() -> None:
    assert cues_of(ROLLING.encode()) == [
        Subtitle(0.16, 1.91, "good day all"),
        Subtitle(1.92, 3.83, "to the channel"),
    ]


def test_automatic_captions_of_youtube_are_a_word_list() -> None:
    words = read_words(ROLLING.encode())
    assert [(word.word, word.start, word.end) for word in words] == [
        ("good", 0.16, 0.48),
        ("day", 0.48, 0.96),
        ("all", 0.96, 1.91),
        ("to", 1.92, 2.08),
        ("the", 2.08, 2.24),
        ("channel", 2.24, 3.83),
    ]


WRITTEN = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters="&"), min_size=1
).map(lambda text: " ".join(text.split()))


@given(
    st.lists(WRITTEN.filter(lambda text: text and "-->" not in text and "<" not in text and "{" not in text))
)
def test_every_text_comes_back_as_it_was_written(texts: list[str]) -> None:
    texts = texts[:60]
    assert [cue.text for cue in cues_of(srt(*texts))] == texts
