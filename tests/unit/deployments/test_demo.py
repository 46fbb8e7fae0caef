import pytest
from hypothesis import given
from hypothesis import strategies as st
from jiwer import wer

from deployments.scripts.demo import word_error_rate

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12)


@given(WORDS.filter(bool), WORDS)
def test_the_error_rate_is_that_of_the_field(spoken: list[str], heard: list[str]) -> None:
    assert word_error_rate(" ".join(spoken), " ".join(heard)) == pytest.approx(
        wer(" ".join(spoken), " ".join(heard))
    )


def test_case_and_punctuation_do_not_count() -> None:
    assert word_error_rate("Good morning, you're here.", "good morning you're HERE") == 0
