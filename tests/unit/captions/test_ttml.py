"""TTML and DFXP: what a player shows at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.placement import Placement
from tasks.captions.reading import Subtitle, read_subtitles
from tasks.captions.tagged_text import marked_text
from tasks.errors import ContrapontoError, InvalidInputError

NEW = 'xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" \
xmlns:tts="http://www.w3.org/ns/ttml#styling"'
OLD = NEW.replace("ns/ttml", "2006/10/ttaf1")
PART = '<span begin="{0}s" end="9999s">x</span>'
HEAD = """<head><styling><style xml:id="slanted" tts:fontStyle="italic"/>
<style xml:id="heavy" style="slanted" tts:fontWeight="bold"/></styling><layout>
<region xml:id="up" tts:origin="10% 5%" tts:extent="80% 20%" tts:displayAlign="before" tts:textAlign="center"/>
<region xml:id="low"><style tts:origin="10% 80%"/><style tts:extent="80% 15%" tts:displayAlign="after"/></region>
<region xml:id="mid" tts:origin="0% 40%" tts:extent="100% 20%" tts:displayAlign="after"/>
</layout></head>"""


def cues_of(body: str, root: str = NEW) -> list[Subtitle]:
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<tt {root} xml:lang="pt">{HEAD}<body><div>{body}</div></body></tt>'
    return list(read_subtitles(text.encode()).cues)


def times_of(attributes: str, root: str = NEW) -> tuple[float, float]:
    (cue,) = cues_of(f"<p {attributes}>x</p>", root)
    return round(cue.start, 6), round(cue.end, 6)


@pytest.mark.parametrize("root", [NEW, OLD])
@pytest.mark.parametrize(
    ("attributes", "times"),
    [
        ('begin="00:00:01.500" end="00:01:00"', (1.5, 60)),
        ('begin="1.5s" dur="2s"', (1.5, 3.5)),
        ('begin="1500ms" end="0.1m"', (1.5, 6)),
        ('begin="00:00:01:15" end="00:00:02:00"', (1.5, 2)),
        ('begin="45f" end="60f"', (1.5, 2)),
        ('begin="1s" end="9s" dur="2s"', (1, 3)),
    ],
)
def test_times_however_they_are_written(attributes: str, times: tuple[float, float], root: str) -> None:
    assert times_of(attributes, root) == times


@pytest.mark.parametrize(
    ("says", "attributes", "times"),
    [
        ('ttp:tickRate="10000000"', 'begin="15000000t" end="20000000t"', (1.5, 2)),
        ('ttp:frameRate="25"', 'begin="00:00:01:05" end="00:00:02:00"', (1.2, 2)),
        ('ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"', 'begin="24f" end="48f"', (1.001, 2.002)),
        (
            'ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"',
            'begin="00:10:00:00" end="00:10:01:00"',
            (600.6, 601.601),
        ),
    ],
)
def test_the_files_own_clock(says: str, attributes: str, times: tuple[float, float]) -> None:
    assert times_of(attributes, f"{NEW} {says}") == pytest.approx(times)


def test_times_are_those_of_the_elements_around() -> None:
    text = (
        f'<tt {NEW}><body begin="10s"><div begin="5s" end="9s"><p begin="1s" end="2s">um</p><p begin="3s">dois</p>'
        '</div><div timeContainer="seq"><p dur="1s">a</p><p dur="1s">b</p></div></body></tt>'
    )
    cues = read_subtitles(text.encode()).cues
    assert [(cue.start, cue.end, cue.text) for cue in cues] == [
        (10, 11, "a"),
        (11, 12, "b"),
        (16, 17, "um"),
        (18, 19, "dois"),
    ]


def test_parts_of_a_paragraph_come_and_go() -> None:
    body = (
        '<p begin="1s" end="4s">Um <span begin="1s">dois <span begin="1s" end="1.5s">três</span></span></p>'
    )
    assert [(cue.start, cue.end, cue.text) for cue in cues_of(body)] == [
        (1, 2, "Um"),
        (2, 3, "Um dois"),
        (3, 3.5, "Um dois três"),
        (3.5, 4, "Um dois"),
    ]


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ("É &amp; <span tts:fontStyle='italic'>bem</span>-vindo<br/>  o\n   mar", "É & <i>bem</i>-vindo<br>o mar"),
        ("<span style='heavy'>a</span>b", "<i><b>a</i></b>b"),
        ("<span tts:textDecoration='underline lineThrough'>a</span>", "<u><s>a</u></s>"),
        ("<span tts:ruby='container'><span tts:ruby='base'>字</span><span tts:ruby='text'>かん</span></span>", "字"),
        ("a<!-- no -->b", "ab"),
        ("1 &lt; 2 {\\an8} <metadata>no</metadata>C:\\New", "1 &lt; 2 {\\an8} C:\\New"),
    ],
)  # fmt: skip
def test_text_and_styling(inner: str, shown: str) -> None:
    (cue,) = cues_of(f'<p begin="1s" end="2s">{inner}</p>')
    # Codes of ASS are none here.
    assert cue.text == marked_text(shown.replace("{", "&#123;"))


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ('region="up"', Placement("top", "center")),
        ('region="low"', Placement("bottom")),
        ('region="mid" tts:textAlign="end"', Placement("bottom", "right", y=0.6)),
        ('region="none"', None),
        ("", None),
    ],
)
def test_regions(region: str, place: Placement | None) -> None:
    (cue,) = cues_of(f'<p begin="1s" end="2s" {region}>x</p>')
    assert cue.place == place


def test_what_is_never_over_ends_with_the_rest() -> None:
    assert [(cue.text, cue.end) for cue in cues_of('<p begin="1s">a</p><p begin="2s" end="5s">b</p>')] == [
        ("a", 5),
        ("b", 5),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"<tt {NEW}><body><p begin='1s' end='2s'>a & b</p></body></tt>", "damaged in line 1"),
        (f'<!DOCTYPE tt [<!ENTITY a "aaaa">]><tt {NEW}><body><p>&a;</p></body></tt>', "entities"),
        (f"<tt {NEW}><body>{'<div>' * 5000}{'</div>' * 5000}</body></tt>", "nested"),
        (f"<tt {NEW}><body><p>{''.join(map(PART.format, range(1000)))}</p></body></tt>", "too many parts"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(text: str, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        read_subtitles(text.encode())


@given(
    st.lists(
        st.sampled_from(
            (
                *("<p begin='1s' end='2s'>", "</p>", "<span begin='0.5s'>", "</span>", "<br/>", "x"),
                *("<div dur='3s'>", "</div>", "&amp;", "<p timeContainer='seq' begin='-1s'>", "<!-- -->"),
                "<p begin='99999999999999h'>",
            )
        ),
        max_size=30,
    )
)
def test_any_body_is_read_or_refused(parts: list[str]) -> None:
    try:
        cues = cues_of("".join(parts))
    except ContrapontoError:
        return
    assert all(0 <= cue.start < cue.end and cue.text for cue in cues)
