"""Makes a film: plans it, has it drawn by its template, renders it with its sound, and checks what came of it."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tasks.captions.burning import Drawing, prepare_drawing
from tasks.copywriting.facts import check_facts
from tasks.editing.bench import Bench
from tasks.film.caption_places import Seen, passages
from tasks.film.checking import Check, Legibility, Wanted, check_film, measure_film, warnings_of
from tasks.film.drawing.legibility import legibility
from tasks.film.drawing.palette import lightest_of, tones_of
from tasks.film.lettering import Passage, caption_band, caption_script, film_canvas
from tasks.film.options import VideoConfig
from tasks.film.poster import draw_poster
from tasks.film.rendering import Reel, render
from tasks.film.sound import Mix, make_film_sound
from tasks.film.storyboard import Brief, Layer, Pixels, Title, TitleRole
from tasks.film.templates import TEMPLATES
from tasks.film.timeline import Plan, plan_shots
from tasks.images.loading import load_frames, load_image
from tasks.progress import Progress, part_of
from tasks.promotion.materials import Language, Narration, Picture, SpokenWord, WrittenCopy
from tasks.promotion.product import Product
from tasks.video.contact_sheet import contact_sheet

_SOUND, _RENDERED, _CHECKED = 0.1, 0.9, 1.0
"""Shares of the progress."""
_LABELS: frozenset[TitleRole] = frozenset(
    {"price", "old_price", "discount", "instalments", "offer_ends", "call_to_action", "contact"}
)
_LOGO_SIDE = 1000
_TONE_SIDE = 400
_THUMBNAIL = (480, 480)
_CELL = 180
"""Pixels of the longer side of a picture of the contact sheet."""


@dataclass(frozen=True)
class Material:
    """What a film is made of; files lie on this machine."""

    product: Product
    pictures: tuple[Picture, ...]
    images: tuple[Path, ...]
    """Files of the pictures."""
    written: WrittenCopy | None = None
    narration: Narration | None = None
    voice: Path | None = None
    """File of the narration."""
    words: tuple[SpokenWord, ...] = ()
    """To be captions."""
    logo: Path | None = None
    language: Language = "pt-BR"
    fonts: tuple[Path, ...] = ()
    """Folders of fonts beside those of the project."""


@dataclass(frozen=True)
class MadeFilm:
    """A film beside its small pictures, and what is told of it."""

    plan: Plan
    checks: tuple[Check, ...]
    thumbnail: bytes
    poster: bytes
    contact_sheet: bytes
    warnings: tuple[str, ...]


def choose_template(config: VideoConfig, product: Product) -> str:
    """The name of the template that tells about this product."""
    if config.template != "auto":
        return config.template
    if product.notable_discount is not None:
        return "price-drop"
    return "testimonial" if product.testimonials else "product-hero"


def produce(material: Material, config: VideoConfig, mix: Mix, target: Path, bench: Bench) -> MadeFilm:
    """Writes the film as MP4.

    Raises InvalidInputError (a narration longer than the film, an unknown font), NotAnImageError, DamagedMediaError,
    MissingEngineError (letters that no font here has), EngineError if the film does not pass a check that it must, and
    what `run_ffmpeg` raises.
    """
    bench = replace(bench, progress=_rising(bench.progress))
    plan = plan_shots(
        len(material.pictures), narration=material.narration, duration=config.duration, fps=config.fps
    )
    canvas = film_canvas(config, captions=bool(material.words), fonts=material.fonts)
    first = load_image(material.images[0], _TONE_SIDE).pixels
    logo, told_of_logo = _logo(material.logo)
    brief = Brief(
        product=material.product,
        pictures=material.pictures,
        copy=material.written,
        narration=material.narration,
        seconds=plan.seconds,
        canvas=canvas,
        transition=config.transitions,
        shots=plan.shots,
        language=material.language,
        logo=logo,
        tones=tones_of(first),
        lights=tuple(lightest_of(load_image(image, _TONE_SIDE).pixels) for image in material.images),
        fonts=material.fonts,
    )
    template = TEMPLATES[choose_template(config, material.product)]
    scenes = template.scenes(brief)
    layers: list[Layer] = []
    for scene in scenes:
        layers += template.layers(scene, brief)
        bench.progress(0.0)
    drawing, lost = _captions(
        material,
        config,
        Seen(scenes, layers, material.images, config.frame, plan.rate, canvas.safe[1] * canvas.height),
        brief,
        bench,
    )
    sound = bench.scratch / "sound.m4a"
    warnings = [*plan.warnings, *told_of_logo, *lost]
    warnings += make_film_sound(mix, plan.seconds, sound, bench.part(0.0, _SOUND))
    read: list[Legibility] = []

    def look(layer: Layer, under: NDArray[np.uint8]) -> None:
        if layer.title is not None:
            contrast = legibility(layer, under)
            if contrast is not None:
                read.append(Legibility(layer.title.text, contrast))

    rendered = render(
        Reel(
            scenes=scenes,
            layers=tuple(layers),
            images=material.images,
            ground=partial(template.ground, brief=brief),
            size=config.frame,
            frames=plan.frames,
            rate=plan.rate,
        ),
        sound,
        target,
        captions=drawing.filter if drawing is not None else None,
        look=look,
        encoder=bench.encoder,
        quality=config.quality,
        threads=bench.threads,
        deadline=bench.left(),
        progress=part_of(bench.progress, _SOUND, _RENDERED),
    )
    if drawing is not None:
        drawing.check(rendered.messages)
    moments = [round((shot.start + shot.end) / 2 * plan.rate) for shot in plan.shots]
    measured = measure_film(
        target, moments, deadline=bench.left(), progress=part_of(bench.progress, _RENDERED, _CHECKED)
    )
    checks = check_film(
        measured,
        Wanted(
            plan.frames, plan.rate, config.frame, mix.voice is None and mix.music is None, config.platform
        ),
        layers=layers,
        canvas=canvas,
        legibility=read,
        shown=[_as_said(layer.title) for layer in layers if layer.title is not None],
        spoken=[sentence.text for sentence in material.narration.sentences] if material.narration else (),
        facts=partial(_facts, material),
    )
    return MadeFilm(
        plan=plan,
        checks=checks,
        thumbnail=_jpeg(measured.stills[0], _THUMBNAIL),
        poster=draw_poster(template, brief, material.images[0]),
        contact_sheet=_sheet(measured.stills),
        warnings=tuple(dict.fromkeys([*warnings, *rendered.warnings, *warnings_of(checks)])),
    )


def _rising(progress: Progress) -> Progress:
    """Never goes back: sounds are measured more than once."""
    most = 0.0

    def report(done: float) -> None:
        nonlocal most
        most = max(most, done)
        progress(most)

    return report


def _as_said(title: Title) -> str:
    """A title as the guard reads texts: capitals of labels such as OFF are no names."""
    return title.text.lower() if title.role in _LABELS else title.text


def _facts(material: Material, text: str) -> Sequence[str]:
    return [finding.reason for finding in check_facts(text, material.product, material.language)]


def _captions(
    material: Material, config: VideoConfig, seen: Seen, brief: Brief, bench: Bench
) -> tuple[Drawing | None, tuple[str, ...]]:
    if not material.words:
        return None, ()
    sentences = material.narration.sentences if material.narration is not None else ()
    band = caption_band(config, material.fonts)
    placed = []
    for words in passages(material.words, sentences, brief.shots):
        placed.append(Passage(words, seen.raised(words[0].start, words[-1].end, band)))
        bench.progress(0.0)
    ground = TEMPLATES[choose_template(config, material.product)].ground
    script, lost = caption_script(
        placed,
        config,
        material.product.brand,
        material.fonts,
        seen.grounds(band, lambda scene: ground(scene, brief)),
    )
    workplace = bench.scratch / "captions"
    workplace.mkdir()
    told = (
        f"No font here can draw these characters of the captions, which were left out: {lost}" if lost else ""
    )
    return prepare_drawing(script, workplace, material.fonts), (told,) if told else ()


def _logo(path: Path | None) -> tuple[Pixels | None, tuple[str, ...]]:
    """The logo with its opacity, each colour multiplied by it, and what is to be told of its file."""
    if path is None:
        return None, ()
    frame = next(load_frames(path, 1))
    small = frame.image.convert("RGBA")
    small.thumbnail((_LOGO_SIDE, _LOGO_SIDE))
    pixels = np.array(small)
    opacity = pixels[:, :, 3:].astype(np.uint16)
    pixels[:, :, :3] = (pixels[:, :, :3] * opacity + 127) // 255
    return pixels, tuple(f"The logo: {warning}" for warning in frame.warnings)


def _jpeg(image: Image.Image, size: tuple[int, int] | None = None) -> bytes:
    shown = image.copy()
    if size is not None:
        shown.thumbnail(size)
    data = io.BytesIO()
    shown.save(data, "JPEG", quality=85)
    return data.getvalue()


def _sheet(stills: Sequence[Image.Image]) -> bytes:
    width, height = stills[0].size
    scale = _CELL / max(width, height)
    pictures = [(number, _jpeg(still)) for number, still in enumerate(stills, 1)]
    return contact_sheet(pictures, (round(width * scale), round(height * scale)))
