"""The encoding of callers' files: told, marked, or found out."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasks.captions.encodings import decode
from tasks.errors import InvalidInputError

TEXTS = {
    "utf-8": "Ação e reação ✓",
    "utf-16": "Ação e reação",
    "utf-32": "Ação e reação",
    "cp1252": "Ação e reação: não há maçã amanhã. “Sim”, disse ela…",
    "cp1250": "Zażółć gęślą jaźń. Dzień dobry, proszę państwa.",
    "iso8859_2": "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "cp1251": "Привет, мир. Это субтитры. Он сказал, что придёт завтра утром.",
    "koi8_r": "Привет, мир. Это субтитры.",
    "cp1253": "Καλημέρα κόσμε. Αυτό είναι ένα τεστ υποτίτλων.",
    "cp1254": "Günaydın, şöyle güzel bir gün. İstanbul'a gidiyoruz.",
    "cp1255": "בוקר טוב לכולם. מה שלומכם היום? תודה רבה.",
    "cp1256": "مرحبا بالعالم، هذا اختبار للترجمة",
    "cp1257": "Labas rytas, ačiū už pagalbą, šiandien gražu",
    "cp874": "สวัสดีชาวโลก นี่คือการทดสอบคำบรรยาย",
    "gb18030": "你好，世界。这是一个字幕测试。我们明天再见。",
    "big5": "你好，世界。這是一個字幕測試。我們明天再見。",
    "shift_jis": "こんにちは、世界。これは字幕のテストです。",
    "euc_kr": "안녕하세요, 세계. 이것은 자막 테스트입니다.",
    "mac_roman": "Ação e reação: não há maçã amanhã.",
    "utf-16-le": "Ação e reação",
    "utf-16-be": "Σήμερα, 今日, сегодня",
    "utf-32-le": "Hello",
    "iso2022_jp": "こんにちは、世界。これは字幕のテストです。",
    "euc_jp": "すべての人間は、生まれながらにして自由であり、尊厳と権利について平等である。",
    "cp949": "안녕하세요, 잘 지내세요? 똠방각하는 여기 있어요.",
    "koi8_u": "Привіт, як справи? Добре, дякую. Побачимося завтра біля школи.",
    "cp866": "Привет, мир. Это субтитры. Он сказал, что придёт завтра утром.",
    "iso8859_5": "Привет, мир. Это субтитры. Он сказал, что придёт завтра утром.",
    "iso8859_6": "مرحبا بالعالم، هذا اختبار للترجمة",
    "iso8859_7": "Καλημέρα κόσμε. Αυτό είναι ένα τεστ υποτίτλων.",
    "iso8859_8": "בוקר טוב לכולם. מה שלומכם היום? תודה רבה.",
    "iso8859_9": "Günaydın, şöyle güzel bir gün. İstanbul'a gidiyoruz.",
    "cp850": "Ação e reação: não há maçã amanhã, disse a irmã.",
    "latin1": "Ação e reação: não há maçã amanhã.",
}
"""Mostly one sentence: the shorter a text, the harder it is."""


def as_srt(text: str) -> str:
    return f"1\r\n00:00:01,000 --> 00:00:02,500\r\n{text}\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n{text}\r\n"


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_is_found_out(encoding: str) -> None:
    text = as_srt(TEXTS[encoding])
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", TEXTS)
def test_an_encoding_that_is_named_is_taken(encoding: str) -> None:
    found = decode(TEXTS[encoding].encode(encoding), encoding.upper())
    assert (found.text.lstrip("\ufeff"), found.sure) == (TEXTS[encoding], True)


@pytest.mark.parametrize(
    ("named", "read"), [("latin1", "cp1252"), ("iso-8859-15", "cp1252"), ("iso8859_7", "cp1253")]
)
def test_marks_of_windows_are_kept_where_the_standard_is_named(named: str, read: str) -> None:
    found = decode("“A”… – ’".encode(read), named)
    assert (found.text, found.encoding) == ("“A”… – ’", read)


@pytest.mark.parametrize("encoding", ["cp1251", "cp1253", "big5", "shift_jis", "utf-8"])
def test_a_text_that_reads_in_one_way_only_is_sure(encoding: str) -> None:
    assert decode(as_srt(TEXTS[encoding]).encode(encoding)).sure


def test_a_damaged_letter_leaves_utf_8_what_it_is() -> None:
    text = "Não há maçã amanhã. Você já almoçou? Pão, café, açúcar e limão também."
    found = decode(text.encode()[:-30] + b"\xe3" + text.encode()[-30:])
    assert (found.encoding, found.text.replace("\ufffd", ""), found.sure) == ("utf-8", text, False)


def test_a_letter_that_was_cut_at_the_end_leaves_utf_8_what_it_is() -> None:
    found = decode("Olá, João".encode()[:-2])
    assert (found.encoding, found.text) == ("utf-8", "Olá, Jo\ufffd")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_a_byte_order_mark_is_no_part_of_the_text(encoding: str) -> None:
    data = "\ufeffAção".encode(encoding)
    assert decode(data).text == decode(data, encoding).text == "Ação"


@pytest.mark.parametrize("encoding", ["cp1254", "iso8859_9"])
def test_turkish_is_not_taken_for_icelandic(encoding: str) -> None:
    for text in ("Şimdi değil, İstanbul'da ağaç var mı?", "Korkma, her şey yolunda. Dur, bir şey duydun mu?"):
        assert decode(as_srt(text).encode(encoding)).text == as_srt(text)
    icelandic = as_srt("Það er gott að vera hér. Hvað er klukkan?")
    assert decode(icelandic.encode("cp1252")).text == icelandic


def test_zeros_in_a_text_make_no_other_encoding_of_it() -> None:
    assert decode(b"1\n00:00:01,000 --> 00:00:02,000\nHello\0\n").encoding == "utf-8"


def test_a_few_letters_are_no_proof() -> None:
    found = decode("Olá".encode("cp1252"))
    assert (found.text, found.sure) == ("Olá", False)


@pytest.mark.parametrize("name", ["klingon", "", "  ", "base64", "rot13", "a" * 40])
def test_an_encoding_that_is_none_is_refused_with_a_sentence(name: str) -> None:
    if not name:
        assert decode(b"abc", name).encoding == "utf-8"
        return
    with pytest.raises(InvalidInputError, match="encoding"):
        decode(b"abc", name)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=600))
def test_every_file_can_be_decoded(data: bytes) -> None:
    assert isinstance(decode(data).text, str)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x1b"), max_size=60))
@example("\x1f\0")
@example("\0" * 60)
def test_whatever_stands_in_captions_of_utf_8_they_stay_utf_8(text: str) -> None:
    captions = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n"
    assert decode(captions.encode()).text == captions


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("name", ["utf-8", "cp1251", "gb18030", "shift_jis", "euc_kr", "cp874"])
def test_captions_of_wide_letters_without_a_mark_are_found_out(encoding: str, name: str) -> None:
    captions = f"1\n00:00:01,000 --> 00:00:02,000\n{TEXTS[name]}\n"
    assert decode(captions.encode(encoding)).text == captions


FEW = {
    ("cp932", "euc_jp"): (
        "はい。",
        "ありがとう",
        "こんにちは。",
        "どうしたの？",
        "待って！",
        "カメラ",
        "愛してる",
        "お母さん",
    ),
    ("gb18030",): ("你好", "谢谢你", "什么？", "我们走吧", "等一下！", "不知道", "妈妈"),
    ("cp949",): ("안녕", "고마워", "사랑해", "뭐?", "기다려!"),
    ("cp1251", "koi8-r", "cp866", "mac-cyrillic"): ("Привет", "Да.", "Спасибо", "Что?", "Хорошо", "Мама"),
    ("cp1253", "iso8859-7"): ("Ναι", "Όχι", "Τι;", "Πάμε!", "Μαμά"),
    ("cp1255", "iso8859-8"): ("כן", "תודה", "מה?", "שלום", "אמא"),
    ("cp1256", "iso8859-6"): ("نعم", "شكرا", "مرحبا", "أحبك"),
    ("cp874",): ("ใช่", "ขอบคุณ", "อะไร", "สวัสดี", "แม่"),
    ("cp1250", "iso8859-2"): ("Źle", "Cześć!", "Miłość", "Żółw"),
    ("cp1252", "cp850"): ("Ça va ?", "Où ?", "Élève", "À bientôt", "Não"),
}
"""Encodings, and what is said in them in a moment."""


@given(
    st.sampled_from(list(FEW)).flatmap(
        lambda group: st.tuples(
            st.sampled_from(group), st.lists(st.sampled_from(FEW[group]), min_size=1, max_size=5)
        )
    ),
    st.booleans(),
)
@example(("euc_jp", ["カメラ", "ごめん", "愛してる"]), True)
@example(("mac-cyrillic", ["Хорошо"] * 3), False)
@example(("iso8859-8", ["מה?", "שלום"]), True)
@example(("cp874", ["อะไร", "สวัสดี"]), False)
@settings(max_examples=150)
def test_a_short_text_is_read_right_or_not_called_sure(said: tuple[str, list[str]], in_cues: bool) -> None:
    encoding, lines = said
    text = (
        "".join(f"1\n00:00:01,000 --> 00:00:02,000\n{line}\n\n" for line in lines)
        if in_cues
        else "\n".join(lines)
    )
    found = decode(text.encode(encoding))
    assert found.text == text or not found.sure, found


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp"])
def test_a_few_kana_are_japanese(encoding: str) -> None:
    text = "はい。\nありがとう\nこんにちは。\n"
    found = decode(text.encode(encoding))
    assert (found.text, found.encoding, found.sure) == (text, encoding, True)
