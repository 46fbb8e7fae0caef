"""Captions that roll: every line once for each time that it is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.reading import Subtitle, read_subtitles, read_words


def stamp(seconds: float) -> str:
    return f"00:{int(seconds) // 60:02}:{seconds % 60:06.3f}"


def block(start: float, end: float, *lines: str) -> str:
    return f"{stamp(start)} --> {stamp(end)} align:start position:0%\n" + "\n".join(lines) + "\n\n"


def rolling(said: list[str], pauses: list[bool] | None = None) -> str:
    """What YouTube writes of lines that each take two seconds; after a pause of a second the screen is empty."""
    text, above, at = "WEBVTT\nKind: captions\nLanguage: en\n\n", " ", 0.0
    for number, line in enumerate(said):
        if pauses and pauses[number]:
            at, above = at + 1, " "
        words = line.split()
        spoken = words[0] + "".join(
            f"<{stamp(at + 0.5 + 0.1 * place)}><c> {word}</c>" for place, word in enumerate(words[1:])
        )
        text += block(at, at + 1.99, above, spoken) + block(at + 1.99, at + 2, line, " ")
        at, above = at + 2, line
    return text


LINES = st.lists(st.sampled_from(["thank you", "yeah", "la la la", "[Music]", "oh"]), min_size=1, max_size=12)


@given(st.data())
def test_a_line_is_shown_as_often_as_it_is_said(data: st.DataObject) -> None:
    said = data.draw(LINES)
    pauses = data.draw(st.lists(st.booleans(), min_size=len(said), max_size=len(said)))
    file = rolling(said, pauses).encode()
    cues = read_subtitles(file).cues
    assert [cue.text for cue in cues] == said
    assert all(cue.place is None and 1.9 < cue.end - cue.start < 2 for cue in cues)
    assert [word.word for word in read_words(file)] == " ".join(said).split()


def test_thank_you_twice_is_said_twice() -> None:
    text = (
        "WEBVTT\n\n"
        + block(1, 2, " ", "thank<00:00:01.500><c> you</c>")
        + block(2, 2.01, "thank you", " ")
        + block(2.01, 3, "thank you", "thank<00:00:02.500><c> you</c>")
        + block(3, 3.01, "thank you", " ")
        + block(3.01, 4, "thank you", "all<00:00:03.500><c> right</c>")
    )
    assert [word.word for word in read_words(text.encode())] == [
        "thank",
        "you",
        "thank",
        "you",
        "all",
        "right",
    ]
    assert [cue.text for cue in read_subtitles(text.encode()).cues] == ["thank you", "thank you", "all right"]


@pytest.mark.parametrize("between", ["", block(2, 2.04, "hey")])
def test_a_refrain_is_shown_twice_in_a_file_that_has_times_and_a_brief_cue(between: str) -> None:
    text = (
        "WEBVTT\n\n"
        + block(1, 2, "one <00:00:01.500>two")
        + between
        + block(2.04, 3, "la la")
        + block(3, 4, "la la")
    )
    cues = [(cue.text, cue.start, cue.end) for cue in read_subtitles(text.encode()).cues]
    assert cues[-2:] == [("la la", 2.04, 3.0), ("la la", 3.0, 4.0)]
    assert len(cues) == 3 + bool(between)


def test_rolling_captions_are_told_without_times_within_their_lines() -> None:
    """As programs leave them that make SRT of them."""
    times = [(1, 2, "good day"), (2, 2.01, "good day"), (2.01, 3, "good day\nto all"), (3, 3.01, "to all")]
    times.append((3.01, 4, "to all\nto all"))
    text = "".join(
        f"{number + 1}\n{stamp(start)} --> {stamp(end)}\n{lines}\n\n".replace(".", ",")
        for number, (start, end, lines) in enumerate(times)
    )
    assert list(read_subtitles(text.encode()).cues) == [
        Subtitle(1, 2, "good day"),
        Subtitle(2.01, 3, "to all"),
        Subtitle(3.01, 4, "to all"),
    ]
