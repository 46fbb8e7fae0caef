"""Words into lines and cards."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.captions.lines import LONGEST_LINE, Line, plan_cards, plan_lines
from tasks.captions.reading import SpokenWord


def spoken(text: str, seconds: float = 0.3, pauses: dict[int, float] | None = None) -> list[SpokenWord]:
    words, time = [], 0.0
    for number, word in enumerate(text.split()):
        time += (pauses or {}).get(number, 0.0)
        words.append(SpokenWord(word=word, start=time, end=time + seconds))
        time += seconds
    return words


def shown(lines: Sequence[Line]) -> list[str]:
    return [" ".join(word.word for word in line) for line in lines]


def anything(_: Line) -> bool:
    return True


def test_a_line_ends_after_so_many_words_and_after_a_full_stop() -> None:
    words = spoken("um dois três quatro cinco. seis sete! oito")
    assert shown(plan_lines(words, 4, anything)) == ["um dois três quatro", "cinco.", "seis sete!", "oito"]


def test_sentences_end_in_every_script() -> None:
    for text in ("هل هو هنا؟ نعم", "वह आया। हाँ", "他来了。」 好"):
        assert len(plan_lines(spoken(text), 10, anything)) == 2, text


def test_a_line_ends_after_five_seconds_and_before_a_pause() -> None:
    assert shown(plan_lines(spoken("a b c d e f", seconds=2.0), 10, anything)) == ["a b", "c d", "e f"]
    assert shown(plan_lines(spoken("a b c", pauses={2: 2.0}), 10, anything)) == ["a b", "c"]


def test_a_line_ends_before_it_gets_too_wide_and_a_word_stays_whole() -> None:
    words = spoken("a bb ccccccccc d")
    assert shown(plan_lines(words, 10, lambda line: sum(len(w.word) for w in line) <= 4)) == [
        "a bb",
        "ccccccccc",
        "d",
    ]


def test_an_amount_stays_together() -> None:
    words = spoken("só R$ 99,90 hoje com 10 % de desconto")
    assert shown(plan_lines(words, 2, anything)) == ["só R$ 99,90", "hoje com", "10 %", "de desconto"]
    assert shown(plan_lines(words, 1, anything))[:3] == ["só", "R$", "99,90"]
    narrow = plan_lines(words, 3, lambda line: sum(len(word.word) for word in line) <= 7)
    assert shown(narrow)[:2] == ["só", "R$ 99,90"]
    assert shown(plan_lines(spoken("R$ 99,90"), 3, lambda line: len(line) == 1)) == ["R$", "99,90"]


def test_cards_hold_some_lines_and_end_before_the_next() -> None:
    lines = plan_lines(spoken("a b c d e f g", pauses={4: 3.0}), 2, anything)
    cards = plan_cards(lines, 2)
    assert [shown(list(card.lines)) for card in cards] == [["a b", "c d"], ["e f", "g"]]
    assert cards[0].end == 1.2 + 0.5
    assert plan_cards([], 2) == []


words_of_time = st.lists(
    st.tuples(st.sampled_from(["a", "bem", "comprido.", "fim!"]), st.floats(0, 3), st.floats(0, 9)),
    max_size=40,
)


@given(words_of_time, st.integers(1, 10), st.integers(1, 5))
def test_every_word_is_on_one_card_and_cards_do_not_overlap(
    drawn: list[tuple[str, float, float]], most_words: int, most_lines: int
) -> None:
    words, time = [], 0.0
    for text, pause, length in drawn:
        start, time = time + pause, time + pause + length
        words.append(SpokenWord(word=text, start=start, end=time))
    lines = plan_lines(words, most_words, anything)
    cards = plan_cards(lines, most_lines)
    assert [word for card in cards for line in card.lines for word in line] == words
    assert all(len(line) <= most_words for line in lines)
    assert all(line[-1].end - line[0].start <= LONGEST_LINE or len(line) == 1 for line in lines)
    assert all(one.end <= other.start for one, other in pairwise(cards))


def test_without_marks_no_card_has_words_of_two_sentences() -> None:
    lines = plan_lines(spoken("um dois três. quatro cinco seis"), 2, anything)
    assert [shown(card.lines) for card in plan_cards(lines, 2)] == [
        ["um dois", "três."],
        ["quatro cinco", "seis"],
    ]
    lines = plan_lines(spoken("um dois. três quatro cinco"), 2, anything)
    assert [shown(card.lines) for card in plan_cards(lines, 2)] == [["um dois.", "três quatro"], ["cinco"]]
    apart = plan_cards(lines, 2, by_sentence=True)
    assert [shown(card.lines) for card in apart] == [["um dois."], ["três quatro", "cinco"]]
