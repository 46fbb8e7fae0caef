"""What the guard lets pass, and what it does not."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.copywriting.facts import check_facts
from tasks.copywriting.notation import day, instalments, money
from tasks.promotion import product as facts_of_products
from tasks.promotion.materials import Language
from tasks.promotion.product import Instalments, Product


@pytest.mark.parametrize(
    "text",
    [
        "Cafeteira Aroma 3000: de R$ 1.599,00 por R$ 1.299,90 ou 12x de R$ 108,33 sem juros, até 15 de dezembro.",
        "Por 1.299,90 à vista, ou em doze vezes de R$108,33.",
        "Mil duzentos e noventa e nove reais e noventa centavos.",
        "BRL 1299.90, 1299,9 reais",
        "Você economiza R$ 299,10: são 18% de desconto, dezoito por cento.",
        "No total, R$ 1.299,96 em 12 parcelas.",
        "São 1200 ml, ou 1,2 litro. Um ano de garantia.",
        "Funciona em 110 V e em 220V. Trinta xícaras.",
        "Até 15/12/2026, até 15/12, até 15 de dezembro de 2026.",
        "Até o dia 15, até 15/dez, até 15.12.2026, até 15-12-2026.",
        "São 1200 mL.",
        "Por um preço de R$ 1.299,90. Por apenas R$ 1.299,90 à vista ou parcelas de R$ 108,33.",
        "Leve as suas. Só R$ 108,33 por mês. R$ 299,10 de desconto. De R$ 1.599,00, agora só R$ 1.299,90!",
        "“O melhor café! Uso há 3 anos.” — Ana Souza, 5 estrelas",
        "“O melhor café!”, diz Ana.",
        "Chame no WhatsApp (11) 98765-4321, em https://casabela.com.br/ ou @casabela.",
        "Chame no Direct 👋 Café em 5 minutos.",
        "Leve a sua. De novo: até 15/12.",
        "AROMA 3000 é para quem acorda cedo.",
        "",
    ],
)
def test_facts_in_any_notation_pass(coffee_maker: Product, text: str) -> None:
    assert check_facts(text, coffee_maker, "pt-BR") == ()


@pytest.mark.parametrize(
    "text",
    [
        "From R$1,599 down to R$1,299.90, or 12 interest-free payments of R$108.33, until December 15.",
        "Save R$299.10: 18% off, twelve payments, a 12-month warranty.",
        "A 1.2-liter tank, thirty cups, until 15 December 2026.",
        "Until Dec 15, by the 15th, until 12/15/2026, until 15/12/2026.",
        "Was R$1,599, now only R$1,299.90. You save R$299.10.",
    ],
)
def test_facts_in_another_language_pass(coffee_maker: Product, text: str) -> None:
    assert check_facts(text, coffee_maker, "en") == ()


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("Por R$ 1.299,00", "number", "R$ 1.299,00"),
        ("Por US$ 1.299,90", "number", "US$ 1.299,90"),
        ("Por mil e cem reais", "number", "mil e cem reais"),
        ("20% de desconto", "number", "20%"),
        ("em 10x de R$ 108,33", "number", "10x"),
        ("até 16 de dezembro", "number", "16 de dezembro"),
        ("até 15/11", "number", "15/11"),
        ("até as 18h30", "number", "18h30"),
        ("reservatório de 1,2 kg", "number", "1,2 kg"),
        ("garantia de 2 anos", "number", "2 anos"),
        ("garantia de dois anos", "number", "dois anos"),
        ("com 7 velocidades", "number", "7"),
        ("em 4K", "number", "4K"),
        ("modelo XZ-9", "number", "XZ-9"),
        ("com frete grátis", "claim", "frete grátis"),
        ("Frete\ngrátis", "claim", "Frete\ngrátis"),
        ("a melhor de todas", "claim", "melhor"),
        ("a nº 1", "claim", "nº 1"),
        ("café delicioso", "claim", "delicioso"),
        ("últimas unidades", "claim", "últimas unidades"),
        ("só hoje", "claim", "só hoje"),
        ("aprovado pelo INMETRO", "name", "INMETRO"),
        ("melhor que a Nespresso", "name", "Nespresso"),
        ("da EletroMax", "name", "EletroMax"),
        ("EletroMax apresenta", "name", "EletroMax"),
        ("em outra-loja.com", "address", "outra-loja.com"),
        ("em https://evil.example/x?y=1", "address", "https://evil.example/x?y=1"),
        ("de R$ 1.299,90 por R$ 1.599,00", "number", "R$ 1.599,00"),
        ("agora R$ 1.599,00", "number", "R$ 1.599,00"),
        ("era R$ 1.299,90", "number", "R$ 1.299,90"),
        ("em 12x de R$ 1.299,90", "number", "R$ 1.299,90"),
        ("até sexta", "claim", "até sexta"),
        ("pela metade do preço", "claim", "pela metade do preço"),
        ("por apenas R$ 108,33!", "number", "R$ 108,33"),
        ("agora por R$ 108,33 à vista", "number", "R$ 108,33"),
        ("R$ 108,33 à vista", "number", "R$ 108,33"),
        ("de R$ 1.599,00 por R$ 108,33", "number", "R$ 108,33"),
        ("de R$ 1.599,00 por R$ 299,10", "number", "R$ 299,10"),
        ("só R$ 299,10", "number", "R$ 299,10"),
        ("você economiza R$ 1.299,90", "number", "R$ 1.299,90"),
        ("R$ 1.299,90 de desconto", "number", "R$ 1.299,90"),
        ("apenas R$ 1.599,00", "number", "R$ 1.599,00"),
        ("custa R$ 1.599,00", "number", "R$ 1.599,00"),
        ("12x R$ 1.299,90", "number", "R$ 1.299,90"),
        ("12x R$ 299,10", "number", "R$ 299,10"),
        ("parcelas de R$ 299,10", "number", "R$ 299,10"),
        ("R$ 1.299,90 por mês", "number", "R$ 1.299,90"),
        ("total de R$ 1.599,00", "number", "R$ 1.599,00"),
        ("leve duas", "number", "duas"),
        ("nº1 em vendas", "claim", "nº1"),
        ("n.º1 em vendas", "claim", "n.º1"),
        ("#1 em vendas", "claim", "#1"),
        ("100% natural", "claim", "100%"),
        ("em meia hora", "claim", "meia hora"),
        ("½ litro", "claim", "½"),
        ("um terço do preço", "claim", "um terço"),
        ("uma dúzia de xícaras", "claim", "dúzia"),
        ("o dobro de café", "claim", "dobro"),
        ("até amanhã", "claim", "até amanhã"),
        ("até o dia 16", "number", "dia 16"),
        ("até 16/dez", "number", "16/dez"),
        ("até 12/15/2026", "number", "12/15/2026"),
        ("até 16.12.2026", "number", "16.12.2026"),
        ("muito leve", "claim", "leve"),
        ("siga @outra", "address", "@outra"),
        ("escreva a eu@loja.com", "address", "eu@loja.com"),
        ("ligue (11) 91111-2222", "number", "(11) 91111-2222"),
    ],
)
def test_what_is_no_fact_is_found(coffee_maker: Product, text: str, kind: str, found: str) -> None:
    findings = check_facts(f"Café em casa, {text}", coffee_maker, "pt-BR")
    assert (kind, found) in [(finding.kind, finding.text) for finding in findings]
    for finding in findings:
        assert f"Café em casa, {text}"[finding.start : finding.end] == finding.text
        assert finding.text in finding.reason


def test_what_customers_said_is_no_claim_of_the_shop(coffee_maker: Product) -> None:
    [finding] = check_facts("É o melhor café.", coffee_maker, "pt-BR")
    assert finding.kind == "claim"


def test_a_fact_that_denies_allows_nothing() -> None:
    product = Product(name="Tapete", features=("Sem garantia", "BPA-free"))
    assert check_facts("Com garantia.", product, "pt-BR")
    assert check_facts("For free.", product, "en")
    assert check_facts("Sem garantia.", product, "pt-BR") == ()


def test_a_claim_of_the_facts_may_be_made_in_the_other_language() -> None:
    product = Product(name="Tapete", features=("Frete grátis", "Feito à mão"))
    assert check_facts("Free shipping on a handmade rug.", product, "en") == ()


def test_interest_free_needs_instalments_that_are() -> None:
    parts = Instalments(count=10, amount=Decimal(20))
    product = Product(name="Tapete", price=Decimal(190), instalments=parts)
    assert check_facts("10x de R$ 20,00", product, "pt-BR") == ()
    assert check_facts("10x de R$ 20,00 sem juros", product, "pt-BR")


def test_addresses_within_facts_are_not_spread() -> None:
    product = Product(
        name="Tapete", description="Compre em http://evil.example agora", features=("Siga @evil",)
    )
    assert check_facts("Tapete. Compre em http://evil.example", product, "pt-BR")
    assert check_facts("Siga @evil", product, "pt-BR")


def test_days_left_count_from_today(coffee_maker: Product) -> None:
    today = date(2026, 12, 10)
    assert check_facts("Faltam 5 dias", coffee_maker, "pt-BR", today=today) == ()
    assert check_facts("Faltam 4 dias", coffee_maker, "pt-BR", today=today)


amounts = st.integers(100, 99_999_999).map(lambda cents: Decimal(cents) / 100)
languages = st.sampled_from(["pt-BR", "en"])
lines = st.text(alphabet="abcdefghijçãéABCDXYZ 0123456789,.%$/-xº\"'!?", min_size=1, max_size=60).filter(
    lambda line: line.strip() != ""
)


@st.composite
def products(draw: st.DrawFn) -> Product:
    price = draw(amounts)
    return Product(
        name=draw(lines),
        features=tuple(draw(st.lists(lines, max_size=6))),
        price=price,
        old_price=price + draw(amounts),
        instalments=Instalments(count=draw(st.integers(2, 24)), amount=draw(amounts), interest_free=True),
        offer_ends=date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 700))),
        testimonials=(facts_of_products.Testimonial(quote=draw(lines), author="Ana"),),
    )


def facts_of(product: Product, language: Language) -> list[str]:
    assert product.price is not None
    assert product.old_price is not None
    assert product.instalments is not None
    assert product.offer_ends is not None
    return [
        money(product.price, "BRL", language),
        money(product.old_price, "BRL", language),
        f"{product.discount_percent}%",
        instalments(product.instalments, "BRL", language),
        day(product.offer_ends, language, date(2026, 6, 1)),
        *product.features,
    ]


@settings(max_examples=50, deadline=None)
@given(products(), languages, st.data())
def test_texts_made_of_facts_pass(product: Product, language: Language, data: st.DataObject) -> None:
    chosen = data.draw(st.permutations(facts_of(product, language)))
    assert check_facts("\n".join(chosen), product, language) == ()


@settings(max_examples=50, deadline=None)
@given(products(), languages, amounts, st.data())
def test_a_foreign_price_among_facts_is_found(
    product: Product, language: Language, foreign: Decimal, data: st.DataObject
) -> None:
    assert product.old_price is not None
    assert product.price is not None
    foreign += product.old_price + 100_000_000
    chosen = data.draw(st.permutations([*facts_of(product, language), money(foreign, "BRL", language)]))
    findings = check_facts("\n".join(chosen), product, language)
    assert [finding.text for finding in findings] == [money(foreign, "BRL", language)]
