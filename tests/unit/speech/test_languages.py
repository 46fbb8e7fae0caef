import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from tasks.errors import UnknownLanguageError
from tasks.speech.languages import language_codes, language_name, language_tags, normalise_language


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("pt", "pt"),
        ("pt-BR", "pt"),
        ("pt_br", "pt"),
        ("PT", "pt"),
        ("portuguese", "pt"),
        ("Português", "pt"),
        ("portugues", "pt"),
        ("por", "pt"),
        ("Brazilian Portuguese", "pt"),
        ("inglês", "en"),
        ("en-US", "en"),
        ("zh-Hans", "zh"),
        ("iw", "he"),
        ("jv", "jw"),
        ("", "auto"),
        ("AUTO", "auto"),
        (" es ", "es"),
    ],
)
def test_usual_names_give_the_code(name: str, code: str) -> None:
    assert normalise_language(name) == code


@pytest.mark.parametrize(("name", "suggestion"), [("portugese", "pt"), ("englsh", "en"), ("espanol2", "es")])
def test_an_unknown_name_is_refused_with_the_closest(name: str, suggestion: str) -> None:
    with pytest.raises(UnknownLanguageError) as caught:
        normalise_language(name)
    assert name in caught.value.message
    assert f'"{suggestion}"' in caught.value.hint


def test_nonsense_is_refused_with_an_example() -> None:
    with pytest.raises(UnknownLanguageError) as caught:
        normalise_language("qqqqqq")
    assert '"pt"' in caught.value.hint


def test_every_code_and_english_name_is_understood() -> None:
    for code in language_codes():
        assert normalise_language(code) == code
        assert normalise_language(language_name(code)) == code


def test_the_codes_are_those_of_the_engine() -> None:
    assert set(language_codes()) == set(_LANGUAGE_CODES)


def test_a_file_may_call_a_language_by_any_of_its_names() -> None:
    assert {"pt", "por", "português"} <= set(language_tags("pt-BR"))
    assert language_tags("tlh") == ("tlh",)
