"""How long the steps of a job are likely to take, and what in it does not fit: before anything is begun."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from blocks.from_settings import media_store, text_model
from blocks.settings import get_settings
from flows.promotion_steps.fit import film_seconds, script_seconds, speed_of, spoken_speed
from tasks.captions.fonts import find_typeface
from tasks.captions.steps import font_folders
from tasks.copywriting.options import CopyConfig, DescriptionConfig
from tasks.copywriting.templates import copy_of_templates
from tasks.copywriting.tongue import language_of_facts, likely_language
from tasks.enhancement.options import ImagesConfig
from tasks.errors import ContrapontoError, MissingEngineError
from tasks.fetching.steps import is_url
from tasks.film.music import choose_track, chosen_mood
from tasks.film.options import VideoConfig
from tasks.film.timeline import A_PICTURE, END_CARD
from tasks.narration.length import predicted_seconds
from tasks.narration.narrating import choose
from tasks.narration.options import CaptionsConfig, VoiceConfig
from tasks.promotion.materials import Language
from tasks.promotion.planning import Plan
from tasks.promotion.product import Product
from tasks.speech.steps import recogniser_name

_TEXT = 0.5
_TEXT_BY_MODEL = 15.0
_AN_IMAGE: Mapping[str, float] = {"basic": 0.8, "standard": 1.0, "premium": 1.2}
"""Its transfer and its small pictures with it; noisy ones of 12 megapixels take a second more."""
_VOICE_START = 1.0
_A_SPOKEN_SECOND: Mapping[Language, float] = {"en": 0.1, "pt-BR": 0.8}
_A_HEARD_SECOND = 0.2
_A_REMOTE_SECOND = 0.3
"""Of an endpoint; a guess."""
_CAPTIONS = 0.5
_FILM_START = 3.0
_A_FILM_SECOND = 0.9
"""Of 1080×1920 pixels at 30 frames a second."""
_FULL = 1080 * 1920 * 30
"""Without a GPU. Seconds of a processor in films of 13 to 31 s, rounded up: 0.3 to 0.6 an image, 0.72 to 0.80 (pt-BR)
and 0.03 to 0.05 (en) a spoken second, 0.1 to 0.17 a heard one. A film took 1.1 to 1.4 a second of itself, which two
cores share."""


@dataclass
class Forecast:
    """What is to be expected of a job."""

    seconds: dict[str, float] = field(default_factory=dict)
    """By the step, on two cores without a GPU."""
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    said: dict[str, float] = field(default_factory=dict)
    """Seconds of the narration that each step makes or has written the script of."""
    scripts: dict[str, tuple[str, Language]] = field(default_factory=dict)
    """What each copy step would have spoken, where templates write it."""


@dataclass(frozen=True)
class _Job:
    plan: Plan
    product: Product | None
    images: tuple[str, ...]
    strict: bool


def forecast(plan: Plan, product: Product | None, images: tuple[str, ...], *, strict: bool) -> Forecast:
    """What is to be expected of a job. Nothing is fetched, and no model is asked."""
    found, job = Forecast(), _Job(plan, product, images, strict)
    for name in plan.order:
        try:
            found.seconds[name] = _OF_TYPE[plan.step(name).type](name, job, found)
        except ContrapontoError as error:
            found.seconds.setdefault(name, 0.0)
            found.faults.append(f"{name}: {error}")
    return found


def _pictures(name: str, job: _Job, found: Forecast) -> float:
    config = job.plan.options[name]
    assert isinstance(config, ImagesConfig)  # noqa: S101 - the type of the step says so
    store = media_store(get_settings())
    missing = [image for image in job.images if not is_url(image) and not store.exists(image)]
    told = found.faults if job.strict or len(missing) == len(job.images) else found.warnings
    told += [f'{name}: "{image}" is not in the media store.' for image in missing]
    return _AN_IMAGE[config.enhancement_level] * len(job.images) * config.count


def _copy(name: str, job: _Job, found: Forecast) -> float:
    config = job.plan.options[name]
    assert isinstance(config, CopyConfig)  # noqa: S101
    if _by_model(config.engine):
        return _TEXT_BY_MODEL
    assert job.product is not None  # noqa: S101
    limit = script_seconds(job.plan, name, film_seconds(job.plan, name))
    if config.max_seconds is None and limit is not None:
        config = config.model_copy(update={"max_seconds": limit})
    today = datetime.now().astimezone().date()
    copy = copy_of_templates(job.product, config, today=today, speed=speed_of(job.plan, name))
    found.scripts[name] = (copy.script, copy.language)
    found.warnings += [f"{name}: {warning}" for warning in copy.warnings]
    return _TEXT


def _description(name: str, job: _Job, found: Forecast) -> float:  # noqa: ARG001 - as the others
    config = job.plan.options[name]
    assert isinstance(config, DescriptionConfig)  # noqa: S101
    return _TEXT_BY_MODEL if _by_model(config.engine) else _TEXT


def _by_model(engine: str) -> bool:
    if engine == "templates":
        return False
    there = text_model(get_settings()) is not None
    if engine == "model" and not there:
        raise MissingEngineError("A text model is asked for, but the settings name none.")
    return there


def _voice(name: str, job: _Job, found: Forecast) -> float:
    config, plan = job.plan.options[name], job.plan
    assert isinstance(config, VoiceConfig)  # noqa: S101
    if config.engine == "none":
        return 0.0
    own = config.script_text or ""
    unsaid = likely_language([own], language_of_facts(job.product) if job.product else "pt-BR")
    script, language = next(
        (found.scripts[copy] for copy in plan.sources(name, "copy") if copy in found.scripts), ("", unsaid)
    )
    script, language = own or script, config.language or language
    said = predicted_seconds(script, language, spoken_speed(config, language))
    film = film_seconds(plan, name)
    if film is not None and said > film:
        found.faults.append(
            f"{name}: the narration takes about {said:.0f} s, {said - film:.0f} s more than the film is to last."
        )
    if config.audio_url is not None:
        recogniser_name(get_settings().whisper_model, get_settings())
        return _A_HEARD_SECOND * said
    try:
        voice, warnings = choose(config, language, get_settings())
        found.warnings += [f"{name}: {warning}" for warning in warnings]
    except MissingEngineError as error:
        if job.strict or not plan.behind(name, "film"):
            raise
        found.warnings.append(f"{name}: There is no voice-over: {error}")
        return 0.0
    found.said[name] = said
    # What an endpoint has said is listened to for the times of its words.
    a_second = _A_REMOTE_SECOND + _A_HEARD_SECOND if voice.remote else _A_SPOKEN_SECOND[language]
    return _VOICE_START + a_second * said


def _captions(name: str, job: _Job, found: Forecast) -> float:  # noqa: ARG001
    config = job.plan.options[name]
    assert isinstance(config, CaptionsConfig)  # noqa: S101
    config.subtitles.check()
    if config.audio_url is not None:
        recogniser_name(get_settings().whisper_model, get_settings())
    return _CAPTIONS


def _film(name: str, job: _Job, found: Forecast) -> float:
    config, settings = job.plan.options[name], get_settings()
    assert isinstance(config, VideoConfig)  # noqa: S101
    assert job.product is not None  # noqa: S101
    if job.product.brand.font is not None:
        find_typeface(job.product.brand.font, bold=False, folders=font_folders(settings))
    if config.audio_type != "none" and config.music_url is None:
        mood = chosen_mood(config.music, "slideshow")
        try:
            if mood is not None:
                choose_track(settings.models_dir, mood, job.product.name)
        except MissingEngineError as error:
            if config.music != "auto" or job.strict:
                raise
            found.warnings.append(f"{name}: The film has no music. {error.hint}")
    said = max((found.said.get(voice, 0.0) for voice in job.plan.sources(name, "narration")), default=0.0)
    seconds = config.duration or (said or A_PICTURE * len(job.images)) + END_CARD
    width, height = config.frame
    return _FILM_START + _A_FILM_SECOND * seconds * width * height * float(config.fps) / _FULL


_OF_TYPE: Mapping[str, Callable[[str, _Job, Forecast], float]] = {
    "ENHANCED_IMAGES": _pictures,
    "VIRAL_COPY": _copy,
    "PRODUCT_DESCRIPTION": _description,
    "VOICE_OVER": _voice,
    "CAPTIONS": _captions,
    "PROMOTIONAL_VIDEO": _film,
}
