"""The step of a pipeline that makes the film."""

import asyncio
from datetime import datetime

from blocks.settings import get_settings
from flows.promotion_steps.language import language_of
from flows.promotion_steps.material import Given, Made
from tasks.errors import ContrapontoError
from tasks.fetching.steps import fetch_file, fetch_media, fetch_request, file_request
from tasks.film.options import VideoConfig
from tasks.film.steps import FilmRequest, make_film
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, current_stage
from tasks.narration.options import VoiceConfig
from tasks.narration.steps import narrate, narration_request
from tasks.promotion.materials import Narration, StoredFile
from tasks.video.encoding import choose_encoder

_MAX_LOGO_BYTES = 20 * 1024 * 1024
_FETCHED = 0.1
"""Share of the progress that is what has to be fetched."""


async def make(given: Given) -> Made:
    """Makes the film of the pictures, with whatever else the steps before it made."""
    config = given.options
    assert isinstance(config, VideoConfig)  # noqa: S101 - the type of the step says so
    assert given.product is not None, "the plan asks for it"  # noqa: S101
    warnings: list[str] = []
    parts = StageParts(current_stage(), 1)
    with parts.part(0, end=_FETCHED):
        narration = given.narration
        if config.audio_url is not None:
            narration = await _recorded(config.audio_url, given)
        music = await _sound(config.music_url) if config.music_url is not None else None
        logo = await _logo(given, warnings)
    today = datetime.now().astimezone().date()
    if given.product.is_over(today) and given.copy is None:
        # Else the copy has said it.
        warnings.append(f"The offer ended on {given.product.offer_ends}: it is not shown.")
    request = FilmRequest(
        product=given.product.as_of(today),
        pictures=given.pictures,
        written=given.copy,
        narration=narration,
        # They are those of the narration that is heard.
        captions=given.captions if config.audio_url is None else None,
        music=music,
        logo=logo,
        config=config,
        language=config.language or (narration.language if narration else language_of(given)),
        encoder=await asyncio.to_thread(choose_encoder, get_settings().video_encoder),
    )
    with parts.part(0, start=_FETCHED):
        film = await run_step(make_film, request)
    shown = {"contact_sheet": film.contact_sheet, "thumbnail": film.thumbnail}
    posters = {"poster": film.poster} if film.poster else {}
    return Made(
        told=film,
        files={"film": film.key, **shown, **posters},
        shown=shown,
        warnings=(*warnings, *film.warnings),
    )


async def _recorded(source: str, given: Given) -> Narration | None:
    """Somebody's own recording; what it says is the script, if there is one."""
    request = await narration_request(
        given.copy.script if given.copy else "",
        VoiceConfig(),
        language=language_of(given),
        recording=await _sound(source),
    )
    return await run_step(narrate, request) if request is not None else None


async def _sound(source: str) -> StoredFile:
    fetched = await run_step(fetch_media, await fetch_request(source, "audio"))
    return StoredFile(key=fetched.key, sha256=fetched.sha256)


async def _logo(given: Given, warnings: list[str]) -> StoredFile | None:
    if given.product is None or given.product.brand.logo is None:
        return None
    try:
        fetched = await run_step(fetch_file, await file_request(given.product.brand.logo, _MAX_LOGO_BYTES))
    except ContrapontoError as error:
        if given.strict or error.code == "cancelled":
            raise
        warnings.append(f"The film has no logo. {error}")
        return None
    return StoredFile(key=fetched.key, sha256=fetched.sha256)
