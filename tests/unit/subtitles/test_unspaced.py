"""Languages without spaces between words: nothing is torn that readers take for one."""

import re
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.subtitles.bonds import Bond, bonds
from tasks.subtitles.cues import plan_cues
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.parts import parts
from tasks.subtitles.pieces import pieces, text_width

from .test_cues import segment, transcript

PHRASES = {
    "zh": [
        "价格是",
        "1,299.90",
        "元，",
        "18:30",
        "在「北京」",
        "见。",
        "他说：“你好”，",
        "（笑）",
        "https://a.example/b-c?d=e",
        "《红楼梦》",
    ],
    "ja": [
        "今日は",
        "とても",
        "スーパーマーケットで",
        "「東京」",
        "（笑）",
        "ちょっと、",
        "2024年",
        "100%",
        "me@mail.example",
        "です。",
        "ABC123",
    ],
    "th": ["ที่นี่", "มี", "อาหาร", "อร่อย", "มาก", " 1,299.90 ", "บาท ", "18:30", " น. ", "ครับ"],
}
WHOLE = re.compile(r"[!-~]+")
WIDTHS = st.sampled_from([20, 26, 42])


@st.composite
def spoken(draw: st.DrawFn, language: str) -> tuple[str, list[tuple[str, float, float]] | None]:
    """A text and, mostly, its words: some characters each, as engines cut them."""
    text = " ".join(
        "".join(draw(st.lists(st.sampled_from(PHRASES[language]), min_size=1, max_size=25))).split()
    )
    if draw(st.booleans()):
        return text, None
    lengths = draw(st.lists(st.integers(1, 4), min_size=len(text), max_size=len(text)))
    ends = [0, *accumulate(lengths)]
    words = [text[a:b] for a, b in pairwise(ends) if text[a:b].strip()]
    return text, [(word, i * 0.2, i * 0.2 + 0.2) for i, word in enumerate(words)]


@pytest.mark.parametrize("language", PHRASES)
@settings(deadline=None, max_examples=40)
@given(data=st.data(), width=WIDTHS)
def test_lines_keep_numbers_addresses_and_brackets(language: str, width: int, data: st.DataObject) -> None:
    text, words = data.draw(spoken(language))
    layout = CueLayout(line_width=width)
    cues = plan_cues(transcript([segment(text, 0, 0.2 * len(text), words)], language), layout)
    lines = [line for cue in cues for line in cue.lines]
    assert "".join("".join(lines).split()) == "".join(text.split())
    found = sorted(run for line in lines for run in WHOLE.findall(line))
    assert found == sorted(WHOLE.findall(text))
    assert not any(re.match("[，。、：；！？」）』》”ーっゃゅょッ]", line) for line in lines)
    assert not any(re.search("[「（『《“]$", line) for line in lines)
    assert all(text_width(line) <= width or WHOLE.fullmatch(line) for line in lines)


def test_thai_is_cut_by_words() -> None:
    assert [part.text for part in parts("ที่นี่มีอาหารอร่อยมากครับ", "th")] == [
        "ที่",
        "นี่",
        "มี",
        "อาหาร",
        "อร่อย",
        "มาก",
        "ครับ",
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "今日は|とても|良い|天気ですね。|明日も"),
        ("ja", "公園まで|散歩に|行きましょう。"),
        ("ja", "道を|教えていただけませんか。"),
        ("ja", "気を|つけてください。"),
        ("ja", "山田さんは|「明日は|必ず|行きます」と|言っていました。"),
        ("ja", "二〇二六年の|売上高を|発表した。"),
        ("ja", "約3,500人が|避難を|余儀なくされました。"),
        ("zh", "我们|去了|北京"),
        ("zh", "总理|发表了|讲话。"),
        ("zh", "大约|三千五百人|被迫|离开|家园。"),
        ("zh", "2024年|3月|15日"),
        ("th", "อาหาร|อร่อย"),
    ],
)
def test_phrases_hold_together(language: str, text: str) -> None:
    said = pieces(transcript([segment(text.replace("|", ""), 0, 5)], language))
    found = said[0].text
    for piece, bond in zip(said[1:], bonds(said, language), strict=True):
        found += piece.text if bond >= Bond.WHOLE else f"|{piece.text}"
    assert found == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("th", "เด็ก ๆ |เล่น|มาก ๆ |ครับ"),
        ("th", "กรุงเทพ ฯ |สวย"),
        ("lo", "ຄົນ ໆ |ນີ້"),
        ("km", "មនុស្ស ៗ |នេះ"),
    ],
)
def test_a_sign_that_repeats_a_word_stays_with_it(language: str, text: str) -> None:
    found = parts(text.replace("|", ""), language)
    assert [part.text + " " * after.spaced for part, after in pairwise([*found, found[0]])] == text.split("|")


def test_words_of_an_engine_are_put_together_again() -> None:
    words = ["价格是", "1,", "299.", "90", "元，", "18:", "30", "见"]
    timed = [(word, float(i), i + 1.0) for i, word in enumerate(words)]
    found = pieces(transcript([segment("".join(words), 0, 8, timed)], "zh"))
    times = {piece.text: (piece.start, piece.end) for piece in found}
    assert times["1,299.90"] == (1.0, 4.0)
    assert times["18:30"] == (5.0, 7.0)
    assert times["元，"] == (4.0, 5.0)


def test_spaces_of_the_text_are_kept() -> None:
    found = parts("我们去了 iPhone 15 Pro 发布会 ！ 好", "zh")
    assert "".join(" " * part.spaced + part.text for part in found) == "我们去了 iPhone 15 Pro 发布会 ！ 好"
    assert [part.text for part in found if part.spaced] == ["iPhone", "15", "Pro", "发", "好"]


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("ที่นี่", 2),
        ("क्‍ष", 2),
        ("\u00e9", 1),
        ("e\u0301", 1),
        ("می\u200cخواهم", 7),
        ("日本", 4),
        ("ＡＢ", 4),
        ("a\u20dd", 1),
        ("abc", 3),
    ],
)
def test_marks_on_letters_and_joiners_take_no_column(text: str, width: int) -> None:
    assert text_width(text) == width
