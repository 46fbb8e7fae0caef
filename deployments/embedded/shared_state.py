"""What several processes of Prefect's server have in common lies in Redis: messages, order, leases, tasks to come."""

from importlib.util import find_spec

from blocks.settings import Settings
from deployments.processes.service import ServiceError

_PROCESSORS_EACH = 4
"""One process fills one processor; jobs, database and workers want the others."""
_MOST = 4


def api_processes(settings: Settings, *, processors: int) -> int:
    """How many processes of the server answer: the setting, else by the processors of the machine.

    Raises:
        ServiceError: several are asked for, and what they would share has no place.
    """
    if settings.api_processes is None:
        several = max(1, min(_MOST, processors // _PROCESSORS_EACH))
        return several if _missing() is None else 1
    missing = _missing()
    if settings.api_processes > 1 and missing is not None:
        raise ServiceError(
            f"CONTRAPONTO_API_PROCESSES={settings.api_processes}, but {missing[0]}.", hint=missing[1]
        )
    return settings.api_processes


def variables(redis_url: str) -> dict[str, str]:
    """By which each process of the server finds what it shares with the others. None of them migrates the database."""
    return {
        "PREFECT_REDIS_MESSAGING_URL": redis_url,
        "PREFECT_SERVER_EVENTS_MESSAGING_BROKER": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_MESSAGING_CACHE": "prefect_redis.messaging",
        "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
        "PREFECT_SERVER_WORKER_CHANNEL_CLEANUP_QUEUE_STORAGE": "prefect_redis.cleanup_queue",
        # It does not look at the address above.
        "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": redis_url,
        "PREFECT_SERVER_DOCKET_URL": redis_url,
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
    }


def _missing() -> tuple[str, str] | None:
    """What several processes lack, and what to do; None: nothing."""
    if find_spec("prefect_redis") is None:
        return (
            "the package 'prefect-redis' is not installed",
            "Run: .venv/bin/pip install -e '.[embedded]', or set it to 1.",
        )
    return None
