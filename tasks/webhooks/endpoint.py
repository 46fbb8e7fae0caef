"""An endpoint of webhooks that is not in order."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

TAG = "webhook-receiver"
"""Of the Prefect variables that hold them; the word is that of earlier versions, whose variables still count."""


class Endpoint(BaseModel):
    """An endpoint that fails, or is paused."""

    url: str
    """Masked: it may carry credentials."""
    failing_since: datetime
    paused: Literal["gone", "failing"] | None = None
    """`gone`: it wants no more messages (HTTP 410). `failing`: it has failed for days."""
    reason: str = ""

    @property
    def remark(self) -> str:
        """Why it gets nothing, in one sentence."""
        why = "wants no more messages" if self.paused == "gone" else "fails"
        return (
            f"The endpoint at {self.url} {why} since {self.failing_since:%Y-%m-%d %H:%M} UTC and is paused."
        )
