"""Copy and descriptions made of templates: always the same for the same product, options and day."""

import hashlib
from datetime import date

from tasks.copywriting.descriptions import Page, as_html, as_markdown, write_page
from tasks.copywriting.options import CopyConfig, DescriptionConfig
from tasks.copywriting.posts import write_post
from tasks.copywriting.scripts import write_headline, write_script
from tasks.copywriting.told import Told, tell
from tasks.narration.length import predicted_seconds
from tasks.promotion.materials import ProductDescription, TextModelUsage, WrittenCopy
from tasks.promotion.product import Product

TEMPLATES = "templates"
"""What results call this engine."""


def copy_of_templates(
    product: Product, config: CopyConfig, *, today: date, speed: float = 1.0
) -> WrittenCopy:
    """A post with script and headline. `speed` is that of the voice.

    Raises InvalidInputError if even the shortest script takes longer than it may.
    """
    told = tell(product, config.language, today=today, emoji=config.include_emojis)
    key = _key(product, config)
    post = write_post(product, told, config, key)

    def seconds(text: str) -> float:
        return predicted_seconds(text, config.language, speed)

    script = write_script(told, config, key, seconds, post.call_to_action)
    return WrittenCopy(
        platform=config.platform,
        language=config.language,
        headline=write_headline(told, config.language),
        text=post.text,
        hashtags=post.hashtags,
        call_to_action=post.call_to_action,
        script=script,
        engine=TEMPLATES,
        warnings=remarks(product, told),
    )


def description_of_templates(
    product: Product, config: DescriptionConfig, *, today: date
) -> ProductDescription:
    """The texts of the product's page."""
    told = tell(product, config.language, today=today, emoji=False)
    page = write_page(product, told, config, _key(product, config))
    return description_of(page, config, TEMPLATES)


def description_of(
    page: Page, config: DescriptionConfig, engine: str, *, usage: TextModelUsage | None = None
) -> ProductDescription:
    """The page's texts in the forms in which shops take them."""
    return ProductDescription(
        language=config.language,
        title=page.title,
        short_description=page.short,
        long_description=as_markdown(page, config.language),
        html=as_html(page, config.language),
        bullets=page.bullets,
        seo_title=page.seo_title,
        meta_description=page.meta,
        keywords=page.keywords,
        engine=engine,
        usage=usage,
    )


def remarks(product: Product, told: Told) -> tuple[str, ...]:
    """What the caller should know of the facts."""
    if not told.over:
        return ()
    left_out = "it and the lowered price are" if product.old_price is not None else "it is"
    return (f"The offer ended on {product.offer_ends}: {left_out} not told.",)


def _key(product: Product, config: CopyConfig | DescriptionConfig) -> str:
    """What the choices of a text hang on: two products of a shop are not told in the same words."""
    chosen = config.model_dump_json(exclude={"max_seconds", "engine"})
    return hashlib.sha256(f"{product.model_dump_json()}\n{chosen}".encode()).hexdigest()
