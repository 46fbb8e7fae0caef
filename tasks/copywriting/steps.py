"""Writes the copy and the description of a product."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from blocks.from_settings import text_model
from blocks.settings import get_settings
from tasks.copywriting.options import CopyConfig, DescriptionConfig, Engine
from tasks.copywriting.templates import copy_of_templates, description_of_templates
from tasks.copywriting.writing import TextWriter, copy_of_model, description_of_model
from tasks.errors import MissingEngineError
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.progress import Progress
from tasks.promotion.materials import ProductDescription, WrittenCopy
from tasks.promotion.product import Product


def _today() -> date:
    return datetime.now().astimezone().date()


def _model_in_force() -> str:
    settings = get_settings()
    return f"{settings.text_model or ''} {settings.text_model_base_url or ''}".strip()


class _TextRequest(StepRequest):
    version: ClassVar[int] = 2

    product: Product
    text_model: str = Field(default_factory=_model_in_force)
    """Which text model the settings have, "" if none: another one writes another text."""
    today: date = Field(default_factory=_today)
    """Of this machine: an offer that is over is not told."""

    @override
    def cache_key(self) -> str | None:
        if self.product.offer_ends is None and self.today != date.min:
            return self.model_copy(update={"today": date.min}).cache_key()
        return super().cache_key()


class CopyRequest(_TextRequest):
    """A post for a platform, with the script and the headline of a film."""

    config: CopyConfig = CopyConfig()
    speed: Annotated[float, Field(gt=0)] = 1.0
    """Of the voice that will speak the script; matters where `config.max_seconds` is given."""


class DescriptionRequest(_TextRequest):
    """The texts of a product's page."""

    config: DescriptionConfig = DescriptionConfig()


@step("copy")
def write_copy(request: CopyRequest, progress: Progress) -> WrittenCopy:
    """Writes a post, its script and headline with nothing but the product's facts.

    Raises InvalidInputError if no script fits `config.max_seconds`, MissingEngineError if the text model is asked for
    and the settings name none, and what `TextModel.write` raises where the endpoint cannot be used.
    """
    model = _model(request.config.engine)
    progress(0.1)
    if model is None:
        return copy_of_templates(request.product, request.config, today=request.today, speed=request.speed)
    return copy_of_model(model, request.product, request.config, today=request.today, speed=request.speed)


@step("description")
def write_description(request: DescriptionRequest, progress: Progress) -> ProductDescription:
    """Writes the texts of a product's page with nothing but its facts. Raises as `write_copy`."""
    model = _model(request.config.engine)
    progress(0.1)
    if model is None:
        return description_of_templates(request.product, request.config, today=request.today)
    return description_of_model(model, request.product, request.config, today=request.today)


def _model(engine: Engine) -> TextWriter | None:
    """The text model that is to write; None for the templates."""
    if engine == "templates":
        return None
    model = text_model(get_settings())
    if model is None and engine == "model":
        raise MissingEngineError(
            "Copy by a text model is asked for, but the settings name none.",
            hint="Set CONTRAPONTO_TEXT_MODEL and CONTRAPONTO_TEXT_MODEL_BASE_URL, or choose engine auto or templates.",
        )
    return model
