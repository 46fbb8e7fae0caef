"""Collectors and executors in this process: where no listener makes jobs of messages, somebody here calls them."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from contextvars import ContextVar
from dataclasses import dataclass

from blocks.message_bus import MessageBus


@dataclass(frozen=True)
class Here:
    """What this process can do itself."""

    streams: frozenset[str]
    """Those of its collectors and executors."""
    listening: Callable[[MessageBus], AbstractAsyncContextManager[None]]
    """While it is entered, messages on these streams are answered."""


HERE: ContextVar[Here | None] = ContextVar("here", default=None)
"""That of a job that runs without workers."""
