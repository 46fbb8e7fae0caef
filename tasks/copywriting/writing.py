"""Copy and descriptions by a text model, checked against the facts; by templates where it does not keep to them."""

import random
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Protocol, TypeVar

from pydantic import BaseModel

from tasks.copywriting.descriptions import Page
from tasks.copywriting.hashtags import hashtags
from tasks.copywriting.instructions import (
    CopyAnswer,
    DescriptionAnswer,
    copy_task,
    description_task,
    facts_as_json,
)
from tasks.copywriting.judging import faults_of_copy, faults_of_description
from tasks.copywriting.numerals import fold
from tasks.copywriting.options import CopyConfig, DescriptionConfig
from tasks.copywriting.platforms import RULES, length_on
from tasks.copywriting.posts import PHRASES
from tasks.copywriting.templates import (
    copy_of_templates,
    description_of,
    description_of_templates,
    remarks,
)
from tasks.copywriting.told import tell
from tasks.errors import EngineError
from tasks.foreign_text import printable
from tasks.narration.length import predicted_seconds
from tasks.promotion.materials import ProductDescription, TextModelUsage, WrittenCopy
from tasks.promotion.product import Product

_COPY_TOKENS = 1500
_DESCRIPTION_TOKENS = 2500
"""Bounds of one answer."""
_TEMPERATURE = 0.7
_SHOWN_FAULTS = 3
_BETWEEN_LETTERS = re.compile(r"(?<=[A-Za-zÀ-ÿ])[\u200c\u200d]+(?=[A-Za-zÀ-ÿ])")
_HASHTAG = re.compile(r"(?<!\w)#\w+")

Form = TypeVar("Form", bound=BaseModel)
Form_co = TypeVar("Form_co", bound=BaseModel, covariant=True)


class _Usage(Protocol):
    @property
    def requests(self) -> int: ...
    @property
    def prompt_tokens(self) -> int: ...
    @property
    def completion_tokens(self) -> int: ...
    @property
    def cost(self) -> float | None: ...


class _Answer(Protocol[Form_co]):
    @property
    def value(self) -> Form_co: ...
    @property
    def faults(self) -> tuple[str, ...]: ...
    @property
    def usage(self) -> _Usage: ...


class TextWriter(Protocol):
    """What writes: `blocks.text_model.TextModel`."""

    model: str

    def write(
        self,
        form: type[Form],
        task: str,
        question: str,
        check: Callable[[Form], Sequence[str]],
        *,
        max_tokens: int,
        temperature: float = 0,
        seed: int | None = None,
    ) -> _Answer[Form]:
        """An answer in the form; see there."""


def copy_of_model(
    model: TextWriter, product: Product, config: CopyConfig, *, today: date, speed: float = 1.0
) -> WrittenCopy:
    """A post with script and headline, written by the model; by templates, with a warning, where it fails twice.

    Raises what `TextModel.write` raises besides EngineError, and InvalidInputError if no script fits its time.
    """
    told = tell(product, config.language, today=today, emoji=config.include_emojis)
    most = RULES[config.platform].hashtags if config.include_hashtags else 0
    tags = hashtags(product, told, PHRASES[config.language], most, random.Random(config.seed))  # noqa: S311
    ending = _ending(told.link if RULES[config.platform].links else None, tags)
    room = RULES[config.platform].most - length_on(config.platform, ending)

    def seconds(script: str) -> float:
        return predicted_seconds(script, config.language, speed)

    def check(answer: CopyAnswer) -> list[str]:
        return faults_of_copy(_tidied(answer), product, config, today=today, room=room, seconds=seconds)

    usage = None
    try:
        answer = model.write(
            CopyAnswer,
            copy_task(config, room),
            facts_as_json(product, config.language, today),
            check,
            max_tokens=_COPY_TOKENS,
            temperature=_TEMPERATURE,
            seed=config.seed,
        )
    except EngineError as error:
        failure = error.message
    else:
        usage = _usage_of(answer.usage)
        if not answer.faults:
            written = _tidied(answer.value)
            return WrittenCopy(
                platform=config.platform,
                language=config.language,
                headline=written.headline,
                text=written.text + ending,
                hashtags=tags,
                call_to_action=written.call_to_action,
                script=written.script,
                engine=model.model,
                warnings=remarks(product, told),
                usage=usage,
            )
        failure = _twice_wrong(model, answer.faults)
    made = copy_of_templates(product, config, today=today, speed=speed)
    return made.model_copy(update={"warnings": (*made.warnings, _instead(failure)), "usage": usage})


