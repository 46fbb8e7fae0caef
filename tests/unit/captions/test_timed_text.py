"""SRT and WebVTT as programs and people write them: times, numbers, line ends, tags."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tasks.captions.reading import Subtitle, read_subtitles
from tasks.captions.styling import without_styling
from tasks.errors import InvalidInputError

TWO = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n2\n00:00:03,000 --> 00:00:04,000\nBye.\n"
WEBVTT = "WEBVTT\n\n" + TWO.replace(",", ".")
BOTH = [Subtitle(1.0, 2.0, "Hello."), Subtitle(3.0, 4.0, "Bye.")]


def cues_of(text: str) -> list[Subtitle]:
    return list(read_subtitles(text.encode()).cues)


def texts_of(text: str) -> list[str]:
    return [without_styling(cue.text) for cue in cues_of(text)]


def one(text: str) -> str:
    (shown,) = texts_of(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n")
    return shown


@pytest.mark.parametrize("text", [TWO, WEBVTT])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\r\r\n", "\r\r\r\n"])
def test_every_line_end_is_one(text: str, newline: str) -> None:
    assert cues_of(text.replace("\n", newline)) == BOTH


@pytest.mark.parametrize("newline", ["\n\n", "\r\n\r\n", "\r\n\n", "\n\n\n", "\n \n"])
def test_srt_may_have_empty_lines_anywhere(newline: str) -> None:
    assert cues_of(TWO.replace("\n", newline)) == BOTH


@given(st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_empty_lines_are_never_shown_and_numbers_before_times_neither(empty: list[int]) -> None:
    first = ("1", "00:00:01,000 --> 00:00:02,000", "Hello.", "The year was", "1984")
    lines = (*first, "2", "00:00:03,000 --> 00:00:04,000", "Bye.")
    text = "".join(line + "\n" * (1 + more) for line, more in zip(lines, empty, strict=True))
    assert texts_of(text) == ["Hello.\nThe year was\n1984", "Bye."]


def test_a_number_is_a_text_where_blocks_have_no_numbers() -> None:
    text = "00:00:01,000 --> 00:00:02,000\n7\n\n00:00:03,000 --> 00:00:04,000\n8\n"
    assert texts_of(text) == ["7", "8"]


ARROWS = ["-->", "->", "--->", "–>", "—>", "- ->", "– >", "−−>", "→", "=>", "--&gt;", "－－＞", "-- >"]
COLONS = [":", ": ", " : ", "："]
FRACTIONS = {
    "": 0.0,
    ",5": 0.5,
    ".25": 0.25,
    ",125": 0.125,
    ".250000": 0.25,
    ", 500": 0.5,
    ",": 0.0,
    ";5": 0.5,
    " .5": 0.5,
}
HOURS = ["00:", "0:", ""]


@given(
    st.sampled_from(ARROWS),
    st.sampled_from(COLONS),
    st.sampled_from(list(FRACTIONS)),
    st.sampled_from(list(FRACTIONS)),
    st.sampled_from(HOURS),
    st.sampled_from([" ", "", "  ", "\t"]),
    st.sampled_from(["", "\u200f", "\u202b", "1 ", " "]),
    st.sampled_from(["", " X1:0 X2:100", " align:start", ";"]),
)
def test_times_however_they_are_written(
    arrow: str, colon: str, begin: str, end: str, hours: str, space: str, lead: str, settings: str
) -> None:
    assume(arrow == "-->" or hours or FRACTIONS[begin] or FRACTIONS[end])
    first, second = f"{hours}00:03{begin}", f"{hours}00:05{end}"
    timing = f"{lead}{first}{space}{arrow}{space}{second}".replace(":", colon) + settings
    (before, cue, after) = cues_of(
        f"1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n{timing}\nHello.\n\n3\n00:00:06,000 --> 00:00:07,000\nb\n"
    )
    assert (before.text, cue.text, after.text) == ("a", "Hello.", "b")
    assert (cue.start, cue.end) == (3 + FRACTIONS[begin], 5 + FRACTIONS[end])


@pytest.mark.parametrize("arrow", ["-->", "–>", "->"])
def test_a_file_with_any_arrow_is_srt(arrow: str) -> None:
    assert cues_of(TWO.replace("-->", arrow)) == BOTH


@pytest.mark.parametrize(
    "line",
    [
        "00:00:03,000 --> ",
        "--> 00:00:04,000",
        "00:00:O3,000 --> 00:00:04,000",
        "00:00:03,000 --> 00:00:xx,000",
        "0:0:0:0:0 --> 00:00:04,000",
        "00:00:03,000 --> ??:??",
        "00:00:O3,000 —> 00:00:04,000",
        "00::03 --> 00::04",
    ],
)
def test_what_looks_like_a_time_is_never_shown(line: str) -> None:
    text = f"1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n2\n{line}\nnever\n\n3\n00:00:03,000 --> 00:00:04,000\nBye.\n"
    assert cues_of(text) == BOTH


def test_a_file_whose_times_are_none_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="subtitles cannot be read"):
        cues_of("1\n00:00:O1,000 --> 00:00:02,xxx\nHello.\n")


@pytest.mark.parametrize(
    "text",
    ["-- what? -->", "a -> b", "3:2 for us --> hooray", "Bus 12:30 -> 13:00 today", "10:00 → 11:00", "=> so"],
)
def test_arrows_without_times_are_text(text: str) -> None:
    assert one(text) == text


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"\xef\xbb\xbf" + TWO.encode(), "utf-8"),
        (("\ufeff" + TWO).encode("utf-16-le"), "utf-16-le"),
        (b"\xef\xbb\xbf" + TWO.partition("\n")[2].encode(), "utf-8"),
        (b"\xef\xbb\xbf" + WEBVTT.encode(), "utf-8"),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + WEBVTT.encode(), None),
    ],
)
def test_a_byte_order_mark_costs_no_subtitle(data: bytes, encoding: str | None) -> None:
    assert list(read_subtitles(data, encoding).cues) == BOTH


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_two_files_joined_are_read_as_one(mark: str) -> None:
    assert sorted(texts_of(mark + TWO + "\n" + mark + TWO)) == ["Bye.", "Bye.", "Hello.", "Hello."]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello<br>world<br/>again<br />end", "Hello\nworld\nagain\nend"),
        ("<p>Hello</p><p>world</p>", "Hello\nworld"),
        ("one<BR>\ntwo", "one\ntwo"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>です", "漢字です"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>", "漢"),
        ("<ruby>漢<rt>かん</ruby>です", "漢です"),
        ("http://a.b/?x=1&region=2&copy=3", "http://a.b/?x=1&region=2&copy=3"),
        ("AT&amp;T &frac12; &notanentity; &notit; &#x41;&#66;", "AT&T ½ &notanentity; &notit; AB"),
        ("a&#xE010;b", "ab"),
        ("a&nbsp;b", "a b"),
    ],
)
def test_markup_of_the_web(written: str, shown: str) -> None:
    assert one(written) == shown


def styled(text: str) -> str:
    (cue,) = cues_of(f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n")
    return cue.text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("{\\an8\\i1}sign{\\i0}", "<i>sign</i>"),
        ("{\\i1\\b1}both", "<b><i>both"),
        ("{\\i1\\fad(200,200)}x", "<i>x"),
        ("{\\b700}x{\\b400}y", "<b>x</b>y"),
        ("{\\i1}x{\\r}y", "<i>x</i>y"),
        ("{\\bord2\\shad1\\be1\\blur3}x", "x"),
        ("<i.loud>x</i>", "<i>x</i>"),
    ],
)
def test_styling_is_kept_whatever_stands_beside_it(written: str, plain: str) -> None:
    found = styled(written)
    assert sorted(found) == sorted(styled(plain))
    assert without_styling(found) == without_styling(styled(plain))
