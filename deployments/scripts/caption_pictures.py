"""Makes the pictures of docs/captions.md, by drawing captions: `python -m deployments.scripts.caption_pictures`.

Each preset is drawn into a tall film, each style without a preset into a wide one, over a landscape that is made here.
"""

import io
import sys
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from blocks.settings import PROJECT_ROOT
from tasks.captions.burning import canvas_of
from tasks.captions.fonts import find_typeface
from tasks.captions.highlight import highlight_script
from tasks.captions.look import Style
from tasks.captions.presets import PRESETS, chosen_look
from tasks.captions.preview import sheet, stills
from tasks.captions.reading import SpokenWord
from tasks.captions.word_look import HighlightLook
from tasks.media.ffmpeg import run_ffmpeg

PICTURES = PROJECT_ROOT / "docs" / "captions"
TALL, WIDE = (1080, 1920), (520, 146)
_SAID = "Nobody tells you this: one small change saved me $1,299 in only three days!"
_SECONDS_A_LETTER, _SECONDS_A_WORD = 0.045, 0.12
_COLUMNS, _GAP = 2, 6
_DEADLINE = 120.0
_QUALITY = 78
"""Of JPEG: a picture stays below 60 kB."""


def landscape(size: tuple[int, int]) -> Image.Image:
    """Hills before an evening sky."""
    width, height = size
    down = np.linspace(0, 1, height)[:, None, None]
    above, below = np.array([38.0, 40, 92]), np.array([255.0, 158, 92])
    sky = np.broadcast_to(above + (below - above) * np.clip(down * 1.5, 0, 1), (height, width, 3))
    picture = Image.fromarray(sky.astype(np.uint8))
    sun = Image.new("L", size)
    centre, radius = (0.66 * width, 0.46 * height), 0.13 * min(size)
    ImageDraw.Draw(sun).ellipse(
        (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius), fill=255
    )
    picture.paste((255, 228, 170), mask=sun.filter(ImageFilter.GaussianBlur(radius / 14)))
    across = np.arange(width)
    hills = ((0.52, (122, 82, 120)), (0.60, (86, 64, 108)), (0.70, (52, 52, 92)), (0.82, (24, 34, 62)))
    for number, (top, color) in enumerate(hills):
        waves = np.sin(across / width * (4 + 2.3 * number) + 1.7 * number) + 0.4 * np.sin(
            across / width * 13 + number
        )
        edge = height * (top + 0.035 * waves)
        outline = [(0, height), *zip(across.tolist(), edge.tolist(), strict=True), (width, height)]
        ImageDraw.Draw(picture).polygon(outline, fill=color)
    return picture


def spoken(text: str) -> list[SpokenWord]:
    """The words of a text, each for a time that fits its length."""
    words: list[SpokenWord] = []
    for word in text.split():
        start = words[-1].end if words else 0.0
        end = start + _SECONDS_A_WORD + _SECONDS_A_LETTER * len(word)
        words.append(SpokenWord(word=word, start=start, end=end))
    return words


def drawn(film: Path, text: str, look: HighlightLook) -> list[bytes]:
    """The pictures that a job's preview has, as JPEG."""
    canvas = canvas_of(film, look.safe_area)
    typeface = find_typeface(look.fonte, bold=True)
    script, _ = highlight_script(spoken(text), look, canvas, typeface)
    with tempfile.TemporaryDirectory() as folder:
        found = stills(film, script, workplace=Path(folder), deadline=_DEADLINE)
    return [still.jpeg for still in found.stills]


def _film(size: tuple[int, int], folder: Path) -> Path:
    picture, film = folder / f"{size[0]}.png", folder / f"{size[0]}.mp4"
    landscape(size).save(picture)
    source = ["-loop", "1", "-framerate", "25", "-t", "9", "-i", f"file:{picture}", "-pix_fmt", "yuv420p"]
    run_ffmpeg([*source, "-g", "25"], output=film, duration=9, deadline=_DEADLINE)
    return film


def _middle(pictures: list[bytes]) -> bytes:
    return pictures[len(pictures) // 2]


def _grid(pictures: list[bytes]) -> bytes:
    """Pictures of one size, `_COLUMNS` in a row."""
    width, height = WIDE
    rows = -(-len(pictures) // _COLUMNS)
    whole = Image.new("RGB", (_COLUMNS * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP), "white")
    for number, picture in enumerate(pictures):
        row, column = divmod(number, _COLUMNS)
        with Image.open(io.BytesIO(picture)) as image:
            whole.paste(image, (column * (width + _GAP), row * (height + _GAP)))
    return _jpeg(whole)


def _jpeg(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=_QUALITY, optimize=True)
    return data.getvalue()


def main() -> None:
    """Write the pictures, and say how large they are."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        tall, wide = _film(TALL, Path(folder)), _film(WIDE, Path(folder))
        made: dict[str, bytes] = {}
        for preset in PRESETS:
            with Image.open(io.BytesIO(sheet(drawn(tall, _SAID, chosen_look(preset, {}))))) as image:
                made[preset] = _jpeg(image)
        look = HighlightLook(tamanho_fonte=200, position="middle_center", fundo_opacidade=0)
        styles = [
            _middle(drawn(wide, f"This is {style} here", look.model_copy(update={"style": style})))
            for style in get_args(Style)
        ]
        made["styles"] = _grid(styles)
    for name, data in made.items():
        (PICTURES / f"{name}.jpg").write_bytes(data)
        sys.stdout.write(f"{name}.jpg: {len(data) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