def description_of_model(
    model: TextWriter, product: Product, config: DescriptionConfig, *, today: date
) -> ProductDescription:
    """The texts of the product's page; as `copy_of_model`."""
    usage = None
    try:
        answer = model.write(
            DescriptionAnswer,
            description_task(config),
            facts_as_json(product, config.language, today, prices=False),
            lambda given: faults_of_description(given, product, config, today=today),
            max_tokens=_DESCRIPTION_TOKENS,
            temperature=_TEMPERATURE,
            seed=config.seed,
        )
    except EngineError as error:
        failure = error.message
    else:
        usage = _usage_of(answer.usage)
        if not answer.faults:
            return description_of(_page(answer.value, product), config, model.model, usage=usage)
        failure = _twice_wrong(model, answer.faults)
    made = description_of_templates(product, config, today=today)
    return made.model_copy(update={"warnings": (*made.warnings, _instead(failure)), "usage": usage})


def _ending(link: str | None, tags: tuple[str, ...]) -> str:
    """What is added to a model's text: the product's link and hashtags are never left to it."""
    return "".join(f"\n\n{part}" for part in (link, " ".join(tags)) if part)


def _tidied(answer: CopyAnswer) -> CopyAnswer:
    """Without hashtags, which are ours, and blanks around."""
    text = re.sub(r"[ \t]+\n", "\n", _HASHTAG.sub("", _visible(answer.text)))
    return CopyAnswer(
        headline=" ".join(_visible(answer.headline).split()),
        text=re.sub(r"\n{3,}", "\n\n", text).strip(),
        call_to_action=" ".join(_visible(answer.call_to_action).split()).rstrip("."),
        script=" ".join(_visible(answer.script).split()),
    )


def _visible(text: str) -> str:
    """The text without what cannot be seen: words that hide behind it are found by the guard."""
    return _BETWEEN_LETTERS.sub("", printable(text))


def _page(answer: DescriptionAnswer, product: Product) -> Page:
    facts = fold(" ".join((product.name, product.description, *product.features, product.category or "",
                           product.audience or "", product.brand.name or "")))  # fmt: skip
    return Page(
        title=answer.title.strip(),
        short=answer.short_description.strip(),
        paragraphs=tuple(part.strip() for part in answer.paragraphs),
        bullets=tuple(bullet.strip(" .-•") for bullet in answer.bullets),
        quotes=(),
        seo_title=answer.seo_title.strip(),
        meta=answer.meta_description.strip(),
        # A keyword of the model's own would be a claim that nobody has checked.
        keywords=tuple(k for k in dict.fromkeys(answer.keywords) if k.strip() and fold(k.strip()) in facts)[
            :10
        ],
    )


def _usage_of(usage: _Usage) -> TextModelUsage:
    return TextModelUsage(
        requests=usage.requests,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=usage.cost,
    )


def _twice_wrong(model: TextWriter, faults: tuple[str, ...]) -> str:
    more = f" And {len(faults) - _SHOWN_FAULTS} more." if len(faults) > _SHOWN_FAULTS else ""
    return f'The text model "{model.model}" twice wrote what cannot be published: ' + (
        " ".join(faults[:_SHOWN_FAULTS]) + more
    )


def _instead(failure: str) -> str:
    return f"{failure} Templates were used instead."
