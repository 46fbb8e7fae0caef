"""Checks of the services that `up` starts on this machine."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from deployments.checks.check import UP, Check, State
from deployments.embedded import metrics, model_host, server
from deployments.embedded.stack import EmbeddedStack
from deployments.embedded.supervisor import ServiceState
from deployments.processes.service import last_lines

_CRASHES_WITHIN = timedelta(minutes=10)
_MANY_CRASHES = 5
"""The supervisor gives up what ends within its first seconds; one that ends later it restarts for ever."""


def services(states: Mapping[str, ServiceState], stack: EmbeddedStack) -> Iterator[Check]:
    """What does not run, is being restarted or keeps crashing, and what the supervisor has given up.

    If nothing is wrong, one check says so for all; without services there is nothing to say.
    """
    crashes = {name: stack.crashes(name, _CRASHES_WITHIN) for name in states}
    troubled = [
        name for name, service in states.items() if not service.is_running or crashes[name] >= _MANY_CRASHES
    ]
    for name in troubled:
        yield _trouble(states[name], crashes[name], stack)
    if states and not troubled:
        yield Check(subject="services", state=State.HEALTHY, remark=f"{', '.join(states)} run")


def server_processes(states: Mapping[str, ServiceState]) -> Iterator[Check]:
    """Which of several processes of the server runs and does not answer: who asks at their port may meet another."""
    several = [state for name, state in states.items() if server.is_api(name)]
    for state in several if len(several) > 1 else ():
        if state.is_running and not server.answers_itself(state.pid or 0, state.port or 0):
            yield Check(
                subject=f"service {state.name}",
                state=State.DEGRADED,
                remark="runs, but does not answer; the others do its work",
                fix=f"wait if it has just begun; else end it (kill {state.pid}), and it is started again",
            )


def _trouble(service: ServiceState, crashes: int, stack: EmbeddedStack) -> Check:
    down = service.state in ("FATAL", "STOPPED")
    log = stack.log(service.name)
    if service.state == "FATAL":
        remark = "keeps ending; given up"
    elif service.is_running:
        minutes = _CRASHES_WITHIN.total_seconds() / 60
        remark = f"runs, but has ended by itself {crashes} times in {minutes:.0f} minutes"
    else:
        remark = f"{service.state.lower()}: {service.remark}"
    wait = "read its log" if service.is_running else "wait: it is being restarted"
    return Check(
        subject=f"service {service.name}",
        state=State.DOWN if down else State.DEGRADED,
        remark=f"{remark}. The end of {log}:\n{last_lines(log, count=5)}",
        fix=UP if down else wait,
        needed=service.name not in (model_host.NAME, metrics.NAME),
    )


def loaded_models(stack: EmbeddedStack) -> Iterator[Check]:
    """Whether the model host answers, where jobs use one."""
    if not model_host.wanted(stack.settings):
        return
    from tasks.inference.client import host_status  # noqa: PLC0415 - only where there is one to ask
    from tasks.inference.sockets import host_socket  # noqa: PLC0415

    status = host_status(host_socket(stack.settings.model_host, stack.surroundings.home))
    if status is None:
        state, remark, fix = State.DOWN, "no answer: jobs load their models themselves", UP
    else:
        loaded = ", ".join(model.model for model in status.models) or "none"
        state, remark, fix = State.HEALTHY, f"loaded: {loaded}; {status.served} served", ""
    yield Check(subject="model host", state=state, remark=remark, fix=fix, needed=False)
