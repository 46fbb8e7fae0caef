"""Captions of words: the classic look line for line, times of words, which ones are emphasised."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.captions.emphasis import emphasised
from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.look import Canvas
from tasks.captions.placing import without_punctuation
from tasks.captions.presets import PRESETS, chosen_look
from tasks.captions.reading import SpokenWord
from tasks.captions.timing import LATEST, SHORTEST, seen
from tasks.captions.word_look import HighlightLook, readable_outline

TEXT = "Olá, mundo! R$ 1.299,90 é o preço do NOVO pneumoultramicroscopicossilicovulcanoconiótico."
WORDS = [
    SpokenWord(word=word, start=0.3 * i, end=0.3 * i + (0.3 if i % 3 else 0.1))
    for i, word in enumerate(TEXT.split())
]
CLASSIC: dict[str, dict[str, Any]] = {
    "highlight": {},
    "classic": {"style": "classic", "fundo_arredondado": False, "position": "top_left"},
    "word_by_word": {"style": "word_by_word", "fundo_opacidade": 0, "uppercase": True},
    "highlight_small": {
        "tamanho_fonte": 40,
        "texto_cor": "#000000",
        "fundo_cor": "#FFFFFF",
        "fundo_opacidade": 100,
        "highlight_borda": 0,
        "safe_area": "title",
        "position": "middle_right",
        "max_lines": 3,
    },
}
TALL = Canvas(width=1080, height=1920, safe_area="auto")


@pytest.mark.parametrize("name", CLASSIC)
def test_bodies_without_a_preset_are_drawn_as_they_always_were(name: str) -> None:
    look = chosen_look(None, CLASSIC[name])
    canvas = Canvas(width=1080, height=1920, safe_area=look.safe_area)
    script, _ = highlight_script(WORDS, look, canvas, find_typeface(look.fonte, bold=True))
    before = (Path(__file__).with_name("classic") / f"{name}.ass").read_text(encoding="utf-8")
    assert sorted(script.to_string("ass").splitlines()) == sorted(before.splitlines())


def test_karaoke_and_underline_can_be_read_on_dark_and_on_bright() -> None:
    arial = find_typeface("Arial Black", bold=True)
    canvas = Canvas(width=720, height=1280)
    karaoke, _ = highlight_script(WORDS, HighlightLook(style="karaoke"), canvas, arial)
    reached = [event.text for event in karaoke if "\\1c&H0000D6&" in event.text]
    assert reached
    assert all("\\3c&HFFFFFF&" in text for text in reached), "red has a white outline"
    small = HighlightLook(style="underline", tamanho_fonte=24)
    underline, _ = highlight_script(WORDS, small, canvas, arial)
    lines = [event.text for event in underline if event.layer == 1]
    assert lines
    for text in lines:
        height = max(int(number) for number in re.findall(r"-?\d+ (-?\d+)", text.partition("}")[2])) / 8
        assert height >= 3
        assert float(re.findall(r"\\bord([\d.]+)", text)[0]) > 0.5
    assert readable_outline("#D60000", "#000000") == "#FFFFFF"
    assert readable_outline("#FFE100", "#101010") == "#101010"


spoken = st.lists(st.tuples(st.floats(0, 0.4), st.floats(0, 0.6)), max_size=30)


def timed(drawn: list[tuple[float, float]]) -> list[SpokenWord]:
    starts = [0.0]
    for pause, _ in drawn:
        starts.append(starts[-1] + (pause if pause > 0.02 else 0.0))
    return [
        SpokenWord(
            word=f"w{i}", start=start, end=min(start + length, starts[i + 1]) if i + 1 < len(drawn) else start
        )
        for i, (start, (_, length)) in enumerate(zip(starts, drawn, strict=False))
    ]


@given(spoken)
def test_words_are_never_early_hardly_late_and_long_enough_to_be_seen(
    drawn: list[tuple[float, float]],
) -> None:
    words = timed(drawn)
    found = seen(words)
    assert [word.word for word in found] == [word.word for word in words]
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(found))
    times = [word.start for word in words]
    for number, (word, shown) in enumerate(zip(words, found, strict=True)):
        assert shown.end >= shown.start
        assert shown.start >= word.start - 1e-9
        if times.count(word.start) == 1:
            assert shown.start <= word.start + LATEST + 1e-9
        following = words[number + 1].start if number + 1 < len(words) else 9e9
        if following >= word.start + SHORTEST and times.count(word.start) == 1:
            assert shown.end - shown.start >= SHORTEST - LATEST - 1e-9


def test_words_that_begin_together_share_their_time_and_others_keep_theirs() -> None:
    words = [SpokenWord(word=w, start=1.0, end=1.0) for w in "abc"] + [
        SpokenWord(word="d", start=1.6, end=2.0)
    ]
    assert [round(word.start, 3) for word in seen(words)] == [1.0, 1.08, 1.16, 1.6]
    assert [(word.word, word.start) for word in seen(WORDS)] == [(word.word, word.start) for word in WORDS]


@settings(max_examples=30)
@given(spoken, st.sampled_from(sorted(PRESETS)))
def test_no_word_flickers_and_none_is_gone_before_its_card(
    drawn: list[tuple[float, float]], name: Any
) -> None:
    look = chosen_look(name, {"strip_punctuation": False})
    words = timed(drawn)
    script, _ = highlight_script(words, look, TALL, find_typeface(look.fonte, bold=True))
    letters = 5 if look.is_layered else 2
    spans: dict[str, list[tuple[int, int]]] = {}
    for event in script:
        if (found := re.search(r"}(w\d+)$", event.text, re.I)) and event.layer % 10 == letters:
            spans.setdefault(found[1].lower(), []).append((event.start, event.end))
    assert set(spans) <= {word.word for word in words}
    for times in spans.values():
        assert all(one[1] == other[0] for one, other in pairwise(sorted(times)))
    if look.style in ("reveal", "word_by_word"):
        due = {word.word: word.start for word in seen(words)}
        assert all(abs(min(times)[0] / 1000 - due[word]) <= 0.005 + 1e-9 for word, times in spans.items())


@pytest.mark.parametrize(
    ("text", "listed", "automatic", "expected"),
    [
        ("custa R$ 1.299,90 hoje", [], True, "R$ 1.299,90"),
        ("A NASA subiu 30% em 2024.", [], True, "NASA 30% 2024."),
        ("TUDO EM MAIÚSCULAS AQUI", [], True, ""),
        ("Moro em São Paulo, no Brasil", ["são paulo"], False, "São Paulo,"),
        ("São tantos em São Paulo", ["São Paulo", "!!", "tantos"], False, "tantos São Paulo"),
        ("nada", [], False, ""),
        ("Moro em Sa\u0303o Paulo", ["São Paulo"], False, "Sa\u0303o Paulo"),
    ],
)
def test_what_is_emphasised(text: str, listed: list[str], automatic: bool, expected: str) -> None:
    words = text.split()
    marks = emphasised(words, listed, automatic=automatic)
    assert " ".join(word for word, mark in zip(words, marks, strict=True) if mark) == expected


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("“Olá,”", "Olá"),
        ("1.299,90.", "1.299,90"),
        ("quê?!", "quê?!"),
        ("—", ""),
        ("d'água;", "d'água"),
        ("¿Qué?", "¿Qué?"),
        ("(#tbt),", "#tbt"),
        ("@ana", "@ana"),
        ("c#", "c#"),
        ("&", "&"),
        ("#️⃣", "#️⃣"),
        ("*️⃣", "*️⃣"),
        ("*ana*", "ana"),
    ],
)
def test_marks_around_words_can_be_left_out(word: str, bare: str) -> None:
    assert without_punctuation(word) == bare
