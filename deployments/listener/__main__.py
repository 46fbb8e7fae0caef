"""`python -m deployments.listener`: joins the message bus to the Prefect server, with the settings in force.

    python -m deployments.listener [--health]

With `--health` it says whether the listener of this machine works: exit code 0 or 1.
"""

import argparse
import asyncio
import logging
import signal
import sys
import time
from pathlib import Path

from prefect.client.orchestration import PrefectClient, get_client

from blocks.from_settings import media_store, message_bus
from blocks.message_bus import ConsumerOptions, MessageBus
from blocks.settings import Settings, get_settings
from deployments.client.connection import find_api
from deployments.listener.answers import Answers
from deployments.listener.ends import EndWatch
from deployments.listener.streams import Streams
from deployments.processes.kernel import stop_with_supervisor
from deployments.processes.log_lines import formatter
from deployments.processes.pulse import LISTENERS, beat, is_well
from deployments.processes.watchdog import ended_when_hung
from tasks.errors import ContrapontoError
from tasks.messages.targets import TAGS
from tasks.recovery.ends import JOB_TAG

_ANSWER_SECONDS = 0.5
_ANNOUNCE_SECONDS = 1.0
_BEAT_SECONDS = 5.0
_BEGIN_SECONDS = 2.0
_END_SECONDS = 10.0
"""What is under way when the listener is told to stop has so long; then others take it up."""
_logger = logging.getLogger("contraponto.listener")


class Listener:
    """The service, until `stop` is set."""

    def __init__(self, client: PrefectClient, bus: MessageBus, settings: Settings, pulses: Path) -> None:
        answers = Answers(client, bus, media_store(settings))
        options = ConsumerOptions(
            claim_seconds=settings.message_claim_seconds, max_attempts=settings.message_max_attempts
        )
        self.streams = Streams(client, bus, options)
        # Two, so that announcements, which nobody may wait for, hold up no answer.
        self.answering = EndWatch(
            client, TAGS, "contraponto_messages_answered_until", answers.answer, _ANSWER_SECONDS
        )
        self.announcing = EndWatch(
            client, [JOB_TAG], "contraponto_jobs_announced_until", answers.announce, _ANNOUNCE_SECONDS
        )
        self._bus = bus
        self._pulses = pulses

    async def run(self, stop: asyncio.Event) -> None:
        """Begin where the last one ended, then read, answer and announce."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat(stop))
            for watch in (self.answering, self.announcing):
                group.create_task(watch.watch(stop))
            # No run is started whose end might have been before the watch.
            while not (self.answering.has_begun or stop.is_set()):
                await _pause(stop, _BEGIN_SECONDS / 10)
            await self.streams.read(stop)
        # Who counts misses nothing of the last seconds, and who asks for its health hears at once that it is gone.
        await self._say(well=False)

    async def _say(self, *, well: bool) -> None:
        await asyncio.to_thread(beat, self._pulses, well=well, counts=self._counts())

    async def _beat(self, stop: asyncio.Event) -> None:
        # Whoever starts it looks soon: the first polls are waited for, but not a server that is away.
        began = time.monotonic()
        while not (self._has_polled or stop.is_set()) and time.monotonic() - began < _BEGIN_SECONDS:
            await _pause(stop, _BEGIN_SECONDS / 20)
        while not stop.is_set():
            well = await self._is_well()
            await self._say(well=well)
            await _pause(stop, _BEAT_SECONDS if well else _BEAT_SECONDS / 10)

    @property
    def _has_polled(self) -> bool:
        return self.answering.well and self.announcing.well

    async def _is_well(self) -> bool:
        try:
            await self._bus.ping()
        except ContrapontoError as error:
            _logger.warning("The message bus does not answer: %s", error)
            return False
        return self._has_polled

    def _counts(self) -> dict[str, dict[str, int]]:
        return {
            "handled": dict(self.streams.counts.handled),
            "failed": dict(self.streams.counts.failed),
            "ended": {"answers": self.answering.dealt, "announcements": self.announcing.dealt},
        }


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


async def serve(settings: Settings, pulses: Path) -> None:
    """Listen until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    bus = message_bus(settings)
    try:
        async with ended_when_hung(), get_client() as client:
            running = asyncio.create_task(Listener(client, bus, settings, pulses).run(stop))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not running.done():
                await asyncio.wait({running}, timeout=_END_SECONDS)
                running.cancel()
            try:
                await running
            except asyncio.CancelledError:
                _logger.warning("What was under way is left to others.")
    finally:
        await bus.aclose()


def _log_to_stderr() -> None:
    """Prefect has set up the root logger, for its own lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter("%(asctime)s listener %(levelname)s %(message)s"))
    own = logging.getLogger("contraponto")
    own.addHandler(handler)
    own.setLevel(logging.INFO)
    own.propagate = False


def main() -> None:
    """Listen, or say whether the listener of this machine works."""
    parser = argparse.ArgumentParser(description="Join the message bus to the Prefect server.")
    parser.add_argument(
        "--health", action="store_true", help="say whether the listener of this machine works"
    )
    asked = parser.parse_args()
    try:
        settings = get_settings()
        pulses = settings.home.resolve() / LISTENERS
        if asked.health:
            sys.exit(0 if is_well(pulses) else "The listener of this machine does not work.")
        _log_to_stderr()
        stop_with_supervisor()
        with find_api().in_force():
            asyncio.run(serve(settings, pulses))
    except ContrapontoError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
