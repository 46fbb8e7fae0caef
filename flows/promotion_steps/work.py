"""What each kind of step does in a job: its request out of what it is given, and what came of it."""

from collections.abc import Awaitable, Callable

from flows.promotion_steps.film import make
from flows.promotion_steps.material import Given, Made
from flows.promotion_steps.pictures import enhance
from flows.promotion_steps.texts import caption, describe, speak, write

WORK: dict[str, Callable[[Given], Awaitable[Made]]] = {
    "ENHANCED_IMAGES": enhance,
    "VIRAL_COPY": write,
    "PRODUCT_DESCRIPTION": describe,
    "VOICE_OVER": speak,
    "CAPTIONS": caption,
    "PROMOTIONAL_VIDEO": make,
}
