"""Draws `docs/captions-scripts.png`: captions in every script of the tests' languages, beside Latin letters."""

import sys
import tempfile
from pathlib import Path

from PIL import Image

from blocks.settings import PROJECT_ROOT, get_settings
from tasks.captions.burning import burn
from tasks.captions.fonts import find_typeface
from tasks.captions.look import Canvas, FontChoice
from tasks.captions.reading import Subtitle
from tasks.captions.scripts import COVERED
from tasks.captions.segments import SegmentLook, segment_script
from tasks.media.ffmpeg import media_input, run_ffmpeg

_LANGUAGES = PROJECT_ROOT / "tests/unit/world_fonts/languages.tsv"
_TARGET = PROJECT_ROOT / "docs/captions-scripts.png"
_COLUMNS, _WIDTH, _ROW = 3, 400, 56
_LINE = 34
"""Line height in pixels."""
_LONGEST = 13
"""Characters of each language, in whole words where it has spaces."""
_SHARE = 0.58
"""Of a column, for the text."""
_COLORS = 40
"""Colours of the picture, which keep it small."""


def main() -> int:
    """Draw it and say how large it is."""
    lines = [line.split("\t") for line in _LANGUAGES.read_text(encoding="utf-8").splitlines()]
    folders = tuple(get_settings().models_dir / name for name in COVERED)
    typeface = find_typeface("Arial", bold=True, folders=folders)
    canvas = Canvas(width=_COLUMNS * _WIDTH, height=-(-len(lines) // _COLUMNS) * _ROW)
    look = SegmentLook(font=FontChoice(size=20))
    script, _ = segment_script([], look, canvas, typeface)
    for number, (language, _, text) in enumerate(lines):
        begin = text[:_LONGEST] if " " not in text[:_LONGEST] else text[:_LONGEST].rpartition(" ")[0]
        while typeface.drawn_width(begin, _LINE) > _WIDTH * _SHARE:
            begin = begin[:-1]
        one, _ = segment_script(
            [Subtitle(0, 1, f"{language}  {begin}")], look, canvas, typeface.for_text(text)
        )
        x, y = _WIDTH * (number % _COLUMNS) + 16, _ROW * (number // _COLUMNS) + _ROW // 2
        for event in one:
            event.text = f"{{\\an4\\pos({x},{y})\\fs{_LINE}\\q2}}{event.text}"
            script.append(event)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = f"color=0x24506e:size={canvas.width}x{canvas.height}:rate=5:duration=0.4"
        run_ffmpeg(["-f", "lavfi", "-i", plain], output=folder / "in.mp4", duration=1, deadline=60)
        burn(
            *(folder / "in.mp4", script, folder / "out.mp4"),
            encoder="libx264",
            deadline=60,
            workplace=folder,
            fonts=folders,
            quality="high",
        )
        frame = folder / "frame.png"
        run_ffmpeg(
            [*media_input(folder / "out.mp4"), "-frames:v", "1"], output=frame, duration=1, deadline=60
        )
        Image.open(frame).convert("RGB").quantize(_COLORS).save(_TARGET, optimize=True)
    sys.stdout.write(f"{_TARGET}: {_TARGET.stat().st_size // 1000} kB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
