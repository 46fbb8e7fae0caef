"""Drawing for films with Skia: colours that can be read, letters that fit, and shapes, as layers of the storyboard."""

from tasks.film.drawing.library import make_importable

# Before any module here imports it.
make_importable()
