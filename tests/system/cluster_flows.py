"""Flows for the test of the Kubernetes pools, which copies them into the checkout."""

import asyncio
import os

from prefect import flow


@flow
async def look_around() -> dict[str, str | None]:
    """What a run finds in its environment."""
    return {name: os.environ.get(name) for name in ("GIVEN", "PREFECT_API_AUTH_STRING", "CONTRAPONTO_HOME")}


@flow
async def stay() -> None:
    """Until it is killed."""
    await asyncio.sleep(600)
