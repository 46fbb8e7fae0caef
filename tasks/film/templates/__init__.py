"""The ways to tell about a product, by name."""

import tasks.film.drawing  # noqa: F401 - makes Skia importable, before those below import it
from tasks.film.templates.base import Look
from tasks.film.templates.price_drop import PriceDrop
from tasks.film.templates.product_hero import ProductHero
from tasks.film.templates.slideshow import Slideshow
from tasks.film.templates.story import Story
from tasks.film.templates.testimonial import TestimonialCard

TEMPLATES: dict[str, Look] = {
    template.name: template
    for template in (ProductHero(), Slideshow(), Story(), PriceDrop(), TestimonialCard())
}
