from datetime import date
from decimal import Decimal

import pytest

from tasks.promotion.materials import Language
from tasks.promotion.product import Currency, Instalments
from tasks.promotion.wording import FIRM, day, instalments, money


@pytest.mark.parametrize(
    ("amount", "currency", "language", "written"),
    [
        ("1299.90", "BRL", "pt-BR", "R$ 1.299,90"),
        ("89", "BRL", "pt-BR", "R$ 89"),
        ("1299.9", "USD", "en", "$1,299.90"),
        ("1000000", "EUR", "en", "€1,000,000"),
        ("5.5", "BRL", "en", "R$ 5.50"),
        ("12.5", "USD", "pt-BR", "US$ 12,50"),
        ("12.00", "GBP", "en", "£12"),
    ],
)
def test_prices_are_written_as_people_of_the_language_do(
    amount: str, currency: Currency, language: Language, written: str
) -> None:
    assert money(Decimal(amount), currency, language) == written


def test_lines_are_not_broken_within_a_price_where_that_is_asked_for() -> None:
    assert money(Decimal("1299.9"), "BRL", "pt-BR", space=FIRM) == "R$\u00a01.299,90"


def test_instalments_and_days() -> None:
    parts = Instalments(count=12, amount=Decimal("108.33"), interest_free=True)
    assert instalments(parts, "BRL", "pt-BR") == "12x de R$ 108,33 sem juros"
    assert instalments(parts, "USD", "en") == "12 payments of $108.33, interest-free"
    with_interest = Instalments(count=3, amount=Decimal(40))
    assert instalments(with_interest, "BRL", "pt-BR") == "3x de R$ 40"
    assert (day(date(2026, 12, 5), "pt-BR"), day(date(2026, 12, 5), "en")) == ("05/12/2026", "Dec 5, 2026")
