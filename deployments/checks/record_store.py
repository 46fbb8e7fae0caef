"""Checks of the record store: that its collections can be read and written."""

import asyncio
from typing import TYPE_CHECKING

from blocks.settings import Settings
from deployments.checks.check import ANSWER_SECONDS, Check, State
from tasks.errors import ContrapontoError, TransientError

if TYPE_CHECKING:
    from blocks.record_store import StoreCheck

_SUBJECT = "record store"
_FIX = "see CONTRAPONTO_RECORD_STORE"


def record_store(settings: Settings, *, seconds: float = ANSWER_SECONDS) -> Check:
    """Whether the jobs of contract documents can use the record store; it has `seconds` to answer."""
    try:
        found = asyncio.run(_use(settings, seconds))
    except ContrapontoError as error:
        return Check(subject=_SUBJECT, state=State.DOWN, remark=error.message, fix=error.hint or _FIX)
    if found.missing:
        return Check(
            subject=_SUBJECT,
            state=State.DEGRADED,
            remark=f"{found.remark}; not there, or not to be read: {', '.join(found.missing)}",
            fix="make these collections if you use them: docs/documents.md",
            needed=False,
        )
    return Check(subject=_SUBJECT, state=State.HEALTHY, remark=found.remark)


def names_saved_block(settings: Settings) -> bool:
    """Whether the store is a block that only a server knows."""
    return settings.record_store != "local" and "://" not in settings.record_store


async def _use(settings: Settings, seconds: float) -> "StoreCheck":
    from blocks.from_settings import record_store as find  # noqa: PLC0415 - brings Prefect, which takes seconds
    from tasks.documents.collections import ALL  # noqa: PLC0415

    store = find(settings)
    try:
        async with asyncio.timeout(seconds):
            return await store.check(ALL, seconds / 2)
    except TimeoutError as error:
        raise TransientError(
            f"The record store does not answer within {seconds:g} s.",
            hint="Check that it runs and can be reached from here.",
        ) from error
    finally:
        await store.aclose()
