"""Captions in videos: subtitles drawn into the picture, styled, or word by word with the spoken one standing out."""

import asyncio
from functools import partial
from typing import Annotated

from pydantic import Field

from blocks.from_settings import media_store
from blocks.media_store import MediaStore
from blocks.settings import get_settings
from blocks.store_keys import result_file, result_folder
from flows.job import job_flow
from flows.parameters import FileName, Source, StorePath
from tasks.captions.document import (
    CaptionOutcome,
    CaptionResult,
    PreviewPicture,
    PreviewResult,
    UsedFont,
    caption_summary,
)
from tasks.captions.encodings import known_encoding
from tasks.captions.fonts import Typeface
from tasks.captions.letters import MissingLetters
from tasks.captions.look import (
    Animation,
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
from tasks.captions.presets import chosen_look
from tasks.captions.preview import sheet
from tasks.captions.reading import MAX_BYTES
from tasks.captions.segments import SegmentLook
from tasks.captions.steps import (
    Look,
    StoredCaptions,
    StoredPreview,
    burn_captions,
    burn_request,
    caption_typeface,
    preview_captions,
    preview_request,
    require_drawable,
)
from tasks.captions.word_look import Around, EmphasisWord, Larger, Percent, Preset
from tasks.captions.wording import Replacement
from tasks.fetching.steps import fetch_file, fetch_media, fetch_request, file_request
from tasks.jobs.artifacts import write_image
from tasks.jobs.step import run_step
from tasks.jobs.tracker import StageParts, current_job
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
    summary=caption_summary,
)


