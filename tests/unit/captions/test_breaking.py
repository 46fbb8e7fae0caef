"""Where lines of captions are broken."""

import pytest

from tasks.captions.breaking import phrases, pieces_of
from tasks.captions.styling import Styling, without_styling

SAID = {
    "行かなければならない": ["行かなければならない"],
    "食べさせられたくなかったのに行く。": ["食べさせられたくなかったのに", "行く。"],
    "東京タワーの高さは333メートルです。": ["東京タワーの", "高さは", "333メートルです。"],
    "这是漂亮的城市，": ["这", "是", "漂亮的", "城市，"],
    "ฉันรักเธอมาก": ["ฉัน", "รัก", "เธอ", "มาก"],
    "a-very/long-word": ["a-", "very/", "long-", "word"],
    "": [],
}


@pytest.mark.parametrize("text", SAID)
def test_phrases_of_scripts_without_spaces_stay_whole(text: str) -> None:
    assert [part for part in phrases(text) if part] == SAID[text]


@pytest.mark.parametrize("at", range(len("食べさせられたくなかったのに行く。")))
def test_styling_tears_no_phrase_and_is_not_lost(at: int) -> None:
    text = "食べさせられたくなかったのに行く。"
    styling = Styling()
    begin, end = styling.switch("b", True), styling.switch("b", False)
    for styled in (f"{text[:at]}{begin}{text[at:]}{end}", f"{begin}{text[:at]}{end}{text[at:]}"):
        found = phrases(styled)
        assert "".join(found) == styled
        assert [without_styling(part) for part in found] == SAID[text]
        assert not any(part.startswith(end) for part in found[1:])
        assert not any(part.endswith(begin) for part in found[:-1])


def test_a_phrase_without_room_is_cut_where_it_may_be() -> None:
    pieces = pieces_of("食べさせられたくなかったのに行く。", len, 6)
    assert max(piece.width for piece in pieces) <= 6
    assert "".join(piece.text for piece in pieces) == "食べさせられたくなかったのに行く。"
