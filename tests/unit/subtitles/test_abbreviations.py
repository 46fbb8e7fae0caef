"""Abbreviations of six languages: what they belong to, and when they end a sentence."""

from itertools import pairwise

import pytest

from tasks.subtitles.abbreviations import ends_sentence
from tasks.subtitles.bonds import Bond, bonds

from .test_bonds import broken, said

WHOLE = {
    "en": "in|Apt. 5B|with|Adm. Nelson|and|Cpl. Jones|in|est. 1999|with|max. 20|or|approx. 30",
    "pt": "no|apto. 12|com|dep. Souza|e|Sen. Lima|e|Pres. Vargas|e|gov. Dória|com|aprox. 30|e|máx. 20|ou|mín. 5",
    "es": "son|aprox. 30|con|Excmo. Pérez|al|tfno. 91|con|gral. Ruiz|en|apto. 3",
    "fr": "avec|Mgr. Dupuis|en|apt. 5|chez|Vve. Clicquot|pour|max. 20|environ",
    "de": "bei|Fa. Müller|und|Fam. Schmidt|oder|geb. Weber|mit|max. 20|in|Hauptstr. 5|bei|Dr. med. Weiß|exkl. MwSt.",
    "it": "col|sen. Rossi|e|gen. Bianchi|con|max. 20|ad|int. 3",
}
ELIDED = [
    ("it", "vede|dell'art. 3|oggi"),
    ("it", "vede|dell’art. 3|oggi"),
    ("it", "con|l'avv. Neri|oggi"),
    ("it", "vanno|all'on. Meloni|oggi"),
    ("it", "quello|dell'ing. Rossi|oggi"),
    ("it", "da|l'11 settembre|oggi"),
    ("fr", "selon|l'art. 5|du"),
    ("fr", "plus|d'env. 20|hier"),
    ("fr", "pour|3 millions d'euros|hier"),
    ("fr", "pour|2 milliards d’euros|hier"),
]


@pytest.mark.parametrize(("language", "text"), [*WHOLE.items(), *ELIDED])
def test_abbreviations_are_whole_with_what_they_belong_to(language: str, text: str) -> None:
    assert broken(text.replace("|", " "), language, Bond.WHOLE) == text.split("|")
    parts = said(text.replace("|", " "))
    assert not any(ends_sentence(before, after, language) for before, after in pairwise(parts))


@pytest.mark.parametrize(
    ("language", "text", "last"),
    [
        ("pt", "Sobe até o máx. Depois desce", "máx."),
        ("en", "That is my apt. Nobody lives there", "apt."),
        ("de", "Er wohnt in der Hauptstr. Danach kam er", "Hauptstr."),
        ("es", "Cuesta 30 aprox. Después sube", "aprox."),
        ("fr", "On monte au max. Ensuite on descend", "max."),
        ("it", "Sale al max. Poi scende", "max."),
    ],
)
def test_where_no_number_follows_they_may_end_a_sentence(language: str, text: str, last: str) -> None:
    parts = said(text, pause_after=last)
    assert [a.text for a, b in pairwise(parts) if ends_sentence(a, b, language)] == [last]


@pytest.mark.parametrize(
    ("language", "text", "last"),
    [
        ("en", "Can you? No. I think not", "No."),
        ("en", "Can you? No. I'm sorry", "No."),
        ("fr", "Voir la fig. C'est là", "fig."),
        ("it", "Due anni fa. Poi basta", "fa."),
        ("de", "Das kostet mehr inkl. MwSt. Danach", "MwSt."),
    ],
)
def test_words_that_look_like_one(language: str, text: str, last: str) -> None:
    parts = said(text, pause_after=last)
    ended = [a.text for a, b in pairwise(parts) if ends_sentence(a, b, language) and a.text.endswith(".")]
    assert ended == [last]


def test_what_stands_before_a_title_is_no_part_of_it() -> None:
    parts = said("das Haus Herr Dr. Müller")
    found = dict(zip([piece.text for piece in parts], bonds(parts, "de"), strict=False))
    assert found["Dr."] > found["Herr"]
