"""Checks of what messages need: the bus, the listener of this machine, and nothing that nobody handles."""

from collections.abc import Iterator

from blocks.message_bus import Backlog, MessageBus
from deployments.checks.check import UP, Check, State
from deployments.client.bus import with_bus
from deployments.embedded import listener
from deployments.embedded.stack import EmbeddedStack
from deployments.processes.pulse import LISTENERS, is_well
from tasks.errors import ContrapontoError

_OLD_SECONDS = 3600


def messages(stack: EmbeddedStack) -> Iterator[Check]:
    """Whether messages are carried and heard, where they leave the process that writes them."""
    if not listener.wanted(stack.settings):
        return
    yield bus_check()
    well = is_well(stack.surroundings.home / LISTENERS)
    yield Check(
        subject="listener",
        state=State.HEALTHY if well else State.DOWN,
        remark="reads messages and answers them" if well else "gives no sign of life, or lacks what it needs",
        fix="" if well else f"read {stack.log(listener.NAME)}, or: {UP}",
    )


def bus_check() -> Check:
    """Whether the bus answers, keeps what it is given, and has readers."""
    try:
        found, dangers = with_bus(_look)
    except ContrapontoError as error:
        return Check(subject="message bus", state=State.DOWN, remark=error.message, fix=error.hint or UP)
    if dangers:
        return Check(
            subject="message bus",
            state=State.DEGRADED,
            remark="; ".join(dangers),
            fix="set maxmemory-policy noeviction on it, or give the bus a server of its own",
            needed=False,
        )
    dead = sum(backlog.dead for backlog in found)
    unread = [backlog.stream for backlog in found if (backlog.oldest_seconds or 0) > _OLD_SECONDS]
    if dead:
        return Check(
            subject="message bus",
            state=State.DEGRADED,
            remark=f"{dead} dead letters",
            fix="contraponto messages dead-letters",
            needed=False,
        )
    if unread:
        return Check(
            subject="message bus",
            state=State.DEGRADED,
            remark=f"messages wait for more than an hour: {', '.join(unread)}",
            fix="start who reads them: contraponto messages",
            needed=False,
        )
    waiting = sum(backlog.waiting for backlog in found)
    return Check(subject="message bus", state=State.HEALTHY, remark=f"answers; {waiting} messages wait")


async def _look(bus: MessageBus) -> tuple[list[Backlog], list[str]]:
    return await read_backlogs(bus), await bus.dangers()


async def read_backlogs(bus: MessageBus) -> list[Backlog]:
    """How each stream stands with each group that reads it."""
    await bus.ping()
    return [backlog for stream in await bus.streams() for backlog in await bus.backlog(stream)]
