import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.narration.script import clean_script, script_pieces


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("# Oferta da semana 🔥\n\nSó hoje.", "Oferta da semana.\n\nSó hoje."),
        ("Café _fresquinho_ e **forte**, `sempre`.", "Café fresquinho e forte, sempre."),
        ("Olá.\n\n---\n\nTchau.", "Olá.\n\nTchau."),
        ("Olá.\n---\nTchau.", "Olá.\n\nTchau."),
        ("Olá.\n***\nTchau.\n___\nFim.", "Olá.\n\nTchau.\n\nFim."),
        ("- Um\n- Dois\n- Três!", "Um. Dois. Três!"),
        ("✅ Frete grátis\n✅ Um ano de garantia", "Frete grátis. Um ano de garantia."),
        ("• Um\n• Dois", "Um. Dois."),
        ("1. Abra\n2. Use", "Abra. Use."),
        ("2026. Um ano bom.", "2026. Um ano bom."),
        ("Veja o [site](https://loja.com.br/x?a=1).", "Veja o site."),
        ("Acesse https://www.loja.com.br/oferta?a=1 agora.", "Acesse loja.com.br agora."),
        ("Compre já!\nhttps://loja.com.br/x", "Compre já!"),
        ("Acesse loja.com.br hoje.", "Acesse loja.com.br hoje."),
        ("Aproveite! #promo #CafeDaManha", "Aproveite!"),
        ("O nº #1 em vendas", "O nº #1 em vendas"),
        ("Café &amp; leite por R$ 10", "Café & leite por R$ 10"),
        ("Só <b>hoje</b><br>Amanhã não", "Só hoje.\n\nAmanhã não."),
        ("Oferta 🔥🇧🇷👩‍👩‍👧 só hoje", "Oferta só hoje"),
        ("nome_do_arquivo e 5 * 3", "nome_do_arquivo e 5 * 3"),
        ("[música sobe]\nOlá.\n(pausa)\nTchau.", "Olá.\n\nTchau."),
        ("    Recuado, mas não é código.", "Recuado, mas não é código."),
        ("Custa R$ 1.299,90 — à vista.", "Custa R$ 1.299,90 — à vista."),
        ("Smart TV 50\nTela 4K\nSom bom", "Smart TV 50. Tela 4K. Som bom"),
        (
            "Um texto que foi quebrado em linhas por um editor que as\nQuer curtas.",
            "Um texto que foi quebrado em linhas por um editor que as Quer curtas.",
        ),
        ("🔥🔥🔥", ""),
        ("---\n\n***", ""),
        ("", ""),
    ],
)
def test_only_what_is_said_is_left(written: str, clean: str) -> None:
    assert clean_script(written) == clean


@given(st.text(st.sampled_from("ab Ré1.,!?\n-_*#`[](){}<>&;:/@🔥•~|=+\\\"' ") | st.characters(), max_size=80))
def test_any_text_can_be_cleaned_and_stays_clean(text: str) -> None:
    clean = clean_script(text)
    assert clean == clean.strip()
    pieces = script_pieces(clean, "pt-BR")
    assert bool(pieces) == bool(clean)
    assert [letter for letter in "".join(piece.text for piece in pieces) if letter.isalnum()] == [
        letter for letter in clean if letter.isalnum()
    ]


def test_sentences_and_their_pauses_are_kept() -> None:
    pieces = script_pieces(clean_script("Olá! Custa R$ 1.299,90 hoje.\n\nO Sr. José comprou."), "pt-BR")
    assert [(piece.text, piece.pause) for piece in pieces] == [
        ("Olá!", 0.3),
        ("Custa R$ 1.299,90 hoje.", 0.6),
        ("O Sr. José comprou.", 0.6),
    ]
