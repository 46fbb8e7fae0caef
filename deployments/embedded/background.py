"""The background services of Prefect's server in a process of their own, where several answer: `python -m` this module.

They are what `prefect server services start` runs: schedules, automations, late runs, the record of events. Here stored
values that nobody can be told end none of their loops, as in the processes that answer (`serve`), people are alerted,
and what nobody removes is kept as long as the settings say. A service that ends by itself takes the process along, and
the supervisor starts all again: Prefect would go on without it, in silence.

Prefect reads its settings when it is imported, so it is imported here when they are there.
"""

import asyncio
import gc
import importlib
import logging
import os
import signal
import sys
from pathlib import Path

from blocks.settings import get_settings
from deployments.embedded import retention
from deployments.processes.pulse import BACKGROUND, beat
from deployments.processes.watchdog import ended_when_hung
from tasks.errors import ContrapontoError

logger = logging.getLogger("contraponto.background")

_BEAT_SECONDS = 5.0
_SERVICE = ".start"
"""Every service of Prefect's is one call of its method of this name."""


async def run(folder: Path) -> None:
    """Run all services until SIGTERM; say every few seconds in `folder` that they live. One that hangs ends all.

    Raises:
        RuntimeError: one of them has ended.
    """
    async with ended_when_hung():
        await _run(folder)


async def _run(folder: Path) -> None:
    from deployments.server.prefect_internals import background_services  # noqa: PLC0415 - see above

    services = asyncio.create_task(background_services())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, services.cancel)
    known: set[str] = set()
    try:
        while not services.done():
            await asyncio.wait({services}, timeout=_BEAT_SECONDS if known else 1)
            running = _running()
            if not services.done():
                if lost := known - running:
                    raise RuntimeError(f"These services have ended: {', '.join(sorted(lost))}.")
                known |= running
                if known:
                    beat(folder, well=True, counts={})
    finally:
        services.cancel()
        await asyncio.wait({services})
    if not services.cancelled():
        services.result()


def _running() -> set[str]:
    names = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
    return {name.removesuffix(_SERVICE) for name in names if name.endswith(_SERVICE)}


def prepare() -> Path:
    """Make of this process what is said above; the folder in which it is to say that it lives.

    Raises:
        ContrapontoError: a setting cannot be used, or Prefect is none that this is written for.
    """
    gc.disable()  # what imports make stays
    settings = get_settings()
    for name, value in retention.environment(settings).items():
        os.environ.setdefault(name, value)

    from deployments.embedded.serve import survive_what_is_stored, tune  # noqa: PLC0415
    from deployments.server.outages import log_outages_in_a_line  # noqa: PLC0415
    from deployments.server.prefect_internals import read_each_address_once, write_plain_times  # noqa: PLC0415

    # Automations notify by it. Where the project is not installed as a package Prefect does not find it.
    importlib.import_module("blocks.alerts")
    tune(survive_what_is_stored, read_each_address_once, write_plain_times)
    log_outages_in_a_line()
    gc.freeze()
    gc.enable()
    return settings.home.resolve() / BACKGROUND


def main() -> None:
    """Run the services until they are told to stop."""
    try:
        asyncio.run(run(prepare()))
    except (ContrapontoError, RuntimeError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
