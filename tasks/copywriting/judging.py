"""What is wrong with a text that a model wrote: facts, length, language, and what does not belong into it."""

import re
from collections.abc import Callable, Iterator
from datetime import date

from tasks.copywriting.facts import check_facts
from tasks.copywriting.instructions import CopyAnswer, DescriptionAnswer
from tasks.copywriting.notation import words
from tasks.copywriting.numerals import fold
from tasks.copywriting.options import CopyConfig, DescriptionConfig
from tasks.copywriting.platforms import length_on
from tasks.copywriting.scripts import HEADLINE
from tasks.copywriting.tongue import little_words
from tasks.copywriting.wording import is_emoji
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

_MARKUP = re.compile(r"</?\w+[^<>]*>|\[[^\]]*\]\(|\*\*|^#{1,6} |```", re.MULTILINE)
_FEW = 3
"""Words of another language that a text may have."""


def faults_of_copy(
    answer: CopyAnswer,
    product: Product,
    config: CopyConfig,
    *,
    today: date,
    room: int,
    seconds: Callable[[str], float],
) -> list[str]:
    """Sentences for the model that wrote it; none if the copy can be published."""
    faults = [
        f"{field}: {fault}."
        for field, text in (
            ("headline", answer.headline),
            ("text", answer.text),
            ("call_to_action", answer.call_to_action),
            ("script", answer.script),
        )
        for fault in _faults(text, product, config.language, today)
    ]
    if len(answer.headline) > HEADLINE:
        faults.append(f"headline: it has {len(answer.headline)} letters, not at most {HEADLINE}.")
    if (length := length_on(config.platform, answer.text)) > room:
        faults.append(f"text: it has {length} characters, not at most {room}.")
    if not _names_the_product(answer.text, product):
        faults.append("text: it does not name the product.")
    if not config.include_emojis and any(map(is_emoji, answer.text + answer.headline)):
        faults.append("text: it has emoji.")
    if any(map(is_emoji, answer.script)):
        faults.append("script: it has emoji.")
    if config.max_seconds is not None and (takes := seconds(answer.script)) > config.max_seconds:
        faults.append(
            f"script: it takes {takes:.1f} s to speak, {takes - config.max_seconds:.1f} s too long; leave facts out."
        )
    return faults


def faults_of_description(
    answer: DescriptionAnswer, product: Product, config: DescriptionConfig, *, today: date
) -> list[str]:
    """Sentences for the model that wrote it; none if the page can be published."""
    fields = {
        "title": ([answer.title], 150),
        "short_description": ([answer.short_description], 300),
        "paragraphs": (answer.paragraphs, 2000),
        "bullets": (answer.bullets, 200),
        "seo_title": ([answer.seo_title], 60),
        "meta_description": ([answer.meta_description], 155),
    }
    faults: list[str] = []
    for field, (texts, most) in fields.items():
        for text in texts:
            faults += [f"{field}: {fault}." for fault in _faults(text, product, config.language, today)]
            if len(text) > most:
                faults.append(f"{field}: it has {len(text)} letters, not at most {most}.")
    if not _names_the_product(answer.title, product):
        faults.append("title: it does not name the product.")
    return faults


def _faults(text: str, product: Product, language: Language, today: date) -> Iterator[str]:
    if not text.strip():
        yield "it is empty"
    yield from (finding.reason for finding in check_facts(text, product, language, today=today))
    if _MARKUP.search(text):
        yield "it has HTML or Markdown"
    foreign = little_words(text, "en" if language == "pt-BR" else "pt-BR")
    if foreign > max(_FEW, little_words(text, language)):
        yield f"it is not in {'Brazilian Portuguese' if language == 'pt-BR' else 'English'}"


def _names_the_product(text: str, product: Product) -> bool:
    named = {fold(word) for word in words(product.name) if len(word) > 2}
    return not named or bool(named & {fold(word) for word in words(text)})
