"""What this machine has and lacks for the jobs that the settings in force ask for."""

from collections.abc import Iterator

from blocks.settings import Settings
from deployments.checks.check import UP, Check, judged
from deployments.checks.containers import containers
from deployments.checks.exposure import exposure
from deployments.checks.machine import machine
from deployments.checks.models import each_model
from deployments.checks.packages import packages
from deployments.checks.record_store import names_saved_block, record_store
from deployments.checks.services import loaded_models, services
from deployments.checks.video import ffmpeg, fonts, gpu_encoder
from deployments.embedded.stack import EmbeddedStack


def examine_machine(settings: Settings, stack: EmbeddedStack) -> list[Check]:
    """Check all of it, well or not. Takes seconds: programs are tried, not only looked for."""
    return [
        *machine(settings),
        *packages(settings),
        *each_model(settings),
        ffmpeg(),
        gpu_encoder(settings),
        *fonts(settings),
        *_record_store(settings),
        *_services(stack),
        *exposure(settings, stack.surroundings.home),
        *containers(),
    ]


def _record_store(settings: Settings) -> Iterator[Check]:
    # A saved block is known to a server, of which `health` asks.
    if not names_saved_block(settings):
        yield record_store(settings)


def _services(stack: EmbeddedStack) -> Iterator[Check]:
    states = stack.status().services
    if any(state.is_running for state in states.values()):
        yield from services(states, stack)
        yield from loaded_models(stack)
    else:
        # `contraponto run` and a server elsewhere need none of them.
        yield judged("services", well=True, remark="none running", fix=f"{UP} (if you want them)")
