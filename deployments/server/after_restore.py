"""A server whose database is a backup's: what went on then has no process now, and holds no slot."""

import asyncio
import itertools

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate

from tasks.errors import TransientError
from tasks.recovery.lost import end_all

_PAGE = 200


def settle() -> None:
    """Mark every run that went on as crashed, or as cancelled if that was asked for, and free every slot.

    To be called before any worker starts. The leases of the slots are in no backup: nobody would free them.

    Raises:
        TransientError: the server did not take the end of some runs.
    """
    asyncio.run(_settle())


async def _settle() -> None:
    async with get_client() as client:
        if left := await end_all(
            client, "It went on when the backup was made that this server was restored from."
        ):
            raise TransientError(f"{left} runs of the backup could not be ended.", hint="Run: contraponto up")
        await _free_slots(client)


async def _free_slots(client: PrefectClient) -> None:
    for offset in itertools.count(0, _PAGE):
        limits = await client.read_global_concurrency_limits(limit=_PAGE, offset=offset)
        for limit in limits:
            await client.update_global_concurrency_limit(
                limit.name, GlobalConcurrencyLimitUpdate(active_slots=0)
            )
        if len(limits) < _PAGE:
            break
    for offset in itertools.count(0, _PAGE):
        tags = await client.read_concurrency_limits(limit=_PAGE, offset=offset)
        for tag in tags:
            await client.reset_concurrency_limit_by_tag(tag.tag)
        if len(tags) < _PAGE:
            break