@_caption_job(operation="caption")
async def caption(
    url_video: Source,
    url_srt: Source,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
    encoding: Encoding | None = None,
    missing_letters: MissingLetters = "fail",
    preview: bool = False,
) -> CaptionOutcome:
    """Draw subtitles into the picture of a video.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_srt: Address of the subtitles (SRT, WebVTT, ASS, TTML), or their key in the media store.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
        encoding: Of the letters in url_srt (utf-8, windows-1251, shift_jis); empty to find it out.
        missing_letters: Of scripts that no font here has: fail, or leave_out and say so in the warnings.
        preview: Make pictures of it only, at up to three moments, and no video.
    """
    return await _captioned(
        url_video, url_srt, _PLAIN, path, output_filename, quality, missing_letters, encoding, preview=preview
    )


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
    missing_letters: MissingLetters = "fail",
    preview: bool = False,
) -> CaptionOutcome:
    """Draw subtitles in a style of your own into the picture of a video.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_srt: Address of the subtitles (SRT, WebVTT, ASS, TTML), or their key in the media store.
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
        missing_letters: Of scripts that no font here has: fail, or leave_out and say so in the warnings.
        preview: Make pictures of it only, at up to three moments, and no video.
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
    return await _captioned(
        url_video, url_srt, look, path, output_filename, quality, missing_letters, encoding, preview=preview
    )


@_caption_job(operation="caption-highlight")
async def caption_highlight(
    url_video: Source,
    url_words_json: Source,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    preset: Preset | None = None,
    fonte: FontName | None = None,
    tamanho_fonte: Annotated[int, Field(ge=20, le=300)] | None = None,
    fundo_cor: Color | None = None,
    fundo_opacidade: Percent | None = None,
    fundo_arredondado: bool | None = None,
    texto_cor: Color | None = None,
    highlight_cor: Color | None = None,
    highlight_texto_cor: Color | None = None,
    highlight_borda: Annotated[int, Field(ge=0, le=50)] | None = None,
    highlight_scale: Larger | None = None,
    padding_horizontal: Annotated[int, Field(ge=0, le=500)] | None = None,
    padding_vertical: Annotated[int, Field(ge=0, le=500)] | None = None,
    position: Position | None = None,
    words_per_line: Annotated[int, Field(ge=1, le=10)] | None = None,
    max_lines: Annotated[int, Field(ge=1, le=5)] | None = None,
    line_spacing: Percent | None = None,
    letter_spacing: Annotated[float, Field(ge=0, le=30)] | None = None,
    style: Style | None = None,
    animation: Animation | None = None,
    word_colors: Annotated[list[Color], Field(max_length=20)] | None = None,
    emphasis_words: Annotated[list[EmphasisWord], Field(max_length=500)] | None = None,
    emphasis_auto: bool | None = None,
    emphasis_color: Color | None = None,
    emphasis_scale: Larger | None = None,
    outline_width: Around | None = None,
    outline_color: Color | None = None,
    shadow_distance: Around | None = None,
    shadow_blur: Around | None = None,
    shadow_color: Color | None = None,
    glow: Around | None = None,
    glow_color: Color | None = None,
    uppercase: bool | None = None,
    lowercase: bool | None = None,
    strip_punctuation: bool | None = None,
    safe_area: SafeArea | None = None,
    replacements: Annotated[list[Replacement], Field(max_length=500)] = [],  # noqa: B006
    excluded: Annotated[list[TimeRange], Field(max_length=500)] = [],  # noqa: B006
    quality: Quality = "standard",
    missing_letters: MissingLetters = "fail",
    preview: bool = False,
) -> CaptionOutcome:
    """Draw what is said into the picture of a video, word by word, the spoken one standing out.

    Args:
        url_video: Address of the video, or its key in the media store.
        url_words_json: Address of {"words": [{word, start, end}]}, or its key in the media store.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        preset: A look by name. What else is sent wins over it; without it the values in brackets hold.
        fonte: Font (Arial Black). Sizes are pixels of a picture whose shorter side has 1080.
        tamanho_fonte: Height of a line (72).
        fundo_cor: Colour behind the lines, as #RRGGBB (#000000).
        fundo_opacidade: Of that colour: 0 for none, 100 for solid (50).
        fundo_arredondado: Round the corners (true).
        texto_cor: Colour of the letters (#FFFFFF).
        highlight_cor: Colour of the highlight: behind the spoken word, under it, or of its letters (#D60000).
        highlight_texto_cor: Colour of the spoken word's letters in its box (#FFFFFF).
        highlight_borda: Space between the spoken word and the edge of its box (12).
        highlight_scale: Size of the spoken word in per cent (100); less where it would touch its neighbours.
        padding_horizontal: Distance from the left and right edges of the picture (40).
        padding_vertical: Distance from its upper and lower edges (80).
        position: One of nine places (bottom_center).
        words_per_line: At most so many (4); a line also ends after 5 s and after a full stop.
        max_lines: Lines shown together (2).
        line_spacing: Between two lines, in per cent of tamanho_fonte (22).
        letter_spacing: Between letters, in per cent of tamanho_fonte (0).
        style: highlight, color, underline, karaoke, reveal, word_by_word or classic (highlight).
        animation: How words come: none, pop or fade (none).
        word_colors: Colours of the highlight in turn, a word each, instead of highlight_cor.
        emphasis_words: Words, or several together, that are drawn in emphasis_color and emphasis_scale.
        emphasis_auto: Do so with numbers, prices and words in capitals (false).
        emphasis_color: Colour of these words (#FFD60A).
        emphasis_scale: Their size in per cent (100).
        outline_width: Around the letters, in per cent of tamanho_fonte (5.5).
        outline_color: Its colour (#000000); black or white where letters could not be read in it.
        shadow_distance: Of a shadow below the letters, in per cent of tamanho_fonte (0).
        shadow_blur: How soft it is, in per cent of tamanho_fonte (0).
        shadow_color: Its colour (#000000).
        glow: Light around the letters, in per cent of tamanho_fonte (0).
        glow_color: Its colour (#FFFFFF); around the spoken word that of the highlight.
        uppercase: Show everything in capitals (false).
        lowercase: Show everything in small letters (false).
        strip_punctuation: Leave out the marks around words, but for ? and ! (false).
        safe_area: Keep clear of what an app lays over the picture (none).
        replacements: Words to be shown as others, also several together; with `part_of_words` parts of them.
        excluded: Times in which nothing is shown.
        quality: draft is fastest, high is for further editing.
        missing_letters: Of scripts that no font here has: fail, or leave_out and say so in the warnings.
        preview: Make pictures of it only, at up to three moments, and no video.
    """
    look = chosen_look(
        preset,
        {
            "fonte": fonte,
            "tamanho_fonte": tamanho_fonte,
            "fundo_cor": fundo_cor,
            "fundo_opacidade": fundo_opacidade,
            "fundo_arredondado": fundo_arredondado,
            "texto_cor": texto_cor,
            "highlight_cor": highlight_cor,
            "highlight_texto_cor": highlight_texto_cor,
            "highlight_borda": highlight_borda,
            "highlight_scale": highlight_scale,
            "padding_horizontal": padding_horizontal,
            "padding_vertical": padding_vertical,
            "position": position,
            "words_per_line": words_per_line,
            "max_lines": max_lines,
            "line_spacing": line_spacing,
            "letter_spacing": letter_spacing,
            "style": style,
            "animation": animation,
            "word_colors": word_colors,
            "emphasis_words": emphasis_words,
            "emphasis_auto": emphasis_auto,
            "emphasis_color": emphasis_color,
            "emphasis_scale": emphasis_scale,
            "outline_width": outline_width,
            "outline_color": outline_color,
            "shadow_distance": shadow_distance,
            "shadow_blur": shadow_blur,
            "shadow_color": shadow_color,
            "glow": glow,
            "glow_color": glow_color,
            "uppercase": uppercase,
            "lowercase": lowercase,
            "strip_punctuation": strip_punctuation,
            "safe_area": safe_area,
            "replacements": replacements,
            "excluded": excluded,
        },
    )
    return await _captioned(
        url_video, url_words_json, look, path, output_filename, quality, missing_letters, preview=preview
    )


async def _captioned(
    url_video: str,
    url_text: str,
    look: Look,
    path: str | None,
    output_filename: str | None,
    quality: Quality,
    missing_letters: MissingLetters,
    encoding: str | None = None,
    *,
    preview: bool,
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
            if missing_letters == "fail":
                data = await asyncio.to_thread(store.read_bytes, text.key)
                await asyncio.to_thread(require_drawable, data, look, typeface, encoding)
        with parts.part(1):
            video = await run_step(fetch_media, await fetch_request(url_video, "video", MAX_SECONDS))

    with job.stage("rendering") as stage:
        asked = preview_request(video, text, look, typeface, encoding)
        if preview:
            looks = await run_step(preview_captions, asked)
        else:
            # It is no part of the stage's progress: a burn begins at 0, and only a burn is found done before.
            with StageParts(stage, 1).part(0, end=0.0):
                looks = await run_step(preview_captions, asked)
        pictures = [await asyncio.to_thread(store.read_bytes, key) for _, key in looks.pictures]
        await write_image("preview", await asyncio.to_thread(sheet, pictures), looks.caption)
        if preview:
            kept = await asyncio.to_thread(_kept, looks, target, store)
            return CaptionOutcome(path=folder, result=_previewed(looks, typeface, kept))
        drawn = await run_step(burn_captions, burn_request(asked, encoder, quality))
        await asyncio.to_thread(store.copy_file, drawn.key, target)

    frame = await asyncio.to_thread(store.read_bytes, drawn.thumbnail)
    await write_image("frame", frame, "The middle of the video")
    return CaptionOutcome(path=folder, result=_result(drawn, typeface, target, store.url(target), encoder))


def _kept(looks: StoredPreview, target: str, store: MediaStore) -> tuple[PreviewPicture, ...]:
    """The pictures under names beside the one that the video would have."""
    pictures = []
    for number, (seconds, key) in enumerate(looks.pictures, 1):
        name = f"{target.removesuffix('.mp4')}-preview-{number}.jpg"
        store.copy_file(key, name)
        pictures.append(PreviewPicture(seconds=seconds, file=name, url=store.url(name)))
    return tuple(pictures)


def _previewed(
    looks: StoredPreview, typeface: Typeface, pictures: tuple[PreviewPicture, ...]
) -> PreviewResult:
    return PreviewResult(
        preview=pictures,
        captions=looks.captions,
        encoding=looks.encoding,
        font=UsedFont.of(typeface),
        warnings=(*looks.warnings, *looks.remarks),
    )


def _result(
    drawn: StoredCaptions, typeface: Typeface, file: str, url: str, encoder: Encoder
) -> CaptionResult:
    return CaptionResult(
        file=file,
        url=url,
        font=UsedFont.of(typeface),
        encoder=encoder,
        warnings=(*drawn.warnings, *drawn.remarks),
        **drawn.model_dump(exclude={"key", "thumbnail", "missing", "encoding_sure", "warnings"}),
    )
