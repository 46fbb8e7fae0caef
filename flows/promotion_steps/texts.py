"""The steps of a pipeline that write, speak and caption."""

import asyncio
import hashlib

from blocks.from_settings import media_store
from blocks.settings import get_settings
from flows.promotion_steps.language import language_of
from flows.promotion_steps.material import Given, Made
from tasks.copywriting.options import CopyConfig, DescriptionConfig
from tasks.copywriting.steps import CopyRequest, DescriptionRequest, write_copy, write_description
from tasks.errors import MissingEngineError
from tasks.fetching.steps import fetch_media, fetch_request
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StagePart, StageParts, current_stage
from tasks.narration.options import CaptionsConfig, VoiceConfig
from tasks.narration.steps import captions_request, make_captions, narrate, narration_request
from tasks.promotion.materials import StoredFile
from tasks.promotion.product import Product

_FETCHED = 0.2
"""Share of the progress of a recording that is its transfer."""


async def write(given: Given) -> Made:
    """Writes the copy; its script fits into the film that waits for it."""
    config = given.options
    assert isinstance(config, CopyConfig)  # noqa: S101 - the type of the step says so
    if config.max_seconds is None and given.max_script_seconds is not None:
        config = config.model_copy(update={"max_seconds": given.max_script_seconds})
    request = CopyRequest(product=_product(given), config=config, speed=given.speed)
    copy = await run_step(write_copy, request)
    files = {"copy": await _stored_text(copy.text), "script": await _stored_text(copy.script)}
    return Made(told=copy, files=files, copy=copy, warnings=copy.warnings)


async def describe(given: Given) -> Made:
    """Writes the texts of the product's page."""
    config = given.options
    assert isinstance(config, DescriptionConfig)  # noqa: S101
    made = await run_step(write_description, DescriptionRequest(product=_product(given), config=config))
    return Made(
        told=made,
        files={
            "description": await _stored_text(made.long_description, "md"),
            "page": await _stored_text(made.html, "html"),
        },
        pages={
            made.title: made.short_description,
            "Bullets": " · ".join(made.bullets),
            made.seo_title: made.meta_description,
        },
        warnings=made.warnings,
    )


async def speak(given: Given) -> Made:
    """Speaks the script, or times the words of somebody's recording of it.

    Without an engine a film is made without a voice, unless the job is strict; alone, the step fails.
    """
    config = given.options
    assert isinstance(config, VoiceConfig)  # noqa: S101
    recording = await _recording(config.audio_url) if config.audio_url is not None else None
    try:
        request = await narration_request(
            given.copy.script if given.copy else "",
            config,
            language=language_of(given, config.script_text or ""),
            recording=recording,
            max_seconds=given.max_seconds,
        )
    except MissingEngineError as error:
        if given.strict or not given.for_film:
            raise
        return Made(warnings=(f"There is no voice-over: {error}",))
    if request is None:
        return Made()
    with _rest(whole=recording is None):
        narration = await run_step(narrate, request)
    return Made(
        told=narration,
        files={"narration": narration.file.key},
        narration=narration,
        warnings=narration.warnings,
    )


async def caption(given: Given) -> Made:
    """Captions the narration, or a recording; nothing where a film has no voice."""
    config = given.options
    assert isinstance(config, CaptionsConfig)  # noqa: S101
    if config.audio_url is None and given.narration is None and given.for_film:
        return Made()
    recording = await _recording(config.audio_url) if config.audio_url is not None else None
    request = captions_request(
        config,
        narration=given.narration,
        recording=recording,
        script=given.copy.script if given.copy else "",
        language=language_of(given),
    )
    with _rest(whole=recording is None):
        track = await run_step(make_captions, request)
    files = {f"captions_{kind}": track.files[kind].key for kind in config.formats if kind in track.files}
    # Those of the narration it has said itself.
    known = given.narration.warnings if given.narration else ()
    warnings = tuple(warning for warning in track.warnings if warning not in known)
    return Made(told=track, files=files, captions=track, warnings=warnings)


def _product(given: Given) -> Product:
    assert given.product is not None, "the plan asks for it"  # noqa: S101
    return given.product


async def _recording(source: str) -> StoredFile:
    with StageParts(current_stage(), 1).part(0, end=_FETCHED):
        fetched = await run_step(fetch_media, await fetch_request(source, "audio"))
    return StoredFile(key=fetched.key, sha256=fetched.sha256)


def _rest(*, whole: bool = False) -> StagePart:
    return StageParts(current_stage(), 1).part(0, start=0.0 if whole else _FETCHED)


async def _stored_text(text: str, ending: str = "txt") -> str:
    key = f"texts/{hashlib.sha256(text.encode()).hexdigest()}.{ending}"
    await asyncio.to_thread(media_store(get_settings()).put_text, text, key)
    return key
