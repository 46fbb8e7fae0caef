"""ASS as Aegisub, fansubs and this project write it."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tasks.captions.placement import Placement
from tasks.captions.reading import Subtitle, read_subtitles
from tasks.captions.styling import STYLING, without_styling
from tasks.errors import InvalidInputError
from tasks.subtitles.formats import render_cues

STYLES = (
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    "MarginV, Encoding\n"
    "Style: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1\n"
    "Style: Thought, Arial, 20, &H00FFFFFF, &H000000FF, &H00000000, &H00000000, 0, -1, 0, 0, 100,100,0,0,1,2,2,8,10,10,"
    "10,1\n"
)
EVENTS = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"


def script(events: str, styles: str = STYLES, section: str = "V4+ Styles") -> bytes:
    return f"[Script Info]\nScriptType: v4.00+\n\n[{section}]\n{styles}\n[Events]\n{events}\n".encode()


def read(text: str, style: str = "Default") -> Subtitle:
    (cue,) = read_subtitles(script(f"{EVENTS}Dialogue: 0,0:00:01.00,0:00:02.00,{style},,0,0,0,,{text}")).cues
    return cue


def as_codes(text: str) -> str:
    """A text with its styling written out."""
    return "".join(STYLING.get(character, character) for character in text)


@pytest.mark.parametrize(
    "events",
    [
        "Format: Layer, Start, End, Text\nDialogue: 0,0:00:01.00,0:00:02.00,Hello, world",
        "Format: Start, End, Style, Text\nDialogue: 0:00:01.00,0:00:02.00,Default,Hello, world",
        "Format: Style, Start, End, Text\nDialogue: Default,0:00:01.00,0:00:02.00,Hello, world",
        "Format: Layer,Start,End,Style,Actor,MarginL,MarginR,MarginV,Effect,Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ana,0,0,0,,Hello, world",
        "Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,*Default,,0,0,0,,Hello, world",
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello, world",
        "Format: Start, End, Text\nDialogue: 0:00:01.000000,0:00: 02,Hello, world",
    ],
)
def test_fields_are_read_in_the_order_that_the_file_names(events: str) -> None:
    expected = (Subtitle(1.0, 2.0, "Hello, world"),)
    assert read_subtitles(script(events)).cues == expected
    assert read_subtitles(script(events, styles="")).cues == expected


FIELDS = ["Layer", "Start", "End", "Style", "Name", "MarginL", "MarginR", "MarginV", "Effect"]
VALUES = {"Layer": "3", "Start": "0:00:01.00", "End": "0:00:02.00", "Style": "Default", "Name": "Ana"}


@given(st.permutations(FIELDS), st.integers(0, 9))
def test_fields_may_stand_in_any_order_and_be_left_out(order: list[str], left_out: int) -> None:
    fields = [field for field in order if field in ("Start", "End") or order.index(field) >= left_out]
    values = ",".join(VALUES.get(field, "0") for field in fields)
    events = f"Format: {', '.join([*fields, 'Text'])}\nDialogue: {values},Hello, world"
    assert read_subtitles(script(events)).cues == (Subtitle(1.0, 2.0, "Hello, world"),)


def test_styles_are_read_in_the_order_that_the_file_names() -> None:
    styles = "Format: Name, Alignment, Italic, Fontsize\nStyle: Default,8,-1,nothing\n"
    (cue,) = read_subtitles(
        script(f"{EVENTS}Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Hello", styles)
    ).cues
    assert (as_codes(cue.text), cue.place) == ("{\\i1}Hello", Placement("top", "center"))


def test_the_older_version_has_other_numbers_for_places() -> None:
    styles = "Format: Name, Fontname, Alignment\nStyle: Default,Arial,6\n"
    events = "Format: Marked, Start, End, Style, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.00,Default,Hello"
    (cue,) = read_subtitles(script(events, styles, "V4 Styles")).cues
    assert (cue.text, cue.place) == ("Hello", Placement("top", "center"))


def test_one_time_that_is_none_costs_one_line() -> None:
    lines = (f"Dialogue: 0,{start},0:00:02.00,Default,,0,0,0,,{start}\n" for start in ("0:00:01.00", "soon"))
    assert [cue.text for cue in read_subtitles(script(EVENTS + "".join(lines))).cues] == ["0:00:01.00"]
    with pytest.raises(InvalidInputError, match="subtitles cannot be read"):
        read_subtitles(script(EVENTS + "Dialogue: 0,soon,later,Default,,0,0,0,,Hello"))


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello {TL note: x}world", "Hello world"),
        ("{ \\an8}y", "y"),
        ("{}y", "y"),
        ("a {b", "a {b"),
        ("{\\p1}m 0 0 l 10 0{\\p0}Title here", "Title here"),
        ("Title {\\p4}m 0 0 l 10 0", "Title"),
        ("{\\pos(10,20)\\pbo3}Title", "Title"),
        ("C:\\p1\\dir text", "C:\\p1\\dir text"),
        ("http://a.b/?x=1&region=2", "http://a.b/?x=1&region=2"),
        ("AT&amp;T &lt;i&gt;", "AT&amp;T &lt;i&gt;"),
        ("a\\Nb\\hc", "a\nb c"),
        ("\\{curly\\} C:\\\u2060New", "{curly} C:\\New"),
    ],
)
def test_only_what_is_no_code_is_shown(written: str, shown: str) -> None:
    assert read(written).text == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("{\\an8\\i1}sign{\\i0}", "{\\i1}sign{\\i0}"),
        ("{\\i1\\b1}both", "{\\i1}{\\b1}both"),
        ("{\\i1\\fad(200,200)}x", "{\\i1}x"),
        ("{ \\i1}y", "{\\i1}y"),
        ("{\\b700\\i1}x{\\r}y", "{\\i1}{\\b1}x{\\i0}{\\b0}y"),
        ("{\\rThought}x{\\r}y", "{\\i1}x{\\i0}y"),
        ("{\\bord3\\shad0\\be1\\blur2\\iclip(1,2,3,4)\\fs20}x", "x"),
        ("{\\t(0,100,\\i1)}x", "x"),
    ],
)
def test_styling_is_kept_whatever_stands_beside_it(written: str, shown: str) -> None:
    assert as_codes(read(written).text) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [("x", "{\\i1}x"), ("a{\\i0}b{\\i}c", "{\\i1}a{\\i0}b{\\i1}c"), ("a{\\rDefault}b", "{\\i1}a{\\i0}b")],
)
def test_the_styling_of_a_style_is_kept(written: str, shown: str) -> None:
    assert as_codes(read(written, "Thought").text) == shown


@dataclass(frozen=True)
class Cue:
    start: float
    end: float
    lines: tuple[str, ...]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"])),
        min_size=1,
        max_size=3,
    )
)
@example(["{curly}", "C:\\New", "\\N{\\i1}\\"])
@example(["\\{", "a\\", "{}&amp;"])
@example(["Dialogue: 0,1,2"])
def test_what_this_project_writes_comes_back_as_it_was(lines: list[str]) -> None:
    lines = [line for raw in lines if (line := " ".join(raw.split()))]
    file = render_cues([Cue(1.0, 2.0, tuple(lines))], "ass")
    shown = [without_styling(cue.text) for cue in read_subtitles(file.encode()).cues]
    assert shown == (["\n".join(lines)] if lines else [])
