"""The facts of a product: all that copy, voice, captions and titles may claim."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tasks.fetching.source import Source

Line = Annotated[str, Field(min_length=1, max_length=200)]
"""A short text in one line."""
HexColor = Annotated[
    str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", json_schema_extra={"allowed": "a colour as #RRGGBB"})
]
Currency = Literal["BRL", "USD", "EUR", "GBP"]

WORTH_TELLING = 5
"""Percent by which a price is lowered; less is no reason to buy, and looks poor in large letters."""
_DIGITS = re.compile(r"[0-9][0-9.,]*")


def _amount(value: object) -> object:
    """A price as people write it: 1299.9, "1299,90", "R$ 1.299,90", "$1,299.90"."""
    if not isinstance(value, str):
        return value if isinstance(value, bool) or not isinstance(value, float) else Decimal(str(value))
    found = _DIGITS.findall(value)
    if len(found) != 1:
        raise ValueError('a price is one number, such as 1299.90 or "R$ 1.299,90"')
    digits = found[0].rstrip(".,")
    mark = max(digits.rfind("."), digits.rfind(","))
    decimals = len(digits) - mark - 1 if mark >= 0 else 0
    # Three digits behind the only mark are thousands: no shop sells at tenths of a cent.
    if mark >= 0 and decimals != 3:
        whole, cents = digits[:mark], digits[mark + 1 :]
        digits = f"{re.sub('[.,]', '', whole)}.{cents}"
    else:
        digits = re.sub("[.,]", "", digits)
    return Decimal(digits)


Price = Annotated[
    Decimal,
    BeforeValidator(_amount, json_schema_input_type=float | str),
    Field(gt=0, le=Decimal(1_000_000_000), decimal_places=2),
]
"""In the product's currency; callers send a number or a text such as "R$ 1.299,90"."""


class Instalments(BaseModel):
    """How a price may be paid in parts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    count: Annotated[int, Field(ge=2, le=120)]
    amount: Price
    """Of each part."""
    interest_free: bool = False
    """Whether "sem juros" may be said."""


class Testimonial(BaseModel):
    """What a customer said, word for word."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    quote: Annotated[str, Field(min_length=1, max_length=500)]
    author: Line
    stars: Annotated[int, Field(ge=1, le=5)] | None = None


class Brand(BaseModel):
    """How the shop looks."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Line | None = None
    colors: Annotated[tuple[HexColor, ...], Field(max_length=5)] = ()
    """Main colour first, then the second, then accents; none: those of the template."""
    logo: Source | None = None
    """Address or store key of a picture, best with a transparent ground."""
    font: Line | None = None
    """Family of the titles, one of those installed; none: that of the template."""
    website: Line | None = None
    """As it is shown, such as loja.com.br."""
    handle: Line | None = None
    """On social networks, such as @loja."""
    phone: Line | None = None


def _ordered(product: "Product") -> "Product":
    if product.old_price is not None and (product.price is None or product.old_price <= product.price):
        raise ValueError("old_price is what it cost before: it needs a price, and must be above it")
    if product.instalments is not None and product.price is None:
        raise ValueError("instalments need a price")
    return product


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Line
    """Of the product, as customers know it."""
    description: Annotated[str, Field(max_length=5000)] = ""
    features: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """What is good about it, the best first; each short enough to be read at a glance."""
    category: Line | None = None
    """What kind of thing it is, such as cafeteira or tênis."""
    price: Price | None = None
    old_price: Price | None = None
    """What it cost before; the price is then shown as lowered."""
    instalments: Instalments | None = None
    currency: Currency = "BRL"
    audience: Line | None = None
    """Whom it is for, such as "quem treina cedo"."""
    offer_ends: date | None = None
    """Last day of the price."""
    call_to_action: Line | None = None
    """What customers are to do, such as "Peça pelo WhatsApp"; none: one that suits the platform."""
    link: (
        Annotated[
            str,
            Field(
                pattern=r"^https?://\S+$",
                max_length=2000,
                json_schema_extra={"allowed": "a URL that begins with https:// or http://"},
            ),
        ]
        | None
    ) = None
    """Page of the product."""
    testimonials: Annotated[tuple[Testimonial, ...], Field(max_length=10)] = ()
    brand: Brand = Brand()


class Product(_Facts):
    """What is advertised. Whatever is claimed of it stands here: no text is published with another fact in it."""

    @property
    def discount_percent(self) -> int | None:
        """How much lower the price is, in whole percent rounded down; None if it was not lowered."""
        if self.price is None or self.old_price is None:
            return None
        return int((self.old_price - self.price) * 100 / self.old_price)

    @property
    def notable_discount(self) -> int | None:
        """The same where it is a reason to buy; None for less."""
        percent = self.discount_percent
        return percent if percent is not None and percent >= WORTH_TELLING else None

    def is_over(self, today: date) -> bool:
        """Whether the last day of the price is past."""
        return self.offer_ends is not None and self.offer_ends < today

    def as_of(self, today: date) -> "Product":
        """The same without an offer that is over: a lowered price whose last day is past is no longer the price."""
        if not self.is_over(today):
            return self
        if self.old_price is None:
            return self.model_copy(update={"offer_ends": None})
        return self.model_copy(
            update={"price": None, "old_price": None, "instalments": None, "offer_ends": None}
        )


CheckedProduct = Annotated[Product, AfterValidator(_ordered)]
"""What flows take: facts that fit together."""
