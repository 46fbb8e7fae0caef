"""What a consumer does now and then."""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tasks.errors import InvalidSettingError

logger = logging.getLogger(__name__)


@dataclass
class Duty:
    """One of its duties."""

    work: Callable[[], Awaitable[None]]
    seconds: float
    """Between two times."""
    at: float = 0.0
    """When it is next to be done, by the monotonic clock."""

    async def do_if_due(self) -> None:
        """Does it if it is time. A server that does not do this one at all does not keep the others from being done."""
        now = time.monotonic()
        if now < self.at:
            return
        try:
            await self.work()
        except InvalidSettingError as error:
            logger.warning("%s", error)
        self.at = now + self.seconds
