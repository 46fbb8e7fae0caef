"""Draws stored subtitles or words into a stored video."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

import pysubs2
from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store
from blocks.scratch import scratch_directory
from blocks.settings import Settings, get_settings
from tasks.captions.burning import burn, canvas_of
from tasks.captions.encodings import decode
from tasks.captions.fonts import Typeface, find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.letters import require_letters, text_of_subtitles, text_of_words
from tasks.captions.preview import stills
from tasks.captions.reading import read_subtitles, read_words
from tasks.captions.scripts import COVERED
from tasks.captions.segments import SegmentLook, segment_script
from tasks.captions.word_look import HighlightLook
from tasks.fetching.steps import FetchedFile
from tasks.inference.devices import usable_threads
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.jobs.time_limits import seconds_of_job
from tasks.media.frames import middle_frame
from tasks.media.probe import probe, require_video
from tasks.progress import Progress, part_of
from tasks.video.encoding import Encoder, Quality

Look = SegmentLook | HighlightLook
_LAID_OUT = 0.1
"""Share of the progress of a preview."""
_DRAWN = 0.95
"""Share of the progress; the rest is storing the file."""


class PreviewRequest(StepRequest):
    """Captions to draw, from a file of subtitles (`SegmentLook`) or of words (`HighlightLook`)."""

    version: ClassVar[int] = 7

    video_key: Annotated[str, Field(exclude=True)]
    text_key: Annotated[str, Field(exclude=True)]
    video_sha256: str
    text_sha256: str
    look: Look
    font_files: tuple[str, ...]
    """Names and sizes of the files that letters may come from: an exchanged or added font is another result."""
    encoding: str | None
    """Of the subtitles, where the caller names it."""


class BurnRequest(PreviewRequest):
    """Captions to draw into a whole video."""

    encoder: Encoder
    quality: Quality


class ReadCaptions(BaseModel):
    """What was read and can be drawn."""

    model_config = ConfigDict(frozen=True)

    captions: int
    """Subtitles or words that were read."""
    encoding: str | None
    """How the file was read."""
    encoding_sure: bool
    missing: str
    """Characters that no font here can draw; they were left out."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What callers should know of it."""
        remarks = []
        if not self.captions:
            remarks.append("The file has no captions: the picture is as it was.")
        if not self.encoding_sure:
            remarks.append(
                f"How the letters of the file are encoded is a guess: {self.encoding}. If they are wrong in the "
                "picture, save it as UTF-8, or name its encoding where the job asks for it."
            )
        if self.missing:
            remarks.append(f"No font here can draw these characters, which were left out: {self.missing}")
        return tuple(remarks)


class StoredPreview(ReadCaptions):
    """Pictures of the video with its captions in the media store."""

    pictures: tuple[tuple[float, str], ...]
    """When in the video (seconds), and the store key of a JPEG."""
    warnings: tuple[str, ...]
    """What is to be said of the film."""

    @property
    def caption(self) -> str:
        """What stands below them."""
        times = ", ".join(f"{seconds:.1f}" for seconds, _ in self.pictures)
        return f"What it will look like, at {times} s"

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return tuple(key for _, key in self.pictures)


class StoredCaptions(ReadCaptions):
    """A captioned video in the media store."""

    key: str
    thumbnail: str
    """Store key of a small JPEG of its middle."""
    duration: float
    """Seconds."""
    width: int
    height: int
    fps: float | None
    warnings: tuple[str, ...]
    """What is to be said of the film."""

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return (self.key, self.thumbnail)


def caption_typeface(look: Look) -> Typeface:
    """The font of a look. Raises InvalidInputError, which lists what there is, for an unknown one."""
    name, bold = (look.font.name, look.font.bold) if isinstance(look, SegmentLook) else (look.fonte, True)
    return find_typeface(name, bold=bold, folders=font_folders(get_settings()))


def font_folder(settings: Settings) -> Path:
    """Where an installation keeps fonts of its own."""
    return settings.home / "fonts"


def font_folders(settings: Settings) -> tuple[Path, ...]:
    """Where fonts are looked for beside those of the project: the installation's own, then the fetched ones."""
    return (font_folder(settings), *(settings.models_dir / name for name in COVERED))


