"""Films cut, joined, converted, and pictures of them. What edits have in common is in `flows/edits.py`."""

from typing import Annotated

from pydantic import Field

from flows.edits import Input, edit_job, edited
from flows.parameters import FileName, Source, StorePath
from tasks.editing.aims import SOUND_ONLY, Container, convert_options
from tasks.editing.converting import convert as bring
from tasks.editing.document import EditOutcome
from tasks.editing.framing import Fit, Side
from tasks.editing.joining import JoinOptions, Transition
from tasks.editing.joining import concatenate as join
from tasks.editing.moments import Moment
from tasks.editing.picturing import PictureFormat, Times, picture, picture_options
from tasks.editing.presets import Preset
from tasks.editing.steps import edit_step
from tasks.editing.trimming import Parts, TrimMode, trim_options
from tasks.editing.trimming import trim as cut
from tasks.media.rates import FrameRate
from tasks.video.encoding import Quality

_cut = edit_step("trim", cut)
_join = edit_step("concatenate", join)
_convert = edit_step("convert", bring)
_picture = edit_step("thumbnail", picture)


@edit_job(operation="trim", time_limit=30)
async def trim(
    url_video: Source,
    start: Moment | None = None,
    end: Moment | None = None,
    parts: Parts = [],  # noqa: B006 - Prefect shows the default in its form
    mode: TrimMode = "exact",
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Keep a part of a video, or several parts one after the other.

    Args:
        url_video: Address of the video, or its key in the media store.
        start: Where the part begins: seconds, mm:ss or hh:mm:ss; negative counts from the end; empty for the beginning.
        end: Where it ends, in the same form; empty for the end of the video.
        parts: Instead of start and end: several of them, joined in this order.
        mode: exact cuts to the picture; fast cuts at the key pictures around, without encoding.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    options = trim_options(start, end, parts, mode, quality)
    return await edited(_cut, [Input(url_video)], options, path, output_filename)


@edit_job(operation="concatenate", time_limit=60)
async def concatenate(
    urls_video: Annotated[list[Source], Field(min_length=2, max_length=200)],
    transition: Transition = "none",
    transition_seconds: Annotated[float, Field(ge=0.1, le=10)] = 0.5,
    width: Side | None = None,
    height: Side | None = None,
    fps: FrameRate | None = None,
    fit: Fit = "pad",
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Join videos into one, with or without transitions between them.

    Args:
        urls_video: Addresses of the videos, or their keys in the media store, in their order (2 to 200).
        transition: How one goes over into the next: none, fade, slide, wipe or dissolve.
        transition_seconds: How long that takes (0.1 to 10); at most half of the shortest video.
        width: Of the result, in pixels; empty for that of the first video.
        height: Of the result, in pixels; empty for that of the first video.
        fps: Frames a second; empty for those of the first video.
        fit: For videos of another shape: pad adds black bars, blur a blurred enlargement, crop fills the frame.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    options = JoinOptions(
        width=width,
        height=height,
        fps=fps,
        fit=fit,
        transition=transition,
        transition_seconds=transition_seconds,
        quality=quality,
    )
    return await edited(_join, [Input(url) for url in urls_video], options, path, output_filename)


@edit_job(operation="convert", time_limit=120)
async def convert(
    url_video: Source,
    preset: Preset | None = None,
    width: Side | None = None,
    height: Side | None = None,
    fps: FrameRate | None = None,
    fit: Fit | None = None,
    max_mb: Annotated[float, Field(ge=0.1, le=100_000)] | None = None,
    container: Container = "mp4",
    loudness: Annotated[float, Field(ge=-40, le=-5)] | None = None,
    keep_loudness: bool = False,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Bring a video to what a platform wants: size, shape, rate, file size, container and loudness.

    Args:
        url_video: Address of the video, or its key in the media store; for a container of sound a recording will do.
        preset: A platform, whose size, shape, greatest rate and file size are taken unless they are given below.
        width: In pixels; empty for that of the preset or the video, or what keeps its shape.
        height: In pixels; empty for that of the preset or the video, or what keeps its shape.
        fps: Frames a second; empty for those of the video.
        fit: For another shape: pad adds black bars, blur a blurred enlargement, crop fills the frame.
        max_mb: Greatest size of the file, in megabytes.
        container: mp4, mov, webm or gif; mp3, m4a or wav for the sound alone.
        loudness: In LUFS; empty for -14 with a preset, and as it is without one.
        keep_loudness: Leave the loudness as it is with a preset too.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    options = convert_options(
        preset, width, height, fps, fit, max_mb, container, loudness, keep_loudness, quality
    )
    only_sound = container in SOUND_ONLY
    source = Input(url_video, "audio" if only_sound else "video")
    name = "audio" if only_sound else "video"
    return await edited(_convert, [source], options, path, output_filename, name=name, ending=f".{container}")


@edit_job(operation="thumbnail", time_limit=20)
async def thumbnail(
    url_video: Source,
    times: Times = [],  # noqa: B006 - Prefect shows the default in its form
    columns: Annotated[int, Field(ge=1, le=20)] | None = None,
    rows: Annotated[int, Field(ge=1, le=20)] | None = None,
    width: Annotated[int, Field(ge=16, le=8192, multiple_of=2)] | None = None,
    picture_format: PictureFormat = "jpg",
    path: StorePath | None = None,
    output_filename: FileName | None = None,
) -> EditOutcome:
    """Take pictures of a video: its best one, those of given times, or many on one sheet.

    Args:
        url_video: Address of the video, or its key in the media store.
        times: A picture of each: seconds, mm:ss or hh:mm:ss; negative counts from the end; empty for the best one.
        columns: Of a sheet of pictures with their times; empty for none, or 4 if there are rows.
        rows: Of such a sheet; empty for 4 if there are columns.
        width: Of each picture, or of the sheet; empty for that of the video, and 1600 for a sheet.
        picture_format: jpg, png or webp.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for thumbnail.jpg; several are numbered.
    """
    options = picture_options(times, columns, rows, width, picture_format)
    ending = f".{picture_format}"
    return await edited(
        _picture, [Input(url_video)], options, path, output_filename, name="thumbnail", ending=ending
    )
