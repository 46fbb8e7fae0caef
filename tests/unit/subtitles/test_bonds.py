"""What must stay together in six languages, and where sentences end."""

from itertools import pairwise

import pytest

from tasks.subtitles.abbreviations import SENTENCE_PAUSE, ends_sentence
from tasks.subtitles.bonds import Bond, bonds
from tasks.subtitles.layout import CueLayout
from tasks.subtitles.lines import Phrase
from tasks.subtitles.pieces import Piece


def said(text: str, pause_after: str = "") -> list[Piece]:
    """The words of a text, half a second each, with a pause after one of them."""
    found: list[Piece] = []
    now = 0.0
    for word in text.split():
        found.append(Piece(word, bool(found), now, now + 0.5))
        now += 0.5 + (SENTENCE_PAUSE if word == pause_after else 0.0)
    return found


def broken(text: str, language: str, weakest: Bond) -> list[str]:
    """The text cut wherever a bond is weaker."""
    parts = said(text)
    lines = [parts[0].text]
    for (_, after), bond in zip(pairwise(parts), bonds(parts, language), strict=True):
        if bond >= weakest:
            lines[-1] += f" {after.text}"
        else:
            lines.append(after.text)
    return lines


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("pt", "ontem|Maria da Silva|chegou"),
        ("pt", "a|São Paulo|agora"),
        ("en", "in|New York|today"),
        ("en", "the|Bank of England|paid"),
        ("es", "con|Juan de la Torre|ayer"),
        ("de", "spielte|Ludwig van Beethoven|gestern"),
        ("fr", "que|Charles de Gaulle|dit"),
        ("it", "che|Leonardo da Vinci|disse"),
        ("en", "then|J. K. Rowling|wrote"),
        ("en", "in|Los Angeles|I|met|Ann"),
        ("pt", "custa|R$ 1.299,90|hoje"),
        ("pt", "custa|12 mil reais|hoje"),
        ("pt", "custa|2 milhões de reais|hoje"),
        ("pt", "compra|3,5 kg|agora"),
        ("en", "on|May 12|we"),
        ("pt", "em|12 de maio|nós"),
        ("es", "el|12 de mayo|nosotros"),
        ("fr", "le|12 mai|nous"),
        ("de", "am|12. Mai|wir"),
        ("it", "il|12 maggio|noi"),
        ("fr", "plus|10 %|hier"),
        ("en", "almost|12 million dollars|today"),
        ("en", "at|10 a.m.|sharp"),
        ("pt", "o|Sr. Silva|veio"),
        ("pt", "a|Exma. Sra. Ana|veio"),
        ("pt", "pelo|art. 5º,|inc. II"),
        ("pt", "na|pág. 12|diz"),
        ("es", "los|EE. UU.|son"),
        ("de", "hat|z. B.|Brot|gekauft"),
        ("de", "mit|Dr. Müller|gesprochen"),
        ("fr", "voici|M. Dupont|lundi"),
        ("it", "ecco|sig. Rossi|lunedì"),
    ],
)
def test_names_numbers_and_abbreviations_are_whole(language: str, text: str) -> None:
    assert broken(text.replace("|", " "), language, Bond.WHOLE) == text.split("|")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "she|went|to the market|and|was not there"),
        ("pt", "ela|foi|ao mercado|mas|não estava lá"),
        ("es", "ella|caminó|hacia el mercado|pero|no estaba allí"),
        ("fr", "Paul|marche|vers le marché|mais|n'est pas là"),
        ("de", "Anna|ging|zu dem Markt|aber|war nicht dort"),
        ("it", "Anna|andava|verso il mercato|ma|non era là"),
    ],
)
def test_little_words_wait_for_theirs(language: str, text: str) -> None:
    assert broken(text.replace("|", " "), language, Bond.VERB) == text.split("|")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Houses in the U.S. are expensive"),
        ("en", "It is 2 a.m. and it costs nothing"),
        ("en", "He saw Mr. Smith and Dr. Jones"),
        ("en", "Take fruit, e.g. Apples, and see No. 5"),
        ("en", "the U.S. Army came"),
        ("pt", "O Sr. Silva, a Sra. Souza e a Profa. Ana"),
        ("pt", "Veja o art. 5º, inc. II, pág. 12, vol. 3"),
        ("pt", "Pão, leite etc. Mas"),
        ("es", "Los EE. UU. son grandes y Ud. Lo sabe"),
        ("es", "Son las 3 p. m. en Madrid"),
        ("fr", "M. Dupont et Mme. Durand"),
        ("de", "Er kauft z. B. Brot bzw. Käse am 3. Mai"),
        ("it", "Il sig. Rossi e il dott. Bianchi"),
    ],
)
def test_an_abbreviation_ends_no_sentence(language: str, text: str) -> None:
    parts = said(text)
    assert not any(ends_sentence(before, after, language) for before, after in pairwise(parts))


@pytest.mark.parametrize(
    ("language", "text", "last"),
    [
        ("en", "Houses in the U.S. We like them", "U.S."),
        ("en", "It opens at 2 a.m. Nobody comes", "a.m."),
        ("pt", "Pão, leite etc. Depois saímos", "etc."),
        ("es", "Viven en EE. UU. Nosotros no", "UU."),
        ("de", "Brot, Käse usw. Danach gingen wir", "usw."),
    ],
)
def test_an_abbreviation_ends_a_sentence_when_a_pause_says_so(language: str, text: str, last: str) -> None:
    parts = said(text, pause_after=last)
    assert [a.text for a, b in pairwise(parts) if ends_sentence(a, b, language)] == [last]


@pytest.mark.parametrize(
    "text", ["Yes. No. So we go.", "Done! Why? Well… Because.", 'He said "stop." Then left.']
)
def test_other_marks_end_sentences(text: str) -> None:
    parts = said(text)
    ended = [a.text for a, b in pairwise(parts) if ends_sentence(a, b, "en")]
    assert ended == [a.text for a, b in pairwise(parts) if b.text[0].isupper()]


def test_each_piece_follows_the_rules_of_its_language() -> None:
    text = "He said no. El libro de Juan"
    parts = [
        Piece(word, i > 0, i / 2, i / 2 + 0.5, language="en" if i < 3 else "es")
        for i, word in enumerate(text.split())
    ]
    assert Phrase(parts, CueLayout()).bonds == [
        Bond.JOINED,
        Bond.WORDS,
        Bond.SENTENCE,
        Bond.PHRASE,
        Bond.PHRASE_BEGINS,
        Bond.PHRASE,
    ]
