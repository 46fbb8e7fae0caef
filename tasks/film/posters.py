"""The poster of a film: one picture of its size, for a post."""

import io
from pathlib import Path

from PIL import Image

from tasks.film.drawing.still import still
from tasks.film.storyboard import Brief
from tasks.film.templates.base import Look
from tasks.images.loading import load_image
from tasks.video.subject import find_subject


def draw_poster(template: Look, brief: Brief, image: Path) -> bytes:
    """A JPEG of the canvas' size. Raises as `Look.poster` and `load_image`."""
    scene = template.poster(brief)
    pixels = load_image(image, 2 * max(brief.canvas.width, brief.canvas.height)).pixels
    left, top, right, bottom = find_subject(pixels).wanted
    focus = ((left + right) / 2, (top + bottom) / 2)
    drawn = still(template.ground(scene, brief), scene, template.layers(scene, brief), pixels, focus)
    data = io.BytesIO()
    Image.fromarray(drawn).save(data, "JPEG", quality=92, subsampling=0)
    return data.getvalue()
