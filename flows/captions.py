"""Captions in videos: subtitles drawn into the picture, styled, or word by word with the spoken one standing out."""

import asyncio
from functools import partial
from typing import Annotated

from pydantic import Field

from blocks.from_settings import media_store
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.job import job_flow
from flows.parameters import FileName, Source, StorePath
from tasks.captions.document import CaptionOutcome, CaptionResult, UsedFont
from tasks.captions.encodings import known_encoding
from tasks.captions.fonts import Typeface
from tasks.captions.highlight import HighlightLook
from tasks.captions.look import (
    BorderChoice,
    Color,
    ColorChoice,
    FontChoice,
    PlaceChoice,
    Position,
    SafeArea,
    Style,
    TimeRange,
)
from tasks.captions.reading import MAX_BYTES
from tasks.captions.segments import SegmentLook
from tasks.captions.steps import Look, StoredCaptions, burn_captions, burn_request, caption_typeface
from tasks.captions.wording import Replacement
from tasks.fetching.steps import fetch_file, fetch_media, fetch_request, file_request
from tasks.jobs.artifacts import write_image
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, current_job
from tasks.video.document import video_summary
from tasks.video.encoding import Encoder, Quality, choose_encoder
from tasks.video.fitting import MAX_SECONDS

_PLAIN = SegmentLook(
    font=FontChoice(size=54), border=BorderChoice(width=3), position=PlaceChoice(marginVertical=54)
)
"""What `caption` draws: as large as subtitles of broadcasts are."""

FontName = Annotated[str, Field(min_length=1, max_length=100)]
Encoding = Annotated[str, Field(min_length=1, max_length=40)]

_caption_job = partial(
    job_flow,
    stages=("download", "rendering"),
    needs_webhook=True,
    time_limit="caption_timeout_minutes",
    summary=video_summary,
)


@_caption_job(operation="caption")
async def caption(
    url_video: Source,
    url_srt: Source,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
    encoding: Encoding | None = None,
) -> CaptionOutcome:
    """Draw subtitles into the picture of a video.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_srt: Address of the subtitles (SRT, WebVTT, ASS), or their key in the media store.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
        encoding: Of the letters in url_srt (utf-8, windows-1251, shift_jis); empty to find it out.
    """
    return await _captioned(url_video, url_srt, _PLAIN, path, output_filename, quality, encoding)


@_caption_job(operation="caption-segments")
async def caption_segments(
    url_video: Source,
    url_srt: Source,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    font: FontChoice = FontChoice(),  # noqa: B008 - Prefect shows the default in its form
    colors: ColorChoice = ColorChoice(),  # noqa: B008
    border: BorderChoice = BorderChoice(),  # noqa: B008
    position: PlaceChoice | None = None,
    uppercase: bool = False,
    break_sentences: bool = False,
    safe_area: SafeArea = "none",
    replacements: Annotated[list[Replacement], Field(max_length=500)] = [],  # noqa: B006
    excluded: Annotated[list[TimeRange], Field(max_length=500)] = [],  # noqa: B006
    quality: Quality = "standard",
    encoding: Encoding | None = None,
) -> CaptionOutcome:
    """Draw subtitles in a style of your own into the picture of a video.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_srt: Address of the subtitles (SRT, WebVTT, ASS), or their key in the media store.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        font: Name, size (20 to 200) and bold. Sizes are pixels of a picture whose shorter side has 1080.
        colors: Of the letters (primary) and around them (outline), as #RRGGBB.
        border: Style 1 outlines the letters, 3 boxes each line, 4 boxes all of them; width 0 to 10.
        position: One of nine places, and the distance from the edge (0 to 500); empty for where url_srt says.
        uppercase: Show everything in capitals.
        break_sentences: Begin a new line after a full stop.
        safe_area: Keep clear of what an app lays over the picture.
        replacements: Texts to be shown as others: whole words, or with `part_of_words` parts of them.
        excluded: Times in which nothing is shown.
        quality: draft is fastest, high is for further editing.
        encoding: Of the letters in url_srt (utf-8, windows-1251, shift_jis); empty to find it out.
    """
    look = SegmentLook(
        font=font,
        colors=colors,
        border=border,
        position=position or PlaceChoice(),
        # A distance alone says nothing of the place.
        placed_by_file=position is None or "alignment" not in position.model_fields_set,
        uppercase=uppercase,
        break_sentences=break_sentences,
        safe_area=safe_area,
        replacements=tuple(replacements),
        excluded=tuple(excluded),
    )
    return await _captioned(url_video, url_srt, look, path, output_filename, quality, encoding)


@_caption_job(operation="caption-highlight")
async def caption_highlight(
    url_video: Source,
    url_words_json: Source,
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
) -> CaptionOutcome:
    """Draw what is said into the picture of a video, word by word, the spoken one standing out.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_words_json: Address of {"words": [{word, start, end}]}, or its key in the media store.
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
        replacements: Words to be shown as others, also several together; with `part_of_words` parts of them.
        excluded: Times in which nothing is shown.
        quality: draft is fastest, high is for further editing.
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
    return await _captioned(url_video, url_words_json, look, path, output_filename, quality)


async def _captioned(
    url_video: str,
    url_text: str,
    look: Look,
    path: str | None,
    output_filename: str | None,
    quality: Quality,
    encoding: str | None = None,
) -> CaptionOutcome:
    job = current_job()
    settings = get_settings()
    store = media_store(settings)
    folder = result_folder(path, job.document.job_id)
    target = f"{folder}/{result_file(output_filename, 'video', '.mp4')}"
    # What is wrong with a job is said before anything is fetched.
    encoder = await asyncio.to_thread(choose_encoder, settings.video_encoder)
    typeface = await asyncio.to_thread(caption_typeface, look)
    encoding = known_encoding(encoding) if encoding else None

    with job.stage("download") as stage:
        parts = StageParts(stage, 2)
        with parts.part(0):
            text = await run_step(fetch_file, await file_request(url_text, MAX_BYTES))
        with parts.part(1):
            video = await run_step(fetch_media, await fetch_request(url_video, "video", MAX_SECONDS))

    with job.stage("rendering"):
        request = burn_request(video, text, look, typeface, encoder, quality, encoding)
        drawn = await run_step(burn_captions, request)
        await asyncio.to_thread(store.copy_file, drawn.key, target)

    frame = await asyncio.to_thread(store.read_bytes, drawn.thumbnail)
    await write_image("frame", frame, "The middle of the video")
    return CaptionOutcome(path=folder, result=_result(drawn, typeface, target, store.url(target), encoder))


def _result(
    drawn: StoredCaptions, typeface: Typeface, file: str, url: str, encoder: Encoder
) -> CaptionResult:
    return CaptionResult(
        file=file,
        url=url,
        font=UsedFont(asked=typeface.asked, used=typeface.family, stands_in=typeface.mapped),
        encoder=encoder,
        warnings=_warnings(drawn),
        **drawn.model_dump(exclude={"key", "thumbnail", "missing", "encoding_sure", "warnings"}),
    )


def _warnings(drawn: StoredCaptions) -> tuple[str, ...]:
    warnings = list(drawn.warnings)
    if not drawn.captions:
        warnings.append("The file has no captions: the picture is as it was.")
    if not drawn.encoding_sure:
        warnings.append(
            f"How the letters of the subtitles are encoded is a guess: {drawn.encoding}. "
            "If they are wrong in the picture, name it with the parameter encoding."
        )
    if drawn.missing:
        warnings.append(f"No font here can draw these characters, which were left out: {drawn.missing}")
    return tuple(warnings)
