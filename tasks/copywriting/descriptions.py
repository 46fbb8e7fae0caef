"""The texts of a product's page, made of templates, and how they become Markdown and HTML."""

import html
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.copywriting.options import DescriptionConfig
from tasks.copywriting.phrases import Pool, choose, fill
from tasks.copywriting.told import Told
from tasks.copywriting.wording import as_phrase, joined, plain, shortened, without_emoji
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

TITLE = 150
SHORT = 300
SEO_TITLE = 60
"""Letters that search engines show (developers.google.com/search/docs/appearance/title-link: as wide as it fits)."""
META = 155
"""The same for descriptions."""
_KEYWORDS = 10
_FEATURES = {"short": 4, "medium": 10, "long": 20}
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~])")


@dataclass(frozen=True)
class Page:
    """The texts of a page, before they are Markdown or HTML."""

    title: str
    short: str
    paragraphs: tuple[str, ...]
    bullets: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]
    """What was said, and by whom."""
    seo_title: str
    meta: str
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class _Wording:
    openings: Pool
    features: str
    said: str


_WORDINGS: Mapping[Language, _Wording] = {
    "pt-BR": _Wording(
        openings={
            "friendly": ("Conheça {the_name}.", "{The_name} {is} para {audience}.", "Essa é para {audience}: {name}."),
            "energetic": ("Conheça {the_name}!", "Essa é para {audience}: {name}!", "{name}: vem conhecer!"),
            "elegant": ("{name}.", "Apresentamos {the_name}.", "Para {audience}: {name}."),
            "playful": ("Oi! Aqui {is} {the_name}.", "Com vocês: {name}.", "Para {audience}: {name}."),
            "professional": ("Apresentamos {the_name}.", "{name}: conheça os detalhes.", "Para {audience}: {name}."),
        },
        features="Características",
        said="O que dizem os clientes",
    ),
    "en": _Wording(
        openings={
            "friendly": ("Meet {the_name}.", "{The_name} {is} for {audience}.", "This one is for {audience}: {name}."),
            "energetic": ("Meet {the_name}!", "This one is for {audience}: {name}!", "Here it is: {name}!"),
            "elegant": ("{name}.", "Introducing {the_name}.", "For {audience}: {name}."),
            "playful": ("Say hello to {the_name}.", "Ladies and gentlemen: {name}.", "For {audience}: {name}."),
            "professional": ("Introducing {the_name}.", "{name}: the details.", "For {audience}: {name}."),
        },
        features="Features",
        said="What customers say",
    ),
}  # fmt: skip


def write_page(product: Product, told: Told, config: DescriptionConfig, key: str) -> Page:
    """The page's texts. `key` makes the choices: the same one gives the same page."""
    dice = random.Random(key)  # noqa: S311 - the same each time
    opening = choose(_WORDINGS[config.language].openings[config.tone], told.fields, dice) or "{name}."
    opened = fill(opening, told.fields)
    brand = product.brand
    own = frozenset(a.casefold() for a in (product.link, brand.website, brand.handle) if a)
    paragraphs = [plain(part, own) for part in product.description.split("\n")]
    named = f"{told.full_name}." if told.full_name != told.fields["name"] else ""
    whole = [opened, *(part for part in (named, *paragraphs) if part)]
    if config.length == "short":
        whole = [" ".join([opened, *told.lead[:1]])]
    bullets = told.features[: _FEATURES[config.length]]
    summed = _summed(told, config.language)
    return Page(
        title=_title(told),
        short=_within([opened, *(told.lead[:2] or ([summed] if summed else []))], SHORT),
        paragraphs=tuple(whole),
        bullets=bullets,
        quotes=tuple((plain(said.quote, own), plain(said.author, own)) for said in product.testimonials[:3])
        if config.length != "short"
        else (),
        seo_title=_seo_title(told),
        meta=_within([f"{told.fields['name']}.", *told.lead, summed], META),
        keywords=_keywords(product, told),
    )


def _title(told: Told) -> str:
    title = shortened(told.full_name, TITLE)
    brand = told.fields.get("brand", "")
    if brand and brand.casefold() not in title.casefold() and len(title) + len(brand) + 3 <= TITLE:
        return f"{title} – {brand}"
    return title


def _seo_title(told: Told) -> str:
    name = shortened(told.full_name, SEO_TITLE)
    for more in (told.fields.get("brand", ""), told.features[0] if told.features else ""):
        if more and more.casefold() not in name.casefold() and len(name) + len(more) + 3 <= SEO_TITLE:
            name = f"{name} | {more}" if "|" not in name else name
    return name


def _summed(told: Told, language: Language) -> str:
    """The first features in one sentence."""
    first = [feature for feature in told.features if len(feature) <= 60 and "," not in feature][:4]
    if not first:
        return ""
    return " ".join(joined(first, language, told.names))


def _within(parts: Sequence[str], most: int) -> str:
    """As many of the sentences as fit, the first one cut between words if it must be."""
    text = ""
    for sentence in parts:
        if sentence and len(text) + len(sentence) + 1 <= most:
            text = f"{text} {sentence}".strip()
    return text or shortened(parts[0], most)


def _keywords(product: Product, told: Told) -> tuple[str, ...]:
    found = [
        told.fields["name"],
        product.category or "",
        without_emoji(product.brand.name or ""),
        *told.features,
    ]
    short = (as_phrase(one).lower() for one in found if one and len(one.split()) <= 4)
    return tuple(dict.fromkeys(one for one in short if one))[:_KEYWORDS]


def as_markdown(page: Page, language: Language) -> str:
    """The page's long text as Markdown; foreign text shows as it is."""
    wording = _WORDINGS[language]
    parts = [_escaped(paragraph) for paragraph in page.paragraphs]
    if page.bullets:
        parts += [f"## {wording.features}", "\n".join(f"- {_escaped(bullet)}" for bullet in page.bullets)]
    if page.quotes:
        parts.append(f"## {wording.said}")
        parts += [f"> “{_escaped(quote)}” — {_escaped(author)}" for quote, author in page.quotes]
    return "\n\n".join(parts)


def as_html(page: Page, language: Language) -> str:
    """The page's long text as HTML; foreign text shows as it is."""
    wording = _WORDINGS[language]
    lines = [f"<p>{html.escape(paragraph)}</p>" for paragraph in page.paragraphs]
    if page.bullets:
        items = "".join(f"<li>{html.escape(bullet)}</li>" for bullet in page.bullets)
        lines += [f"<h2>{wording.features}</h2>", f"<ul>{items}</ul>"]
    if page.quotes:
        lines.append(f"<h2>{wording.said}</h2>")
        lines += [
            f"<blockquote>“{html.escape(quote)}” — {html.escape(author)}</blockquote>"
            for quote, author in page.quotes
        ]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    # A sign at the beginning would make a list or a heading of the line.
    return re.sub(r"^(\d+)([.)])|^([-+=])", r"\1\\\2\3", _SPECIAL.sub(r"\\\1", text))


def checked_text(page: Page) -> str:
    """All that the page says, for the guard of the facts."""
    quotes = [f"“{quote}” — {author}" for quote, author in page.quotes]
    texts = (page.title, page.short, *page.paragraphs, *page.bullets, *quotes, page.seo_title, page.meta)
    return "\n".join(texts)
