import pytest

from tasks.speech.marks import marked_like

from .test_quality import segment


@pytest.mark.parametrize(
    ("heard", "alone", "right"),
    [
        (
            "how did he know then he said it",
            "How did he know? Then he said it.",
            "How did he know? Then he said it.",
        ),
        # Of words that differ the first hearing keeps its own, and the sentences their ends.
        (
            "what do you think about and then",
            "What do you think about it? And then",
            "What do you think about? And then",
        ),
        (
            "twist the knife you have a great state",
            "Twist the knife. Do you have a great state?",
            "Twist the knife. You have a great state?",
        ),
        (
            "you can not have Cruz and I went home",
            "You can not have cruise. And I went home.",
            "You can not have Cruz. And I went home.",
        ),
        ("nobody came", "Something else was said.", "nobody came"),
    ],
)
def test_words_stay_and_are_written_as_in_the_other_hearing(heard: str, alone: str, right: str) -> None:
    words = heard.split()
    half = len(words) // 2
    parts = [segment(" ".join(words[:half]), 0, 2), segment(" ".join(words[half:]), 2, 4)]
    found = marked_like(parts, [segment(alone, 0, 4)])
    assert " ".join(part.text for part in found) == right
    assert [" ".join(word.word for word in part.words) for part in found] == [part.text for part in found]
    assert [(part.start, part.end) for part in found] == [(0, 2), (2, 4)]
