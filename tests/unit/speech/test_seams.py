"""Pieces that were heard by themselves, and the text beside them."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.speech.repair import repaired
from tasks.speech.seams import cut_to
from tasks.speech.transcript import Segment, Span, Word

from .test_quality import segment


def said(text: str, start: float, seconds: float = 0.2) -> Segment:
    """Words of equal length without pauses."""
    words = tuple(
        Word(word=word, start=start + n * seconds, end=start + (n + 1) * seconds, probability=0.9)
        for n, word in enumerate(text.split())
    )
    return segment(text, start, words[-1].end).model_copy(update={"words": words})


def test_words_of_the_sentence_after_a_piece_are_not_written_twice() -> None:
    loop = [said("you know what I mean", at) for at in (0.0, 1.0, 2.0)]
    after = said("think it has to do with it.", 3.0)
    again = said("he said that we can not have him and it is so then I think it has", 0.0, 3.0 / 14)
    speech = [Span(start=0, end=after.end)]
    found = repaired([*loop, after], speech, Span(start=0, end=60), lambda _: [again])
    text = " ".join(each.text for each in found)
    assert text == "he said that we can not have him and it is so then I think it has to do with it."
    assert found[-1] == after


def test_a_piece_within_its_limits_stays_as_it_is() -> None:
    piece = said("One, two, three.", 1.0)
    assert cut_to([piece], Span(start=1.0, end=1.6)) == [piece]
    assert cut_to([piece], Span(start=0.0, end=9.0)) == [piece]
    wordless = segment("No times.", 5, 6).model_copy(update={"words": ()})
    assert cut_to([wordless], Span(start=0, end=1)) == [wordless]
    assert cut_to([piece], Span(start=5, end=6)) == []


WORDS = st.lists(st.sampled_from(["a", "aa", "ba", "Café,", "3.", "日本"]), min_size=1, max_size=12)


@given(WORDS, st.integers(0, 12), st.integers(0, 12))
def test_what_is_left_is_what_lies_within(words: list[str], first: int, last: int) -> None:
    piece = said(" ".join(words), 0.0)
    left = cut_to([piece], Span(start=first * 0.2, end=last * 0.2))
    assert " ".join(each.text for each in left).split() == words[first:last]
    for each in left:
        assert [word.word for word in each.words] == each.text.split()
        assert (each.start, each.end) == (each.words[0].start, each.words[-1].end)
