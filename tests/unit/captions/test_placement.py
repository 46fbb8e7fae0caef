"""Where files want their subtitles, and where they then stand in the picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.fonts import find_typeface
from tasks.captions.layout import Frame, Spot, Text, arranged
from tasks.captions.look import Canvas, PlaceChoice
from tasks.captions.placement import Placement, Region, placement_of_settings, reads_from_right, regions_of
from tasks.captions.reading import Subtitle, read_subtitles
from tasks.captions.segments import SegmentLook, segment_script
from tasks.captions.styling import STYLING

ARIAL = find_typeface("Arial", bold=True)
CANVAS = Canvas(width=1000, height=500)
FRAME = Frame(CANVAS, left=20, right=980, top=10, bottom=490, position="bottom_center")


def place_of(text: str) -> Placement | None:
    (cue,) = read_subtitles(text.encode()).cues
    return cue.place


def srt(text: str) -> str:
    return f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n"


def vtt(settings: str, head: str = "", text: str = "text") -> str:
    return f"WEBVTT\n\n{head}\n00:01.000 --> 00:02.000 {settings}\n{text}\n"


def ass(
    text: str,
    info: str = "PlayResX: 1920\nPlayResY: 1080",
    alignment: int = 2,
    margins: tuple[int, int, int] = (0, 0, 0),
) -> str:
    left, right, edge = margins
    return (
        f"[Script Info]\nScriptType: v4.00+\n{info}\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding\nStyle: Default,Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,"
        f"0,0,0,0,100,100,0,0,1,2,2,{alignment},10,10,10,1\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        f"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,{left},{right},{edge},,{text}\n"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (srt("plain"), None),
        (srt("{\\an2}plain"), None),
        (srt("{\\an8}above"), Placement("top", "center")),
        (srt("{\\i1\\an7}above"), Placement("top", "left")),
        (srt("{\\a6}above"), Placement("top", "center")),
        (srt("{\\a11}in the middle"), Placement("middle", "right")),
        (srt("{\\an8}first{\\an2}not second"), Placement("top", "center")),
        (srt("{\\pos(192,72)}point"), Placement("bottom", "center", 0.5, 0.25)),
        (srt("{\\an8\\pos(960,1000)}of an unknown picture"), Placement("top", "center")),
        (srt("{\\pos(a,b)}no point"), None),
        (ass("{\\an7\\pos(480,270)}point"), Placement("top", "left", 0.25, 0.25)),
        (ass("{\\move(480,270,0,0,1,2)}point"), Placement("bottom", "center", 0.25, 0.25)),
        (ass("{\\pos(9999,-20)}outside"), Placement("bottom", "center", 1.0, 0.0)),
        (ass("{\\pos(480,360)}point", "PlayResX: 960"), Placement("bottom", "center", 0.5, 0.5)),
        (ass("style", alignment=9), Placement("top", "right")),
        (ass("{\\an2}back", alignment=9), None),
    ],
)
def test_codes(text: str, place: Placement | None) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (ass("low", margins=(0, 0, 270)), Placement("bottom", y=0.75)),
        (ass("{\\an8}high", margins=(0, 0, 270)), Placement("top", "center", y=0.25)),
        (ass("{\\an5}middle", margins=(0, 0, 270)), Placement("middle", "center")),
        (ass("{\\an1}left", margins=(480, 0, 0)), Placement("bottom", "left", x=0.25, width=0.75)),
        (
            ass("right", alignment=9, margins=(0, 480, 54)),
            Placement("top", "right", x=0.75, y=0.05, width=0.75),
        ),
        (ass("between", margins=(960, 0, 0)), Placement(None, "center", x=0.75, width=0.5)),
        (ass("{\\pos(480,270)}point", margins=(100, 100, 100)), Placement("bottom", "center", 0.25, 0.25)),
        (ass("no room", margins=(1900, 1900, 0)), None),
        (ass("too much", margins=(0, 0, 99999)), Placement("bottom", y=0.0)),
    ],
)
def test_margins_of_one_line(text: str, place: Placement | None) -> None:
    assert place_of(text) == place


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("", None),
        ("line:0", Placement("top", line=0)),
        ("line:-1", Placement("top", line=-1)),
        ("line:84.5%", Placement("top", y=0.845)),
        ("line:90%,end", Placement("bottom", y=0.9)),
        ("line:50%,center align:middle", Placement("middle", "center", y=0.5)),
        ("align:start", Placement(column="left")),
        ("align:end", Placement(column="right")),
        ("position:10% align:start", Placement(column="left", x=0.1)),
        ("position:10%,line-left align:center", Placement(column="center", x=0.55)),
        ("position:50% size:40% align:left", Placement(column="left", x=0.5, width=0.4)),
        ("size:40%", Placement(x=0.5, width=0.4)),
        ("vertical:rl line:0", None),
        ("line:auto position:auto size:120%", None),
        ("line:101% position:-3% align:x region:none", None),
        ("X1:0 X2:100 Y1:0 Y2:100", None),
    ],
)
def test_settings(settings: str, place: Placement | None) -> None:
    assert place_of(vtt(settings)) == place
    assert place_of(srt("text").replace("02,000", f"02,000 {settings}")) == place


def test_start_is_where_the_text_begins() -> None:
    assert place_of(vtt("align:start", text="שלום")) == Placement(column="right")


def test_regions() -> None:
    head = "REGION\nid:fred width:40% lines:3\nregionanchor:0%,100% viewportanchor:10%,90%\nscroll:up\n\n"
    assert regions_of(head.split("\n")) == {"fred": Region(0.4, 3, (0.0, 1.0), (0.1, 0.9))}
    place = place_of(vtt("region:fred", head))
    assert place is not None
    assert (place.row, place.column, place.width) == ("bottom", "center", 0.4)
    assert place.x == pytest.approx(0.3)
    assert place.y == pytest.approx(0.9)
    assert place_of(vtt("region:other", head)) is None


PARTS = st.lists(
    st.sampled_from(["line", "position", "size", "align", "region", "vertical", "id", "lines", "width"])
    | st.sampled_from(
        [":", ",", "%", "-", " ", "\t", "start", "end", "center", "line-left", "rl", "regionanchor"]
    )
    | st.integers(-(10**12), 10**12).map(str)
    | st.floats().map(str)
    | st.text(st.characters(exclude_characters="\n\r"), max_size=4),
    max_size=20,
).map("".join)


@given(PARTS, PARTS)
def test_no_setting_costs_a_text(settings: str, head: str) -> None:
    file = read_subtitles(
        vtt("x " + settings.replace("-->", ""), "REGION\n" + head.replace("-->", "") + "\n\n").encode()
    )
    assert [cue.text for cue in file.cues] == ["text"]
    for place in (cue.place for cue in file.cues if cue.place):
        assert all(value is None or 0 <= value <= 1 for value in (place.x, place.y, place.width))


PLACES = st.builds(
    Placement,
    row=st.none() | st.sampled_from(["top", "middle", "bottom"]),
    column=st.none() | st.sampled_from(["left", "center", "right"]),
    x=st.none() | st.floats(0, 1),
    y=st.none() | st.floats(0, 1),
    line=st.none() | st.integers(-100, 100),
    width=st.none() | st.floats(0, 1),
)
WORDS = st.lists(st.lists(st.floats(1, 900), min_size=1, max_size=5).map(tuple), min_size=1, max_size=2).map(
    tuple
)


@given(st.lists(st.tuples(WORDS, st.none() | PLACES, st.floats(0, 10), st.floats(0.1, 5)), max_size=8))
def test_nothing_that_fits_leaves_the_frame(
    drawn: list[tuple[tuple[tuple[float, ...], ...], Placement | None, float, float]],
) -> None:
    texts = sorted(
        ((Text(start, start + long, words, 5, 30), place) for words, place, start, long in drawn),
        key=lambda text: text[0].start,
    )
    spots = arranged(texts, FRAME)
    for (text, place), spot in zip(texts, spots, strict=True):
        if spot is None:
            assert place is None
        else:
            assert FRAME.left - 0.1 <= spot.left <= spot.right <= FRAME.right + 0.1
            assert FRAME.top - 0.1 <= spot.top <= spot.bottom <= FRAME.bottom + 0.1
            assert (spot.bottom - spot.top) / 30 == pytest.approx(text.rows(spot.right - spot.left + 0.01))


def spots_of(*places: Placement | None, lines: int = 1) -> list[Spot | None]:
    text = Text(0, 1, ((100.0, 100.0),) * lines, 10, 40)
    return arranged([(text, place) for place in places], FRAME)


def test_two_at_one_time_stand_beside_each_other() -> None:
    top, bottom = spots_of(Placement("top", "center"), None)
    assert top is not None
    assert bottom is not None
    assert (top.top, bottom.bottom) == (10, 490)
    last_line = Placement(row="top", line=-1)
    assert [spot and spot.bottom for spot in spots_of(last_line, last_line, None)] == [490, 450, 410]
    assert spots_of(None, None) == [None, None], "the renderer stacks those"


@pytest.mark.parametrize(("line", "top"), [(0, 10), (1, 50), (-1, 410), (-2, 410), (-3, 370), (99, 410)])
def test_line_numbers_count_whole_texts(line: int, top: float) -> None:
    (spot,) = spots_of(Placement(row="top", line=line), lines=2)
    assert spot
    assert spot.top == pytest.approx(top)


def test_many_at_one_time_take_no_time() -> None:
    text = Text(0, 1, ((100.0,),), 10, 40)
    assert len(arranged([(text, Placement("top"))] * 2000, FRAME)) == 2000


def test_a_callers_place_wins_over_the_files() -> None:
    cue = [Subtitle(0, 1, "text", Placement("top", "left"))]
    own = SegmentLook(position=PlaceChoice(alignment="bottom_right"), placed_by_file=False)
    assert segment_script(cue, own, CANVAS, ARIAL)[0][0].text == "text"
    assert "{\\an7\\pos(" in segment_script(cue, SegmentLook(), CANVAS, ARIAL)[0][0].text


def test_a_placement_can_be_said_by_nothing_but_a_direction() -> None:
    assert placement_of_settings("align:end", {}, from_right=True) == Placement(column="left")


@pytest.mark.parametrize("mark", ["", *STYLING])
def test_styling_has_no_direction(mark: str) -> None:
    assert reads_from_right(f"{mark}שלום")
    assert not reads_from_right(f"{mark}Hello שלום")
