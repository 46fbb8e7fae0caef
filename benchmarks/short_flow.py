"""The shortest job there is: what it takes is what starting a job takes."""

from prefect import flow


@flow
async def short(number: int) -> int:
    """Does nothing."""
    return number


@flow
async def wait(seconds: float) -> None:
    """Does nothing for a while."""
    import asyncio  # noqa: PLC0415 - not needed by the other

    await asyncio.sleep(seconds)
