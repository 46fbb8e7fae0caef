"""Callers' subtitle and word files: every encoding, every flaw."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.captions.reading import MAX_CUES, SpokenWord, Subtitle, decode, read_subtitles, read_words
from tasks.errors import InvalidInputError

SRT = "1\n00:00:01,000 --> 00:00:02,500\nAção e reação\n\n2\n00:00:03,000 --> 00:00:04,000\nFim\n"
CUES = [Subtitle(1.0, 2.5, "Ação e reação"), Subtitle(3.0, 4.0, "Fim")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end(encoding: str, newline: str) -> None:
    text = SRT.replace("\n", newline)
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    assert read_subtitles(data) == CUES


def test_webvtt_and_ass_are_told_apart_by_content() -> None:
    vtt = "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.500 align:start\n<v Ana>Ação</v> &amp; reação\n"
    assert read_subtitles(vtt.encode()) == [Subtitle(1.0, 2.5, "Ação & reação")]
    ass = (
        "[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\n"
        "Style: Default,Arial,20\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\pos(1,2)}Ação\\Ne reação\n"
        "Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\p1}m 0 0 l 10 10\n"
        "Comment: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,nada\n"
    )
    assert read_subtitles(ass.encode()) == [Subtitle(1.0, 2.5, "Ação\ne reação")]


def test_out_of_order_overlapping_and_impossible_times() -> None:
    text = (
        "1\n00:00:05,000 --> 00:00:06,000\nlate\n\n2\n00:00:01,000 --> 00:00:09,000\nearly\n\n"
        "3\n00:00:03,000 --> 00:00:02,000\nbackwards\n\n4\n00:00:04,000 --> 00:00:04,000\nno time\n"
    )
    assert [cue.text for cue in read_subtitles(text.encode())] == ["early", "late"]


@pytest.mark.parametrize("data", [b"", b"\n \n", b"WEBVTT\n", "\ufeff".encode()])
def test_an_empty_file_has_no_subtitles(data: bytes) -> None:
    assert read_subtitles(data) == []


@pytest.mark.parametrize("data", [b"<html>no</html>", b"hello", b"\x89PNG\r\n\x1a\n\0\0", b'{"words": []}'])
def test_what_is_no_subtitle_file_is_said(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="subtitles cannot be read"):
        read_subtitles(data)


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
        (b"not json", "the file"),
    ],
)
def test_a_wrong_word_list_is_named_by_place(body: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        read_words(body)


@given(st.binary(max_size=3000))
def test_every_file_can_be_decoded(data: bytes) -> None:
    assert "\r" not in decode(data)


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
        cues = read_subtitles(bytes(data))
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
