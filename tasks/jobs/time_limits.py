"""How long a job may take: what the settings say of it, else what its flow says."""

from blocks.settings import get_settings
from tasks.jobs.operations import Operation, find_operation
from tasks.jobs.tracker import current_job

_UNLIMITED = 7 * 24 * 3600.0
"""Seconds for the children of a job that has no limit: none is left behind for ever."""


def minutes_of(operation: Operation) -> float | None:
    """Minutes after which a job of the operation ends; None: as long as it takes.

    The setting `job_time_limits` comes first, then the setting that the flow names, then the flow's own number.
    """
    settings = get_settings()
    for limit in settings.job_time_limits:
        name, _, minutes = limit.partition("=")
        if name.strip() == operation.name:
            return float(minutes)
    limit_of_flow = operation.time_limit
    if isinstance(limit_of_flow, str):
        minutes_set: float = getattr(settings, limit_of_flow)
        return minutes_set
    return limit_of_flow


def how_to_raise(operation: Operation) -> str:
    """The setting that gives jobs of the operation more time, as a person writes it."""
    if isinstance(operation.time_limit, str):
        return f"CONTRAPONTO_{operation.time_limit.upper()}"
    return f"CONTRAPONTO_JOB_TIME_LIMITS={operation.name}=MINUTES"


def seconds_of_job() -> float:
    """What the running job has altogether: the deadline of a child process of one of its steps."""
    operation = find_operation(current_job().document.operation)
    minutes = minutes_of(operation) if operation else None
    return minutes * 60 if minutes else _UNLIMITED
