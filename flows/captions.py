"""Captions in videos: subtitles drawn into the picture, styled, or word by word with the spoken one standing out."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, Field, JsonValue

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.transcription import Priority, Source, WebhookUrl
from flows.video import Echo, FileName, StorePath
from tasks.captions.highlight import HighlightLook
from tasks.captions.look import (
    BorderChoice,
    Color,
    ColorChoice,
    FontChoice,
    PlaceChoice,
    Position,
    Replacement,
    SafeArea,
    Style,
    TimeRange,
)
from tasks.captions.reading import MAX_BYTES
from tasks.captions.segments import SegmentLook
from tasks.captions.steps import BurnRequest, Look, StoredCaptions, burn_captions, caption_typeface
from tasks.fetching.steps import (
    FetchedFile,
    FetchedMedia,
    fetch_file,
    fetch_media,
    fetch_request,
    file_request,
)
from tasks.jobs.step import current_job, job_flow, run_step, write_image
from tasks.jobs.tracker import StageParts
from tasks.video.encoding import Encoder, Quality, choose_encoder
from tasks.video.fitting import MAX_SECONDS
from tasks.webhooks.notify import check_receiver

_PLAIN = SegmentLook(
    font=FontChoice(size=54), border=BorderChoice(width=3), position=PlaceChoice(marginVertical=54)
)
"""What `caption` draws: as large as subtitles of broadcasts are."""

FontName = Annotated[str, Field(min_length=1, max_length=100)]


class UsedFont(BaseModel):
    """The font that was asked for, and the one that was used."""

    asked: str
    used: str
    stands_in: bool


class CaptionResult(BaseModel):
    """A captioned video."""

    file: str
    """Store key."""
    url: str
    duration: float
    """Seconds."""
    width: int
    height: int
    fps: float | None
    captions: int
    """Subtitles or words that were read."""
    font: UsedFont
    encoder: Encoder
    warnings: tuple[str, ...]


class CaptionOutcome(BaseModel):
    """The fields that captions add to the job document."""

    path: str
    """Folder of the media store that the result lies in."""
    result: CaptionResult


@job_flow(operation="caption", stages=("download", "rendering"), time_limit="caption_timeout_minutes")
async def caption(
    url_video: Source,
    url_srt: Source,
    webhook_url: WebhookUrl,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
    priority: Priority = "default",  # noqa: ARG001 - decides the queue when the job is submitted
    id_roteiro: Echo | None = None,  # noqa: ARG001 - echoed by the job's document
    metadata: dict[str, JsonValue] | None = None,  # noqa: ARG001 - echoed by the job's document
) -> CaptionOutcome:
    """Draw subtitles into the picture of a video.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_srt: Address of the subtitles (SRT, WebVTT, ASS), or their key in the media store.
        webhook_url: Address that is told when the job has ended.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier; echoed.
        metadata: Anything of yours; echoed.
    """
    return await _captioned(url_video, url_srt, webhook_url, _PLAIN, path, output_filename, quality)


@job_flow(
    operation="caption-segments", stages=("download", "rendering"), time_limit="caption_timeout_minutes"
)
async def caption_segments(
    url_video: Source,
    url_srt: Source,
    webhook_url: WebhookUrl,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    font: FontChoice = FontChoice(),  # noqa: B008 - Prefect shows the default in its form
    colors: ColorChoice = ColorChoice(),  # noqa: B008
    border: BorderChoice = BorderChoice(),  # noqa: B008
    position: PlaceChoice = PlaceChoice(),  # noqa: B008
    uppercase: bool = False,
    break_sentences: bool = False,
    safe_area: SafeArea = "none",
    replacements: Annotated[list[Replacement], Field(max_length=500)] = [],  # noqa: B006
    excluded: Annotated[list[TimeRange], Field(max_length=500)] = [],  # noqa: B006
    quality: Quality = "standard",
    priority: Priority = "default",  # noqa: ARG001 - decides the queue when the job is submitted
    id_roteiro: Echo | None = None,  # noqa: ARG001 - echoed by the job's document
    metadata: dict[str, JsonValue] | None = None,  # noqa: ARG001 - echoed by the job's document
) -> CaptionOutcome:
    """Draw subtitles in a style of your own into the picture of a video.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_srt: Address of the subtitles (SRT, WebVTT, ASS), or their key in the media store.
        webhook_url: Address that is told when the job has ended.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        font: Name, size (20 to 200) and bold. Sizes are pixels of a picture whose shorter side has 1080.
        colors: Of the letters (primary) and around them (outline), as #RRGGBB.
        border: Style 1 outlines the letters, 3 boxes each line, 4 boxes all of them; width 0 to 10.
        position: One of nine places, and the distance from the edge (0 to 500).
        uppercase: Show everything in capitals.
        break_sentences: Begin a new line after a full stop.
        safe_area: Keep clear of what an app lays over the picture.
        replacements: Texts to be shown as others.
        excluded: Times in which nothing is shown.
        quality: draft is fastest, high is for further editing.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier; echoed.
        metadata: Anything of yours; echoed.
    """
    look = SegmentLook(
        font=font,
        colors=colors,
        border=border,
        position=position,
        uppercase=uppercase,
        break_sentences=break_sentences,
        safe_area=safe_area,
        replacements=tuple(replacements),
        excluded=tuple(excluded),
    )
    return await _captioned(url_video, url_srt, webhook_url, look, path, output_filename, quality)


@job_flow(
    operation="caption-highlight", stages=("download", "rendering"), time_limit="caption_timeout_minutes"
)
async def caption_highlight(
    url_video: Source,
    url_words_json: Source,
    webhook_url: WebhookUrl,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    fonte: FontName = "Arial Black",
    tamanho_fonte: Annotated[int, Field(ge=20, le=200)] = 72,
    fundo_cor: Color = "#000000",
    fundo_opacidade: Annotated[int, Field(ge=0, le=100)] = 50,
    fundo_arredondado: bool = True,
    texto_cor: Color = "#FFFFFF",
    highlight_cor: Color = "#D60000",
    highlight_texto_cor: Color = "#FFFFFF",
    highlight_borda: Annotated[int, Field(ge=0, le=50)] = 12,
    padding_horizontal: Annotated[int, Field(ge=0, le=500)] = 40,
    padding_vertical: Annotated[int, Field(ge=0, le=500)] = 80,
    position: Position = "bottom_center",
    words_per_line: Annotated[int, Field(ge=1, le=10)] = 4,
    max_lines: Annotated[int, Field(ge=1, le=5)] = 2,
    style: Style = "highlight",
    uppercase: bool = False,
    safe_area: SafeArea = "none",
    replacements: Annotated[list[Replacement], Field(max_length=500)] = [],  # noqa: B006
    excluded: Annotated[list[TimeRange], Field(max_length=500)] = [],  # noqa: B006
    quality: Quality = "standard",
    priority: Priority = "default",  # noqa: ARG001 - decides the queue when the job is submitted
    id_roteiro: Echo | None = None,  # noqa: ARG001 - echoed by the job's document
    metadata: dict[str, JsonValue] | None = None,  # noqa: ARG001 - echoed by the job's document
) -> CaptionOutcome:
    """Draw what is said into the picture of a video, word by word, the spoken one standing out.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_words_json: Address of {"words": [{word, start, end}]}, or its key in the media store.
        webhook_url: Address that is told when the job has ended.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        fonte: Font. Sizes are pixels of a picture whose shorter side has 1080.
        tamanho_fonte: Height of a line.
        fundo_cor: Colour behind the lines, as #RRGGBB.
        fundo_opacidade: Of that colour: 0 for none, 100 for solid.
        fundo_arredondado: Round the corners.
        texto_cor: Colour of the letters.
        highlight_cor: Colour behind the spoken word.
        highlight_texto_cor: Colour of the spoken word's letters.
        highlight_borda: Space between the spoken word and the edge of its box.
        padding_horizontal: Distance from the left and right edges of the picture.
        padding_vertical: Distance from its upper and lower edges.
        position: One of nine places.
        words_per_line: At most so many; a line also ends after 5 s and after a full stop.
        max_lines: Lines shown together.
        style: highlight boxes the spoken word; karaoke colours what was spoken; word_by_word shows one at a time.
        uppercase: Show everything in capitals.
        safe_area: Keep clear of what an app lays over the picture.
        replacements: Parts of words to be shown as others.
        excluded: Times in which nothing is shown.
        quality: draft is fastest, high is for further editing.
        priority: Which queue the job waits in. Takes effect with contraponto submit; over REST name the work queue.
        id_roteiro: Your own identifier; echoed.
        metadata: Anything of yours; echoed.
    """
    look = HighlightLook(
        fonte=fonte,
        tamanho_fonte=tamanho_fonte,
        fundo_cor=fundo_cor,
        fundo_opacidade=fundo_opacidade,
        fundo_arredondado=fundo_arredondado,
        texto_cor=texto_cor,
        highlight_cor=highlight_cor,
        highlight_texto_cor=highlight_texto_cor,
        highlight_borda=highlight_borda,
        padding_horizontal=padding_horizontal,
        padding_vertical=padding_vertical,
        position=position,
        words_per_line=words_per_line,
        max_lines=max_lines,
        style=style,
        uppercase=uppercase,
        safe_area=safe_area,
        replacements=tuple(replacements),
        excluded=tuple(excluded),
    )
    return await _captioned(url_video, url_words_json, webhook_url, look, path, output_filename, quality)


async def _captioned(
    url_video: str,
    url_text: str,
    webhook_url: str,
    look: Look,
    path: str | None,
    output_filename: str | None,
    quality: Quality,
) -> CaptionOutcome:
    # What is wrong with a job is said before anything is fetched.
    await check_receiver(webhook_url)
    job = current_job()
    settings = get_settings()
    store = media_store(settings)
    folder = result_folder(path, job.document.job_id)
    target = f"{folder}/{result_file(output_filename, 'video', '.mp4')}"
    encoder = await asyncio.to_thread(choose_encoder, settings.video_encoder)
    typeface = await caption_typeface(look)

    with job.stage("download") as stage:
        parts = StageParts(stage, 2)
        text_request = await file_request(url_text, MAX_BYTES)
        text = await run_step(fetch_file, text_request, parts.part(0), store, FetchedFile)
        video_request = await fetch_request(url_video, "video", MAX_SECONDS)
        video = await run_step(fetch_media, video_request, parts.part(1), store, FetchedMedia)

    with job.stage("rendering") as stage:
        request = BurnRequest(
            store=settings.store,
            video_key=video.key,
            text_key=text.key,
            video_sha256=video.sha256,
            text_sha256=text.sha256,
            look=look,
            font_file=f"{typeface.file.path.name} {typeface.file.path.stat().st_size}",
            encoder=encoder,
            quality=quality,
        )
        drawn = await run_step(burn_captions, request, stage, store, StoredCaptions)
        await asyncio.to_thread(store.copy_file, drawn.key, target)

    await write_image(
        "frame", await asyncio.to_thread(store.read_bytes, drawn.thumbnail), "The middle of the video"
    )
    return CaptionOutcome(
        path=folder,
        result=CaptionResult(
            file=target,
            url=store.url(target),
            duration=drawn.duration,
            width=drawn.width,
            height=drawn.height,
            fps=drawn.fps,
            captions=drawn.captions,
            font=UsedFont(asked=typeface.asked, used=typeface.family, stands_in=typeface.mapped),
            encoder=encoder,
            warnings=_warnings(drawn),
        ),
    )


def _warnings(drawn: StoredCaptions) -> tuple[str, ...]:
    warnings = []
    if not drawn.captions:
        warnings.append("The file has no captions: the picture is as it was.")
    if drawn.missing:
        warnings.append(f"No font here can draw these characters, which were left out: {drawn.missing}")
    return tuple(warnings)
