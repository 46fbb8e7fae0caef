"""Files of subtitles that are neither SRT, WebVTT nor ASS: read, or refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.placement import Placement
from tasks.captions.reading import Subtitle, read_subtitles
from tasks.captions.single_times import ends_of
from tasks.captions.styling import without_styling
from tasks.errors import InvalidInputError

BOTH = [(1.0, 3.5, "Olá, você\naqui"), (4.0, 6.0, "Tchau")]
FORMS = {
    "YouTube (SBV)": "0:00:01.000,0:00:03.500\nOlá, você\naqui\n\n0:00:04.000,0:00:06.000\nTchau\n",
    "SubViewer": "[INFORMATION]\n[TITLE]x\n[END INFORMATION]\n[SUBTITLE]\n[COLF]&HFFFFFF,[SIZE]24\n"
    "00:00:01.00,00:00:03.50\nOlá, você[br]aqui\n\n00:00:04.00,00:00:06.00\nTchau\n",
    "Premiere": "00:00:01:00 - 00:00:03:15\nOlá, você\naqui\n\n00:00:04:00 - 00:00:06:00\nTchau\n",
    "Avid": "@ made by x\n\n<begin subtitles>\n\n00:00:01:00 00:00:03:15\nOlá, você\naqui\n\n"
    "00:00:04:00 00:00:06:00\nTchau\n\n<end subtitles>\n",
    "DVD Studio Pro": "//x\n$FontName = Arial\n00:00:01:00 , 00:00:03:15 , Olá, você|aqui\n$Italic = TRUE\n"
    "00:00:04:00,00:00:06:00,Tchau\n",
    "SRT in frames": "1\n00:00:01:00 --> 00:00:03:15\nOlá, você\naqui\n\n2\n00:00:04;00 --> 00:00:06;00\nTchau\n",
    "MicroDVD without a rate": "{30}{105}Olá, você|aqui\n{120}{180}Tchau\n",
    "MPL2": "[10][35]Olá, você|aqui\n[40][60]Tchau\n",
    "SAMI": "<sami>\n<head></head><body><SYNC Start=1000><P Class=A>Olá, você<br>aqui<SYNC Start=3500><P Class=A>&nbsp;"
    "<SYNC Start=4000><P Class=A>Tchau<SYNC Start=6000><P Class=A>&nbsp;</body></sami>",
    "LRC": "[ti:x]\n[ar:y]\n[00:01.00]Olá, você aqui\n[00:03.50]\n[00:04]Tchau\n[00:06.000]\n",
    "LRC with words": "[00:01.00]<00:01.00>Olá, <00:01.50>você <00:01.90>aqui\n[00:03.50]\n[00:04]Tchau\n[00:06.0]\n",
    "LRC that is late": "[offset:-500]\n[00:00.50]Olá, você aqui\n[00:03.00]\n[00:03.50]Tchau\n[00:05.50]\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_form_gives_the_same(text: str, newline: str, encoding: str) -> None:
    cues = read_subtitles(text.replace("\n", newline).encode(encoding), rate=30).cues
    lines = [(cue.start, cue.end, without_styling(cue.text)) for cue in cues]
    wanted = BOTH if "|" in text or "\naqui" in text or "[br]" in text or "<br>" in text else None
    assert lines == (wanted or [(1.0, 3.5, "Olá, você aqui"), (4.0, 6.0, "Tchau")])


def cues_of(text: str) -> list[Subtitle]:
    return list(read_subtitles(text.encode()).cues)


def test_the_players_lines_last_until_the_next_but_not_for_minutes() -> None:
    text = "00:00:01:Olá|aqui\n00:00:04:Tchau\n00:05:00:Fim\n"
    assert cues_of(text) == [
        Subtitle(1, 4, "Olá\naqui"),
        Subtitle(4, 14, "Tchau"),
        Subtitle(300, 310, "Fim"),
    ]


def test_a_refrain_stands_wherever_it_is_sung() -> None:
    assert [(cue.start, cue.text) for cue in cues_of("[00:03.00][00:01.00]Refrão\n[00:02.00]Verso\n")] == [
        (1.0, "Refrão"),
        (2.0, "Verso"),
        (3.0, "Refrão"),
    ]


def test_both_languages_of_sami_stay() -> None:
    text = (
        "<SAMI><BODY><SYNC Start=1000><P Class=KRCC>안녕<P Class=ENCC>Hello<SYNC Start=20000><P Class=KRCC>&nbsp;"
        "<SYNC Start=1000><P Class=FRCC>Salut<SYNC Start=20000><P Class=FRCC>&nbsp;</BODY></SAMI>"
    )
    assert cues_of(text) == [Subtitle(1, 20, "안녕\nHello"), Subtitle(1, 20, "Salut")]


def test_captions_of_american_television() -> None:
    text = (
        "Scenarist_SCC V1.0\n\n00:00:01:00\t9420 9420 94ae 94ae 9470 9470 c8e5 ecec ef80 942f 942f\n\n"
        "00:00:03:00\t942c 942c\n"
    )
    (cue,) = cues_of(text)
    assert (cue.start, cue.end, without_styling(cue.text)) == (1.0, 3.0, "Hello")


def test_a_microdvd_slash_is_italic() -> None:
    italic = cues_of("{25}{50}{y:i}Longe\n")
    assert cues_of("{25}{50}/Longe\n") == italic
    assert italic[0].text != "Longe"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"850STL25.010437" + b" " * 2000, "EBU STL"),
        (b"#TITLE A\n#TIMERES 30\n0:00:04.40 0:00:06.50 VL2 \\BHello\\b there\n", "JACOsub"),
        (b"#T100\n@400 @650 D Hello\n", "JACOsub"),
        (b"PK\x03\x04" + b"\x99" * 200, "archive"),
        (b"\x1f\x8b\x08" + b"\x99" * 200, "archive"),
        (b"PG" + bytes(100), "pictures"),
        (b"# VobSub index file, v7\ntimestamp: 00:00:01:000, filepos: 000000000\n", "pictures"),
        (b'{"segments": [{"start": 1.0, "end": 2.0, "text": "Hi"}]}', "JSON"),
        (b'<?xml version="1.0"?><transcript><text start="1" dur="2">Hi</text></transcript>', "XML"),
        (rb"{\rtf1\ansi Hello}", "RTF"),
        (b"\0\0\0\x18ftypmp42" + bytes(100), "a video"),
        (b"<!doctype html><p>x", "web page"),
        (b"00:00:01:00\tone\nno time here\n", "no subtitle file"),
        (b"12:30:05: started\nwithout a time\n", "no subtitle file"),
        (b"start,end,text\n0:00:01,0:00:03,Hello\n", "no subtitle file"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        read_subtitles(data)


@given(st.lists(st.floats(0, 1e5)))
def test_ends_lie_behind_their_beginnings(starts: list[float]) -> None:
    in_order = sorted(starts)
    ends = ends_of(in_order)
    assert all(start < end for start, end in zip(in_order, ends, strict=True))
    later = [next((other for other in in_order if other > start), start + 10.0) for start in in_order]
    assert ends == pytest.approx(later)


def test_a_place_is_not_taken_for_a_text() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nfrom\n00:00:01.000,0:00:03.500\n"
    assert cues_of(text) == [Subtitle(1, 2, "from\n00:00:01.000,0:00:03.500")]
    assert cues_of("WEBVTT\n\n00:01.000 --> 00:02.000 line:0\nx\n")[0].place == Placement(row="top", line=0)
