"""Store keys: what is accepted and why not."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.store_keys import check_store_key, check_store_prefix, key_part
from tasks.errors import InvalidInputError


@pytest.mark.parametrize(
    "key", ["a", "a/b.mp3", "São Paulo/ação nº 1.srt", "a b/c-d_e.tar.gz", "日本語/音声.wav", "x" * 240]
)
def test_ordinary_keys_are_accepted(key: str) -> None:
    assert check_store_key(key, new=True) == key


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "empty"),
        ("/etc/passwd", "begins with a slash"),
        ("../secret", "begins with a dot"),
        ("a/../../b", "begins with a dot"),
        ("a/./b", "begins with a dot"),
        (".hidden/a", "begins with a dot"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\\..\\b", "character '\\\\'"),
        ("a\nb", "character '\\n'"),
        ("a\x00b", "character '\\x00'"),
        ("a\u202eb", "character '\\u202e'"),
        ("a\ud800", "character '\\ud800'"),
        ("é" * 130, "parts is longer"),
        ("/".join(["abcdefghi"] * 110), "longer than 1024 bytes"),
    ],
)
def test_what_is_wrong_is_said(key: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_store_key(key)
    assert said in caught.value.message
    caught.value.message.encode()  # printable whatever the key holds


def test_only_new_keys_must_be_composed() -> None:
    key = unicodedata.normalize("NFD", "canção.mp3")
    assert check_store_key(key) == key
    with pytest.raises(InvalidInputError, match="composed form"):
        check_store_key(key, new=True)


def test_prefixes() -> None:
    assert [check_store_prefix(prefix) for prefix in ("", "a/", "a/b")] == ["", "a/", "a/b"]
    with pytest.raises(InvalidInputError):
        check_store_prefix("../")


@given(st.text(max_size=300))
def test_any_text_makes_a_part_of_a_key(text: str) -> None:
    part = key_part(text)
    assert check_store_key(f"{part}/{part}.mp3", new=True)
    assert "/" not in part


@given(st.text(max_size=40))
def test_no_accepted_key_climbs(key: str) -> None:
    try:
        check_store_key(key)
    except InvalidInputError:
        return
    assert not key.startswith("/")
    assert ".." not in key.split("/")


def test_titles_stay_readable() -> None:
    assert key_part('Entrevista: "Açúcar" / café?') == "Entrevista Açúcar café"
    assert key_part("...") == "file"
