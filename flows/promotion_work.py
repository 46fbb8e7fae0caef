"""What each kind of step does in a job: its request out of what it is given, and what came of it."""

from collections.abc import Awaitable, Callable

from flows.promotion_material import Given, Made
from flows.promotion_pictures import enhance

WORK: dict[str, Callable[[Given], Awaitable[Made]]] = {"ENHANCED_IMAGES": enhance}
