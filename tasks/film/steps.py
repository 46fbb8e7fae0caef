"""Makes a promotional film of stored pictures, a narration and texts, and stores it."""

import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from blocks.from_settings import media_store
from blocks.media_store import sha256_of
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from tasks.captions.steps import font_folders
from tasks.editing.bench import Bench
from tasks.errors import MissingEngineError
from tasks.film.checking import Check
from tasks.film.making import Material, choose_template, produce
from tasks.film.music import Music, choose_track, chosen_mood, track_names
from tasks.film.options import VideoConfig
from tasks.film.sound import Mix
from tasks.inference.devices import usable_threads
from tasks.jobs.requests import StepRequest
from tasks.jobs.step import step
from tasks.jobs.time_limits import seconds_of_job
from tasks.progress import Progress, part_of
from tasks.promotion.materials import CaptionTrack, Language, Narration, Picture, StoredFile, WrittenCopy
from tasks.promotion.product import Product
from tasks.video.encoding import Encoder

_MADE = 0.97
"""Share of the progress; the rest is storing the files."""


class FilmRequest(StepRequest):
    """A film to make."""

    version: ClassVar[int] = 3

    product: Product
    pictures: Annotated[tuple[Picture, ...], Field(min_length=1)]
    """In the order in which they are shown."""
    written: WrittenCopy | None = None
    """Its headline and call to action are shown."""
    narration: Narration | None = None
    """The voice-over, or the caller's own recording."""
    captions: CaptionTrack | None = None
    """Those of the narration; None: its words are captions, where they are asked for."""
    music: StoredFile | None = None
    """What `VideoConfig.music_url` names, fetched."""
    logo: StoredFile | None = None
    """What `Brand.logo` names, fetched."""
    config: VideoConfig = VideoConfig()
    language: Language = "pt-BR"
    encoder: Encoder = "libx264"
    tracks: tuple[str, ...] = Field(default_factory=lambda: track_names(get_settings().models_dir))
    """Of the music that is installed: a film that was made without it is made again once it is there."""


class Film(BaseModel):
    """A film in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str
    sha256: str
    size: int
    """Bytes."""
    width: int
    height: int
    seconds: float
    fps: float
    frames: int
    template: str
    audio: Literal["voiceover", "ambient", "none"]
    thumbnail: str
    """Store key of a small JPEG."""
    poster: str | None
    """Store key of a JPEG of the film's size, for a post; None if the template has none."""
    contact_sheet: str
    """Store key of a JPEG with a picture of each shot."""
    captions: dict[str, StoredFile] = {}
    """Files of the captions beside the film, by format."""
    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        posters = [self.poster] if self.poster else []
        return (
            self.key,
            self.thumbnail,
            self.contact_sheet,
            *posters,
            *(each.key for each in self.captions.values()),
        )


@step("film")
def make_film(request: FilmRequest, progress: Progress) -> Film:
    """Writes the film as MP4 into the media store, with its thumbnail, poster and contact sheet.

    Raises as `tasks.film.making.produce`.
    """
    settings = get_settings()
    store = media_store(settings)
    config, kept = request.config, f"films/{request.cache_key()}"
    narration = _heard(request)
    template = choose_template(config, request.product)
    warnings: list[str] = []
    with scratch_directory(settings.home, "film") as folder, ExitStack() as opened:

        def local(file: StoredFile) -> Path:
            return opened.enter_context(store.open_local(file.key))

        voice = local(narration.file) if narration is not None else None
        music = local(request.music) if request.music is not None else None
        captions = request.captions if narration is not None and config.include_captions else None
        if config.audio_type == "voiceover" and narration is None:
            warnings.append("There is no voice-over: the film has music alone.")
        if captions is not None and not captions.words:
            warnings.append(
                "The captions have no times of words: they lie beside the film and are not drawn into it."
            )
        material = Material(
            product=request.product,
            pictures=request.pictures,
            images=tuple(local(picture.file) for picture in request.pictures),
            written=request.written,
            narration=narration,
            voice=voice,
            words=captions.words if captions is not None else (),
            logo=local(request.logo) if request.logo is not None else None,
            language=request.language,
            fonts=font_folders(settings),
        )
        mix = Mix(
            voice=voice,
            music=_music(request, music, template, warnings),
            voice_gain=config.voice_gain,
            music_gain=config.music_gain,
        )
        scratch = folder / "scratch"
        scratch.mkdir()
        bench = Bench(
            scratch=scratch,
            encoder=request.encoder,
            threads=usable_threads(),
            until=time.monotonic() + seconds_of_job(),
            progress=part_of(progress, 0.0, _MADE),
        )
        made = produce(material, config, mix, folder / "film.mp4", bench)
        store.put_bytes(made.thumbnail, f"{kept}.jpg")
        store.put_bytes(made.poster, f"{kept}.poster.jpg")
        store.put_bytes(made.contact_sheet, f"{kept}.sheet.jpg")
        stored = store.put_file(folder / "film.mp4", f"{kept}.mp4")
        sha256, size = sha256_of(folder / "film.mp4"), (folder / "film.mp4").stat().st_size
    width, height = config.frame
    return Film(
        key=stored.key,
        sha256=sha256,
        size=size,
        width=width,
        height=height,
        seconds=made.plan.seconds,
        fps=float(config.fps),
        frames=made.plan.frames,
        template=template,
        audio="voiceover" if mix.voice else "ambient" if mix.music else "none",
        thumbnail=f"{kept}.jpg",
        poster=f"{kept}.poster.jpg",
        contact_sheet=f"{kept}.sheet.jpg",
        captions=dict(captions.files) if captions is not None else {},
        checks=made.checks,
        warnings=(*warnings, *made.warnings),
    )


def _heard(request: FilmRequest) -> Narration | None:
    """The narration, if there is one and it is to be heard."""
    return request.narration if request.config.audio_type in (None, "voiceover") else None


def _music(request: FilmRequest, own: Path | None, template: str, warnings: list[str]) -> Music | None:
    """What is played. Raises MissingEngineError if a mood is asked for and there is no music here."""
    config = request.config
    if config.audio_type == "none":
        return None
    if own is not None:
        return Music(own)
    mood = chosen_mood(config.music, template)
    if mood is None:
        return None
    try:
        return choose_track(get_settings().models_dir, mood, request.product.name)
    except MissingEngineError as error:
        if config.music != "auto":
            raise
        warnings.append(f"The film has no music. {error.hint}")
        return None