def require_drawable(data: bytes, look: Look, typeface: Typeface, encoding: str | None) -> None:
    """Reads a file of subtitles or of words and checks that its letters can be drawn.

    Raises as `read_subtitles`, `read_words` and `require_letters`.
    """
    if isinstance(look, SegmentLook):
        text = text_of_subtitles(read_subtitles(data, encoding).cues, look.replacements)
    else:
        text = text_of_words(read_words(data), look.replacements)
    models_dir = get_settings().models_dir
    require_letters(text, typeface, [name for name in COVERED if (models_dir / name).is_dir()])


def preview_request(
    video: FetchedFile, text: FetchedFile, look: Look, typeface: Typeface, encoding: str | None = None
) -> PreviewRequest:
    """Asks for pictures of the stored video with the stored text; `encoding` as for `decode`."""
    return PreviewRequest(
        video_key=video.key,
        text_key=text.key,
        video_sha256=video.sha256,
        text_sha256=text.sha256,
        look=look,
        font_files=typeface.file_names,
        encoding=encoding,
    )


def burn_request(preview: PreviewRequest, encoder: Encoder, quality: Quality) -> BurnRequest:
    """Asks for the same captions to be drawn into the whole video."""
    same = {name: getattr(preview, name) for name in PreviewRequest.model_fields}
    return BurnRequest(**same, encoder=encoder, quality=quality)


@step("preview")
def preview_captions(request: PreviewRequest, progress: Progress) -> StoredPreview:
    """Writes pictures of the video with its captions as JPEG into the media store.

    Raises as `tasks.captions.preview.stills`, `read_subtitles` and `read_words`.
    """
    settings = get_settings()
    store = media_store(settings)
    name = request.cache_key()
    with scratch_directory(settings.home, "preview") as folder, store.open_local(request.video_key) as video:
        script, read = _laid_out(request, video)
        progress(_LAID_OUT)
        preview = stills(
            video,
            script,
            workplace=folder,
            deadline=seconds_of_job(),
            fonts=font_folders(settings),
        )
    pictures = []
    for number, still in enumerate(preview.stills, 1):
        key = f"videos/{name}-{number}.jpg"
        store.put_bytes(still.jpeg, key)
        pictures.append((still.seconds, key))
    return StoredPreview(pictures=tuple(pictures), warnings=preview.warnings, **read.model_dump())


@step("captions")
def burn_captions(request: BurnRequest, progress: Progress) -> StoredCaptions:
    """Writes the captioned video as MP4 into the media store.

    Raises as `tasks.captions.burning.burn`, `read_subtitles` and `read_words`.
    """
    settings = get_settings()
    store = media_store(settings)
    name = request.cache_key()
    key, small = f"videos/{name}.mp4", f"videos/{name}.jpg"
    with scratch_directory(settings.home, "captions") as folder, store.open_local(request.video_key) as video:
        script, read = _laid_out(request, video)
        workplace = folder / "drawing"
        workplace.mkdir()
        burnt = burn(
            video,
            script,
            folder / "video.mp4",
            encoder=request.encoder,
            deadline=seconds_of_job(),
            workplace=workplace,
            fonts=font_folders(settings),
            quality=request.quality,
            threads=usable_threads(),
            progress=part_of(progress, 0.0, _DRAWN),
        )
        store.put_bytes(middle_frame(folder / "video.mp4"), small)
        store.put_file(folder / "video.mp4", key)
    return StoredCaptions(
        key=key,
        thumbnail=small,
        duration=burnt.seconds,
        width=burnt.width,
        height=burnt.height,
        fps=burnt.fps,
        warnings=burnt.warnings,
        **read.model_dump(),
    )


def _laid_out(request: PreviewRequest, video: Path) -> tuple[pysubs2.SSAFile, ReadCaptions]:
    look, typeface = request.look, caption_typeface(request.look)
    text = media_store(get_settings()).read_bytes(request.text_key)
    canvas = canvas_of(video, look.safe_area)
    if isinstance(look, SegmentLook):
        subtitles = read_subtitles(text, request.encoding, require_video(probe(video)).fps)
        encoding, sure, count = subtitles.encoding, subtitles.sure, len(subtitles.cues)
        script, missing = segment_script(subtitles.cues, look, canvas, typeface)
    else:
        words = read_words(text)
        decoded = decode(text)
        encoding, sure, count = decoded.encoding, decoded.sure, len(words)
        script, missing = highlight_script(words, look, canvas, typeface)
    lost = "".join(dict.fromkeys(missing))
    return script, ReadCaptions(captions=count, encoding=encoding, encoding_sure=sure, missing=lost)
